//! How a set is made and opened.

use std::path::Path;

use super::folder::{self, SetFolder};
use super::map::{MOST_SHARDS, ShardMap};
use super::reader::ShardReader;
use super::set::ShardSet;
use crate::model::{Error, ErrorKind, Limits, Result, Schema, Settings};
use crate::{Store, StoreBuilder};

/// How often an opening begins anew because the shards were changed meanwhile.
const ATTEMPTS: u32 = 100;

/// The least memory budget that a store takes.
const LEAST_BUDGET_BYTES: u64 = 1 << 20;

/// Chooses settings and limits, and makes, opens or changes a set of shards. By default both are the
/// defaults of [`Settings`] and [`Limits`], and all shards are opened.
#[derive(Clone, Debug, Default)]
pub struct ShardSetBuilder {
    settings: Settings,
    limits: Limits,
    only: Only,
    group_may_read: bool,
}

/// Which shards are opened.
#[derive(Clone, Debug, Default)]
enum Only {
    #[default]
    All,
    /// By position.
    These(Vec<usize>),
    /// That of a user.
    Of(String),
}

impl ShardSet {
    /// Which shard has which users, of the set in the folder `path`; no shard is opened. Cost: a file is
    /// read.
    ///
    /// # Errors
    /// `NotFound` when there is no set; `Corruption`, with the rule, when `shards.json` is damaged; `Unsupported` when
    /// a newer version wrote it; `Io`.
    pub fn map_of(path: impl AsRef<Path>) -> Result<ShardMap> {
        folder::read(path.as_ref())
    }

    /// Chooses settings and limits before opening.
    pub fn builder() -> ShardSetBuilder {
        ShardSetBuilder::default()
    }

    /// Makes a set with the default settings and limits; see [`ShardSetBuilder::create`].
    ///
    /// # Errors
    /// As [`ShardSetBuilder::create`].
    pub fn create(path: impl AsRef<Path>, schema: &Schema, shards: usize) -> Result<Self> {
        Self::builder().create(path, schema, shards)
    }

    /// Opens all shards of a set for writing; see [`ShardSetBuilder::open`].
    ///
    /// # Errors
    /// As [`ShardSetBuilder::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open(path)
    }

    /// Opens all shards of a set for reading; see [`ShardSetBuilder::open_read_only`].
    ///
    /// # Errors
    /// As [`ShardSetBuilder::open_read_only`].
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder().open_read_only(path)
    }

    /// Opens all shards of a set for reading, and for following what is written; see
    /// [`ShardSetBuilder::open_reader`].
    ///
    /// # Errors
    /// As [`ShardSetBuilder::open_reader`].
    pub fn open_reader(path: impl AsRef<Path>) -> Result<ShardReader> {
        Self::builder().open_reader(path)
    }
}

impl ShardSetBuilder {
    /// Settings of all stores that are opened. The memory budget is that of all together: each has an equal
    /// part of it, at least 1 MiB.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Limits other than [`Limits::personalize`], for [`ShardSetBuilder::create`]; see
    /// [`StoreBuilder::limits`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Opens these shards alone, by position: so that several processes, of which each writes to some, share a
    /// set. What goes to another shard is refused.
    #[must_use]
    pub fn only(mut self, shards: impl IntoIterator<Item = usize>) -> Self {
        self.only = Only::These(shards.into_iter().collect());
        self
    }

    /// Opens the shard of this user alone.
    #[must_use]
    pub fn only_of(mut self, user: impl Into<String>) -> Self {
        self.only = Only::Of(user.into());
        self
    }

    /// Whether the group of the folder may read a set that is made; by default its files are the owner's
    /// alone.
    #[must_use]
    pub fn group_may_read(mut self, allowed: bool) -> Self {
        self.group_may_read = allowed;
        self
    }

    /// Makes a set of so many shards, 1 to [`MOST_SHARDS`], in the folder `path`, which is missing or empty, and
    /// opens it for writing. Each shard gets an equal part of the hashes. What a making that was cut short left
    /// in the folder is removed.
    ///
    /// # Errors
    /// `InvalidInput` for another number, and as [`StoreBuilder::create`]; `AlreadyExists`; `Locked`; `Io`. Where
    /// it fails, the folder holds no set, and can be used again.
    pub fn create(
        self,
        path: impl AsRef<Path>,
        schema: &Schema,
        shards: usize,
    ) -> Result<ShardSet> {
        let path = path.as_ref();
        if !(1..=MOST_SHARDS).contains(&shards) {
            return Err(Error::invalid(format!(
                "{shards} shards; a set has 1 to {MOST_SHARDS}"
            )));
        }
        self.settings.validate()?;
        let folder = SetFolder::begin(path, self.group_may_read)?;
        let made = self.make(path, schema, shards);
        let published = made.and_then(|map| folder.finish(&map, self.group_may_read));
        if let Err(error) = published {
            if folder::read(path).is_err() {
                folder.remove_made()?;
            }
            return Err(error);
        }
        drop(folder);
        self.open(path)
    }

    fn make(&self, path: &Path, schema: &Schema, shards: usize) -> Result<ShardMap> {
        let mut stores = Vec::with_capacity(shards);
        for name in ShardMap::folders_of_new(shards) {
            let store = Store::builder()
                .settings(self.settings.clone())
                .limits(self.limits.clone())
                .group_may_read(self.group_may_read);
            stores.push(store.create(path.join(name), schema)?.id());
        }
        Ok(ShardMap::new(&stores))
    }

    /// The settings of one of so many stores that are open at once.
    pub(super) fn settings_of(&self, stores: usize) -> Settings {
        let mut settings = self.settings.clone();
        let budget = settings.memory_budget_bytes / (stores as u64).max(1);
        settings.memory_budget_bytes = budget.max(LEAST_BUDGET_BYTES);
        settings
    }

    /// Opens the set in the folder `path` for writing: all shards, or those of [`ShardSetBuilder::only`].
    /// Each is held as [`StoreBuilder::open`] has it, so that no other process writes to it, or splits or merges it. Cost: as
    /// [`StoreBuilder::open`] for each.
    ///
    /// # Errors
    /// `NotFound` when there is no set or no such shard; `Corruption`, with the rule, when `shards.json` is damaged or
    /// names another store than is there; `Unsupported` when a newer version wrote it; `InvalidInput` when two shards
    /// have different schemas; as [`StoreBuilder::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<ShardSet> {
        let path = path.as_ref();
        let (map, stores) = self.open_as(path, |store, path| store.open(path))?;
        ShardSet::of(path.to_owned(), map, stores)
    }

    /// Opens the set in the folder `path` for reading, also while other processes write to it, split and
    /// merge its shards.
    ///
    /// # Errors
    /// As [`ShardSetBuilder::open`] and [`StoreBuilder::open_read_only`].
    pub fn open_read_only(self, path: impl AsRef<Path>) -> Result<ShardSet> {
        let path = path.as_ref();
        let (map, stores) = self.open_as(path, |store, path| store.open_read_only(path))?;
        ShardSet::of(path.to_owned(), map, stores)
    }

    /// Opens all shards of the set in the folder `path` for reading, and for following what other processes write to
    /// them: see [`ShardReader`].
    ///
    /// # Errors
    /// As [`ShardSetBuilder::open_read_only`].
    pub fn open_reader(mut self, path: impl AsRef<Path>) -> Result<ShardReader> {
        let path = path.as_ref();
        self.only = Only::All;
        let (map, readers) = self.open_as(path, |store, path| store.open_reader(path))?;
        let readers: Vec<_> = readers.into_iter().flatten().collect();
        let stores = readers
            .iter()
            .map(|reader| Some(Store::clone(&reader.store())));
        ShardSet::of(path.to_owned(), map.clone(), stores.collect())?;
        Ok(ShardReader::new(path, map, readers))
    }

    /// Opens the shards of one map: begins anew where another was published meanwhile.
    fn open_as<T: Clone>(
        self,
        path: &Path,
        open: impl Fn(StoreBuilder, &Path) -> Result<T>,
    ) -> Result<(ShardMap, Vec<Option<T>>)> {
        for _ in 0..ATTEMPTS {
            let map = folder::read(path)?;
            let opened = self.open_shards(path, &map, &open);
            if folder::read(path)? == map {
                return Ok((map, opened?));
            }
        }
        Err(Error::new(
            ErrorKind::Locked,
            format!(
                "{}: the shards change faster than they can be opened",
                path.display()
            ),
        ))
    }

    fn open_shards<T: Clone>(
        &self,
        path: &Path,
        map: &ShardMap,
        open: impl Fn(StoreBuilder, &Path) -> Result<T>,
    ) -> Result<Vec<Option<T>>> {
        let chosen = match &self.only {
            Only::All => (0..map.len()).collect(),
            Only::These(only) => only.clone(),
            Only::Of(user) => vec![map.shard_of(user)],
        };
        if chosen.is_empty() {
            return Err(Error::invalid(
                "no shard is to be opened; name one at least",
            ));
        }
        let settings = self.settings_of(chosen.len());
        let mut stores: Vec<Option<T>> = vec![None; map.len()];
        for position in chosen {
            let shard = map.shard(position)?;
            folder::check_store(path, map, position)?;
            let store = Store::builder().settings(settings.clone());
            let store = open(store, &path.join(shard.folder()))?;
            if let Some(slot) = stores.get_mut(position) {
                *slot = Some(store);
            }
        }
        Ok(stores)
    }
}
