//! What every part of the store shares: the engine, its versions, runs, live segments, locks.

mod commit_lock;
mod counted_memory;
mod done;
mod engine;
mod group_sync;
mod live_segment;
mod lost_segment;
mod recovery_report;
mod run;
mod snapshot;
mod version;
mod wake;

pub(super) use commit_lock::CommitGuard;
pub(super) use counted_memory::CountedMemory;
pub(super) use done::Done;
pub(crate) use engine::Engine;
pub(super) use engine::Parts;
pub(super) use live_segment::{LiveSegment, missing, open_segment};
pub(super) use lost_segment::LostSegment;
#[cfg(test)]
pub(super) use lost_segment::tests;
pub use recovery_report::RecoveryReport;
pub(super) use run::Run;
pub(super) use snapshot::ReadView;
pub use snapshot::Snapshot;
pub(super) use version::Version;
pub(super) use wake::Wake;
