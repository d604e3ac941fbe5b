//! Opening a store for reading, also while another process writes to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::lost::open_what_can_be;
use super::recovery::{joins_of, last_sequence, recover_generations, take_prepared};
use crate::hot::{Generation, LogTail, OnDamage, ReadLog, Registry, Remembered, Tier};
use crate::io::Storage;
use crate::model::{Clock, Error, ErrorKind, Limits, Result, Schema, Settings, StoreId};
use crate::store::engine::{Engine, Parts, RecoveryReport, Version};
use crate::store::folder::{Account, HOT, Manifest, check_is_store, folders};

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
        Self::read_state(root, scratch, settings, None)
    }

    /// The same of a store that this is an earlier state of: what has not changed is not opened again.
    pub(crate) fn read_again(
        &self,
        root: &Path,
        scratch: &mut GiveScratch<'_>,
        settings: Settings,
    ) -> Result<Self> {
        Self::read_state(root, scratch, settings, Some(self))
    }

    fn read_state(
        root: &Path,
        scratch: &mut GiveScratch<'_>,
        settings: Settings,
        earlier: Option<&Self>,
    ) -> Result<Self> {
        let settings = settings.shared()?;
        let steady = read_steady(root, |storage, manifest| {
            // First what tells whether manifest and files belong together.
            let hot = HotFiles::open(root, &**storage, manifest, OnDamage::Stop, scratch)?;
            let earlier = earlier.filter(|earlier| earlier.is_of(manifest));
            let schema = match earlier.filter(|earlier| earlier.schema.json() == manifest.schema) {
                Some(earlier) => earlier.schema.clone(),
                None => Arc::new(Schema::parse(&manifest.schema, &Limits::unlimited())?),
            };
            let known = earlier.filter(|earlier| Arc::ptr_eq(&earlier.schema, &schema));
            let known = known.map(|earlier| earlier.version.load_full());
            let segments = open_what_can_be(storage, &schema, manifest, known.as_deref())?;
            Ok((schema, segments, hot))
        })?;
        let (schema, (segments, lost), files) = steady.read;
        let manifest = steady.manifest;
        let hot = files.recover(&schema, &manifest)?;
        let mut generations = hot.generations;
        let last_sequence = last_sequence(&manifest, &generations, &hot.registry)?;
        let joins = joins_of(&hot.registry)?;
        let next = take_prepared(&mut generations);
        Self::assemble(Parts {
            storage: steady.storage,
            schema,
            settings,
            tier: None,
            registry: None,
            retention: hot.registry.retention()?,
            forgotten: hot.registry.forgotten()?,
            next,
            version: Version::new(segments, generations, manifest.last_sequence, joins)
                .with_lost(lost)
                .after_removing(manifest.removed),
            manifest,
            last_sequence,
            lock: None,
            tail: hot.tail,
            report: hot.damage,
        })
    }
}

impl Engine {
    /// Whether a manifest is of this store, and of the same files.
    fn is_of(&self, manifest: &Manifest) -> bool {
        self.manifest.lock().identity == manifest.identity
    }
}

/// Counts what the store in `root` remembers beside rows, also while another process writes to it.
pub(in crate::store) fn read_remembered(
    root: &Path,
    scratch: &mut GiveScratch<'_>,
) -> Result<Remembered> {
    let steady = read_steady(root, |storage, manifest| {
        HotFiles::open(root, &**storage, manifest, OnDamage::Refuse, scratch)
    })?;
    steady.read.registry()?.remembered()
}

/// The identity of the store in a folder.
pub(crate) fn id_of(root: &Path) -> Result<StoreId> {
    check_is_store(root)?;
    let manifest = Manifest::read(&folders::storage(root))?;
    Ok(manifest.identity.store)
}

/// What was read while nothing was published.
pub(in crate::store) struct Steady<T> {
    pub(in crate::store) read: T,
    pub(in crate::store) storage: Arc<dyn Storage>,
    pub(in crate::store) manifest: Manifest,
}

/// Reads the store in `root` while another process may be writing to it: `read` gets the manifest,
/// and gets it anew until what it read is the state of one moment. Each edit counts: a seal works links
/// and late recommendations into the rows and lets go of them, a rotation leads commits to where this
/// manifest does not look, and the number of an import lies between those of other commits. So `read`
/// had better be quick, and leave what takes long to its caller.
pub(in crate::store) fn read_steady<T>(
    root: &Path,
    mut read: impl FnMut(&Arc<dyn Storage>, &Manifest) -> Result<T>,
) -> Result<Steady<T>> {
    check_is_store(root)?;
    let storage: Arc<dyn Storage> = Arc::new(folders::storage(root));
    let mut manifest = Manifest::read(&*storage)?;
    for _ in 0..ATTEMPTS {
        let result = read(&storage, &manifest);
        let now = Manifest::read(&*storage)?;
        // Whatever went wrong otherwise may be the writer's publishing something meanwhile.
        if now.edit == manifest.edit {
            return result.map(|read| Steady {
                read,
                storage,
                manifest,
            });
        }
        manifest = now;
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

/// The files of the hot tier as they stood at one moment, whatever the writer does since.
pub(in crate::store) struct HotFiles {
    log: Arc<ReadLog>,
    account: Account,
    on_damage: OnDamage,
}

impl HotFiles {
    /// Reads the log of a store that another process may be writing to. `on_damage` is not
    /// [`OnDamage::Drop`].
    pub(in crate::store) fn open(
        root: &Path,
        storage: &dyn Storage,
        manifest: &Manifest,
        on_damage: OnDamage,
        scratch: &mut GiveScratch<'_>,
    ) -> Result<Self> {
        let account = Account::read(storage, manifest)?;
        let log = ReadLog::open(&root.join(HOT), &account.noted, on_damage, scratch)?;
        Ok(Self {
            log: Arc::new(log),
            account,
            on_damage,
        })
    }

    fn registry(&self) -> Result<Registry> {
        Registry::open(self.log.clone(), Clock::default(), &Settings::default())
    }

    /// Reads each row of the generations that the manifest lists.
    pub(in crate::store) fn recover(
        self,
        schema: &Arc<Schema>,
        manifest: &Manifest,
    ) -> Result<Hot> {
        let registry = self.registry()?;
        let tail = self.log.take_tail();
        let damage = self.log.damage().cloned();
        let holdings = self.account.holdings;
        let tier = Tier::open(self.log, schema.clone(), holdings, self.on_damage);
        Ok(Hot {
            generations: recover_generations(&tier, manifest)?,
            registry,
            tail,
            damage: damage.map_or_else(RecoveryReport::default, |damage| RecoveryReport {
                damage: Some(damage.what),
                dropped_records: damage.records,
                damaged_bytes: damage.damaged_bytes,
                ..RecoveryReport::default()
            }),
        })
    }
}

/// The hot tier as a reader finds it.
pub(in crate::store) struct Hot {
    pub(in crate::store) generations: Vec<Arc<Generation>>,
    pub(in crate::store) registry: Registry,
    /// Where the log ended.
    tail: Option<LogTail>,
    pub(in crate::store) damage: RecoveryReport,
}

impl Hot {
    pub(in crate::store) fn rows(&self) -> u64 {
        self.generations
            .iter()
            .map(|generation| generation.rows())
            .sum()
    }
}
