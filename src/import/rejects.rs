//! Rows that were refused, for people and for a second try.

use std::io::Write;
use std::path::Path;

use crate::csv::Record;
use crate::types::{Error, Result};

/// Writes refused rows as CSV with the columns `file`, `line`, `column` (empty when the row as a
/// whole is wrong), `reason` and `record`: the row, written as one CSV record without line end, or
/// the line that is none. The bytes of its fields are those of the file, UTF-8 or not.
pub(super) struct Rejects<'a> {
    writer: csv::Writer<&'a mut dyn Write>,
}

impl<'a> Rejects<'a> {
    pub(super) fn new(output: &'a mut dyn Write) -> Result<Self> {
        let mut writer = csv::Writer::from_writer(output);
        writer
            .write_record(["file", "line", "column", "reason", "record"])
            .map_err(failed)?;
        Ok(Self { writer })
    }

    pub(super) fn write(
        &mut self,
        file: &Path,
        line: u64,
        reason: &Error,
        record: Record<'_>,
    ) -> Result<()> {
        let record = one_line(record).map_err(failed)?;
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
        ];
        self.writer.write_record(fields).map_err(failed)
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(|error| failed(error.into()))
    }
}

fn one_line(record: Record<'_>) -> csv::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .buffer_capacity(256)
        .from_writer(Vec::new());
    writer.write_record(record.fields())?;
    let mut line = writer.into_inner().map_err(|error| error.into_error())?;
    line.pop();
    Ok(line)
}

fn failed(error: csv::Error) -> Error {
    Error::io("writing the rejects", error.into())
}
