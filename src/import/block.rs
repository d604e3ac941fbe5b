//! One block of CSV to rows of a batch, on any thread.
//!
//! A block in which anything is wrong is only said to be so: it is then read again, row by row, by
//! who knows what came before it and what is to be done about bad rows.

use super::RowSink;
use super::report::LongCells;
use super::rows::{RowMaker, Taken};
use super::split::split;
use crate::api::ImportBatch;
use crate::csv::{RecordReader, Step};
use crate::types::{CellBuffer, OddTimes, Result, Row};

/// What a block held.
#[derive(Default)]
pub(super) struct BlockReport {
    /// Lines that ended.
    pub(super) lines: u64,
    /// Rows with odd timestamps; lines are counted from 0.
    pub(super) odd_times: OddTimes<u64>,
    /// Rows whose strings are longer than the service takes, by line, counted from 0.
    pub(super) long: LongCells<u64>,
}

impl BlockReport {
    fn look_at<'r>(
        &mut self,
        line: u64,
        taken: &Taken,
        rows: &RowMaker<'_>,
        values: impl Iterator<Item = &'r str>,
    ) {
        self.odd_times.look_at(taken.timestamp, || line);
        if taken.is_long {
            let long = rows.long_fields(values);
            long.for_each(|field| self.long.add(field, 1, || line));
        }
    }
}

impl RowSink for ImportBatch {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        ImportBatch::push_row(self, row)
    }
}

/// Reads all records of a block into a batch; `None` when one is refused or cannot be read.
pub(super) fn read_block(
    block: &[u8],
    max_record_bytes: usize,
    rows: &RowMaker<'_>,
    batch: &mut ImportBatch,
) -> Option<BlockReport> {
    if block.contains(&b'"') || block.len() > u32::MAX as usize {
        return read_records(block, max_record_bytes, rows, batch);
    }
    let mut report = BlockReport::default();
    let mut cells = Vec::new();
    let text = std::str::from_utf8(block).ok()?;
    report.lines = split(text, rows.columns(), |line, fields| {
        if fields.bytes() > max_record_bytes {
            return None;
        }
        let taken = rows.push(fields.iter(), &mut cells, batch).ok()?;
        report.look_at(line, &taken, rows, fields.iter());
        Some(())
    })?;
    Some(report)
}

/// The same with the parser that knows quotes.
fn read_records(
    block: &[u8],
    max_record_bytes: usize,
    rows: &RowMaker<'_>,
    batch: &mut ImportBatch,
) -> Option<BlockReport> {
    let mut report = BlockReport::default();
    let mut reader = RecordReader::from_line(block, max_record_bytes, 0);
    let mut buffer = CellBuffer::default();
    loop {
        match reader.advance().ok()? {
            Step::Record => {}
            Step::Broken(_) => return None,
            Step::End => break,
        }
        let mut cells = buffer.take();
        let text = reader.record().text().ok()?;
        let taken = rows.push(text.fields(), &mut cells, batch).ok()?;
        report.look_at(reader.line(), &taken, rows, text.fields());
        buffer.put_back(cells);
    }
    report.lines = reader.next_line();
    Some(report)
}
