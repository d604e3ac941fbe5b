//! A set of shards that other processes write to, followed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder;
use super::map::ShardMap;
use super::set::ShardSet;
use super::snapshot::ShardSnapshot;
use crate::model::Result;
use crate::{Reader, Store};

/// A set of shards that is read while other processes write to its shards, split and merge them, and that goes on
/// with what they do: a [`Reader`] of each shard. A snapshot stays as it is.
///
/// ```
/// use annals::shards::ShardSet;
/// use annals::{Durability, Interaction, Limits, Schema};
///
/// # fn main() -> annals::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("set");
/// let schema = Schema::builder().build(&Limits::personalize())?;
/// let set = ShardSet::create(&path, &schema, 2)?;
///
/// let mut reader = ShardSet::open_reader(&path)?;
/// set.write(Interaction::new("ada", "tea", 60), Durability::Buffered)?;
/// assert!(reader.refresh()?);
/// assert_eq!(reader.snapshot().content()?.rows, 1);
/// # Ok(())
/// # }
/// ```
pub struct ShardReader {
    path: PathBuf,
    map: Arc<ShardMap>,
    /// By position.
    readers: Vec<Reader>,
}

impl ShardReader {
    /// The readers of the shards of a map, by position.
    pub(super) fn new(path: &Path, map: ShardMap, readers: Vec<Reader>) -> Self {
        Self {
            path: path.to_owned(),
            map: Arc::new(map),
            readers,
        }
    }

    /// Goes on to the shards that there are by now, and to every commit that was acknowledged before the call. Gives
    /// whether anything had changed. Cost: that of [`Reader::refresh`] for each shard, and a file is read; after a
    /// split or a merge that of [`ShardSet::open_reader`].
    ///
    /// # Errors
    /// As [`ShardSet::open_reader`]; what was shown before goes on to be shown.
    pub fn refresh(&mut self) -> Result<bool> {
        if folder::read(&self.path)? != *self.map {
            *self = ShardSet::open_reader(&self.path)?;
            return Ok(true);
        }
        let mut changed = false;
        for reader in &self.readers {
            changed |= reader.refresh()?;
        }
        Ok(changed)
    }

    /// Which shard has which users, at the last refresh.
    pub fn map(&self) -> &Arc<ShardMap> {
        &self.map
    }

    /// The stores of the shards, read-only, by position; see [`Reader::store`].
    pub fn stores(&self) -> Vec<Arc<Store>> {
        self.readers.iter().map(Reader::store).collect()
    }

    /// A view of all shards at the last refresh.
    pub fn snapshot(&self) -> ShardSnapshot {
        let snapshots = self.readers.iter().map(Reader::snapshot);
        ShardSnapshot::new(self.map.clone(), snapshots.collect())
    }
}
