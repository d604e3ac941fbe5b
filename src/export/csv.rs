//! Columns to CSV, in the schema's field order.

use std::fmt::Write as _;
use std::io::Write;

use crate::api::{Scan, value_at};
use crate::types::{Columns, Error, Result, Schema, Value};

/// Writes a scan as CSV: a header of the schema's field names, then a row per interaction.
///
/// A null is an empty cell, an impression its item ids joined by bars, a float the shortest text
/// that reads back to the same number. What this writes, an import reads back to the same values.
pub struct CsvExport<W: Write> {
    writer: csv::Writer<W>,
    fields: Vec<usize>,
}

impl<W: Write> CsvExport<W> {
    /// Writes the header. `asked` has a flag for each field of the schema; user and timestamp are
    /// written when asked for, too.
    ///
    /// # Errors
    /// `Io`.
    pub fn new(out: W, schema: &Schema, asked: &[bool]) -> Result<Self> {
        let fields: Vec<usize> = (0..schema.fields().len())
            .filter(|field| asked.get(*field).copied().unwrap_or(false))
            .collect();
        let mut writer = csv::WriterBuilder::new().from_writer(out);
        let names = fields
            .iter()
            .filter_map(|field| schema.fields().get(*field));
        writer
            .write_record(names.map(|field| field.name()))
            .map_err(failed)?;
        Ok(Self { writer, fields })
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
        let mut cell = String::new();
        for row in 0..batch.rows() {
            for field in &self.fields {
                cell.clear();
                push_text(&value_at(schema, batch, *field, row)?, &mut cell);
                self.writer.write_field(&cell).map_err(failed)?;
            }
            self.writer.write_record(None::<&[u8]>).map_err(failed)?;
        }
        Ok(())
    }

    /// Flushes and gives the writer back.
    ///
    /// # Errors
    /// `Io`.
    pub fn finish(self) -> Result<W> {
        self.writer
            .into_inner()
            .map_err(|error| Error::io("write the CSV export", error.into_error()))
    }
}

/// A value as a CSV cell has it; null is empty.
pub fn text_of(value: &Value) -> String {
    let mut text = String::new();
    push_text(value, &mut text);
    text
}

fn push_text(value: &Value, out: &mut String) {
    // Writing to a string does not fail.
    let _ = match value {
        Value::Null => Ok(()),
        Value::String(text) => out.write_str(text),
        Value::Int(number) => write!(out, "{number}"),
        Value::Long(number) => write!(out, "{number}"),
        Value::Float(number) => write!(out, "{number:?}"),
        Value::Double(number) => write!(out, "{number:?}"),
        Value::Boolean(flag) => write!(out, "{flag}"),
        Value::Items(items) => items.iter().enumerate().try_for_each(|(nth, item)| {
            let bar = if nth > 0 { "|" } else { "" };
            write!(out, "{bar}{item}")
        }),
    };
}

fn failed(error: csv::Error) -> Error {
    let io = match error.into_kind() {
        csv::ErrorKind::Io(io) => io,
        kind => std::io::Error::other(format!("{kind:?}")),
    };
    Error::io("write the CSV export", io)
}
