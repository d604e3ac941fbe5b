//! Creating a store, and opening one after anything.

use std::path::Path;
use std::sync::Arc;

use super::engine::{Engine, Parts, open_segment};
use super::joins::Joins;
use super::lock::StoreLock;
use super::manifest::{self, Manifest, SegmentEntry};
use super::version::{LiveSegment, Version};
use crate::hot::{Generation, Log, Registry, RocksLog, Tier};
use crate::io::{LocalStorage, Storage};
use crate::types::{Clock, Error, ErrorKind, Limits, Result, Schema, Settings};

/// The folder of RocksDB.
const HOT: &str = "hot";
/// Folders of the store; temporary files hold what an import has not published.
const FOLDERS: [&str; 2] = [SEGMENTS, "temporary"];
const SEGMENTS: &str = "segments";
/// How often a reader starts over because the writer published something meanwhile.
const READER_ATTEMPTS: usize = 100;

impl Engine {
    /// Creates a store in the folder `root`, which must not hold one.
    pub(crate) fn create(
        root: &Path,
        schema: &Schema,
        limits: &Limits,
        settings: Settings,
        clock: Clock,
    ) -> Result<Self> {
        settings.validate()?;
        create_folder(root)?;
        let lock = StoreLock::take(root)?;
        let storage = LocalStorage::new(root);
        check_is_free(root)?;
        Manifest::new(schema.json(), limits).write(&storage)?;
        Self::open_local(root, settings, clock, lock)
    }

    /// Opens the store in the folder `root` for writing.
    pub(crate) fn open(root: &Path, settings: Settings, clock: Clock) -> Result<Self> {
        settings.validate()?;
        check_is_store(root)?;
        let lock = StoreLock::take(root)?;
        Self::open_local(root, settings, clock, lock)
    }

    fn open_local(root: &Path, settings: Settings, clock: Clock, lock: StoreLock) -> Result<Self> {
        let storage = Arc::new(LocalStorage::new(root));
        let log = RocksLog::open(&root.join(HOT), settings.generation_bytes)?;
        Self::recover(storage, Arc::new(log), settings, clock, Some(lock))
    }

    /// Opens a store over any storage and log: removes what no edit published, seals nothing,
    /// loses nothing.
    pub(crate) fn recover(
        storage: Arc<dyn Storage>,
        log: Arc<dyn Log>,
        settings: Settings,
        clock: Clock,
        lock: Option<StoreLock>,
    ) -> Result<Self> {
        let mut manifest = Manifest::read(&*storage)?;
        let schema = Arc::new(Schema::parse(&manifest.schema, &Limits::unlimited())?);
        for folder in FOLDERS {
            storage.create_folder(folder)?;
        }
        remove_strays(&*storage, &manifest)?;
        let tier = Tier::open(log.clone(), schema.clone());
        let registry = Registry::open(log, clock, &settings)?;
        for id in tier.generations()? {
            if !manifest.generations.contains(&id) {
                tier.retire(id)?;
            }
        }
        let segments = open_segments(&storage, &schema, &manifest)?;
        let mut generations = recover_generations(&tier, &manifest)?;
        if generations.is_empty() {
            let id = manifest.take_id();
            manifest.generations.push(id);
            manifest.edit += 1;
            generations.push(tier.begin(id)?);
            manifest.write(&*storage)?;
        }
        let last_sequence = last_sequence(&manifest, &generations, &registry)?;
        let joins = joins_of(&registry)?;
        let next = take_prepared(&mut generations);
        Self::assemble(Parts {
            storage,
            schema,
            settings,
            tier: Some(tier),
            registry: Some(registry),
            next,
            version: Version::new(segments, generations, manifest.last_sequence, joins),
            manifest,
            last_sequence,
            lock,
        })
    }

    /// Opens the store in `root` for reading, also while another process writes to it. What it
    /// shows is the state at this moment. `scratch` is a folder of this reader alone.
    pub(crate) fn open_read_only(root: &Path, scratch: &Path, settings: Settings) -> Result<Self> {
        settings.validate()?;
        read_steady(root, |storage, manifest| {
            Self::read(root, scratch, storage, manifest, settings.clone())
        })
    }

    fn read(
        root: &Path,
        scratch: &Path,
        storage: &Arc<dyn Storage>,
        manifest: Manifest,
        settings: Settings,
    ) -> Result<Self> {
        let schema = Arc::new(Schema::parse(&manifest.schema, &Limits::unlimited())?);
        let segments = open_segments(storage, &schema, &manifest)?;
        let (mut generations, registry) = read_hot(root, scratch, &schema, &manifest)?;
        let last_sequence = last_sequence(&manifest, &generations, &registry)?;
        let joins = joins_of(&registry)?;
        let next = take_prepared(&mut generations);
        Self::assemble(Parts {
            storage: storage.clone(),
            schema,
            settings,
            tier: None,
            registry: None,
            next,
            version: Version::new(segments, generations, manifest.last_sequence, joins),
            manifest,
            last_sequence,
            lock: None,
        })
    }
}

/// A manifest is written first: data without one is a store that lost it, and must not be taken
/// for strays.
fn check_is_free(root: &Path) -> Result<()> {
    for name in [manifest::FILE, HOT, SEGMENTS] {
        let path = root.join(name);
        let found = path
            .try_exists()
            .map_err(|error| Error::io(format!("look for {}", path.display()), error))?;
        if found {
            let what = match name {
                manifest::FILE => "a store already; open it",
                _ => "data of a store without its manifest; restore that or choose another folder",
            };
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("{}: there is {what}", root.display()),
            ));
        }
    }
    Ok(())
}

/// Creates a folder, and those on the way to it, so that they survive power loss.
fn create_folder(root: &Path) -> Result<()> {
    let doing = || format!("create folder {}", root.display());
    let full = std::path::absolute(root).map_err(|error| Error::io(doing(), error))?;
    let missing = full.ancestors().take_while(|folder| !folder.exists());
    let made_in: Vec<&Path> = missing.filter_map(Path::parent).collect();
    std::fs::create_dir_all(root).map_err(|error| Error::io(doing(), error))?;
    for folder in made_in {
        LocalStorage::new(folder).sync_folder("")?;
    }
    Ok(())
}

/// Reads the store in `root` while another process may be writing to it: `read` gets the manifest,
/// and gets it anew until no edit was published meanwhile.
pub(super) fn read_steady<T>(
    root: &Path,
    mut read: impl FnMut(&Arc<dyn Storage>, Manifest) -> Result<T>,
) -> Result<T> {
    check_is_store(root)?;
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(root));
    let mut edit = 0;
    for _ in 0..READER_ATTEMPTS {
        let manifest = Manifest::read(&*storage)?;
        edit = manifest.edit;
        let result = read(&storage, manifest);
        // Whatever went wrong may be the writer's publishing something meanwhile.
        if Manifest::read(&*storage)?.edit == edit {
            return result;
        }
    }
    Err(Error::new(
        ErrorKind::Locked,
        format!(
            "{}: the writer published too often to read in between (last seen: edit {edit}); \
             try again",
            root.display(),
        ),
    ))
}

/// The hot tier of a store that another process may be writing to.
pub(super) fn read_hot(
    root: &Path,
    scratch: &Path,
    schema: &Arc<Schema>,
    manifest: &Manifest,
) -> Result<(Vec<Arc<Generation>>, Registry)> {
    let log = Arc::new(RocksLog::open_secondary(&root.join(HOT), scratch)?);
    let tier = Tier::open(log.clone(), schema.clone());
    let registry = Registry::open(log, Clock::default(), &Settings::default())?;
    Ok((recover_generations(&tier, manifest)?, registry))
}

fn joins_of(registry: &Registry) -> Result<Arc<Joins>> {
    let links = registry.links()?.into_iter().map(Arc::new);
    let late = registry.late()?.into_iter().map(Arc::new);
    Ok(Joins::new(links, late))
}

fn check_is_store(root: &Path) -> Result<()> {
    let path = root.join(manifest::FILE);
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "{}: no store here (no file {})",
                root.display(),
                manifest::FILE
            ),
        )),
        Err(error) => Err(Error::io(format!("look for {}", path.display()), error)),
    }
}

/// Removes files that no edit published: half-written segments and imports.
fn remove_strays(storage: &dyn Storage, manifest: &Manifest) -> Result<()> {
    let published: Vec<String> = manifest
        .segments
        .iter()
        .map(|entry| SegmentEntry::path_of(entry.id))
        .collect();
    for folder in FOLDERS {
        for name in storage.list(folder)? {
            let path = format!("{folder}/{name}");
            if published.contains(&path) {
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

fn open_segments(
    storage: &Arc<dyn Storage>,
    schema: &Schema,
    manifest: &Manifest,
) -> Result<Vec<Arc<LiveSegment>>> {
    manifest
        .segments
        .iter()
        .map(|entry| open_segment(storage, schema, entry))
        .collect()
}

fn recover_generations(tier: &Tier, manifest: &Manifest) -> Result<Vec<Arc<Generation>>> {
    manifest
        .generations
        .iter()
        .map(|id| {
            tier.recover(*id).map_err(|error| match error.kind() {
                ErrorKind::NotFound => Error::corrupt(format!(
                    "generation {id} is in the manifest, but not in folder {HOT}: the rows that \
                     were written to it and not yet sealed are lost; restore the folder from a copy"
                ))
                .caused_by(error),
                _ => error,
            })
        })
        .collect()
}

/// Takes out the last generation where it is empty and not the only one: it was begun ahead of
/// need, and the one before it may not be full.
fn take_prepared(generations: &mut Vec<Arc<Generation>>) -> Option<Arc<Generation>> {
    let prepared = generations.len() > 1 && generations.last().is_some_and(|last| last.rows() == 0);
    prepared.then(|| generations.pop()).flatten()
}

fn last_sequence(
    manifest: &Manifest,
    generations: &[Arc<Generation>],
    registry: &Registry,
) -> Result<u64> {
    let least = manifest.last_sequence.max(registry.last_commit()?);
    let hot = generations
        .iter()
        .filter_map(|generation| generation.sequences());
    Ok(hot.map(|(_, last)| last).fold(least, u64::max))
}
