//! CSV files to rows.

mod by_blocks;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::header::match_columns;
use super::rejects::Rejects;
use super::report::LongCells;
use super::rows::{RowMaker, Taken};
use super::{ImportReport, RowSink};
use crate::csv::{DEFAULT_MAX_RECORD_BYTES, Fault, Record, RecordReader, Step, read_names};
use crate::types::{
    Cell, CellBuffer, DataType, Error, ErrorKind, Field, FieldId, Limits, OddTimes, Result, Schema,
    Validator,
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
    /// is wrong), `reason` and `record`: the row as one CSV record without line end. Where a quote
    /// is not closed, or text follows a closing quote, the line on which that row begins is left out,
    /// and written as it stands; the next row begins on the line after it.
    Skip(&'a mut dyn Write),
}

/// Reads CSV files of the interactions dataset contract into a [`RowSink`].
///
/// UTF-8, with or without a byte order mark; lines end in LF, CRLF or CR, the last one or not;
/// values may be quoted, and then hold commas, line breaks and doubled quotes; nothing stands between
/// a closing quote and the comma or line end behind it; blank lines are skipped. That is what Python's
/// `csv` module reads in its strict mode. The header stands in the first line and names every field of
/// the schema, in any order. An empty cell is null.
///
/// Errors read `FILE: line N, column NAME: value "...": rule; what to do`, where the line is that
/// on which the row begins.
///
/// One pass, and no row allocates. A [`BulkImport`](crate::BulkImport) is given blocks of records that as many threads
/// read as its settings say, in the order of the files; each takes 1/256 of its memory budget, at
/// most 4 MiB or one record. Any other sink is given row by row, in the memory of the longest record.
/// Errors and rejects are the same.
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
            max_record_bytes: DEFAULT_MAX_RECORD_BYTES.max(row_bytes(validator.schema())),
            progress: None,
        }
    }

    /// What a bad row does. Default: abort.
    #[must_use]
    pub fn on_error(mut self, on_error: OnError<'a>) -> Self {
        self.on_error = on_error;
        self
    }

    /// Bytes of one row, quotes and line breaks included, beyond which it is a bad row. Default
    /// [`DEFAULT_MAX_RECORD_BYTES`], or more where a store could hold a row of the schema that takes
    /// more.
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
    /// `InvalidInput` for a header that does not match, a line beyond the bound on a record, and in
    /// [`OnError::Abort`] for the first bad row, which a quote that is not closed is, too; `Io` and
    /// `NotFound` for files; and what the sink gives. The sink then has the rows up to there.
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
            odd_times: OddTimes::default(),
            long: LongCells::default(),
            report: ImportReport::default(),
        };
        read(&mut run)?;
        if let Some(rejects) = &mut run.rejects {
            rejects.flush()?;
        }
        run.report.warn(&run.odd_times, &run.long, self.validator);
        Ok(run.report)
    }
}

struct Run<'a> {
    validator: &'a Validator,
    max_record_bytes: usize,
    rejects: Option<Rejects<'a>>,
    progress: Option<Box<dyn FnMut(u64) + 'a>>,
    cells: CellBuffer,
    odd_times: OddTimes<String>,
    long: LongCells<String>,
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
        let rows = RowMaker::new(self.validator, columns);
        match sink.bulk_import() {
            Some(import) => self.blocks(path, reader, &rows, import)?,
            None => self.records(path, &mut reader, u64::MAX, &rows, sink)?,
        }
        self.report.files += 1;
        Ok(())
    }

    /// Reads records one by one, up to the first that begins behind so many bytes of the source.
    fn records<R: Read, S: RowSink + ?Sized>(
        &mut self,
        path: &Path,
        reader: &mut RecordReader<R>,
        until: u64,
        rows: &RowMaker<'_>,
        sink: &mut S,
    ) -> Result<()> {
        let in_file = |error: Error| error.within(path.display());
        let before = self.report.bytes;
        while reader.bytes_taken() < until {
            match reader.advance().map_err(in_file)? {
                Step::Record => self.record(path, reader.line(), reader.record(), rows, sink)?,
                Step::Broken(fault) => self.broken(path, reader, fault, rows)?,
                Step::End => break,
            }
            self.show_progress(before + reader.bytes_read());
        }
        self.show_progress(before + reader.bytes_taken());
        Ok(())
    }

    /// Notes how many bytes were read, and tells so when they are more than before.
    fn show_progress(&mut self, bytes: u64) {
        let before = std::mem::replace(&mut self.report.bytes, bytes);
        if let Some(progress) = self.progress.as_mut().filter(|_| bytes > before) {
            progress(bytes);
        }
    }

    fn record<S: RowSink + ?Sized>(
        &mut self,
        path: &Path,
        line: u64,
        record: Record<'_>,
        rows: &RowMaker<'_>,
        sink: &mut S,
    ) -> Result<()> {
        let mut cells = self.cells.take();
        let result = push(record, rows, &mut cells, sink);
        self.cells.put_back(cells);
        let place = || format!("{}: line {line}", path.display());
        match (result, &mut self.rejects) {
            (Ok(Taken { timestamp, is_long }), _) => {
                self.report.rows += 1;
                self.odd_times.look_at(timestamp, place);
                if let (true, Ok(text)) = (is_long, record.text()) {
                    let long = rows.long_fields(text.fields());
                    long.for_each(|field| self.long.add(field, 1, place));
                }
                Ok(())
            }
            (Err(error), Some(rejects)) if error.kind() == ErrorKind::InvalidInput => {
                self.report.rejected += 1;
                rejects.write(path, line, &error, record)
            }
            (Err(error), _) => Err(error.at_place(place())),
        }
    }

    /// Takes bytes that are no record: the import ends, or goes on behind their first line.
    fn broken<R: Read>(
        &mut self,
        path: &Path,
        reader: &mut RecordReader<R>,
        fault: Fault,
        rows: &RowMaker<'_>,
    ) -> Result<()> {
        let Some(rejects) = &mut self.rejects else {
            return Err(fault.into_error(&rows.names()).within(path.display()));
        };
        let line = reader.line();
        let bytes = reader
            .give_up_line()
            .map_err(|error| error.within(path.display()))?;
        self.report.rejected += 1;
        rejects.write_line(path, line, &fault.into_rule(&rows.names()), &bytes)
    }
}

/// Bytes that a row of the schema takes at most, as an export writes it.
fn row_bytes(schema: &Schema) -> usize {
    let strings = schema.fields().iter();
    let strings = strings.filter(|field| field.data_type() == DataType::String);
    // Each character a quote that is doubled.
    strings.count() * (2 * Limits::MAX_CELL_BYTES + "\"\",".len()) + NUMBER_BYTES
}

/// Bytes of all that is not a string, at most.
const NUMBER_BYTES: usize = 1 << 16;

/// Gives one record to the sink.
fn push<'r, S: RowSink + ?Sized>(
    record: Record<'r>,
    rows: &RowMaker<'_>,
    cells: &mut Vec<Cell<'r>>,
    sink: &mut S,
) -> Result<Taken> {
    rows.check_count(record.len())?;
    let text = record
        .text()
        .map_err(|column| not_utf8(rows, record, column))?;
    rows.push(text.fields(), cells, sink)
}

fn read_header<R: Read>(reader: &mut RecordReader<R>, schema: &Schema) -> Result<Vec<FieldId>> {
    let names = read_names(reader)?;
    match_columns(&names, schema)
        .map_err(|error| error.at_place(format_args!("line {}", reader.line())))
}

fn not_utf8(rows: &RowMaker<'_>, record: Record<'_>, column: usize) -> Error {
    let id = rows.field(column);
    let fields = rows.validator.schema().fields();
    let name = fields.get(id).map_or("?", Field::name);
    let value = record.fields().nth(column).unwrap_or_default();
    let shown = crate::types::shown(&String::from_utf8_lossy(value));
    Error::of_field(
        name,
        format_args!("value {shown}: not valid UTF-8; save the file as UTF-8"),
    )
}

#[cfg(test)]
mod tests;
