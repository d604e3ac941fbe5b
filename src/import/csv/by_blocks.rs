//! A file in blocks of records, on the threads of bulk imports.

use std::io::{Cursor, Read};
use std::path::Path;

use super::run::Run;
use crate::csv::{RecordReader, Step};
use crate::import::block::read_block;
use crate::import::blocks::BlockReader;
use crate::import::bulk_imports::BulkImports;
use crate::import::pipeline::{Block, Pipeline, Work, with_pipeline};
use crate::import::record_rows::RecordRows;
use crate::model::{Error, ErrorKind, Result};

/// Bytes of a block of records: a part of the imports' memory budget, within bounds.
const BLOCKS_OF_BUDGET: u64 = 256;
const LEAST_BLOCK_BYTES: usize = 64 << 10;
const MOST_BLOCK_BYTES: usize = 4 << 20;

/// Where in the files a block begins.
pub(super) struct BlockPlace<'a> {
    pub(super) path: &'a Path,
    /// What lines are called.
    pub(super) unit: &'static str,
    pub(super) line: u64,
    /// Bytes of all files up to there.
    pub(super) bytes: u64,
}

impl BlockPlace<'_> {
    fn of(&self, line: u64) -> String {
        format!("{}: {} {line}", self.path.display(), self.unit)
    }
}

/// What is left of a source: bytes that were read from it, and the rest.
type Rest<R> = (Vec<u8>, R);

impl Run<'_> {
    /// Reads blocks of records on the imports' threads. Where a record is broken, the bytes that were
    /// read until then are gone through record by record, since it is not known where the next one
    /// begins; behind them blocks begin anew.
    pub(super) fn blocks<R: Read>(
        &mut self,
        path: &Path,
        reader: RecordReader<R>,
        rows: &RecordRows<'_>,
        imports: &mut BulkImports<'_>,
    ) -> Result<()> {
        let mut place = BlockPlace {
            path,
            unit: rows.dialect.unit(),
            line: reader.next_line(),
            bytes: self.report.bytes + reader.bytes_taken(),
        };
        let mut rest = reader.into_rest();
        while let Some((bytes, source)) = self.sound_blocks(rest, &mut place, rows, imports)? {
            self.report.bytes = place.bytes;
            let known = bytes.len() as u64;
            let source = Cursor::new(bytes).chain(source);
            let mut reader = RecordReader::from_line(source, self.max_record_bytes, place.line)
                .with_dialect(rows.dialect);
            self.records(path, &mut reader, known, rows, imports)?;
            place.line = reader.next_line();
            place.bytes += reader.bytes_taken();
            let (bytes, source) = reader.into_rest();
            // All that was known is taken.
            let (_, source) = source.into_inner();
            rest = (bytes, source);
        }
        Ok(())
    }

    /// Reads blocks up to the end, or up to a broken record that is to be left out: the rest begins
    /// with it.
    fn sound_blocks<R: Read>(
        &mut self,
        (rest, source): Rest<R>,
        place: &mut BlockPlace<'_>,
        rows: &RecordRows<'_>,
        imports: &mut BulkImports<'_>,
    ) -> Result<Option<Rest<R>>> {
        let path = place.path;
        let in_file = |error: Error| error.within(path.display());
        let (threads, max_record_bytes) = (imports.threads(), self.max_record_bytes);
        let budget = imports.memory_budget_bytes() / BLOCKS_OF_BUDGET;
        let block_bytes = (budget as usize).clamp(LEAST_BLOCK_BYTES, MOST_BLOCK_BYTES);
        let mut source =
            BlockReader::new(rest, source, block_bytes, max_record_bytes, rows.dialect);
        let work = |block: &mut Block<Vec<u8>>| {
            block.report = read_block(&block.records, max_record_bytes, rows, &mut block.batch);
        };
        let broken = with_pipeline(threads, &work, |pipeline| {
            let mut idle = Vec::new();
            let mut more = Ok(true);
            loop {
                while matches!(more, Ok(true)) && pipeline.len() <= threads {
                    let mut block = idle.pop().unwrap_or_else(|| Block::of(Vec::new(), imports));
                    more = source.next(&mut block.records).map_err(in_file);
                    if matches!(more, Ok(true)) {
                        pipeline.put(block);
                    }
                }
                if pipeline.len() == 0 {
                    self.show_progress(place.bytes)?;
                    return more.map(|_| None);
                }
                let mut block = pipeline.take().ok_or_else(lost)?;
                if let Some(broken) = self.take_block(&mut block, place, rows, imports)? {
                    let bytes = block.records.split_off(broken);
                    return more.and_then(|_| with_blocks(bytes, pipeline)).map(Some);
                }
                self.show_progress(place.bytes)?;
                idle.push(block);
            }
        })?;
        Ok(broken.map(|mut bytes| {
            let (rest, source) = source.into_rest();
            bytes.extend(rest);
            (bytes, source)
        }))
    }

    /// Hands the rows of a block to the imports. A block with which something is wrong, or that brings
    /// too many event types, is read again row by row; where a record is broken and to be left out,
    /// up to that, and its position in the block is given.
    fn take_block(
        &mut self,
        block: &mut Block<Vec<u8>>,
        place: &mut BlockPlace<'_>,
        rows: &RecordRows<'_>,
        imports: &mut BulkImports<'_>,
    ) -> Result<Option<usize>> {
        if self.take_rows(block, place, imports)? {
            place.bytes += block.records.len() as u64;
            return Ok(None);
        }
        block.batch.clear();
        self.sound_records(&block.records, place, rows, imports)
    }

    /// Hands the rows of a block to the imports, unless something is wrong with it, or it brings too many
    /// event types; gives whether it did.
    pub(super) fn take_rows<T>(
        &mut self,
        block: &mut Block<T>,
        place: &mut BlockPlace<'_>,
        imports: &mut BulkImports<'_>,
    ) -> Result<bool> {
        let Some(report) = block.report.take() else {
            return Ok(false);
        };
        let count = block.batch.rows();
        match imports.append(&mut block.batch) {
            Err(error) if error.kind() == ErrorKind::InvalidInput => return Ok(false),
            appended => appended?,
        }
        self.report.rows += count;
        self.scratch.told.add(report.told);
        self.repeats.add(report.hashes);
        let shown = |line: &u64| place.of(place.line + line);
        self.odd_times.append(&report.odd_times, shown);
        for (field, rows, line) in report.long.iter() {
            self.long.add(*field, *rows, || shown(line));
        }
        self.other_lists.append(&report.other_lists, shown);
        place.line += report.lines;
        Ok(true)
    }

    /// Reads the records of a block one by one, up to one that is broken and to be left out; gives
    /// where that begins.
    fn sound_records(
        &mut self,
        block: &[u8],
        place: &mut BlockPlace<'_>,
        rows: &RecordRows<'_>,
        imports: &mut BulkImports<'_>,
    ) -> Result<Option<usize>> {
        let mut reader = RecordReader::from_line(block, self.max_record_bytes, place.line)
            .with_dialect(rows.dialect);
        loop {
            match reader.advance()? {
                Step::Record => {
                    self.record(place.path, reader.line(), reader.record(), rows, imports)?;
                }
                Step::Broken(_) if self.rejects.is_some() => {
                    place.line = reader.line();
                    place.bytes += reader.bytes_before();
                    return Ok(Some(reader.bytes_before() as usize));
                }
                Step::Broken(fault) => self.broken(place.path, &mut reader, fault, rows)?,
                Step::End => {
                    place.line = reader.next_line();
                    place.bytes += reader.bytes_taken();
                    return Ok(None);
                }
            }
        }
    }
}

/// The bytes, and behind them those of all blocks on their way.
fn with_blocks(
    mut bytes: Vec<u8>,
    pipeline: &mut Pipeline<'_, Vec<u8>, impl Work<Vec<u8>>>,
) -> Result<Vec<u8>> {
    while pipeline.len() > 0 {
        bytes.extend(pipeline.take().ok_or_else(lost)?.records);
    }
    Ok(bytes)
}

pub(super) fn lost() -> Error {
    Error::internal("a reading thread ended without its result")
}
