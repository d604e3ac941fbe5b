//! JSON lines.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::Schema as ArrowSchema;

use super::cells::Cells;
use super::writer::{FormWriter, writing};
use crate::model::{Error, Result};

/// Bytes of text that are gathered before they are handed on.
const BUFFER_BYTES: usize = 1 << 16;

pub(super) struct JsonForm<W: Write> {
    out: W,
    text: Vec<u8>,
    /// The names of the columns as JSON, with what comes before and behind.
    keys: Vec<Vec<u8>>,
}

impl<W: Write> JsonForm<W> {
    pub(super) fn new(out: W, schema: &ArrowSchema) -> Result<Self> {
        let mut keys = Vec::new();
        for (nth, field) in schema.fields().iter().enumerate() {
            let mut key = vec![if nth == 0 { b'{' } else { b',' }];
            serde_json::to_writer(&mut key, field.name())
                .map_err(|error| Error::internal("a name that is no JSON").caused_by(error))?;
            key.push(b':');
            keys.push(key);
        }
        Ok(Self {
            out,
            text: Vec::new(),
            keys,
        })
    }
}

impl<W: Write + Send> FormWriter for JsonForm<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().iter().map(|array| Cells::of(array));
        let columns: Vec<Cells<'_>> = columns.collect::<Result<_>>()?;
        for row in 0..batch.num_rows() {
            for (cells, key) in columns.iter().zip(&self.keys) {
                self.text.extend_from_slice(key);
                cells.push_json(row, &mut self.text)?;
            }
            self.text.extend_from_slice(b"}\n");
            if self.text.len() >= BUFFER_BYTES {
                self.out.write_all(&self.text).map_err(writing)?;
                self.text.clear();
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.out.write_all(&self.text).map_err(writing)?;
        self.text.clear();
        self.out.flush().map_err(writing)
    }
}
