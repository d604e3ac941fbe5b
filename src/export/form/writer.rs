//! What writes a form, whichever it is.

use arrow_array::RecordBatch;

use crate::export::layout::Layout;
use crate::types::{Error, Result};

/// What a writer of a form has to know beside the schema of the batches: begin with the default, and set what
/// differs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FormOptions {
    /// The layout of the records.
    pub layout: Layout,
    /// Whether records come by user, then timestamp: the layout of rows in that order, with both columns.
    pub sorted: bool,
    /// First and last timestamp, which `Inter` needs.
    pub times: Option<(i64, i64)>,
    /// Threads that encode, for forms that have use for them. 0 and 1: the caller's.
    pub threads: usize,
    /// Records of a Parquet row group, at most. Default: 1,048,576.
    pub row_group_rows: Option<usize>,
}

/// Writes record batches.
pub trait FormWriter: Send {
    /// Writes a batch.
    ///
    /// # Errors
    /// `Io`; `InvalidInput` for a value that the form cannot hold.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;

    /// Writes what a file of the form ends with, and flushes.
    ///
    /// # Errors
    /// As [`FormWriter::write`].
    fn finish(&mut self) -> Result<()>;

    /// What a reader has to know of the file beside its columns.
    fn note(&self) -> Option<String> {
        None
    }
}

/// The error of a file that cannot be written.
pub(super) fn writing(error: std::io::Error) -> Error {
    Error::io("write the export", error)
}
