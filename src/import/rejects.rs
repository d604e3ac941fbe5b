//! Rows that were refused, for people and for a second try.

use std::io::Write;
use std::path::Path;

use super::double_colon::STAND_IN;
use crate::csv::{Dialect, Record};
use crate::model::{Error, Result};

/// The columns of the output.
pub(super) const COLUMNS: [&str; 6] = ["file", "line", "column", "reason", "record", "header"];

/// Writes refused rows as CSV with the columns `file`, `line`, `column` (empty when the row as a
/// whole is wrong), `reason`, `record`: the row as its file has it, or the line that is none, and
/// `header`: that of the file. The bytes of its fields are those of the file, UTF-8 or not.
pub(super) struct Rejects<'a> {
    writer: csv::Writer<&'a mut dyn Write>,
    header: Vec<u8>,
    dialect: Dialect,
}

impl<'a> Rejects<'a> {
    pub(super) fn new(output: &'a mut dyn Write) -> Result<Self> {
        let mut writer = csv::Writer::from_writer(output);
        writer.write_record(COLUMNS).map_err(failed)?;
        Ok(Self {
            writer,
            header: Vec::new(),
            dialect: Dialect::CSV,
        })
    }

    /// What comes is of a file with these columns.
    pub(super) fn begin_file(&mut self, header: &[String], dialect: Dialect) -> Result<()> {
        self.dialect = dialect;
        self.header.clear();
        if !header.is_empty() {
            let names = header.iter().map(String::as_bytes);
            self.header = one_line(names, dialect).map_err(failed)?;
        }
        Ok(())
    }

    pub(super) fn write(
        &mut self,
        file: &Path,
        line: u64,
        reason: &Error,
        record: Record<'_>,
    ) -> Result<()> {
        let record = one_line(record.fields(), self.dialect).map_err(failed)?;
        self.write_line(file, line, reason, &record)
    }

    /// The same of a line as it stands in the file.
    pub(super) fn write_line(
        &mut self,
        file: &Path,
        line: u64,
        reason: &Error,
        record: &[u8],
    ) -> Result<()> {
        let line = line.to_string();
        let fields = [
            file.as_os_str().as_encoded_bytes(),
            line.as_bytes(),
            reason.field().unwrap_or_default().as_bytes(),
            reason.message().as_bytes(),
            record,
            &self.header,
        ];
        self.writer.write_record(fields).map_err(failed)
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(|error| failed(error.into()))
    }
}

/// A record as its file would have it.
fn one_line<'r>(fields: impl Iterator<Item = &'r [u8]>, dialect: Dialect) -> csv::Result<Vec<u8>> {
    if !dialect.quotes {
        let delimiter: &[u8] = match &dialect.delimiter {
            &STAND_IN => b"::",
            one => std::slice::from_ref(one),
        };
        return Ok(fields.collect::<Vec<_>>().join(delimiter));
    }
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .delimiter(dialect.delimiter)
        .buffer_capacity(256)
        .from_writer(Vec::new());
    writer.write_record(fields)?;
    let mut line = writer.into_inner().map_err(|error| error.into_error())?;
    line.pop();
    Ok(line)
}

fn failed(error: csv::Error) -> Error {
    Error::io("writing the rejects", error.into())
}
