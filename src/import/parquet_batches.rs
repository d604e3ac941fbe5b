//! The rows of a Parquet file: in batches, and as records of CSV.

use std::fs::File;
use std::io::{Error as IoError, ErrorKind, Read, Seek};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::form::{FileForm, Fractions};
use super::text_column::{TextColumn, is_time};
use crate::model::{Error, Result};

/// Rows that are read at a time.
const BATCH_ROWS: usize = 8192;

/// Whether a file that begins so is Parquet.
pub(super) fn is_parquet(start: &[u8]) -> bool {
    start.starts_with(b"PAR1")
}

/// The rows of a Parquet file, in batches.
pub(super) struct ParquetBatches {
    reader: ParquetRecordBatchReader,
    columns: BatchColumns,
}

/// How the columns of batches are those of a file.
pub(super) struct BatchColumns {
    /// For each column of the file its position in the batches, where it is wanted.
    wanted: Vec<Option<usize>>,
    names: Vec<String>,
    keep_fractions: bool,
}

impl ParquetBatches {
    /// The batches of a file whose wanted columns have the given names.
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
        let reader = builder
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(unreadable)?;
        let fields = schema.fields().iter();
        Ok(Self {
            reader,
            columns: BatchColumns {
                wanted,
                names: fields.map(|field| field.name().clone()).collect(),
                keep_fractions: form.fractions == Some(Fractions::Refuse),
            },
        })
    }

    /// The names of all columns.
    pub(super) fn names(&self) -> &[String] {
        &self.columns.names
    }

    /// The batches, and what their columns are.
    pub(super) fn into_parts(self) -> (impl Iterator<Item = Result<RecordBatch>>, BatchColumns) {
        let batches = self.reader.map(|batch| batch.map_err(broken));
        (batches, self.columns)
    }

    /// The rows as records of CSV.
    pub(super) fn into_text(self) -> BatchText {
        BatchText {
            batches: self,
            text: String::new(),
            taken: 0,
        }
    }
}

impl BatchColumns {
    /// The texts of a batch's rows, by column of the file. A column that is not wanted is empty.
    ///
    /// # Errors
    /// `InvalidInput` for values that no field takes.
    pub(super) fn texts<'a>(&self, batch: &'a RecordBatch) -> Result<Vec<TextColumn<'a>>> {
        let columns = self.names.iter().zip(&self.wanted);
        let texts =
            columns.map(
                |(name, position)| match position.and_then(|at| batch.columns().get(at)) {
                    Some(array) => TextColumn::of(name, array, self.keep_fractions),
                    None => Ok(TextColumn::Empty),
                },
            );
        texts.collect()
    }

    /// Adds the rows of a batch as records of CSV.
    ///
    /// # Errors
    /// As [`BatchColumns::texts`].
    pub(super) fn write(&self, batch: &RecordBatch, out: &mut String) -> Result<()> {
        let columns = self.texts(batch)?;
        for row in 0..batch.num_rows() {
            let start = out.len();
            for (at, column) in columns.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_cell(column.get(row), out);
            }
            if out.len() == start {
                // A blank line would be no record.
                out.push_str("\"\"");
            }
            out.push('\n');
        }
        Ok(())
    }
}

/// Reads batches as CSV without a header.
pub(super) struct BatchText {
    batches: ParquetBatches,
    text: String,
    taken: usize,
}

impl BatchText {
    /// Writes the records of the next batch; nothing at the end.
    fn fill(&mut self) -> std::io::Result<()> {
        self.text.clear();
        self.taken = 0;
        while self.text.is_empty() {
            let Some(batch) = self.batches.reader.next() else {
                return Ok(());
            };
            let batch = batch.map_err(|error| IoError::new(ErrorKind::InvalidData, error))?;
            let written = self.batches.columns.write(&batch, &mut self.text);
            written.map_err(|error| IoError::new(ErrorKind::InvalidData, error.full_message()))?;
        }
        Ok(())
    }
}

impl Read for BatchText {
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

/// Adds a cell, in quotes where it needs them.
fn write_cell(text: &str, out: &mut String) {
    if !text
        .bytes()
        .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
    {
        out.push_str(text);
        return;
    }
    out.push('"');
    for part in text.split_inclusive('"') {
        out.push_str(part);
        if part.ends_with('"') {
            out.push('"');
        }
    }
    out.push('"');
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

/// A batch that cannot be read.
fn broken(error: ArrowError) -> Error {
    Error::invalid(error.to_string())
}

fn unreadable(error: parquet::errors::ParquetError) -> Error {
    Error::invalid(format!(
        "cannot be read as Parquet: {error}; write the file again"
    ))
}
