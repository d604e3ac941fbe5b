//! One batch of Arrow to rows of a batch of an import, on any thread.

use arrow_array::RecordBatch;

use super::block::{BlockReport, OnLine};
use super::bulk_imports::RowBatch;
use super::form::Scratch;
use super::parquet_batches::BatchColumns;
use super::record_rows::{RecordRows, Values};
use super::text_column::TextColumn;

/// The values of one row.
#[derive(Clone, Copy)]
struct BatchRow<'a> {
    columns: &'a [TextColumn<'a>],
    row: usize,
}

impl<'a> Values<'a> for BatchRow<'a> {
    fn values(&self) -> impl ExactSizeIterator<Item = &'a str> {
        let row = self.row;
        self.columns.iter().map(move |column| column.get(row))
    }
}

/// Reads all rows of a batch; `None` when one is refused or a column cannot be read. Lines are rows,
/// counted from 0.
pub(super) fn read_batch(
    records: &RecordBatch,
    columns: &BatchColumns,
    max_record_bytes: usize,
    rows: &RecordRows<'_>,
    batch: &mut RowBatch,
) -> Option<BlockReport> {
    let columns = columns.texts(records).ok()?;
    let mut report = BlockReport::default();
    let mut scratch = Scratch::default();
    let mut cells = Vec::new();
    for row in 0..records.num_rows() {
        let values = BatchRow {
            columns: &columns,
            row,
        };
        if values.values().map(str::len).sum::<usize>() > max_record_bytes {
            return None;
        }
        let mut seen = OnLine {
            line: row as u64,
            report: &mut report,
        };
        rows.push(values, &mut cells, &mut scratch, batch, &mut seen)
            .ok()?;
    }
    report.lines = records.num_rows() as u64;
    report.told = scratch.told;
    report.hashes = scratch.hashes;
    Some(report)
}
