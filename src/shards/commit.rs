//! What was written to which shard.

use crate::model::{Commit, Error};

/// What was written to one shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShardCommit {
    /// The position of the shard.
    pub shard: usize,
    /// Its commit, and how many rows of the call it has.
    pub commit: Commit,
}

/// The error of a shard, with what the shards before it did.
pub(super) fn failed(done: &[ShardCommit], shard: usize, error: Error) -> Error {
    if done.is_empty() {
        return error.within(format!("shard {shard} (no shard was changed)"));
    }
    let done: Vec<String> = done
        .iter()
        .map(|one| format!("{} as commit {}", one.shard, one.commit.sequence))
        .collect();
    error.within(format!(
        "shard {shard} (these shards have their part: {}; the others have nothing)",
        done.join(", ")
    ))
}
