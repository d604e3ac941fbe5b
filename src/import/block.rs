//! One block of records to rows of a batch, on any thread.
//!
//! A block in which anything is wrong is only said to be so: it is then read again, row by row, by
//! who knows what came before it and what is to be done about bad rows.

use super::RowSink;
use super::bulk_imports::RowBatch;
use super::distinct::RowHashes;
use super::double_colon::STAND_IN;
use super::form::{Scratch, Told};
use super::record_rows::{RecordRows, Seen};
use super::report::{Counted, LongCells};
use super::split::split;
use crate::csv::{RecordReader, Step};
use crate::model::{CellBuffer, FieldId, OddTimes, Result, Row};

/// What a block held.
#[derive(Default)]
pub(super) struct BlockReport {
    /// Lines that ended.
    pub(super) lines: u64,
    /// Rows with odd timestamps; lines are counted from 0.
    pub(super) odd_times: OddTimes<u64>,
    /// Rows whose strings are longer than the service takes, by line, counted from 0.
    pub(super) long: LongCells<u64>,
    /// Rows whose impression looks like a list without bars, by line, counted from 0.
    pub(super) other_lists: Counted<u64>,
    pub(super) told: Told,
    /// Of rows of a form.
    pub(super) hashes: Vec<RowHashes>,
}

/// Notes what is odd about rows of one line.
pub(super) struct OnLine<'a> {
    pub(super) line: u64,
    pub(super) report: &'a mut BlockReport,
}

impl Seen for OnLine<'_> {
    #[inline]
    fn row(&mut self, timestamp: i64) {
        self.report.odd_times.look_at(timestamp, || self.line);
    }

    fn long(&mut self, field: FieldId) {
        self.report.long.add(field, 1, || self.line);
    }

    fn other_list(&mut self) {
        self.report.other_lists.add(1, || self.line);
    }
}

impl RowSink for RowBatch {
    #[inline]
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.push_row(row)
    }
}

/// Reads all records of a block into a batch; `None` when one is refused or cannot be read.
pub(super) fn read_block(
    block: &[u8],
    max_record_bytes: usize,
    rows: &RecordRows<'_>,
    batch: &mut RowBatch,
) -> Option<BlockReport> {
    let dialect = rows.dialect;
    if (dialect.quotes && block.contains(&b'"')) || block.len() > u32::MAX as usize {
        return read_records(block, max_record_bytes, rows, batch);
    }
    match dialect.delimiter {
        b',' => split_block::<b','>(block, max_record_bytes, rows, batch),
        b'\t' => split_block::<b'\t'>(block, max_record_bytes, rows, batch),
        STAND_IN => split_block::<STAND_IN>(block, max_record_bytes, rows, batch),
        _ => read_records(block, max_record_bytes, rows, batch),
    }
}

/// Reads records without quotes, whose values a byte that is at most a comma separates.
fn split_block<const DELIMITER: u8>(
    block: &[u8],
    max_record_bytes: usize,
    rows: &RecordRows<'_>,
    batch: &mut RowBatch,
) -> Option<BlockReport> {
    let mut report = BlockReport::default();
    let mut scratch = Scratch::default();
    let mut cells = Vec::new();
    let text = std::str::from_utf8(block).ok()?;
    report.lines = split::<DELIMITER>(text, rows.values(), |line, fields| {
        if fields.bytes() > max_record_bytes {
            return None;
        }
        let mut seen = OnLine {
            line,
            report: &mut report,
        };
        rows.push(fields, &mut cells, &mut scratch, batch, &mut seen)
            .ok()
    })?;
    report.told = scratch.told;
    report.hashes = scratch.hashes;
    Some(report)
}

/// The same with the parser that knows quotes and every delimiter.
fn read_records(
    block: &[u8],
    max_record_bytes: usize,
    rows: &RecordRows<'_>,
    batch: &mut RowBatch,
) -> Option<BlockReport> {
    let mut report = BlockReport::default();
    let mut reader = RecordReader::from_line(block, max_record_bytes, 0).with_dialect(rows.dialect);
    let mut scratch = Scratch::default();
    let mut buffer = CellBuffer::default();
    loop {
        match reader.advance().ok()? {
            Step::Record => {}
            Step::Broken(_) => return None,
            Step::End => break,
        }
        let mut cells = buffer.take();
        let mut seen = OnLine {
            line: reader.line(),
            report: &mut report,
        };
        let text = reader.record().text().ok()?;
        rows.push(text, &mut cells, &mut scratch, batch, &mut seen)
            .ok()?;
        buffer.put_back(cells);
    }
    report.lines = reader.next_line();
    report.told = scratch.told;
    report.hashes = scratch.hashes;
    Some(report)
}
