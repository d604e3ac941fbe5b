//! The first rows of an import, as they would be stored.

use std::io::{IsTerminal, Write};

use annals::columns::{Cell, Row, f32_of_bits};
use annals::import::ImportRehearsal;
use annals::import::RowSink;
use annals::{DataType, Field, Result, Role, Schema, Value};

use super::history::kind_of;
use crate::args::Format;
use crate::failure::Outcome;
use crate::output::{Records, instant, stdout};

/// Rows that are shown.
const ROWS: usize = 10;

/// Checks rows, and keeps the first of them.
pub struct Preview<'a> {
    rehearsal: ImportRehearsal,
    schema: &'a Schema,
    rows: Vec<Vec<Value>>,
    /// The earliest and the latest time of all rows.
    times: Option<(i64, i64)>,
}

impl<'a> Preview<'a> {
    pub fn of(rehearsal: ImportRehearsal, schema: &'a Schema) -> Self {
        Self {
            rehearsal,
            schema,
            rows: Vec::new(),
            times: None,
        }
    }

    /// Writes the rows to standard output: a table for a terminal, CSV elsewhere.
    pub fn print(&self) -> Outcome {
        let format = match std::io::stdout().is_terminal() {
            true => Format::Table,
            false => Format::Csv,
        };
        let fields = self.schema.fields().iter();
        let columns: Vec<_> = fields.map(|field| (field.name(), kind_of(field))).collect();
        let mut records = Records::new(stdout(), format, None, &columns)?;
        for row in &self.rows {
            records.write(row)?;
        }
        records.finish()
    }

    /// From when to when the rows are, in words.
    pub fn times(&self) -> Option<String> {
        let (first, last) = self.times?;
        Some(format!("from {} to {}", instant(first), instant(last)))
    }
}

impl RowSink for Preview<'_> {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.rehearsal.push_row(row)?;
        let time = row.timestamp;
        let (first, last) = self.times.unwrap_or((time, time));
        self.times = Some((first.min(time), last.max(time)));
        if self.rows.len() < ROWS {
            let fields = self.schema.fields().iter().zip(row.cells);
            let values = fields.map(|(field, cell)| match field.role() {
                Role::User => Value::String(row.user.to_owned()),
                Role::Timestamp => Value::Long(time),
                _ => value(field, cell),
            });
            self.rows.push(values.collect());
        }
        Ok(())
    }
}

fn value(field: &Field, cell: &Cell<'_>) -> Value {
    match (*cell, field.data_type()) {
        (Cell::Null, _) => Value::Null,
        (Cell::Text(text), _) if field.role() == Role::Impression => {
            Value::Items(text.split('|').map(str::to_owned).collect())
        }
        (Cell::Text(text), _) => Value::String(text.to_owned()),
        (Cell::Bits(bits), DataType::Int) => Value::Int(Cell::i64_of_bits(bits) as i32),
        (Cell::Bits(bits), DataType::Float) => Value::Float(f32_of_bits(bits)),
        (Cell::Bits(bits), DataType::Double) => Value::Double(f64::from_bits(bits)),
        (Cell::Bits(bits), DataType::Boolean) => Value::Boolean(bits != 0),
        (Cell::Bits(bits), _) => Value::Long(Cell::i64_of_bits(bits)),
    }
}

/// Takes what would be written to the rejects, and keeps the beginning of it.
#[derive(Default)]
pub struct FirstRejects(Vec<u8>);

/// Bytes that are kept.
const BYTES: usize = 64 << 10;
/// Reasons that are shown.
const REASONS: usize = 5;

impl Write for FirstRejects {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() < BYTES {
            self.0.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl FirstRejects {
    /// Why the first rows would be refused.
    pub fn reasons(&self) -> impl Iterator<Item = String> {
        let records = csv::Reader::from_reader(&*self.0).into_records();
        let records = records.map_while(std::result::Result::ok).take(REASONS);
        records.map(|record| {
            let cell = |at| record.get(at).unwrap_or_default();
            let (column, reason) = (cell(2), cell(3));
            let rule = reason.strip_prefix(&format!("field {column}: "));
            match rule {
                Some(rule) => format!("{}: line {}, column {column}: {rule}", cell(0), cell(1)),
                None => format!("{}: line {}: {reason}", cell(0), cell(1)),
            }
        })
    }
}
