//! Rows of a bulk import that are collected away from it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::store::engine::CountedMemory;

use crate::check::Validator;
use crate::column::{ColumnsBuilder, RowSizes};
use crate::model::{Error, Result, Row};

/// Rows for a [`BulkImport`](super::bulk::BulkImport), collected away from it, so that several threads
/// can check them and turn them into columns side by side.
///
/// Made by [`BulkImport::batch`](super::bulk::BulkImport::batch), filled on any thread, and handed over by
/// [`BulkImport::append`](super::bulk::BulkImport::append) in the order of arrival. Memory: a part of the
/// import's, which has the less room for rows, but for what it grew since it was last handed over.
/// Some ten thousand rows are enough for what a batch costs by itself, which is a look at each of its
/// distinct strings.
///
/// ```
/// # use annals::{ImportMode, Limits, Schema, Store};
/// # use annals::columns::{Cell, Row};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let schema = Schema::parse(
/// #     r#"{"type": "record", "name": "Interactions", "fields": [
/// #         {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
/// #         {"name": "TIMESTAMP", "type": "long"}]}"#,
/// #     &Limits::personalize(),
/// # )?;
/// # let store = Store::create(folder.path(), &schema)?;
/// let mut import = store.import(ImportMode::Incremental)?;
/// let mut halves = [("ada", import.batch()), ("bob", import.batch())];
/// std::thread::scope(|scope| {
///     for (user, batch) in &mut halves {
///         scope.spawn(move || {
///             let cells = [Cell::Null, Cell::Text("tea"), Cell::Null];
///             batch.push_row(&Row { user, timestamp: 60, cells: &cells }).is_ok()
///         });
///     }
/// });
/// for (_, mut batch) in halves {
///     import.append(&mut batch)?;
/// }
/// assert_eq!(import.commit()?.rows, 2);
/// # Ok(())
/// # }
/// ```
pub struct ImportBatch {
    pub(in crate::store) builder: ColumnsBuilder,
    memory: CountedMemory,
}

impl ImportBatch {
    /// An empty batch, whose memory is counted in `all`.
    pub(in crate::store) fn new(validator: &Validator, all: Arc<AtomicUsize>) -> Self {
        Self {
            builder: ColumnsBuilder::new(validator),
            memory: CountedMemory::new(all),
        }
    }

    /// Counts the memory that it takes now.
    pub(super) fn count_memory(&mut self) {
        let bytes = self.memory_bytes();
        self.memory.set(bytes);
    }

    /// Adds a row after checking it against schema and limits, but for the quota of event types,
    /// which is that of the whole import.
    ///
    /// # Errors
    /// `InvalidInput` when the row breaks a rule, or the batch is full: beyond 268,435,456 rows. It is
    /// then not added; where it breaks a rule, more can be.
    pub fn push_row(&mut self, row: &Row<'_>) -> Result<()> {
        if self.rows() >= RowSizes::MOST.rows {
            return Err(Error::invalid(format!(
                "a batch of {} rows is full; hand it over to its import first",
                self.rows()
            )));
        }
        self.builder.push(row)
    }

    /// Removes its rows and keeps the memory.
    pub fn clear(&mut self) {
        self.builder.clear();
    }

    /// Rows in it.
    pub fn rows(&self) -> usize {
        self.builder.rows()
    }

    /// Bytes of memory it takes.
    pub fn memory_bytes(&self) -> usize {
        self.builder.memory_bytes()
    }
}
