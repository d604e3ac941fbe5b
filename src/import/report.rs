//! What an import did.

use crate::types::{Limits, Schema, looks_like_milliseconds};

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
    pub(super) fn look_at(&mut self, timestamp: i64, place: impl FnOnce() -> String) {
        if looks_like_milliseconds(timestamp) {
            if self.count == 0 {
                self.first = format!("{}, value {timestamp}", place());
            }
            self.count += 1;
        }
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
