//! From a folder to an engine: recovery, reading without a writer, following one, evolving the schema.

mod evolve;
mod follow;
mod lost;
mod reading;
mod recovery;

pub(crate) use follow::Seen;
pub(super) use lost::open_what_can_be;
pub(crate) use reading::id_of;
pub(super) use reading::{GiveScratch, HotFiles, read_remembered, read_steady};
#[cfg(test)]
pub(super) use recovery::Found;
pub(crate) use recovery::Opening;
pub(super) use recovery::is_own;
