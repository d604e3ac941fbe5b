//! Files of exports, read back as text.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::ArrowError;

use super::form::Form;
use super::form::cells::Cells;
use crate::model::{Error, Result};

/// A row: a text for each column, `None` for null; lists as JSON arrays.
pub(super) type Line = Vec<Option<String>>;

/// Reads the rows of a file, and calls `see` with the names of its columns and each row.
///
/// # Errors
/// `Io`; `InvalidInput` for a file that is none of the form.
pub(super) fn read_rows(
    path: &Path,
    form: Form,
    see: &mut dyn FnMut(&[String], Line) -> Result<()>,
) -> Result<()> {
    let open = || {
        let opened = File::open(path);
        opened.map_err(|error| Error::io(format!("open {}", path.display()), error))
    };
    let read = match form {
        Form::Csv => read_csv(open()?, see),
        Form::Jsonl => read_json(open()?, see),
        Form::Arrow => {
            let batches = FileReader::try_new(open()?, None).map_err(|error| unfit(&error))?;
            read_batches(
                batches.map(|batch| batch.map_err(|error| unfit(&error))),
                see,
            )
        }
        Form::Arrows => {
            let batches = StreamReader::try_new(open()?, None).map_err(|error| unfit(&error))?;
            read_batches(
                batches.map(|batch| batch.map_err(|error| unfit(&error))),
                see,
            )
        }
        #[cfg(feature = "parquet")]
        Form::Parquet => {
            use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
            let builder = ParquetRecordBatchReaderBuilder::try_new(open()?);
            let reader = builder.and_then(|builder| builder.build());
            let reader =
                reader.map_err(|error| Error::invalid("no Parquet file").caused_by(error))?;
            read_batches(
                reader.map(|batch| batch.map_err(|error| unfit(&error))),
                see,
            )
        }
        #[cfg(not(feature = "parquet"))]
        Form::Parquet => Err(Error::new(
            crate::model::ErrorKind::Unsupported,
            "this build reads no Parquet; build with the feature parquet",
        )),
        Form::Inter => Err(Error::invalid(
            "RecBole's files are written, and not read back; export as parquet, arrow, csv or jsonl",
        )),
    };
    read.map_err(|error| error.within(path.display()))
}

fn read_batches(
    batches: impl Iterator<Item = Result<RecordBatch>>,
    see: &mut dyn FnMut(&[String], Line) -> Result<()>,
) -> Result<()> {
    for batch in batches {
        let batch = batch?;
        let schema = batch.schema();
        let names: Vec<String> = schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let plain: Vec<_> = batch.columns().iter().map(plain).collect::<Result<_>>()?;
        let columns: Vec<Cells<'_>> = plain
            .iter()
            .map(|array| Cells::of(array))
            .collect::<Result<_>>()?;
        let mut bytes = Vec::new();
        for row in 0..batch.num_rows() {
            let mut line = Line::with_capacity(columns.len());
            for cells in &columns {
                if cells.is_null(row) {
                    line.push(None);
                    continue;
                }
                bytes.clear();
                match cells {
                    Cells::List(_, _) => cells.push_json(row, &mut bytes)?,
                    _ => cells.push(row, &mut bytes),
                }
                line.push(Some(String::from_utf8_lossy(&bytes).into_owned()));
            }
            see(&names, line)?;
        }
    }
    Ok(())
}

/// Dictionaries and views as plain strings.
fn plain(array: &arrow_array::ArrayRef) -> Result<arrow_array::ArrayRef> {
    use arrow_array::{Array, ListArray, StringArray};
    use arrow_schema::{DataType, Field};
    use std::sync::Arc;
    Ok(match array.data_type() {
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            let values = dictionary.values().as_string::<i32>();
            let keys = dictionary.normalized_keys();
            let text =
                |(row, key): (usize, usize)| (!array.is_null(row)).then(|| values.value(key));
            Arc::new(
                keys.into_iter()
                    .enumerate()
                    .map(text)
                    .collect::<StringArray>(),
            )
        }
        DataType::Utf8View => Arc::new(array.as_string_view().iter().collect::<StringArray>()),
        DataType::List(item) => {
            let list: &ListArray = array.as_list();
            let values = plain(list.values())?;
            let item = Field::new("item", values.data_type().clone(), item.is_nullable());
            let list = ListArray::try_new(
                Arc::new(item),
                list.offsets().clone(),
                values,
                list.nulls().cloned(),
            );
            Arc::new(list.map_err(|error| unfit(&error))?)
        }
        _ => array.clone(),
    })
}

fn read_csv(file: File, see: &mut dyn FnMut(&[String], Line) -> Result<()>) -> Result<()> {
    let mut reader = csv::Reader::from_reader(BufReader::new(file));
    let unfit = |error: csv::Error| Error::invalid("no CSV of an export").caused_by(error);
    let names: Vec<String> = reader
        .headers()
        .map_err(unfit)?
        .iter()
        .map(str::to_owned)
        .collect();
    for record in reader.into_records() {
        let record = record.map_err(unfit)?;
        let line = record
            .iter()
            .map(|cell| (!cell.is_empty()).then(|| cell.to_owned()));
        see(&names, line.collect())?;
    }
    Ok(())
}

fn read_json(file: File, see: &mut dyn FnMut(&[String], Line) -> Result<()>) -> Result<()> {
    use serde_json::{Map, Value};
    let unfit =
        |error: serde_json::Error| Error::invalid("no JSON lines of an export").caused_by(error);
    let mut names: Vec<String> = Vec::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(Error::reading)?;
        let object: Map<String, Value> = serde_json::from_str(&line).map_err(unfit)?;
        if names.is_empty() {
            // In the order of the document.
            names = keys_of(&line, &object);
        }
        let mut cells = Line::new();
        for name in &names {
            cells.push(match object.get(name) {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(text.clone()),
                Some(other) => Some(other.to_string()),
            });
        }
        see(&names, cells)?;
    }
    Ok(())
}

fn keys_of(line: &str, object: &serde_json::Map<String, serde_json::Value>) -> Vec<String> {
    let mut names: Vec<String> = object.keys().cloned().collect();
    names.sort_by_key(|name| line.find(&format!("\"{name}\":")));
    names
}

fn unfit(error: &ArrowError) -> Error {
    Error::invalid(format!("no file of an export: {error}"))
}
