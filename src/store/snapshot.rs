//! A pinned version.

use std::sync::Arc;

use super::version::Version;
use crate::types::{Schema, StoreId};

/// A consistent view of a store: every commit up to [`Snapshot::sequence`] and none above, for as
/// long as it is held, whatever is written, sealed, compacted or replaced meanwhile. Cheap to make
/// and to clone; holding one keeps its files on disk, and its generations in memory.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) store: StoreId,
    pub(super) schema: Arc<Schema>,
    pub(super) version: Arc<Version>,
    pub(super) visible: u64,
}

/// A snapshot that is borrowed: for a single read, which need not own what it sees.
#[derive(Clone, Copy)]
pub(crate) struct ReadView<'a> {
    pub(super) store: &'a StoreId,
    pub(super) schema: &'a Arc<Schema>,
    pub(super) version: &'a Arc<Version>,
    pub(super) visible: u64,
}

impl Snapshot {
    pub(super) fn view(&self) -> ReadView<'_> {
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
