//! Two tiers as one: versions, snapshots, merge, seal, compaction, recovery. Rank 5.
//!
//! A [`Version`] is an immutable list of runs of segments and of hot generations; an [`Engine`]
//! swaps in a new one with each seal, import and compaction. A [`Snapshot`] pins one, with the
//! newest sequence number at that moment; everything above it is invisible to the snapshot.

mod bulk;
mod copy;
mod delete;
mod engine;
mod folder;
mod joins;
mod maintain;
mod merge;
mod open;
mod read;
mod report;
mod write;

#[cfg(test)]
mod tests;

pub use bulk::{BulkImport, ImportBatch, ImportMode, ImportRehearsal};
pub use copy::{Change, Changes, Checkpoint, Sharing};
pub(crate) use copy::{NewCheckpoint, pin};
pub use delete::{PurgeFinding, PurgeOptions, PurgeReceipt, PurgedId};
pub(crate) use engine::Engine;
pub use engine::{RecoveryReport, Snapshot};
#[cfg(feature = "fuzzing")]
pub(crate) use folder::{Account, Manifest};
pub(crate) use folder::{
    BackupsReader, BackupsWriter, NewStore, is_store, is_unfinished, lease, leases, pinned, pins,
    release, unpin,
};
pub use folder::{Lease, Pin};
pub(crate) use maintain::Worker;
pub(crate) use open::{Opening, Seen, id_of};
pub use read::{
    Event, EventTypeNumbers, History, Interacted, NewestPerEventType, Scan, Unseen, UserShare,
    Users, value_at,
};
pub use report::{
    ColumnStats, DamagedSegment, FormatVersions, GenerationReport, Health, ManifestReport,
    RepairReport, SegmentReport, Stats, UnnamedFile, VerifyReport,
};
