//! What comes in: CSV files, JSON lines and event requests.
//!
//! [`CsvImport`] reads the files that [`csv_files`] lists and gives their rows to a [`RowSink`], such
//! as a [`BulkImport`]. [`JsonLines`] reads interactions for
//! [`Store::write`](crate::Store::write), [`put_events_of_json`] a request for
//! [`Store::put_events`](crate::Store::put_events), [`recommendation_of_json`] what was shown for
//! [`Store::record_recommendation`](crate::Store::record_recommendation), and [`infer_schema`] proposes
//! a schema for a CSV file. The rules are those of the interactions dataset contract; errors name
//! file, line, column, value and rule.

#[cfg(feature = "parquet")]
mod batch_rows;
mod block;
mod blocks;
mod bulk_imports;
mod candidates;
mod check;
mod column_records;
mod contents;
mod csv;
#[cfg(feature = "compression")]
mod decoder;
mod distinct;
mod double_colon;
mod events;
mod form;
mod header;
mod infer;
mod json;
mod json_lines;
mod json_tree;
mod lines;
mod open;
mod other_forms;
#[cfg(feature = "parquet")]
mod parquet_batches;
mod paths;
mod pipeline;
mod profile;
mod recommendation;
mod record_rows;
mod rejected_records;
mod rejects;
mod repeats;
mod report;
mod row_key;
mod rows;
mod source;
mod split;
#[cfg(feature = "parquet")]
mod text_column;

use crate::api::BulkImport;
use crate::model::{Result, Row};

pub use crate::api::{ImportBatch, ImportRehearsal};
pub use crate::csv::DEFAULT_MAX_RECORD_BYTES;
pub use crate::model::{OddRows, OddTime, OddTimes, is_placeholder_id};
pub use bulk_imports::BulkImports;
pub use csv::{CsvImport, OnError};
pub use distinct::Distinct;
pub use events::put_events_of_json;
pub use form::{Delimiter, FileForm, Fractions, ListSeparator, TimeUnit};
pub use infer::{InferredSchema, infer_attribute_schema, infer_schema};
pub use json::interaction_of_json;
pub use json_lines::JsonLines;
pub use lines::Lines;
pub use paths::{CsvFiles, csv_files};
pub use recommendation::recommendation_of_json;
pub use report::ImportReport;

/// Takes rows in the order of arrival.
pub trait RowSink {
    /// Checks a row against schema and limits, and takes it.
    ///
    /// # Errors
    /// `InvalidInput` when the row breaks a rule: the sink is as before and can take the next row.
    /// Any other kind ends the import.
    fn push(&mut self, row: &Row<'_>) -> Result<()>;

    /// The bulk imports that its rows go to, where that is all it does with them: they take rows from several threads.
    /// Default: none.
    fn bulk_imports(&mut self) -> Option<BulkImports<'_>> {
        None
    }
}

impl RowSink for BulkImport {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        BulkImport::push_row(self, row)
    }

    fn bulk_imports(&mut self) -> Option<BulkImports<'_>> {
        Some(self.into())
    }
}

impl RowSink for BulkImports<'_> {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.push_row(row)
    }
}

impl RowSink for ImportRehearsal {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.push_row(row)
    }
}
