//! What comes in: CSV files and JSON lines.
//!
//! [`CsvImport`] reads the files that [`csv_files`] lists and gives their rows to a [`RowSink`], such
//! as a [`BulkImport`](crate::BulkImport). [`JsonLines`] reads interactions for
//! [`Store::write`](crate::Store::write), and [`infer_schema`] proposes a schema for a CSV file. The
//! rules are those of the interactions dataset contract; errors name file, line, column, value and
//! rule.

mod candidates;
mod csv;
mod header;
mod infer;
mod json;
mod json_lines;
mod paths;
mod profile;
mod reader;
mod record;
mod rejects;
mod report;

use crate::types::{Result, Row};

pub use csv::{CsvImport, OnError};
pub use infer::{InferredSchema, infer_schema};
pub use json::interaction_of_json;
pub use json_lines::JsonLines;
pub use paths::csv_files;
pub use report::ImportReport;

/// Bytes of one record (a CSV row or a JSON line) that is read into memory, by default: 16 MiB.
pub const DEFAULT_MAX_RECORD_BYTES: usize = 16 << 20;

/// Takes rows in the order of arrival.
pub trait RowSink {
    /// Checks a row against schema and limits, and takes it.
    ///
    /// # Errors
    /// `InvalidInput` when the row breaks a rule: the sink is as before and can take the next row.
    /// Any other kind ends the import.
    fn push(&mut self, row: &Row<'_>) -> Result<()>;
}

impl RowSink for crate::api::BulkImport {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        crate::api::BulkImport::push(self, row)
    }
}
