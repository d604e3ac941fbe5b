//! Many sources as one, and one as the segments of a run.

mod copy_run;
mod mask;
mod memory;
mod merge;
mod merge_input;
mod owners;
mod picked;
mod run_writer;
mod source;
mod user_codes;

pub(super) use copy_run::copy_run;
pub(super) use mask::{Held, Mask};
pub(super) use memory::{MemoryBudget, give_back_free_pages};
pub(super) use merge::Merge;
pub(super) use merge_input::InPieces;
pub(super) use owners::{Owners, SessionKey};
pub(super) use run_writer::{RunOf, RunWriter, Unpublished, finish_run};
pub(super) use source::Source;
pub(super) use user_codes::UserCodes;
