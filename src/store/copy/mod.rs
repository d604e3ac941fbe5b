//! What leaves the folder: checkpoints, pins, changes.

mod changes;
mod checkpoint;
mod pinning;
mod segment_file;

pub use changes::{Change, Changes};
pub(crate) use checkpoint::NewCheckpoint;
pub use checkpoint::{Checkpoint, Sharing};
pub(crate) use pinning::pin;
