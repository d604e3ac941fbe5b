//! Columns to CSV, in the schema's field order.

use std::io::Write;

use super::text::{push_bits, push_integer, push_quoted, quote_from};
use crate::api::Scan;
use crate::column::{Column, Columns, ListColumn, NumberColumn, Strings};
use crate::model::{DataType, Error, FieldId, Result, Schema};
use crate::text::TextRoom;

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

    /// Writes the rows of a batch, which must have the fields of the export.
    ///
    /// # Errors
    /// As [`CsvExport::write_scan`]; `InvalidInput` when it lacks a field.
    pub fn write_columns(&mut self, schema: &Schema, batch: &Columns) -> Result<()> {
        let fields = self.fields.iter();
        let cells: Vec<Cells<'_>> = fields
            .map(|field| Cells::of(schema, batch, *field)?.checked(batch.rows()))
            .collect::<Result<_>>()?;
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
    Seconds(&'a [i64]),
    Strings(&'a [u32], &'a dyn Strings),
    Numbers(&'a NumberColumn, DataType),
    Lists(&'a ListColumn, &'a dyn Strings),
}

impl<'a> Cells<'a> {
    fn of(schema: &Schema, batch: &'a Columns, id: FieldId) -> Result<Self> {
        let strings = |id: FieldId| {
            let strings = batch.dictionaries.get(id).and_then(Option::as_deref);
            strings.ok_or_else(|| Error::internal("codes without a dictionary"))
        };
        if id == schema.timestamp() {
            return Ok(Self::Seconds(&batch.timestamps));
        }
        if id == schema.user() {
            return Ok(Self::Strings(&batch.users, batch.ids()?));
        }
        let field = schema.fields().get(id);
        Ok(match (batch.fields.get(id), field) {
            (Some(Column::Strings(codes)), _) => Self::Strings(codes, strings(id)?),
            (Some(Column::Numbers(numbers)), Some(field)) => {
                Self::Numbers(numbers, field.data_type())
            }
            (Some(Column::Lists(lists)), _) => Self::Lists(lists, strings(schema.item())?),
            (_, field) => {
                return Err(Error::of_field(
                    field.map_or("?", |field| field.name()),
                    "the batch does not have it; scan with the fields of the export",
                ));
            }
        })
    }

    /// Checks once that there is a cell for each row: one that is missing would be written empty.
    fn checked(self, rows: usize) -> Result<Self> {
        let cells = match &self {
            Self::Seconds(seconds) => seconds.len(),
            Self::Strings(codes, _) => codes.len(),
            Self::Numbers(numbers, _) => numbers.bits.len(),
            Self::Lists(lists, _) => lists.ends.len(),
        };
        match cells == rows {
            true => Ok(self),
            false => Err(Error::internal("columns of different lengths")),
        }
    }

    /// Adds the cell of a row.
    #[inline]
    fn push(&self, row: usize, text: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Seconds(seconds) => push_integer(seconds.get(row).copied().unwrap_or(0), text),
            Self::Strings(codes, strings) => match codes.get(row).copied() {
                None | Some(0) => {}
                Some(code) => {
                    let mut room = TextRoom::default();
                    push_quoted(strings.read(code, &mut room)?.as_bytes(), text)
                }
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
    let mut room = TextRoom::default();
    for (nth, code) in codes.iter().enumerate() {
        if nth > 0 {
            text.push(b'|');
        }
        text.extend_from_slice(strings.read(*code, &mut room)?.as_bytes());
    }
    quote_from(start, text);
    Ok(())
}
