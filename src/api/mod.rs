//! What a host sees. Rank 6.

mod builder;
mod reader;
mod scratch;
mod store;

pub use builder::StoreBuilder;
pub use reader::{Following, Reader};
pub use store::Store;

pub use crate::hot::Remembered;
pub use crate::segment::{BlockReport, ColumnReport, Damage};
pub(crate) use crate::store::{BackupsReader, BackupsWriter, is_unfinished};
pub use crate::store::{
    BulkImport, Change, Changes, Checkpoint, ColumnStats, DamagedSegment, Event, EventTypeNumbers,
    FormatVersions, GenerationReport, Health, History, ImportBatch, ImportMode, ImportRehearsal,
    Interacted, Lease, ManifestReport, NewestPerEventType, Pin, PurgeFinding, PurgeOptions,
    PurgeReceipt, PurgedId, RecoveryReport, RepairReport, Scan, SegmentReport, Sharing, Snapshot,
    Stats, UnnamedFile, Unseen, UserShare, Users, VerifyReport, value_at,
};
