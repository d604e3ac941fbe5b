//! What an import did.

use crate::types::{Limits, Schema};

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows that were taken.
    pub rows: u64,
    /// Rows that were refused.
    pub rejected: u64,
    /// Files that were read.
    pub files: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// What is allowed but probably not meant.
    pub warnings: Vec<String>,
}

/// Counts timestamps that look like milliseconds.
#[derive(Default)]
pub(super) struct Milliseconds {
    count: u64,
    first: String,
}

impl Milliseconds {
    /// Adds so many; `first` says where the first of them is, and what it is.
    pub(super) fn add(&mut self, count: u64, first: impl FnOnce() -> String) {
        if count > 0 && self.count == 0 {
            self.first = first();
        }
        self.count += count;
    }

    fn warning(&self) -> Option<String> {
        (self.count > 0).then(|| {
            format!(
                "{} rows whose TIMESTAMP looks like milliseconds, the first at {}; timestamps \
                 are Unix epoch seconds: divide by 1000",
                self.count, self.first
            )
        })
    }
}

impl ImportReport {
    pub(super) fn warn(&mut self, milliseconds: &Milliseconds, schema: &Schema, limits: &Limits) {
        self.warnings.extend(milliseconds.warning());
        if self.rows < limits.min_import_rows {
            self.warnings.push(format!(
                "{} rows in one import; training needs at least {} (limit min_import_rows)",
                self.rows, limits.min_import_rows
            ));
        }
        self.warnings.extend_from_slice(schema.warnings());
    }
}
