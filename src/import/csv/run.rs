//! One import of files, record by record.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::check::Validator;
use crate::csv::{Fault, Record, RecordReader, Step};
use crate::import::contents::Records;
use crate::import::distinct::{Distinct, KnownRows, Once};
use crate::import::form::{FileForm, Scratch};
use crate::import::open::{Opened, open};
use crate::import::record_rows::{RecordRows, Seen};
use crate::import::rejects::Rejects;
use crate::import::repeats::Repeats;
use crate::import::report::{Counted, LongCells};
use crate::import::source::Input;
use crate::import::{ImportReport, RowSink};
use crate::model::{Cell, CellBuffer, Error, ErrorKind, FieldId, OddTimes, Result, shown};

/// What an import has read so far.
pub(super) struct Run<'a> {
    pub(super) validator: &'a Validator,
    pub(super) form: FileForm,
    pub(super) distinct: Option<Distinct>,
    pub(super) max_record_bytes: usize,
    pub(super) max_rejected: u64,
    pub(super) rejects: Option<Rejects<'a>>,
    pub(super) progress: Option<Box<dyn FnMut(u64) + 'a>>,
    pub(super) stop: Option<&'a AtomicBool>,
    pub(super) cells: CellBuffer,
    pub(super) scratch: Scratch,
    pub(super) known: KnownRows,
    pub(super) repeats: Repeats,
    pub(super) odd_times: OddTimes<String>,
    pub(super) long: LongCells<String>,
    pub(super) other_lists: Counted<String>,
    pub(super) report: ImportReport,
}

impl Run<'_> {
    /// Reads a file.
    pub(super) fn file<S: RowSink + ?Sized>(&mut self, path: &Path, sink: &mut S) -> Result<()> {
        let file = File::open(path)
            .map_err(|error| Error::io(format_args!("opening {}", path.display()), error))?;
        self.input(path, Input::File(file), sink)
    }

    /// Reads an input; `path` is what messages call it.
    pub(super) fn input<S: RowSink + ?Sized>(
        &mut self,
        path: &Path,
        input: Input<'_>,
        sink: &mut S,
    ) -> Result<()> {
        let in_file = |error: Error| error.within(path.display());
        let opened = open(input, &self.form, self.validator, self.max_record_bytes);
        let Opened {
            records,
            rows,
            header,
            warnings,
        } = opened.map_err(in_file)?;
        self.report.add_warnings(warnings, path);
        if let Some(rejects) = &mut self.rejects {
            rejects.begin_file(&header, rows.dialect)?;
        }
        let in_blocks = self.distinct.is_none() && !rows.needs_order();
        if in_blocks && let Some(mut imports) = sink.bulk_imports() {
            match records {
                Records::Text(reader) => self.blocks(path, reader, &rows, &mut imports)?,
                #[cfg(feature = "parquet")]
                Records::Batches(batches) => self.batches(path, batches, &rows, &mut imports)?,
            }
        } else {
            let mut reader = records.into_reader(self.max_record_bytes);
            match self.distinct {
                Some(distinct) => self.once(path, &mut reader, &rows, sink, distinct)?,
                None => self.records(path, &mut reader, u64::MAX, &rows, sink)?,
            }
        }
        self.report.add_warnings(rows.warnings().collect(), path);
        self.report.files += 1;
        Ok(())
    }

    /// Reads records one by one, and leaves out rows that came before.
    fn once<R: Read, S: RowSink + ?Sized>(
        &mut self,
        path: &Path,
        reader: &mut RecordReader<R>,
        rows: &RecordRows<'_>,
        sink: &mut S,
        distinct: Distinct,
    ) -> Result<()> {
        let mut known = std::mem::take(&mut self.known);
        let before = known.left_out;
        let mut once = Once {
            sink,
            known: &mut known,
            distinct,
            item: self.validator.schema().item(),
        };
        let done = self.records(path, reader, u64::MAX, rows, &mut once);
        let left_out = known.left_out - before;
        self.report.rows -= left_out;
        self.report.repeats_left_out += left_out;
        self.known = known;
        done
    }

    /// Reads records one by one, up to the first that begins behind so many bytes of the source.
    pub(super) fn records<R: Read, S: RowSink + ?Sized>(
        &mut self,
        path: &Path,
        reader: &mut RecordReader<R>,
        until: u64,
        rows: &RecordRows<'_>,
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
            self.show_progress(before + reader.bytes_read())?;
        }
        self.show_progress(before + reader.bytes_taken())
    }

    /// Notes how many bytes were read. When they are more than before, it tells so, and looks whether the
    /// import is to end.
    pub(super) fn show_progress(&mut self, bytes: u64) -> Result<()> {
        let before = std::mem::replace(&mut self.report.bytes, bytes);
        if bytes <= before {
            return Ok(());
        }
        if let Some(progress) = self.progress.as_mut() {
            progress(bytes);
        }
        if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return Err(Error::new(
                ErrorKind::Interrupted,
                "the import was stopped; nothing of it was stored",
            ));
        }
        Ok(())
    }

    pub(super) fn record<S: RowSink + ?Sized>(
        &mut self,
        path: &Path,
        line: u64,
        record: Record<'_>,
        rows: &RecordRows<'_>,
        sink: &mut S,
    ) -> Result<()> {
        let unit = rows.dialect.unit();
        let place = || format!("{}: {unit} {line}", path.display());
        let mut cells = self.cells.take();
        let mut seen = AtPlace {
            place,
            rows: &mut self.report.rows,
            odd_times: &mut self.odd_times,
            long: &mut self.long,
            other_lists: &mut self.other_lists,
        };
        let result = push(record, rows, &mut cells, &mut self.scratch, sink, &mut seen);
        self.cells.put_back(cells);
        self.repeats.add(self.scratch.hashes.drain(..));
        match (result, &mut self.rejects) {
            (Ok(()), _) => Ok(()),
            (Err(error), Some(rejects)) if error.kind() == ErrorKind::InvalidInput => {
                rejects.write(path, line, &error, record)?;
                self.count_rejected(&error, place)
            }
            (Err(error), _) => Err(error.at_place(place())),
        }
    }

    /// Takes bytes that are no record: the import ends, or goes on behind their first line.
    pub(super) fn broken<R: Read>(
        &mut self,
        path: &Path,
        reader: &mut RecordReader<R>,
        fault: Fault,
        rows: &RecordRows<'_>,
    ) -> Result<()> {
        let Some(rejects) = &mut self.rejects else {
            return Err(fault.into_error(&rows.names()).within(path.display()));
        };
        let line = reader.line();
        let bytes = reader
            .give_up_line()
            .map_err(|error| error.within(path.display()))?;
        let error = fault.into_rule(&rows.names());
        rejects.write_line(path, line, &error, &bytes)?;
        let unit = rows.dialect.unit();
        self.count_rejected(&error, || format!("{}: {unit} {line}", path.display()))
    }

    fn count_rejected(&mut self, error: &Error, place: impl Fn() -> String) -> Result<()> {
        self.report.rejected += 1;
        if self.report.rejected <= self.max_rejected {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "more than {} rows were refused, the last at {}: {}; correct them, or let more be refused \
             (--max-errors)",
            self.max_rejected,
            place(),
            error.message()
        )))
    }
}

/// Counts rows at one place, and notes what is odd about them.
struct AtPlace<'a, P> {
    place: P,
    rows: &'a mut u64,
    odd_times: &'a mut OddTimes<String>,
    long: &'a mut LongCells<String>,
    other_lists: &'a mut Counted<String>,
}

impl<P: Fn() -> String> Seen for AtPlace<'_, P> {
    fn row(&mut self, timestamp: i64) {
        *self.rows += 1;
        self.odd_times.look_at(timestamp, &self.place);
    }

    fn long(&mut self, field: FieldId) {
        self.long.add(field, 1, &self.place);
    }

    fn other_list(&mut self) {
        self.other_lists.add(1, &self.place);
    }
}

/// Gives one record to the sink.
fn push<'r, S: RowSink + ?Sized>(
    record: Record<'r>,
    rows: &RecordRows<'_>,
    cells: &mut Vec<Cell<'r>>,
    scratch: &mut Scratch,
    sink: &mut S,
    seen: &mut impl Seen,
) -> Result<()> {
    rows.check_count(record.len())?;
    let text = record
        .text()
        .map_err(|column| not_utf8(rows, record, column))?;
    rows.push(text, cells, scratch, sink, seen)
}

fn not_utf8(rows: &RecordRows<'_>, record: Record<'_>, column: usize) -> Error {
    let names = rows.names();
    let value = record.fields().nth(column).unwrap_or_default();
    let shown = shown(&String::from_utf8_lossy(value));
    Error::of_field(
        names.get(column).copied().unwrap_or("?"),
        format_args!("value {shown}: not valid UTF-8; save the file as UTF-8"),
    )
}
