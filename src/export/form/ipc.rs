//! Arrow IPC.

use std::io::Write;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, RecordBatchOptions};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{ArrowError, DataType as ArrowType, Schema as ArrowSchema};
use arrow_select::dictionary::garbage_collect_any_dictionary;

use super::writer::FormWriter;
use crate::model::{Error, Result};

/// A file, with an index of its batches at its end.
pub(super) struct FileForm<W: Write>(FileWriter<W>);

/// A stream. Its dictionaries hold what a batch uses, and are replaced, never added to.
pub(super) struct StreamForm<W: Write>(StreamWriter<W>);

impl<W: Write> FileForm<W> {
    pub(super) fn new(out: W, schema: &ArrowSchema) -> Result<Self> {
        FileWriter::try_new(out, schema).map(Self).map_err(unfit)
    }
}

impl<W: Write + Send> FormWriter for FileForm<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.0.write(batch).map_err(unfit)
    }

    fn finish(&mut self) -> Result<()> {
        self.0.finish().map_err(unfit)?;
        self.0.flush().map_err(unfit)
    }
}

impl<W: Write> StreamForm<W> {
    pub(super) fn new(out: W, schema: &ArrowSchema) -> Result<Self> {
        StreamWriter::try_new(out, schema).map(Self).map_err(unfit)
    }
}

impl<W: Write + Send> FormWriter for StreamForm<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.0.write(&with_own_dictionaries(batch)?).map_err(unfit)
    }

    fn finish(&mut self) -> Result<()> {
        self.0.finish().map_err(unfit)?;
        self.0.flush().map_err(unfit)
    }
}

/// The batch with dictionaries of what it uses: those of a segment have all its strings.
fn with_own_dictionaries(batch: &RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(own_dictionary);
    let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options).map_err(unfit)
}

fn own_dictionary(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        ArrowType::Dictionary(_, _) => {
            garbage_collect_any_dictionary(array.as_any_dictionary()).map_err(unfit)
        }
        ArrowType::List(item) if has_dictionary(item.data_type()) => {
            let list: &ListArray = array.as_list();
            let values = own_dictionary(list.values())?;
            let list = ListArray::try_new(
                item.clone(),
                list.offsets().clone(),
                values,
                list.nulls().cloned(),
            );
            Ok(Arc::new(list.map_err(unfit)?))
        }
        _ => Ok(array.clone()),
    }
}

fn has_dictionary(data_type: &ArrowType) -> bool {
    match data_type {
        ArrowType::Dictionary(_, _) => true,
        ArrowType::List(item) => has_dictionary(item.data_type()),
        _ => false,
    }
}

fn unfit(error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(what, error) => Error::io(format!("write the export: {what}"), error),
        error => Error::internal("batches that do not make an Arrow file").caused_by(error),
    }
}
