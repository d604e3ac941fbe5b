//! Bulk imports that take the rows of blocks which threads have read.

use std::sync::Arc;

use crate::api::{BulkImport, ImportBatch};
use crate::model::{Error, Result, Row};

/// Which of several imports has the rows of a user, by position.
pub(crate) type PartOf = dyn Fn(&str) -> usize + Send + Sync;

/// The bulk imports behind a [`RowSink`](super::RowSink): one, or one for each part of the users. That of one is made
/// by `From<&mut BulkImport>`.
pub struct BulkImports<'a> {
    /// By position; `None` where rows are passed over.
    parts: Vec<Option<&'a mut BulkImport>>,
    /// Set where there are several.
    part_of: Option<Arc<PartOf>>,
    /// Counts the rows that are passed over.
    passed_over: Option<&'a mut u64>,
}

impl<'a> From<&'a mut BulkImport> for BulkImports<'a> {
    fn from(import: &'a mut BulkImport) -> Self {
        Self {
            parts: vec![Some(import)],
            part_of: None,
            passed_over: None,
        }
    }
}

impl<'a> BulkImports<'a> {
    /// Imports by position, `None` where rows are passed over and counted.
    pub(crate) fn of_parts(
        parts: impl Iterator<Item = Option<&'a mut BulkImport>>,
        part_of: Arc<PartOf>,
        passed_over: &'a mut u64,
    ) -> Self {
        Self {
            parts: parts.collect(),
            part_of: Some(part_of),
            passed_over: Some(passed_over),
        }
    }

    fn imports(&self) -> impl Iterator<Item = &BulkImport> {
        self.parts.iter().flatten().map(|import| &**import)
    }

    /// Threads that may read for them, the caller's included: as many as one of them may have.
    pub(super) fn threads(&self) -> usize {
        let threads = self.imports().map(|import| import.settings().threads);
        threads.max().unwrap_or(1)
    }

    /// Bytes of memory that all of them may take.
    pub(super) fn memory_budget_bytes(&self) -> u64 {
        let bytes = self
            .imports()
            .map(|import| import.settings().memory_budget_bytes);
        bytes.fold(0, u64::saturating_add)
    }

    /// An empty batch for their rows.
    pub(super) fn batch(&self) -> RowBatch {
        let parts = self.parts.iter().map(Option::as_deref);
        RowBatch {
            parts: parts.map(|import| import.map(BulkImport::batch)).collect(),
            part_of: self.part_of.clone(),
            passed_over: 0,
        }
    }

    /// Adds the rows of a batch behind those added before, and empties it.
    ///
    /// # Errors
    /// As [`BulkImport::append`]: with `InvalidInput` no row was added to any of them.
    pub(super) fn append(&mut self, batch: &mut RowBatch) -> Result<()> {
        let parts = self.parts.iter().zip(&batch.parts);
        for (import, part) in
            parts.filter_map(|(import, part)| import.as_deref().zip(part.as_ref()))
        {
            import.check(part)?;
        }
        let parts = self.parts.iter_mut().zip(&mut batch.parts);
        for (import, part) in
            parts.filter_map(|(import, part)| import.as_deref_mut().zip(part.as_mut()))
        {
            if part.rows() > 0 {
                import.append(part)?;
            }
        }
        self.pass_over(std::mem::take(&mut batch.passed_over));
        Ok(())
    }

    /// Adds a row to the import that has its user.
    ///
    /// # Errors
    /// As [`BulkImport::push_row`].
    pub(super) fn push_row(&mut self, row: &Row<'_>) -> Result<()> {
        let part = part_of(self.part_of.as_deref(), row);
        match self.parts.get_mut(part).ok_or_else(no_part)? {
            Some(import) => import.push_row(row),
            None => {
                self.pass_over(1);
                Ok(())
            }
        }
    }

    fn pass_over(&mut self, rows: u64) {
        if let Some(passed_over) = &mut self.passed_over {
            **passed_over += rows;
        }
    }
}

/// Rows for bulk imports, collected away from them on any thread.
pub(super) struct RowBatch {
    parts: Vec<Option<ImportBatch>>,
    part_of: Option<Arc<PartOf>>,
    passed_over: u64,
}

impl RowBatch {
    /// Rows in it, those that are passed over included.
    pub(super) fn rows(&self) -> u64 {
        let parts = self.parts.iter().flatten();
        parts.map(|part| part.rows() as u64).sum::<u64>() + self.passed_over
    }

    /// Removes its rows and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.parts.iter_mut().flatten().for_each(ImportBatch::clear);
        self.passed_over = 0;
    }

    /// Adds a row after checking it; see [`ImportBatch::push_row`].
    ///
    /// # Errors
    /// As [`ImportBatch::push_row`].
    #[inline]
    pub(super) fn push_row(&mut self, row: &Row<'_>) -> Result<()> {
        let part = part_of(self.part_of.as_deref(), row);
        match self.parts.get_mut(part).ok_or_else(no_part)? {
            Some(batch) => batch.push_row(row),
            None => {
                self.passed_over += 1;
                Ok(())
            }
        }
    }
}

#[inline]
fn part_of(part_of: Option<&PartOf>, row: &Row<'_>) -> usize {
    part_of.map_or(0, |part_of| part_of(row.user))
}

#[cold]
fn no_part() -> Error {
    Error::internal("a user of no import")
}
