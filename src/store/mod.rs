//! Two tiers as one: versions, snapshots, merge, seal, compaction, recovery. Rank 3.
//!
//! A [`Version`] is an immutable list of runs of segments and of hot generations; an [`Engine`]
//! swaps in a new one with each seal, import and compaction. A [`Snapshot`] pins one, with the
//! newest sequence number at that moment; everything above it is invisible to the snapshot.

mod account;
mod as_of;
mod bulk;
mod candidates;
mod checkpoint;
mod commit_lock;
mod compaction;
mod creation;
mod engine;
mod event;
mod events;
mod folders;
mod group_sync;
mod history;
mod import_batch;
mod inspect;
mod interacted;
mod joins;
mod late;
mod links;
mod lock;
mod manifest;
mod memory;
mod merge;
mod merge_input;
mod newest;
mod owners;
mod picked;
mod presented;
mod reading;
mod recommendations;
mod recovery;
mod repeats;
mod rotation;
mod run;
mod run_writer;
mod scan;
mod seal;
mod small_file;
mod snapshot;
mod sort;
mod source;
mod stats;
mod unseen;
mod users;
mod verify;
mod version;
mod worker;
mod write;

#[cfg(test)]
mod tests;

pub use bulk::{BulkImport, ImportMode};
pub(crate) use checkpoint::NewCheckpoint;
pub use checkpoint::{Checkpoint, Sharing};
pub(crate) use creation::NewStore;
pub(crate) use engine::Engine;
pub use event::{Event, value_at};
pub(crate) use folders::is_store;
pub use history::History;
pub use import_batch::ImportBatch;
pub use inspect::{FormatVersions, GenerationReport, ManifestReport, SegmentReport};
pub use interacted::Interacted;
pub use newest::{EventTypeNumbers, NewestPerEventType};
pub(crate) use reading::id_of;
pub(crate) use recovery::Opening;
pub use recovery::RecoveryReport;
pub use scan::Scan;
pub use snapshot::Snapshot;
pub use stats::{ColumnStats, Stats};
pub use unseen::Unseen;
pub use users::Users;
pub use verify::VerifyReport;
pub(crate) use worker::Worker;
#[cfg(feature = "fuzzing")]
pub(crate) use {account::Account, manifest::Manifest};
