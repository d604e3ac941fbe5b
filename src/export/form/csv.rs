//! CSV.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::Schema as ArrowSchema;

use super::super::layout::Layout;
use super::super::text::quote_from;
use super::cells::Cells;
use super::writer::{FormOptions, FormWriter, writing};
use crate::model::Result;

/// Bytes of text that are gathered before they are handed on.
const BUFFER_BYTES: usize = 1 << 16;

pub(super) struct CsvForm<W: Write> {
    out: W,
    text: Vec<u8>,
    /// Whether lists are joined by bars, and not JSON arrays.
    bars: bool,
}

impl<W: Write> CsvForm<W> {
    pub(super) fn new(out: W, schema: &ArrowSchema, options: &FormOptions) -> Result<Self> {
        let mut text = Vec::with_capacity(BUFFER_BYTES * 2);
        for (nth, field) in schema.fields().iter().enumerate() {
            if nth > 0 {
                text.push(b',');
            }
            // Names are alphanumeric.
            text.extend_from_slice(field.name().as_bytes());
        }
        text.push(b'\n');
        let mut form = Self {
            out,
            text,
            bars: options.layout == Layout::Rows,
        };
        form.hand_on()?;
        Ok(form)
    }

    fn hand_on(&mut self) -> Result<()> {
        self.out.write_all(&self.text).map_err(writing)?;
        self.text.clear();
        Ok(())
    }
}

impl<W: Write + Send> FormWriter for CsvForm<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().iter().map(|array| Cells::of(array));
        let columns: Vec<Cells<'_>> = columns.collect::<Result<_>>()?;
        for row in 0..batch.num_rows() {
            let start = self.text.len();
            for (nth, cells) in columns.iter().enumerate() {
                if nth > 0 {
                    self.text.push(b',');
                }
                if cells.is_null(row) {
                    continue;
                }
                let cell = self.text.len();
                match cells {
                    Cells::Text(_) => {
                        cells.push(row, &mut self.text);
                        quote_from(cell, &mut self.text);
                    }
                    Cells::List(_, _) if self.bars => {
                        push_bars(cells, row, &mut self.text);
                        quote_from(cell, &mut self.text);
                    }
                    Cells::List(_, _) => {
                        cells.push_json(row, &mut self.text)?;
                        quote_from(cell, &mut self.text);
                    }
                    _ => cells.push(row, &mut self.text),
                }
            }
            if self.text.len() == start {
                // One empty cell; an empty line would be no row.
                self.text.extend_from_slice(b"\"\"");
            }
            self.text.push(b'\n');
            if self.text.len() >= BUFFER_BYTES {
                self.hand_on()?;
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.hand_on()?;
        self.out.flush().map_err(writing)
    }
}

fn push_bars(cells: &Cells<'_>, row: usize, text: &mut Vec<u8>) {
    let Some((items, rows)) = cells.items(row) else {
        return;
    };
    for (nth, item) in rows.enumerate() {
        if nth > 0 {
            text.push(b'|');
        }
        items.push(item, text);
    }
}
