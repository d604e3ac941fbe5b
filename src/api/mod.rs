//! What a host sees. Rank 4.

mod builder;
mod store;

pub use builder::StoreBuilder;
pub use store::Store;

pub use crate::segment::{BlockReport, ColumnReport, Damage};
pub use crate::store::{
    BulkImport, ColumnStats, Event, GenerationReport, History, ImportBatch, ImportMode, Interacted,
    ManifestReport, Scan, SegmentReport, Snapshot, Stats, Unseen, VerifyReport, value_at,
};
