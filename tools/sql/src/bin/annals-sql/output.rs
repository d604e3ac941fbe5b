//! Results in each format.

use std::io::Write;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::csv::{Writer as CsvWriter, WriterBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::{ArrayWriter, LineDelimitedWriter};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::args::{Cli, Format};
use crate::failure::{Failure, Outcome};
use crate::parquet_file::ParquetFile;
use crate::sink::Sink;
use crate::table::Table;

/// A result that is being written, batch for batch.
pub enum Output {
    Table(Table),
    Csv(Box<CsvWriter<Sink>>),
    Json(Box<ArrayWriter<Sink>>),
    Jsonl(Box<LineDelimitedWriter<Sink>>),
    Parquet(Box<ParquetFile>),
}

impl Output {
    pub fn create(cli: &Cli, schema: &SchemaRef) -> Outcome<Self> {
        Ok(match cli.format {
            Format::Table => Self::Table(Table::new(cli, schema)?),
            Format::Csv => {
                let mut writer = WriterBuilder::new()
                    .with_header(true)
                    .build(Sink::create(&cli.output)?);
                // The header of a result without rows, too.
                let empty = joined(&RecordBatch::new_empty(plain_schema(schema)));
                writer
                    .write(&empty.map_err(|error| Failure::writing(&error))?)
                    .map_err(|error| Failure::writing(&error))?;
                Self::Csv(Box::new(writer))
            }
            Format::Json => Self::Json(Box::new(ArrayWriter::new(Sink::create(&cli.output)?))),
            Format::Jsonl => Self::Jsonl(Box::new(LineDelimitedWriter::new(Sink::create(
                &cli.output,
            )?))),
            Format::Parquet => Self::Parquet(Box::new(ParquetFile::create(
                &cli.output,
                &plain_schema(schema),
            )?)),
        })
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Outcome {
        let written = match self {
            Self::Table(table) => return table.write(batch),
            Self::Parquet(file) => {
                return file.write(&plain(batch).map_err(|error| Failure::writing(&error))?);
            }
            Self::Csv(writer) => plain(batch).and_then(|batch| writer.write(&joined(&batch)?)),
            Self::Json(writer) => plain(batch).and_then(|batch| writer.write(&batch)),
            Self::Jsonl(writer) => plain(batch).and_then(|batch| writer.write(&batch)),
        };
        written.map_err(|error| Failure::writing(&error))
    }

    pub fn finish(self) -> Outcome {
        let sink = match self {
            Self::Table(table) => return table.finish(),
            Self::Parquet(file) => return file.finish(),
            Self::Csv(writer) => writer.into_inner(),
            Self::Json(mut writer) => {
                writer.finish().map_err(|error| Failure::writing(&error))?;
                let mut sink = writer.into_inner();
                writeln!(sink).map_err(|error| Failure::io("writing", &error))?;
                sink
            }
            Self::Jsonl(mut writer) => {
                writer.finish().map_err(|error| Failure::writing(&error))?;
                writer.into_inner()
            }
        };
        sink.finish()
    }
}

/// Writes text to standard output.
pub fn print(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    let written = out
        .write_all(text.trim_end().as_bytes())
        .and_then(|()| writeln!(out));
    written.map_err(|error| Failure::io("writing to standard output", &error))
}

/// The type with strings instead of dictionaries: what every reader of files takes.
fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain_type(values),
        DataType::Utf8View => DataType::Utf8,
        DataType::List(item) => {
            let item = item.as_ref().clone();
            let plain = plain_type(item.data_type());
            DataType::List(Arc::new(item.with_data_type(plain)))
        }
        other => other.clone(),
    }
}

pub fn plain_schema(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let field = field.as_ref().clone();
        let plain = plain_type(field.data_type());
        field.with_data_type(plain)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn plain(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = plain_schema(batch.schema_ref());
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type()));
    RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)
}

/// Lists as text, their values joined by bars.
fn joined(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut fields: Vec<Field> = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        if let Some(lists) = column.as_list_opt::<i32>() {
            let mut texts = StringBuilder::new();
            for row in 0..lists.len() {
                if lists.is_null(row) {
                    texts.append_null();
                    continue;
                }
                let values = lists.value(row);
                let options = FormatOptions::default();
                let values = ArrayFormatter::try_new(&values, &options).map(|shown| {
                    let each = (0..values.len()).map(|place| shown.value(place).to_string());
                    each.collect::<Vec<_>>()
                })?;
                texts.append_value(values.join("|"));
            }
            fields.push(Field::new(field.name(), DataType::Utf8, true));
            columns.push(Arc::new(texts.finish()));
        } else {
            fields.push(field.as_ref().clone());
            columns.push(column.clone());
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
