//! What an import did.

use crate::types::{Limits, OddTimes, Schema};

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

impl ImportReport {
    pub(super) fn warn(&mut self, odd_times: &OddTimes<String>, schema: &Schema, limits: &Limits) {
        self.warnings.extend(odd_times.warnings());
        if self.rows < limits.min_import_rows {
            self.warnings.push(format!(
                "{} rows in one import; training needs at least {} (limit min_import_rows)",
                self.rows, limits.min_import_rows
            ));
        }
        self.warnings.extend_from_slice(schema.warnings());
    }
}
