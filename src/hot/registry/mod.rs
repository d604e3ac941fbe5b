//! What is remembered beside rows: event ids, sessions, recommendations.

mod periods;
mod records;
mod registry;
mod sweep;

pub(crate) use records::{KnownRecommendation, LateRecord, Link, TableEntry, Tombstone};
pub(crate) use registry::Registry;
pub use registry::Remembered;
pub(crate) use sweep::{Names, Sweep};
