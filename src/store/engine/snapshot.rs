//! A pinned version.

use std::sync::Arc;

use super::version::Version;
use crate::model::{Schema, StoreId};

/// A consistent view of a store: every commit up to [`Snapshot::sequence`] and none above, for as
/// long as it is held, whatever is written, sealed, compacted or replaced meanwhile. Cheap to make
/// and to clone; holding one keeps its files on disk, and its generations in memory.
#[derive(Clone)]
pub struct Snapshot {
    pub(in crate::store) store: StoreId,
    pub(in crate::store) schema: Arc<Schema>,
    pub(in crate::store) version: Arc<Version>,
    pub(in crate::store) visible: u64,
}

/// A snapshot that is borrowed: for a single read, which need not own what it sees.
#[derive(Clone, Copy)]
pub(crate) struct ReadView<'a> {
    pub(in crate::store) store: &'a StoreId,
    pub(in crate::store) schema: &'a Arc<Schema>,
    pub(in crate::store) version: &'a Arc<Version>,
    pub(in crate::store) visible: u64,
}

impl Snapshot {
    pub(in crate::store) fn view(&self) -> ReadView<'_> {
        ReadView {
            store: &self.store,
            schema: &self.schema,
            version: &self.version,
            visible: self.visible,
        }
    }

    /// The newest commit it sees; 0 when nothing was ever written.
    pub fn sequence(&self) -> u64 {
        self.visible
    }

    /// The identity of the store.
    pub fn store_id(&self) -> StoreId {
        self.store
    }

    /// The store's schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }
}

impl ReadView<'_> {
    pub(super) fn to_snapshot(self) -> Snapshot {
        Snapshot {
            store: *self.store,
            schema: self.schema.clone(),
            version: self.version.clone(),
            visible: self.visible,
        }
    }
}
