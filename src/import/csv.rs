//! CSV files to rows.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::header::{match_columns, read_names};
use super::reader::RecordReader;
use super::record::Record;
use super::rejects::Rejects;
use super::report::Milliseconds;
use super::{DEFAULT_MAX_RECORD_BYTES, ImportReport, RowSink};
use crate::types::{
    Cell, CellBuffer, Error, ErrorKind, Field, FieldId, Result, Row, Schema, Validator,
};

/// What a bad row does to an import.
#[derive(Default)]
pub enum OnError<'a> {
    /// The import stops.
    #[default]
    Abort,
    /// The row is written to an output and left out.
    ///
    /// The output is CSV with the columns `file`, `line`, `column` (empty when the row as a whole
    /// is wrong), `reason` and `record`: the row as one CSV record without line end.
    Skip(&'a mut dyn Write),
}

/// Reads CSV files of the interactions dataset contract into a [`RowSink`].
///
/// UTF-8, with or without a byte order mark; lines end in LF, CRLF or CR, the last one or not;
/// values may be quoted, and then hold commas, line breaks and doubled quotes; blank lines are
/// skipped. The header stands unquoted in the first line and names every field of the schema, in
/// any order. An empty cell is null.
///
/// Errors read `FILE: line N, column NAME: value "...": rule; what to do`, where the line is that
/// on which the row begins.
///
/// One pass; memory is bounded by the longest record, and no row allocates.
pub struct CsvImport<'a> {
    validator: &'a Validator,
    on_error: OnError<'a>,
    max_record_bytes: usize,
    progress: Option<Box<dyn FnMut(u64) + 'a>>,
}

impl<'a> CsvImport<'a> {
    /// An import of rows that the validator's schema describes.
    pub fn new(validator: &'a Validator) -> Self {
        Self {
            validator,
            on_error: OnError::Abort,
            max_record_bytes: DEFAULT_MAX_RECORD_BYTES,
            progress: None,
        }
    }

    /// What a bad row does. Default: abort.
    #[must_use]
    pub fn on_error(mut self, on_error: OnError<'a>) -> Self {
        self.on_error = on_error;
        self
    }

    /// Bytes of one row, quotes and line breaks included, beyond which the import stops. Default
    /// [`DEFAULT_MAX_RECORD_BYTES`].
    #[must_use]
    pub fn max_record_bytes(mut self, bytes: usize) -> Self {
        self.max_record_bytes = bytes;
        self
    }

    /// Is called with the bytes read so far, about every 256 KiB.
    #[must_use]
    pub fn progress(mut self, progress: impl FnMut(u64) + 'a) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// Reads files, as [`csv_files`](super::csv_files) lists them, one after another.
    ///
    /// # Errors
    /// `InvalidInput` for a header that does not match, a quote that is not closed, a record
    /// beyond its bound, and in [`OnError::Abort`] for the first bad row; `Io` and `NotFound` for
    /// files; and what the sink gives. The sink then has the rows up to there.
    pub fn run<S: RowSink + ?Sized>(self, files: &[PathBuf], sink: &mut S) -> Result<ImportReport> {
        self.run_over(|run| files.iter().try_for_each(|file| run.file(file, sink)))
    }

    /// Reads one source, such as standard input; `name` is what errors and rejects call it.
    ///
    /// # Errors
    /// As [`CsvImport::run`].
    pub fn run_reader<R: Read, S: RowSink + ?Sized>(
        self,
        name: impl AsRef<Path>,
        source: R,
        sink: &mut S,
    ) -> Result<ImportReport> {
        self.run_over(|run| run.source(name.as_ref(), source, sink))
    }

    fn run_over(self, read: impl FnOnce(&mut Run<'a>) -> Result<()>) -> Result<ImportReport> {
        let rejects = match self.on_error {
            OnError::Abort => None,
            OnError::Skip(output) => Some(Rejects::new(output)?),
        };
        let mut run = Run {
            validator: self.validator,
            max_record_bytes: self.max_record_bytes,
            rejects,
            progress: self.progress,
            cells: CellBuffer::default(),
            milliseconds: Milliseconds::default(),
            report: ImportReport::default(),
        };
        let result = read(&mut run);
        if let Some(rejects) = &mut run.rejects {
            rejects.flush()?;
        }
        result?;
        let (schema, limits) = (self.validator.schema(), self.validator.limits());
        run.report.warn(&run.milliseconds, schema, limits);
        Ok(run.report)
    }
}

struct Run<'a> {
    validator: &'a Validator,
    max_record_bytes: usize,
    rejects: Option<Rejects<'a>>,
    progress: Option<Box<dyn FnMut(u64) + 'a>>,
    cells: CellBuffer,
    milliseconds: Milliseconds,
    report: ImportReport,
}

impl Run<'_> {
    fn file<S: RowSink + ?Sized>(&mut self, path: &Path, sink: &mut S) -> Result<()> {
        let file = File::open(path)
            .map_err(|error| Error::io(format_args!("opening {}", path.display()), error))?;
        self.source(path, file, sink)
    }

    fn source<R: Read, S: RowSink + ?Sized>(
        &mut self,
        path: &Path,
        source: R,
        sink: &mut S,
    ) -> Result<()> {
        let in_file = |error: Error| error.within(path.display());
        let mut reader = RecordReader::new(source, self.max_record_bytes).map_err(in_file)?;
        let columns = read_header(&mut reader, self.validator.schema()).map_err(in_file)?;
        let bytes_before = self.report.bytes;
        while reader.advance().map_err(in_file)? {
            self.record(path, reader.line(), reader.record(), &columns, sink)?;
            let bytes = bytes_before + reader.bytes_read();
            if bytes != self.report.bytes {
                self.report.bytes = bytes;
                self.show_progress();
            }
        }
        self.report.bytes = bytes_before + reader.bytes_read();
        self.report.files += 1;
        self.show_progress();
        Ok(())
    }

    fn show_progress(&mut self) {
        if let Some(progress) = &mut self.progress {
            progress(self.report.bytes);
        }
    }

    fn record<S: RowSink + ?Sized>(
        &mut self,
        path: &Path,
        line: u64,
        record: Record<'_>,
        columns: &[FieldId],
        sink: &mut S,
    ) -> Result<()> {
        let mut cells = self.cells.take();
        let result = self.push(record, columns, &mut cells, sink);
        self.cells.put_back(cells);
        let place = || format!("{}: line {line}", path.display());
        match (result, &mut self.rejects) {
            (Ok(timestamp), _) => {
                self.report.rows += 1;
                self.milliseconds.look_at(timestamp, place);
                Ok(())
            }
            (Err(error), Some(rejects)) if error.kind() == ErrorKind::InvalidInput => {
                self.report.rejected += 1;
                rejects.write(path, line, &error, record)
            }
            (Err(error), _) => Err(error.at_place(place())),
        }
    }

    /// Gives one record to the sink, and its timestamp back.
    fn push<'r, S: RowSink + ?Sized>(
        &self,
        record: Record<'r>,
        columns: &[FieldId],
        cells: &mut Vec<Cell<'r>>,
        sink: &mut S,
    ) -> Result<i64> {
        let schema = self.validator.schema();
        if record.len() != columns.len() {
            return Err(Error::invalid(format!(
                "{} values, but the header has {} columns; correct the row, and quote values that \
                 hold commas",
                record.len(),
                columns.len()
            )));
        }
        let text = record
            .text()
            .map_err(|column| not_utf8(schema, record, columns, column))?;
        cells.resize(schema.fields().len(), Cell::Null);
        let (mut user, mut timestamp) = ("", 0);
        for (id, text) in columns.iter().zip(text.fields()) {
            if *id == schema.timestamp() {
                timestamp = self.validator.parse_timestamp(text)?;
                continue;
            }
            let parsed = self.validator.parse_cell(*id, text)?;
            match (cells.get_mut(*id), parsed) {
                (Some(_), Cell::Text(text)) if *id == schema.user() => user = text,
                (Some(cell), parsed) => *cell = parsed,
                (None, _) => {}
            }
        }
        sink.push(&Row {
            user,
            timestamp,
            cells,
        })?;
        Ok(timestamp)
    }
}

fn read_header<R: Read>(reader: &mut RecordReader<R>, schema: &Schema) -> Result<Vec<FieldId>> {
    let names = read_names(reader)?;
    match_columns(&names, schema)
        .map_err(|error| error.at_place(format_args!("line {}", reader.line())))
}

fn not_utf8(schema: &Schema, record: Record<'_>, columns: &[FieldId], column: usize) -> Error {
    let id = columns.get(column).copied().unwrap_or_default();
    let name = schema.fields().get(id).map_or("?", Field::name);
    let value = record.fields().nth(column).unwrap_or_default();
    let shown = crate::types::shown(&String::from_utf8_lossy(value));
    Error::of_field(
        name,
        format_args!("value {shown}: not valid UTF-8; save the file as UTF-8"),
    )
}

#[cfg(test)]
mod tests;
