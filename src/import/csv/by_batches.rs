//! A file in batches of Arrow, on the threads of bulk imports.

use std::path::Path;

use arrow_array::RecordBatch;

use super::by_blocks::{BlockPlace, lost};
use super::run::Run;
use crate::csv::RecordReader;
use crate::import::batch_rows::read_batch;
use crate::import::bulk_imports::BulkImports;
use crate::import::parquet_batches::{BatchColumns, ParquetBatches};
use crate::import::pipeline::{Block, with_pipeline};
use crate::import::record_rows::RecordRows;
use crate::model::{Error, Result};

impl Run<'_> {
    /// Reads batches on the imports' threads. One with which something is wrong is written as text, and
    /// read record by record.
    pub(super) fn batches(
        &mut self,
        path: &Path,
        batches: ParquetBatches,
        rows: &RecordRows<'_>,
        imports: &mut BulkImports<'_>,
    ) -> Result<()> {
        let in_file = |error: Error| error.within(path.display());
        let mut place = BlockPlace {
            path,
            unit: rows.dialect.unit(),
            line: 1,
            bytes: self.report.bytes,
        };
        let (threads, max_record_bytes) = (imports.threads(), self.max_record_bytes);
        let (mut batches, columns) = batches.into_parts();
        let work = |block: &mut Block<RecordBatch>| {
            let (records, batch) = (&block.records, &mut block.batch);
            block.report = read_batch(records, &columns, max_record_bytes, rows, batch);
        };
        with_pipeline(threads, &work, |pipeline| {
            let mut idle: Vec<Block<RecordBatch>> = Vec::new();
            let mut ended = Ok(false);
            loop {
                while matches!(ended, Ok(false)) && pipeline.len() <= threads {
                    match batches.next() {
                        Some(Ok(records)) => {
                            let mut block = idle
                                .pop()
                                .unwrap_or_else(|| Block::of(records.clone(), imports));
                            block.records = records;
                            pipeline.put(block);
                        }
                        Some(Err(error)) => ended = Err(in_file(error)),
                        None => ended = Ok(true),
                    }
                }
                if pipeline.len() == 0 {
                    return ended.map(drop);
                }
                let mut block = pipeline.take().ok_or_else(lost)?;
                place.bytes += block.records.get_array_memory_size() as u64;
                if !self.take_rows(&mut block, &mut place, imports)? {
                    block.batch.clear();
                    self.batch_records(&block.records, &columns, &mut place, rows, imports)?;
                }
                self.show_progress(place.bytes)?;
                idle.push(block);
            }
        })
    }

    /// Reads the records of a batch one by one.
    fn batch_records(
        &mut self,
        batch: &RecordBatch,
        columns: &BatchColumns,
        place: &mut BlockPlace<'_>,
        rows: &RecordRows<'_>,
        imports: &mut BulkImports<'_>,
    ) -> Result<()> {
        let mut text = String::new();
        let written = columns.write(batch, &mut text);
        written.map_err(|error| error.within(place.path.display()))?;
        let mut reader =
            RecordReader::from_line(text.as_bytes(), self.max_record_bytes, place.line)
                .with_dialect(rows.dialect);
        let bytes = self.report.bytes;
        self.records(place.path, &mut reader, u64::MAX, rows, imports)?;
        self.report.bytes = bytes;
        place.line = reader.next_line();
        Ok(())
    }
}
