//! Rows of named values in any format.

use std::io::{self, Write};

use annals::Value;
use annals::export::text_of;

use super::screen::{Screen, show};
use super::table::Table;
use super::{Align, Entries, dated, thousands};
use crate::args::{Format, TimeForm};
use crate::failure::Outcome;

/// Writes rows, one after another, in a format.
pub struct Records<W: Write> {
    names: Vec<String>,
    /// Those that are written as dates.
    dated: Vec<bool>,
    /// Those that are counts.
    counts: Vec<bool>,
    form: Form<W>,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An id or a name, which is never cut.
    Id,
    Text,
    Number,
    /// A count, whose thousands are set apart in a table.
    Count,
    /// Epoch seconds.
    Time,
}

impl Kind {
    fn align(self) -> Align {
        match self {
            Self::Id => Align::Left,
            Self::Text => Align::Cell,
            Self::Number | Self::Count | Self::Time => Align::Right,
        }
    }
}

enum Form<W: Write> {
    Table(W, Box<Table>),
    Csv(Box<csv::Writer<W>>),
    Json(W, usize),
    Jsonl(W),
}

impl<W: Write> Records<W> {
    /// Begins rows with these columns. Times are dates in a table and numbers elsewhere, unless
    /// `time` says otherwise.
    pub fn new(
        out: W,
        format: Format,
        time: Option<TimeForm>,
        columns: &[(&str, Kind)],
    ) -> Outcome<Self> {
        let usual = match format {
            Format::Table => TimeForm::Iso,
            _ => TimeForm::Epoch,
        };
        let iso = time.unwrap_or(usual) == TimeForm::Iso;
        let dated = columns.iter().map(|(_, kind)| iso && *kind == Kind::Time);
        let dated: Vec<bool> = dated.collect();
        let counts = columns.iter().map(|(_, kind)| *kind == Kind::Count);
        let counts: Vec<bool> = counts.collect();
        let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let form = match format {
            Format::Table => {
                let header = columns.iter().map(|(name, kind)| (*name, kind.align()));
                let header: Vec<(&str, Align)> = header.collect();
                Form::Table(out, Box::new(Table::new(&header, Screen::of_stdout())))
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(&names).map_err(cause)?;
                Form::Csv(Box::new(writer))
            }
            Format::Json => Form::Json(out, 0),
            Format::Jsonl => Form::Jsonl(out),
        };
        Ok(Self {
            names,
            dated,
            counts,
            form,
        })
    }

    /// Writes a row: a value for each column.
    pub fn write(&mut self, values: &[Value]) -> Outcome {
        let dated = self.dated.contains(&true).then(|| self.with_dates(values));
        let values = dated.as_deref().unwrap_or(values);
        let entries = Entries {
            names: &self.names,
            values,
        };
        match &mut self.form {
            Form::Table(_, table) => {
                let cells = values.iter().zip(&self.counts);
                table.push(cells.map(|(value, is_count)| match (value, is_count) {
                    (Value::Long(count), true) => thousands(count.unsigned_abs()),
                    (value, _) => text_of(value),
                }));
            }
            Form::Csv(writer) => writer
                .write_record(values.iter().map(text_of))
                .map_err(cause)?,
            Form::Json(out, written) => {
                out.write_all(if *written == 0 { b"[\n  " } else { b",\n  " })?;
                serde_json::to_writer(out, &entries).map_err(io::Error::from)?;
                *written += 1;
            }
            Form::Jsonl(out) => {
                serde_json::to_writer(&mut *out, &entries).map_err(io::Error::from)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    fn with_dates(&self, values: &[Value]) -> Vec<Value> {
        let date = |value: &Value| match value {
            Value::Long(seconds) => dated(*seconds).map(Value::String),
            _ => None,
        };
        let values = values.iter().zip(&self.dated);
        let values = values.map(|(value, is_time)| match is_time {
            true => date(value).unwrap_or_else(|| value.clone()),
            false => value.clone(),
        });
        values.collect()
    }

    /// Ends the rows.
    pub fn finish(self) -> Outcome {
        let mut out = match self.form {
            Form::Table(out, table) => {
                drop(out);
                return show(&table.text());
            }
            Form::Csv(writer) => writer.into_inner().map_err(|error| error.into_error())?,
            Form::Json(mut out, written) => {
                out.write_all(if written == 0 { b"[]\n" } else { b"\n]\n" })?;
                out
            }
            Form::Jsonl(out) => out,
        };
        Ok(out.flush()?)
    }
}

fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
