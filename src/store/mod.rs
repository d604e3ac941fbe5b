//! Two tiers as one: versions, snapshots, merge, seal, compaction, recovery. Rank 3.
//!
//! A [`Version`] is an immutable list of runs of segments and of hot generations; an [`Engine`]
//! swaps in a new one with each seal, import and compaction. A [`Snapshot`] pins one, with the
//! newest sequence number at that moment; everything above it is invisible to the snapshot.

mod account;
mod as_of;
mod backups_folder;
mod bulk;
mod candidates;
mod checkpoint;
mod commit_lock;
mod compaction;
mod creation;
mod delete;
mod deletions;
mod engine;
mod event;
mod events;
mod evolve;
mod expiry;
mod folders;
mod follow;
mod group_sync;
mod history;
mod import_batch;
mod inspect;
mod interacted;
mod joins;
mod lacking;
mod late_join;
mod late_records;
mod links;
mod live_segment;
mod lock;
mod lost;
mod lost_segment;
mod manifest;
mod mask;
mod memory;
mod merge;
mod merge_input;
mod newest;
mod owners;
mod picked;
mod presented;
mod purge;
mod quarantine;
mod reading;
mod recommendations;
mod recovery;
mod recovery_report;
mod rehearsal;
mod repeats;
mod rotation;
mod run;
mod run_writer;
mod scan;
mod seal;
mod segment_file;
mod small_file;
mod snapshot;
mod sort;
mod source;
mod stats;
mod trim;
mod unseen;
mod user_codes;
mod users;
mod verify;
mod version;
mod wake;
mod worker;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use backups_folder::{BackupsReader, BackupsWriter};
pub use bulk::{BulkImport, ImportMode};
pub(crate) use checkpoint::NewCheckpoint;
pub use checkpoint::{Checkpoint, Sharing};
pub(crate) use creation::{NewStore, is_unfinished};
pub(crate) use engine::Engine;
pub use event::{Event, value_at};
pub(crate) use folders::is_store;
pub(crate) use follow::Seen;
pub use history::History;
pub use import_batch::ImportBatch;
pub use inspect::{FormatVersions, GenerationReport, ManifestReport, SegmentReport};
pub use interacted::Interacted;
pub use newest::{EventTypeNumbers, NewestPerEventType};
pub use purge::{PurgeFinding, PurgeReceipt, PurgedId};
pub use quarantine::{DamagedSegment, RepairReport, UnnamedFile};
pub(crate) use reading::id_of;
pub(crate) use recovery::Opening;
pub use recovery_report::RecoveryReport;
pub use rehearsal::ImportRehearsal;
pub use scan::Scan;
pub use snapshot::Snapshot;
pub use stats::{ColumnStats, Stats};
pub use unseen::Unseen;
pub use users::Users;
pub use verify::VerifyReport;
pub(crate) use worker::Worker;
#[cfg(feature = "fuzzing")]
pub(crate) use {account::Account, manifest::Manifest};
