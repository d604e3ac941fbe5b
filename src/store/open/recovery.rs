//! Opening a store for writing, after anything.

use std::path::Path;
use std::sync::Arc;

use super::lost::open_what_can_be;
use crate::hot::{Generation, Log, Mended, OnDamage, Registry, RocksLog, Tier};
use crate::io::Storage;
use crate::model::{
    Clock, Error, ErrorKind, Limits, RESTORE_STORE, Result, Schema, Settings, Work, observe,
};
use crate::store::engine::{Engine, Parts, RecoveryReport, Version};
use crate::store::folder::{
    Account, FOLDERS, HOT, Manifest, SEGMENTS, SegmentEntry, StoreLock, TEMPORARY,
    check_is_no_backup, check_is_store, creation, folders,
};
use crate::store::joins::Joins;

/// How a store is opened for writing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opening {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) on_damage: OnDamage,
}

impl Engine {
    /// Opens the store in the folder `root` for writing.
    pub(crate) fn open(root: &Path, mut opening: Opening) -> Result<Self> {
        opening.settings = opening.settings.shared()?;
        check_is_store(root)?;
        check_is_no_backup(root)?;
        crate::store::folder::check_is_no_pin(root)?;
        let lock = StoreLock::take(root, folders::readers(root))?;
        let work = Work::begin("open");
        let engine = Self::open_locked(root, opening, lock)?;
        let hot = engine.version.load_full();
        let rows = hot.generations.iter().map(|generation| generation.rows());
        work.done(rows.sum(), 0);
        if let Some(damage) = &engine.recovery_report().damage {
            observe::trouble(damage);
        }
        Ok(engine)
    }

    fn open_locked(root: &Path, opening: Opening, lock: StoreLock) -> Result<Self> {
        let storage = Arc::new(folders::storage(root));
        creation::end(&*storage)?;
        let manifest = Manifest::read(&*storage)?;
        // What cannot be removed takes room until the next opening, and does no harm.
        let _ = crate::store::folder::remove_expired(root, opening.clock.now_seconds());
        let account = Account::read(&*storage, &manifest)?;
        let (log, mended) = RocksLog::open(
            &root.join(HOT),
            opening.settings.generation_bytes,
            &account.noted,
            opening.on_damage,
        )?;
        let found = Found {
            storage,
            log: Arc::new(log),
            manifest,
            account,
            mended,
        };
        Self::recover(found, opening, Some(lock))
    }

    /// Opens a store over any storage and log: removes what no edit published, seals nothing,
    /// loses nothing.
    pub(in crate::store) fn recover(
        found: Found,
        opening: Opening,
        lock: Option<StoreLock>,
    ) -> Result<Self> {
        let Found {
            storage,
            log,
            manifest,
            account,
            mended,
        } = found;
        let is_behind = account.edit < manifest.edit;
        let schema = Arc::new(Schema::parse(&manifest.schema, &Limits::unlimited())?);
        let tier = Tier::open(
            log.clone(),
            schema.clone(),
            account.holdings,
            opening.on_damage,
        );
        let registry = Registry::open(log, opening.clock, &opening.settings)?;
        let (segments, lost) = open_what_can_be(&storage, &schema, &manifest, None)?;
        let mut generations = recover_generations(&tier, &manifest)?;
        let strays = tier.generations()?.into_iter();
        let strays: Vec<u64> = strays
            .filter(|id| !manifest.generations.contains(id))
            .collect();
        check_strays(&tier, &manifest, &strays)?;
        // Only once all that the manifest lists is there, what it does not list goes.
        for folder in FOLDERS {
            storage.create_folder(folder)?;
        }
        remove_strays(&*storage, &manifest)?;
        strays.into_iter().try_for_each(|id| tier.retire(id))?;
        let report = RecoveryReport {
            damage: mended.damage,
            dropped_records: mended.dropped_records,
            damaged_bytes: mended.damaged_bytes,
            lost_rows: tier.lost_rows(),
            kept_files: mended.kept,
        };
        let last_sequence = last_sequence(&manifest, &generations, &registry)?;
        let joins = joins_of(&registry)?;
        let next = take_prepared(&mut generations);
        let (retention, forgotten) = (registry.retention()?, registry.forgotten()?);
        let engine = Self::assemble(Parts {
            storage,
            schema,
            settings: opening.settings,
            tier: Some(tier),
            registry: Some(registry),
            retention,
            forgotten,
            next,
            version: Version::new(segments, generations, manifest.last_sequence, joins)
                .with_lost(lost)
                .after_removing(manifest.removed),
            manifest,
            last_sequence,
            lock,
            tail: None,
            report,
        })?;
        if is_behind {
            // Or another crash like the last one would leave it two edits behind.
            engine.note(&engine.manifest.lock(), false)?;
        }
        Ok(engine)
    }
}

/// What an opening for writing finds.
pub(in crate::store) struct Found {
    pub(in crate::store) storage: Arc<dyn Storage>,
    pub(in crate::store) log: Arc<dyn Log>,
    pub(in crate::store) manifest: Manifest,
    pub(in crate::store) account: Account,
    pub(in crate::store) mended: Mended,
}

pub(super) fn joins_of(registry: &Registry) -> Result<Arc<Joins>> {
    let links = registry.links()?.into_iter().map(Arc::new);
    let late = registry.late()?.into_iter().map(Arc::new);
    let tombstones = registry.tombstones()?.into_iter().map(Arc::new);
    // Sessions, recommendations and event ids that are remembered are the trace of those that are done.
    Ok(match registry.is_empty()? {
        true => Joins::new(links, late, tombstones),
        false => Joins::after_others(links, late, tombstones),
    })
}

/// Removes files that no edit published: half-written segments and imports. Files of other names are
/// not the store's, and stay.
fn remove_strays(storage: &dyn Storage, manifest: &Manifest) -> Result<()> {
    let published: Vec<String> = manifest
        .segments
        .iter()
        .map(|entry| SegmentEntry::path_of(entry.id))
        .collect();
    for (folder, ending) in [(SEGMENTS, ".seg"), (TEMPORARY, ".run")] {
        for name in storage.list(folder)? {
            let path = format!("{folder}/{name}");
            if published.contains(&path) || !is_own(&name, ending) {
                continue;
            }
            match storage.remove(&path) {
                // The last reader of a replaced segment may remove it, too.
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether the store makes files of this name: a number and the ending.
pub(in crate::store) fn is_own(name: &str, ending: &str) -> bool {
    let number = name.strip_suffix(ending).unwrap_or_default();
    number.len() >= 8 && number.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn recover_generations(
    tier: &Tier,
    manifest: &Manifest,
) -> Result<Vec<Arc<Generation>>> {
    if manifest.generations.is_empty() {
        return Err(Error::corrupt(
            "the manifest lists no generation to write to",
        ));
    }
    manifest
        .generations
        .iter()
        .map(|id| {
            tier.recover(*id).map_err(|error| match error.kind() {
                ErrorKind::NotFound => Error::corrupt(format!(
                    "generation {id} is in the manifest, but not in folder {HOT}: the rows that \
                     were written to it and not yet sealed are lost; {RESTORE_STORE}"
                ))
                .caused_by(error),
                _ => error,
            })
        })
        .collect()
}

/// A generation takes rows once the manifest lists it, and is sealed by the time that it no longer does:
/// a newer one with rows is of another moment than the manifest.
fn check_strays(tier: &Tier, manifest: &Manifest, strays: &[u64]) -> Result<()> {
    let newest = manifest.generations.last().copied().unwrap_or_default();
    for id in strays.iter().filter(|id| **id > newest) {
        let rows = tier.recover(*id)?.rows();
        if rows > 0 {
            return Err(Error::corrupt(format!(
                "generation {id} holds {rows} rows, but the manifest does not know it; the files are of \
                 different moments; {RESTORE_STORE}"
            )));
        }
    }
    Ok(())
}

/// Takes out the last generation where it is empty and not the only one: it was begun ahead of
/// need, and the one before it may not be full.
pub(super) fn take_prepared(generations: &mut Vec<Arc<Generation>>) -> Option<Arc<Generation>> {
    let prepared = generations.len() > 1 && generations.last().is_some_and(|last| last.rows() == 0);
    prepared.then(|| generations.pop()).flatten()
}

/// The newest commit that anything of the store knows.
pub(in crate::store) fn last_sequence(
    manifest: &Manifest,
    generations: &[Arc<Generation>],
    registry: &Registry,
) -> Result<u64> {
    let hot = generations
        .iter()
        .filter_map(|generation| generation.sequences());
    let rows = hot
        .map(|(_, last)| last)
        .fold(manifest.last_sequence, u64::max);
    Ok(rows.max(registry.last_commit()?))
}
