//! Opening a store for reading, also while another process writes to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::account::Account;
use super::engine::{Engine, Parts};
use super::folders::{self, HOT, check_is_store};
use super::manifest::{Manifest, SegmentEntry};
use super::recovery::{
    RecoveryReport, joins_of, last_commit_with_rows, last_sequence, open_segments,
    recover_generations, take_prepared,
};
use super::version::{LiveSegment, Version};
use crate::hot::{Generation, OnDamage, ReadLog, Registry, Remembered, Tier};
use crate::io::Storage;
use crate::segment::Origin;
use crate::types::{Clock, Error, ErrorKind, Limits, Result, Schema, Settings, StoreId};

/// How often a reader starts over because the writer published something meanwhile.
const ATTEMPTS: usize = 100;

/// Gives a reader the folder for RocksDB's notes, where it needs one.
pub(crate) type GiveScratch<'a> = dyn FnMut() -> Result<PathBuf> + 'a;

impl Engine {
    /// Opens the store in `root` for reading, also while another process writes to it. What it
    /// shows is the state at this moment.
    pub(crate) fn open_read_only(
        root: &Path,
        scratch: &mut GiveScratch<'_>,
        settings: Settings,
    ) -> Result<Self> {
        settings.validate()?;
        let (read, steady) = read_steady(root, |storage, manifest| {
            let schema = Arc::new(Schema::parse(&manifest.schema, &Limits::unlimited())?);
            let account = Account::read(&**storage, manifest)?;
            let segments = open_segments(storage, &schema, manifest)?;
            let hot = read_hot(root, account, OnDamage::Stop, scratch, &schema, manifest)?;
            Ok((schema, segments, hot))
        })?;
        let (schema, segments, hot) = read;
        Self::of_reader(schema, segments, hot, steady, settings)
    }

    fn of_reader(
        schema: Arc<Schema>,
        segments: Vec<Arc<LiveSegment>>,
        hot: Hot,
        steady: Steady,
        settings: Settings,
    ) -> Result<Self> {
        let manifest = steady.manifest;
        let mut generations = hot.generations;
        let last_sequence = match steady.unchanged {
            true => last_sequence(&manifest, &generations, &hot.registry)?,
            // Rows of later commits may lie in generations that were begun since.
            false => last_commit_with_rows(&manifest, &generations),
        };
        let joins = joins_of(&hot.registry)?;
        let next = take_prepared(&mut generations);
        Self::assemble(Parts {
            storage: steady.storage,
            schema,
            settings,
            tier: None,
            registry: None,
            next,
            version: Version::new(segments, generations, manifest.last_sequence, joins)
                .after_replacing(manifest.replaced),
            manifest,
            last_sequence,
            lock: None,
            report: hot.damage,
        })
    }
}

/// Counts what the store in `root` remembers beside rows, also while another process writes to it.
pub(super) fn read_remembered(root: &Path, scratch: &mut GiveScratch<'_>) -> Result<Remembered> {
    let (remembered, _) = read_steady(root, |storage, manifest| {
        let account = Account::read(&**storage, manifest)?;
        let log = Arc::new(ReadLog::open(
            &root.join(HOT),
            &account.noted,
            OnDamage::Refuse,
            scratch,
        )?);
        Registry::open(log, Clock::default(), &Settings::default())?.remembered()
    })?;
    Ok(remembered)
}

/// The identity of the store in a folder.
pub(crate) fn id_of(root: &Path) -> Result<StoreId> {
    check_is_store(root)?;
    let manifest = Manifest::read(&folders::storage(root))?;
    Ok(manifest.identity.store)
}

/// What was read without the writer coming in between.
pub(super) struct Steady {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) manifest: Manifest,
    /// Whether no edit at all was published meanwhile.
    unchanged: bool,
}

/// Reads the store in `root` while another process may be writing to it: `read` gets the manifest,
/// and gets it anew until what it read is the state of one moment.
pub(super) fn read_steady<T>(
    root: &Path,
    read: impl FnMut(&Arc<dyn Storage>, &Manifest) -> Result<T>,
) -> Result<(T, Steady)> {
    read_between(root, read, |now, before| {
        bulk_segments(now).eq(bulk_segments(before))
    })
}

/// The same, but nothing at all is published between the manifest and what is read.
pub(super) fn read_unchanged<T>(
    root: &Path,
    read: impl FnMut(&Arc<dyn Storage>, &Manifest) -> Result<T>,
) -> Result<(T, Manifest)> {
    let (read, steady) = read_between(root, read, |_, _| false)?;
    Ok((read, steady.manifest))
}

/// Reads until no edit was published meanwhile, or one after which what was read `may_stand`.
fn read_between<T>(
    root: &Path,
    mut read: impl FnMut(&Arc<dyn Storage>, &Manifest) -> Result<T>,
    may_stand: impl Fn(&Manifest, &Manifest) -> bool,
) -> Result<(T, Steady)> {
    check_is_store(root)?;
    let storage: Arc<dyn Storage> = Arc::new(folders::storage(root));
    let mut manifest = Manifest::read(&*storage)?;
    for _ in 0..ATTEMPTS {
        let result = read(&storage, &manifest);
        let now = Manifest::read(&*storage)?;
        let unchanged = now.edit == manifest.edit;
        match result {
            Ok(read) if unchanged || may_stand(&now, &manifest) => {
                let steady = Steady {
                    storage,
                    manifest,
                    unchanged,
                };
                return Ok((read, steady));
            }
            // Nobody published anything: that is how it is.
            Err(error) if unchanged => return Err(error),
            // Whatever went wrong may be the writer's publishing something meanwhile.
            _ => manifest = now,
        }
    }
    Err(Error::new(
        ErrorKind::Locked,
        format!(
            "{}: the writer published too often to read in between (last seen: edit {}); try again",
            root.display(),
            manifest.edit
        ),
    ))
}

/// An import that was published meanwhile has a number between those of rows that were read: without
/// it they are no prefix of the commits. Seals and rotations change nothing of what was read.
fn bulk_segments(manifest: &Manifest) -> impl Iterator<Item = u64> {
    let is_bulk = |entry: &&SegmentEntry| entry.origin == Origin::Bulk;
    let bulk = manifest.segments.iter().filter(is_bulk);
    bulk.map(|entry| entry.id)
}

/// The hot tier as a reader finds it.
pub(super) struct Hot {
    pub(super) generations: Vec<Arc<Generation>>,
    pub(super) registry: Registry,
    damage: RecoveryReport,
}

impl Hot {
    pub(super) fn rows(&self) -> u64 {
        self.generations
            .iter()
            .map(|generation| generation.rows())
            .sum()
    }
}

/// Reads the hot tier of a store that another process may be writing to. `on_damage` is not
/// [`OnDamage::Drop`].
pub(super) fn read_hot(
    root: &Path,
    account: Account,
    on_damage: OnDamage,
    scratch: &mut GiveScratch<'_>,
    schema: &Arc<Schema>,
    manifest: &Manifest,
) -> Result<Hot> {
    let log = ReadLog::open(&root.join(HOT), &account.noted, on_damage, scratch)?;
    let log = Arc::new(log);
    let damage = log.damage().cloned();
    let tier = Tier::open(log.clone(), schema.clone(), account.holdings, on_damage);
    let registry = Registry::open(log, Clock::default(), &Settings::default())?;
    Ok(Hot {
        generations: recover_generations(&tier, manifest)?,
        registry,
        damage: damage.map_or_else(RecoveryReport::default, |damage| RecoveryReport {
            damage: Some(damage.what),
            dropped_records: damage.records,
            ..RecoveryReport::default()
        }),
    })
}
