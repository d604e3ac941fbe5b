//! What writes a form, whichever it is.

use arrow_array::RecordBatch;

use crate::export::layout::Layout;
use crate::model::{Error, Result};

/// What a writer of a form has to know beside the schema of the batches. Each field has a method of its name, which
/// sets it and says what it is by default.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FormOptions {
    /// The layout of the records.
    pub layout: Layout,
    /// Whether records come by user, then timestamp: the layout of rows in that order, with both columns.
    pub sorted: bool,
    /// First and last timestamp, which `Inter` needs.
    pub times: Option<(i64, i64)>,
    /// Threads that encode.
    pub threads: usize,
    /// Records of a Parquet row group, at most.
    pub row_group_rows: Option<usize>,
}

impl FormOptions {
    /// The layout of the records. Default: [`Layout::Rows`].
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Whether records come by user, then timestamp: the layout of rows in that order, with both columns. Default:
    /// false.
    #[must_use]
    pub fn sorted(mut self, sorted: bool) -> Self {
        self.sorted = sorted;
        self
    }

    /// First and last timestamp, in epoch seconds. [`Form::Inter`](super::Form::Inter), whose times are 32-bit floats,
    /// writes them from the first on where they are exact so, and as ranks where not. Default: `None`; it writes them
    /// as they are.
    #[must_use]
    pub fn times(mut self, times: impl Into<Option<(i64, i64)>>) -> Self {
        self.times = times.into();
        self
    }

    /// Threads that encode, for forms that have use for them. 0 and 1: the caller's. Default 0.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Records of a Parquet row group, at most; 0 counts as 1. Default: `None`, which is 1,048,576.
    #[must_use]
    pub fn row_group_rows(mut self, rows: impl Into<Option<usize>>) -> Self {
        self.row_group_rows = rows.into();
        self
    }
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
