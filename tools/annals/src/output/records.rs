//! Rows of named values in any format.

use std::io::{self, Write};

use annals::Value;
use annals::export::text_of;

use super::{Align, Entries, table};
use crate::args::Format;
use crate::failure::Outcome;

/// Writes rows, one after another, in a format.
pub struct Records<W: Write> {
    names: Vec<String>,
    form: Form<W>,
}

enum Form<W: Write> {
    Table(W, Vec<Align>, Vec<Vec<String>>),
    Csv(Box<csv::Writer<W>>),
    Json(W, usize),
    Jsonl(W),
}

impl<W: Write> Records<W> {
    /// Begins rows with these columns; the flag says whether a column holds numbers.
    pub fn new(out: W, format: Format, columns: &[(&str, bool)]) -> Outcome<Self> {
        let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let form = match format {
            Format::Table => {
                let align = |numbers| if numbers { Align::Right } else { Align::Left };
                let aligns = columns.iter().map(|(_, numbers)| align(*numbers));
                Form::Table(out, aligns.collect(), Vec::new())
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record(&names).map_err(cause)?;
                Form::Csv(Box::new(writer))
            }
            Format::Json => Form::Json(out, 0),
            Format::Jsonl => Form::Jsonl(out),
        };
        Ok(Self { names, form })
    }

    /// Writes a row: a value for each column.
    pub fn write(&mut self, values: &[Value]) -> Outcome {
        let entries = Entries {
            names: &self.names,
            values,
        };
        match &mut self.form {
            Form::Table(_, _, rows) => rows.push(values.iter().map(text_of).collect()),
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

    /// Ends the rows.
    pub fn finish(self) -> Outcome {
        let mut out = match self.form {
            Form::Table(mut out, aligns, rows) => {
                let header: Vec<(String, Align)> = self.names.into_iter().zip(aligns).collect();
                writeln!(out, "{}", table(&header, rows))?;
                out
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
