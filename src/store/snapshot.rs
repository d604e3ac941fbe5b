//! A pinned version.

use std::sync::Arc;

use super::version::Version;
use crate::types::Schema;

/// A consistent view of a store: every commit up to [`Snapshot::sequence`] and none above, for as
/// long as it is held, whatever is written, sealed, compacted or replaced meanwhile. Cheap to make
/// and to clone; holding one keeps its files on disk, and its generations in memory.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) schema: Arc<Schema>,
    pub(super) version: Arc<Version>,
    pub(super) visible: u64,
}

impl Snapshot {
    pub(super) fn new(schema: Arc<Schema>, version: Arc<Version>, visible: u64) -> Self {
        Self {
            schema,
            version,
            visible,
        }
    }

    /// The newest commit it sees; 0 when nothing was ever written.
    pub fn sequence(&self) -> u64 {
        self.visible
    }

    /// The store's schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }
}
