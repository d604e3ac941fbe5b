//! CSV files to rows.

#[cfg(feature = "parquet")]
mod by_batches;
mod by_blocks;
mod run;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use self::run::Run;
use super::distinct::{Distinct, KnownRows};
use super::form::{FileForm, Scratch};
use super::rejects::Rejects;
use super::repeats::Repeats;
use super::report::{Counted, LongCells, warning_of_other_lists};
use super::source::Input;
use super::{ImportReport, RowSink};
use crate::check::Validator;
use crate::csv::DEFAULT_MAX_RECORD_BYTES;
use crate::model::{CellBuffer, DataType, Limits, OddTimes, Result, Schema};

/// What a bad row does to an import.
#[derive(Default)]
pub enum OnError<'a> {
    /// The import stops.
    #[default]
    Abort,
    /// The row is written to an output and left out.
    ///
    /// The output is CSV with the columns `file`, `line`, `column` (empty when the row as a whole
    /// is wrong), `reason`, `record`: the row as the file has it, without line end, and `header`: that of
    /// the file, empty where it has none. Where a quote is not closed, or text follows a closing quote, the
    /// line on which that row begins is left out, and written as it stands; the next row begins on the
    /// line after it. Once the records in it are corrected, such a file can be imported itself, in the
    /// form of the first import.
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
/// One pass, and no row allocates. A [`BulkImport`](crate::BulkImport), or that of a set of shards, is given blocks of
/// records that as many threads read as its settings say, in the order of the files; each takes 1/256 of its memory
/// budget, at most 4 MiB or one record. Any other sink is given row by row, in the memory of the longest record.
/// Errors and rejects are the same.
pub struct CsvImport<'a> {
    validator: &'a Validator,
    form: FileForm,
    on_error: OnError<'a>,
    max_rejected: u64,
    distinct: Option<Distinct>,
    max_record_bytes: usize,
    progress: Option<Box<dyn FnMut(u64) + 'a>>,
    stop: Option<&'a AtomicBool>,
}

impl<'a> CsvImport<'a> {
    /// An import of rows that the validator's schema describes.
    pub fn new(validator: &'a Validator) -> Self {
        Self {
            validator,
            form: FileForm::default(),
            on_error: OnError::Abort,
            max_rejected: u64::MAX,
            distinct: None,
            max_record_bytes: DEFAULT_MAX_RECORD_BYTES.max(row_bytes(validator.schema())),
            progress: None,
            stop: None,
        }
    }

    /// How the files are written, and which of their columns are the schema's fields. Default: as the
    /// contract has it.
    #[must_use]
    pub fn form(mut self, form: FileForm) -> Self {
        self.form = form;
        self
    }

    /// What a bad row does. Default: abort.
    #[must_use]
    pub fn on_error(mut self, on_error: OnError<'a>) -> Self {
        self.on_error = on_error;
        self
    }

    /// How many rows may be refused in [`OnError::Skip`]; one more ends the import. Default: any number.
    #[must_use]
    pub fn max_rejected(mut self, rows: u64) -> Self {
        self.max_rejected = rows;
        self
    }

    /// Leaves out rows that are equal to an earlier one of the same import. Default: they are kept, and
    /// where files have a [form](Self::form) they are counted, in a warning.
    ///
    /// Rows are then read by one thread, and each takes about 20 bytes of memory.
    #[must_use]
    pub fn distinct(mut self, distinct: Distinct) -> Self {
        self.distinct = Some(distinct);
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

    /// Ends the import, with an error of `Interrupted`, when the flag is set; it is looked at about every
    /// 256 KiB. Any thread may set it.
    #[must_use]
    pub fn stop(mut self, stop: &'a AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Reads files, as [`csv_files`](super::csv_files) lists them, one after another.
    ///
    /// # Errors
    /// `InvalidInput` for a header that does not match, a line beyond the bound on a record, and in
    /// [`OnError::Abort`] for the first bad row, which a quote that is not closed is, too; `Io` and
    /// `NotFound` for files; `Interrupted` ([`CsvImport::stop`]); and what the sink gives. The sink then has
    /// the rows up to there.
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
        let input = Input::Reader(Box::new(source));
        self.run_over(|run| run.input(name.as_ref(), input, sink))
    }

    fn run_over(self, read: impl FnOnce(&mut Run<'a>) -> Result<()>) -> Result<ImportReport> {
        let rejects = match self.on_error {
            OnError::Abort => None,
            OnError::Skip(output) => Some(Rejects::new(output)?),
        };
        let mut run = Run {
            validator: self.validator,
            form: self.form,
            distinct: self.distinct,
            max_record_bytes: self.max_record_bytes,
            max_rejected: self.max_rejected,
            rejects,
            progress: self.progress,
            stop: self.stop,
            cells: CellBuffer::default(),
            scratch: Scratch::default(),
            known: KnownRows::default(),
            repeats: Repeats::default(),
            odd_times: OddTimes::default(),
            long: LongCells::default(),
            other_lists: Counted::default(),
            report: ImportReport::default(),
        };
        read(&mut run)?;
        if let Some(rejects) = &mut run.rejects {
            rejects.flush()?;
        }
        let repeats = run.repeats.warning().filter(|_| run.distinct.is_none());
        run.report.warnings.extend(repeats);
        run.report.warnings.extend(run.scratch.told.warnings());
        run.report
            .warnings
            .extend(warning_of_other_lists(&run.other_lists));
        run.report.warn(&run.odd_times, &run.long, self.validator);
        Ok(run.report)
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

#[cfg(test)]
mod tests;
