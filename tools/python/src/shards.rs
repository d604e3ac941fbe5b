//! Which store of a set of shards has a user.

use std::path::{Path, PathBuf};

use annals::shards;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;

use crate::errors;

/// The map of a set of shards: which store has which users. It is read once; a split or a merge replaces it, and who
/// routes by it reads it again (``edit`` has risen then).
///
/// Raises:
///     NotFoundError: when there is no set in the folder.
///     CorruptionError: when its ``shards.json`` is damaged.
///
/// Example::
///
///     shards = annalsdb.ShardMap("set")
///     store = annalsdb.open_reader(shards.path(shards.shard_of("ada")))
#[pyclass(frozen, module = "annalsdb")]
pub struct ShardMap {
    map: shards::ShardMap,
    path: PathBuf,
}

#[pymethods]
impl ShardMap {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let map = py
            .detach(|| shards::ShardSet::map_of(&path))
            .map_err(errors::raise)?;
        Ok(Self { map, path })
    }

    /// The position of the shard that has a user, or the session of events without one.
    fn shard_of(&self, user: &str) -> usize {
        self.map.shard_of(user)
    }

    /// The folder of the store at a position.
    fn path(&self, shard: usize) -> PyResult<PathBuf> {
        let shard = self.map.shards().get(shard);
        let shard = shard
            .ok_or_else(|| PyIndexError::new_err(format!("there are {} shards", self.map.len())))?;
        Ok(Path::new(&self.path).join(shard.folder()))
    }

    /// How often the map was replaced.
    #[getter]
    fn edit(&self) -> u64 {
        self.map.edit()
    }

    /// The number of shards.
    fn __len__(&self) -> usize {
        self.map.len()
    }
}
