//! Columns to CSV, in the schema's field order.

use std::io::Write;

use super::text::{push_bits, push_integer, push_quoted, quote_from};
use crate::api::Scan;
use crate::types::{
    Column, Columns, DataType, Error, FieldId, ListColumn, NumberColumn, Result, Schema, Strings,
};

/// Bytes of text that are gathered before they are handed on.
const BUFFER_BYTES: usize = 1 << 16;

/// Writes a scan as CSV: a header of the schema's field names, then a row per interaction.
///
/// A null is an empty cell, an impression its item ids joined by bars, a float the shortest text
/// that reads back to the same number. What this writes, an import reads back to the same values.
pub struct CsvExport<W: Write> {
    out: W,
    text: Vec<u8>,
    fields: Vec<FieldId>,
}

impl<W: Write> CsvExport<W> {
    /// Writes the header. `asked` has a flag for each field of the schema; user and timestamp are
    /// written when asked for, too.
    ///
    /// # Errors
    /// `Io`.
    pub fn new(out: W, schema: &Schema, asked: &[bool]) -> Result<Self> {
        let names = schema.fields().iter().zip(asked).enumerate();
        let chosen = names.filter(|(_, (_, asked))| **asked);
        let mut text = Vec::with_capacity(BUFFER_BYTES * 2);
        let mut fields = Vec::new();
        for (id, (field, _)) in chosen {
            separate(&mut text, fields.is_empty());
            // Names are alphanumeric.
            text.extend_from_slice(field.name().as_bytes());
            fields.push(id);
        }
        text.push(b'\n');
        let mut export = Self { out, text, fields };
        export.hand_on()?;
        Ok(export)
    }

    /// Writes every row that is left of a scan; `progress` is told how many were written. Gives
    /// their number.
    ///
    /// # Errors
    /// `Io`, and `Corruption` when the scan meets damage.
    pub fn write_scan(&mut self, scan: &mut Scan, progress: &mut dyn FnMut(u64)) -> Result<u64> {
        let schema = scan.schema().clone();
        let mut rows = 0;
        while let Some(batch) = scan.next_batch()? {
            self.write_columns(&schema, &batch)?;
            rows += batch.rows() as u64;
            progress(rows);
        }
        Ok(rows)
    }

    /// Writes the rows of a batch.
    ///
    /// # Errors
    /// As [`CsvExport::write_scan`].
    pub fn write_columns(&mut self, schema: &Schema, batch: &Columns) -> Result<()> {
        let cells: Vec<Cells<'_>> = self
            .fields
            .iter()
            .map(|field| Cells::of(schema, batch, *field))
            .collect();
        for row in 0..batch.rows() {
            let start = self.text.len();
            for (nth, cells) in cells.iter().enumerate() {
                separate(&mut self.text, nth == 0);
                cells.push(row, &mut self.text)?;
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

    /// Flushes and gives the writer back.
    ///
    /// # Errors
    /// `Io`.
    pub fn finish(mut self) -> Result<W> {
        self.hand_on()?;
        self.out.flush().map_err(failed)?;
        Ok(self.out)
    }

    fn hand_on(&mut self) -> Result<()> {
        self.out.write_all(&self.text).map_err(failed)?;
        self.text.clear();
        Ok(())
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::io("write the CSV export", error)
}

fn separate(text: &mut Vec<u8>, first: bool) {
    if !first {
        text.push(b',');
    }
}

/// One field's values in a batch.
enum Cells<'a> {
    Nothing,
    Seconds(&'a [i64]),
    Strings(&'a [u32], &'a dyn Strings),
    Numbers(&'a NumberColumn, DataType),
    Lists(&'a ListColumn, &'a dyn Strings),
}

impl<'a> Cells<'a> {
    fn of(schema: &Schema, batch: &'a Columns, field: FieldId) -> Self {
        let strings = |field: FieldId| batch.dictionaries.get(field)?.as_deref();
        if field == schema.timestamp() {
            return Self::Seconds(&batch.timestamps);
        }
        if field == schema.user() {
            return match &batch.user_ids {
                Some(ids) => Self::Strings(&batch.users, &**ids),
                None => Self::Nothing,
            };
        }
        let data_type = schema.fields().get(field).map(|field| field.data_type());
        match (batch.fields.get(field), data_type) {
            (Some(Column::Strings(codes)), _) => match strings(field) {
                Some(strings) => Self::Strings(codes, strings),
                None => Self::Nothing,
            },
            (Some(Column::Numbers(numbers)), Some(data_type)) => Self::Numbers(numbers, data_type),
            (Some(Column::Lists(lists)), _) => match strings(schema.item()) {
                Some(strings) => Self::Lists(lists, strings),
                None => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }

    /// Adds the cell of a row.
    #[inline]
    fn push(&self, row: usize, text: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Nothing => {}
            Self::Seconds(seconds) => push_integer(seconds.get(row).copied().unwrap_or(0), text),
            Self::Strings(codes, strings) => match codes.get(row).copied() {
                None | Some(0) => {}
                Some(code) => push_quoted(strings.get(code)?.as_bytes(), text),
            },
            Self::Numbers(numbers, data_type) => {
                if let Some(bits) = numbers.get(row) {
                    push_bits(*data_type, bits, text);
                }
            }
            Self::Lists(lists, strings) => return push_list(lists.get(row), *strings, text),
        }
        Ok(())
    }
}

fn push_list(codes: &[u32], strings: &dyn Strings, text: &mut Vec<u8>) -> Result<()> {
    let start = text.len();
    for (nth, code) in codes.iter().enumerate() {
        if nth > 0 {
            text.push(b'|');
        }
        text.extend_from_slice(strings.get(*code)?.as_bytes());
    }
    quote_from(start, text);
    Ok(())
}
