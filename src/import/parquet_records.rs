//! A Parquet file as records of CSV.

use std::fs::File;
use std::io::{Error as IoError, ErrorKind, Read, Seek};

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::form::{FileForm, Fractions};
use super::parquet_cells::{Cells, is_time};
use crate::types::{Error, Result};

/// Rows that are read at a time.
const BATCH_ROWS: usize = 8192;

/// Whether a file that begins so is Parquet.
pub(super) fn is_parquet(start: &[u8]) -> bool {
    start.starts_with(b"PAR1")
}

/// The rows of a Parquet file, a record each. A column that is not wanted is empty.
pub(super) struct ParquetRecords {
    batches: ParquetRecordBatchReader,
    /// For each column of the file its position in the batches, where it is wanted.
    wanted: Vec<Option<usize>>,
    names: Vec<String>,
    keep_fractions: bool,
    text: String,
    taken: usize,
}

impl ParquetRecords {
    /// The records of a file whose wanted columns have the given names.
    ///
    /// # Errors
    /// `InvalidInput` for a file that cannot be read as Parquet, and for a column of times whose unit the
    /// form gives, too.
    pub(super) fn open(
        mut file: File,
        form: &FileForm,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Self> {
        file.rewind().map_err(|error| Error::io("reading", error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(unreadable)?;
        let schema = builder.schema().clone();
        check_times(&schema, form)?;
        let mut roots = Vec::new();
        let mut wanted = Vec::new();
        for (at, field) in schema.fields().iter().enumerate() {
            let position = is_wanted(field.name()).then_some(roots.len());
            if position.is_some() {
                roots.push(at);
            }
            wanted.push(position);
        }
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let batches = builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(unreadable)?;
        Ok(Self {
            batches,
            wanted,
            names: schema
                .fields()
                .iter()
                .map(|field| field.name().clone())
                .collect(),
            keep_fractions: form.fractions == Some(Fractions::Refuse),
            text: String::new(),
            taken: 0,
        })
    }

    /// The names of all columns.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Writes the records of the next batch; nothing at the end.
    fn fill(&mut self) -> std::io::Result<()> {
        self.text.clear();
        self.taken = 0;
        while self.text.is_empty() {
            let Some(batch) = self.batches.next() else {
                return Ok(());
            };
            let batch = batch.map_err(|error| IoError::new(ErrorKind::InvalidData, error))?;
            self.write(&batch)
                .map_err(|error| IoError::new(ErrorKind::InvalidData, error.full_message()))?;
        }
        Ok(())
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut columns = Vec::with_capacity(self.wanted.len());
        for (name, position) in self.names.iter().zip(&self.wanted) {
            let array = position.and_then(|at| batch.columns().get(at));
            columns.push(array.map(|array| Cells::of(name, array)).transpose()?);
        }
        for row in 0..batch.num_rows() {
            let start = self.text.len();
            for (at, column) in columns.iter().enumerate() {
                if at > 0 {
                    self.text.push(',');
                }
                if let Some(cells) = column {
                    cells.write(row, self.keep_fractions, &mut self.text)?;
                }
            }
            if self.text.len() == start {
                // A blank line would be no record.
                self.text.push_str("\"\"");
            }
            self.text.push('\n');
        }
        Ok(())
    }
}

impl Read for ParquetRecords {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.taken == self.text.len() {
            self.fill()?;
        }
        let mut rest = self.text.as_bytes().get(self.taken..).unwrap_or_default();
        let bytes = rest.read(out)?;
        self.taken += bytes;
        Ok(bytes)
    }
}

/// Looks that no time is converted twice.
fn check_times(schema: &Schema, form: &FileForm) -> Result<()> {
    let mapped = form.map.iter().find(|(field, _)| field == "TIMESTAMP");
    let column = mapped.map_or("TIMESTAMP", |(_, column)| column.as_str());
    match schema.field_with_name(column) {
        Ok(field) if form.time_unit.is_some() && is_time(field.data_type()) => {
            Err(Error::of_field(
                column,
                format_args!(
                    "has times of the type {}, which tells their unit; leave out --time-unit",
                    field.data_type()
                ),
            ))
        }
        _ => Ok(()),
    }
}

fn unreadable(error: parquet::errors::ParquetError) -> Error {
    Error::invalid(format!(
        "cannot be read as Parquet: {error}; write the file again"
    ))
}
