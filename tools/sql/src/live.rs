//! A store, or a set of shards, that other processes may be writing to.

use std::path::Path;
use std::sync::Arc;

use annals::shards::{ShardReader, ShardSet};
use annals::{ErrorKind, Reader, Result, Store};

use crate::table::Interactions;

/// The store, or the set of shards, in a folder: it is read, and goes on with what others write to it.
pub struct Live(Opened);

enum Opened {
    Store(Reader),
    Set(ShardReader),
}

impl Live {
    /// Opens a store, or all shards of a set.
    ///
    /// # Errors
    /// Those of [`Store::open_reader`] or [`ShardSet::open_reader`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Ok(Self(match ShardSet::open_reader(path) {
            // No set: a store, or nothing.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Opened::Store(Store::open_reader(path)?)
            }
            set => Opened::Set(set?),
        }))
    }

    /// Goes on to what was written, and to the shards that there are, by now. Gives whether anything had changed.
    ///
    /// # Errors
    /// Those of [`Reader::refresh`] or [`ShardReader::refresh`].
    pub fn refresh(&mut self) -> Result<bool> {
        match &mut self.0 {
            Opened::Store(reader) => reader.refresh(),
            Opened::Set(reader) => reader.refresh(),
        }
    }

    /// The stores at the last refresh, by position in the set.
    pub fn stores(&self) -> Vec<Arc<Store>> {
        match &self.0 {
            Opened::Store(reader) => vec![reader.store()],
            Opened::Set(reader) => reader.stores(),
        }
    }

    /// The interactions at the last refresh, as a table.
    ///
    /// # Errors
    /// Those of [`Interactions::of_shards`].
    pub fn interactions(&self) -> datafusion::error::Result<Interactions> {
        match &self.0 {
            Opened::Store(reader) => Ok(Interactions::of(&reader.store())),
            Opened::Set(reader) => {
                let stores = reader.stores();
                let stores: Vec<&Store> = stores.iter().map(AsRef::as_ref).collect();
                Interactions::of_shards(reader.map(), &stores)
            }
        }
    }
}
