//! What an opening tells.

use std::path::PathBuf;

/// What an opening found in the hot tier, and what one for writing did about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// Damage of the write-ahead log that the opening went past: the file, the byte and what is wrong.
    /// An opening for writing does so where it is allowed to; one for reading where all that was durable
    /// at the last note precedes it.
    pub damage: Option<String>,
    /// Whole records of the write-ahead log, a commit each, that stand behind the damage: dropped by an
    /// opening for writing, not shown by one for reading.
    pub dropped_records: u64,
    /// Bytes of the log from the damage on that are no part of a whole record: those of one commit at
    /// least, where there are any. How many commits they were cannot be told.
    pub damaged_bytes: u64,
    /// Rows that were durable and are not there any more. 0 unless the opening was allowed to go on.
    pub lost_rows: u64,
    /// Copies of the damaged log files, in the folder of the hot tier.
    pub kept_files: Vec<PathBuf>,
}
