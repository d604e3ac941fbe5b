//! Files in and out.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use annals::export::CsvExport;
use annals::import::{
    CsvImport, Delimiter, Distinct, FileForm, Fractions, ImportReport, ListSeparator, OnError,
    TimeUnit, csv_files,
};
use annals::{Event, ImportMode, ScanQuery, Value, VerifyReport};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Number, Value as Json, json};
use tempfile::NamedTempFile;

use crate::errors::{self, Failed};
use crate::long::{self, AtSignal, Watch};
use crate::query;

/// What an import of files is asked for.
pub struct CsvArguments {
    pub paths: Vec<PathBuf>,
    pub mode: ImportMode,
    pub skips: bool,
    pub rejects: Option<PathBuf>,
    pub max_errors: Option<u64>,
    pub distinct: Option<Distinct>,
    pub allow_empty: bool,
    pub form: FileForm,
}

impl CsvArguments {
    /// Imports the files; gives the report as JSON. `progress` is told bytes read and bytes in all.
    pub fn run(
        self,
        py: Python<'_>,
        store: annals::Store,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Json> {
        if !self.skips && (self.rejects.is_some() || self.max_errors.is_some()) {
            return Err(errors::invalid(
                "rejects and max_errors need on_error=\"skip\"",
            ));
        }
        let files = py
            .detach(|| csv_files(&self.paths))
            .map_err(errors::raise)?
            .files;
        let total: u64 = files
            .iter()
            .filter_map(|file| file.metadata().ok())
            .map(|m| m.len())
            .sum();
        let tick = |done: u64| match progress {
            Some(progress) => progress.call1((done, total)).map(drop),
            None => Ok(()),
        };
        let (report, replaced) = long::run(py, AtSignal::WaitForEnd, tick, move |watch| {
            self.import(&store, &files, watch)
        })?;
        if let Some(progress) = progress {
            progress.call1((report.bytes, total))?;
        }
        Ok(json!({
            "rows": report.rows,
            "rejected": report.rejected,
            "repeats_left_out": report.repeats_left_out,
            "replaced": replaced,
            "files": report.files,
            "bytes": report.bytes,
            "warnings": report.warnings,
        }))
    }

    fn import(
        self,
        store: &annals::Store,
        files: &[PathBuf],
        watch: &Watch,
    ) -> Result<(ImportReport, u64), Failed> {
        let mut import = store.import(self.mode)?;
        import.allow_empty(self.allow_empty);
        let replaced = import.replaces();
        let mut output = self.rejects.as_deref().map(Output::create).transpose()?;
        let mut nowhere = std::io::sink();
        let mut reader = CsvImport::new(store.validator())
            .form(self.form)
            .progress(|bytes| watch.done.store(bytes, Ordering::Relaxed))
            .stop(&watch.stop);
        if self.skips {
            reader = reader.on_error(OnError::Skip(match &mut output {
                Some(output) => &mut output.file,
                None => &mut nowhere,
            }));
        }
        if let Some(rows) = self.max_errors {
            reader = reader.max_rejected(rows);
        }
        if let Some(distinct) = self.distinct {
            reader = reader.distinct(distinct);
        }
        let report = reader.run(files, &mut import)?;
        // Before the commit, so that no row is missing from both.
        if let Some(output) = output {
            output.keep()?;
        }
        import.commit()?;
        store.maintain()?;
        Ok((report, replaced))
    }
}

/// One path, or several.
pub fn paths(given: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    match given.extract::<PathBuf>() {
        Ok(path) => Ok(vec![path]),
        Err(_) => given.try_iter()?.map(|path| path?.extract()).collect(),
    }
}

pub fn distinct(by: Option<&str>) -> PyResult<Option<Distinct>> {
    let known = [
        ("full", Distinct::Full),
        ("user-item-time", Distinct::UserItemTime),
    ];
    by.map(|by| query::choice("distinct", by, &known))
        .transpose()
}

/// The form of files, of keywords that are given.
///
/// # Errors
/// `TypeError` for a keyword that there is not.
pub fn form(given: Option<&Bound<'_, PyDict>>) -> PyResult<FileForm> {
    let mut form = FileForm::new();
    for (name, value) in given.into_iter().flatten() {
        let name: String = name.extract()?;
        form = match name.as_str() {
            "map" => pairs(&value)?
                .into_iter()
                .fold(form, |form, (a, b)| form.map(a, b)),
            "set" => pairs(&value)?
                .into_iter()
                .fold(form, |form, (a, b)| form.set(a, b)),
            "file_columns" => form.columns(value.extract::<Vec<Option<String>>>()?),
            "delimiter" => {
                let known = [
                    (",", Delimiter::Comma),
                    ("\t", Delimiter::Tab),
                    (";", Delimiter::Semicolon),
                    ("|", Delimiter::Bar),
                    ("::", Delimiter::DoubleColon),
                ];
                form.delimiter(query::choice(&name, value.extract()?, &known)?)
            }
            "quotes" => form.quotes(value.extract()?),
            "time_unit" => form.time_unit(time_unit(value.extract()?)),
            "timezone" => form.time_zone(value.extract()?).map_err(errors::raise)?,
            "fractions" => {
                let known = [("drop", Fractions::Drop), ("refuse", Fractions::Refuse)];
                form.fractions(query::choice(&name, value.extract()?, &known)?)
            }
            "order_as_time" => form.order_as_time(value.extract()?),
            "list_separator" => {
                let known = [
                    ("|", ListSeparator::Bar),
                    (",", ListSeparator::Comma),
                    (" ", ListSeparator::Space),
                    ("json", ListSeparator::Json),
                ];
                form.list_separator(query::choice(&name, value.extract()?, &known)?)
            }
            "click_labels" => form.click_labels(value.extract()?),
            "decimal_comma" => form.decimal_comma(value.extract()?),
            _ => {
                return Err(PyTypeError::new_err(format!(
                    "import_csv() got an unexpected keyword argument '{name}'"
                )));
            }
        };
    }
    Ok(form)
}

fn pairs(value: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let dict = value.cast::<PyDict>()?;
    dict.iter()
        .map(|(key, value)| Ok((key.extract()?, value.extract()?)))
        .collect()
}

fn time_unit(name: &str) -> TimeUnit {
    match name {
        "s" => TimeUnit::Seconds,
        "ms" => TimeUnit::Milliseconds,
        "us" => TimeUnit::Microseconds,
        "ns" => TimeUnit::Nanoseconds,
        "iso" => TimeUnit::Iso,
        format => TimeUnit::Format(format.to_owned()),
    }
}

/// How an export writes rows.
#[derive(Clone, Copy)]
pub enum Format {
    Csv,
    JsonLines,
}

pub fn format(name: &str) -> PyResult<Format> {
    query::choice(
        "format",
        name,
        &[("csv", Format::Csv), ("jsonl", Format::JsonLines)],
    )
}

/// What an export is asked for.
pub struct ExportArguments {
    pub path: PathBuf,
    pub format: Format,
    pub query: ScanQuery,
    pub limit: u64,
}

impl ExportArguments {
    /// Writes the file; gives the number of rows. `progress` is told how many were written.
    pub fn run(
        self,
        py: Python<'_>,
        store: annals::Store,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<u64> {
        let tick = |rows: u64| match progress {
            Some(progress) => progress.call1((rows,)).map(drop),
            None => Ok(()),
        };
        let written = long::run(py, AtSignal::WaitForEnd, tick, move |watch| {
            self.write(&store, watch)
        });
        let rows = written?;
        if let Some(progress) = progress {
            progress.call1((rows,))?;
        }
        Ok(rows)
    }

    fn write(self, store: &annals::Store, watch: &Watch) -> Result<u64, Failed> {
        let failed = Failed::io(&self.path);
        let output = Output::create(&self.path)?;
        let mut scan = store.scan(&self.query)?;
        let mut rows = match self.format {
            Format::Csv => Writer::Csv(CsvExport::new(
                output,
                store.schema(),
                &scan.asked().to_vec(),
            )?),
            Format::JsonLines => Writer::Json(output),
        };
        let mut left = self.limit;
        let mut written = 0;
        let mut batch = scan.new_batch();
        while left > 0 && scan.read(&mut batch)? {
            if (batch.rows() as u64) > left {
                batch.truncate(left as usize);
            }
            rows.write(&scan, &batch, &failed)?;
            left -= batch.rows() as u64;
            written += batch.rows() as u64;
            watch.done.store(written, Ordering::Relaxed);
            if watch.stop.load(Ordering::Relaxed) {
                return Ok(written);
            }
        }
        let output = match rows {
            Writer::Csv(export) => export.finish()?,
            Writer::Json(output) => output,
        };
        output.keep()?;
        Ok(written)
    }
}

enum Writer {
    Csv(CsvExport<Output>),
    Json(Output),
}

impl Writer {
    fn write(
        &mut self,
        scan: &annals::Scan,
        batch: &annals::Columns,
        failed: &impl Fn(std::io::Error) -> Failed,
    ) -> Result<(), Failed> {
        let output = match self {
            Self::Csv(export) => return Ok(export.write_columns(scan.schema(), batch)?),
            Self::Json(output) => output,
        };
        for row in 0..batch.rows() {
            let line = line_of(scan, batch, row)?;
            let written = serde_json::to_writer(&mut *output, &line).map_err(std::io::Error::from);
            let written = written.and_then(|()| output.write_all(b"\n"));
            written.map_err(failed)?;
        }
        Ok(())
    }
}

/// A row as `write` and `annals put` take it: its fields by name, those that are null left out.
fn line_of(
    scan: &annals::Scan,
    batch: &annals::Columns,
    row: usize,
) -> annals::Result<Map<String, Json>> {
    let schema = scan.schema();
    let event = Event::of_row(schema, batch, row);
    let mut line = Map::new();
    for (id, (field, asked)) in schema.fields().iter().zip(scan.asked()).enumerate() {
        let value = match event.value(id)? {
            Value::Null => continue,
            _ if !asked => continue,
            Value::String(text) => Json::String(text),
            Value::Int(number) => json!(number),
            Value::Long(number) => json!(number),
            // By its shortest text, not as the nearest double.
            Value::Float(number) => shortest(number),
            Value::Double(number) => json!(number),
            Value::Boolean(flag) => json!(flag),
            Value::Items(items) => json!(items),
        };
        line.insert(field.name().to_owned(), value);
    }
    Ok(line)
}

fn shortest(number: f32) -> Json {
    let read = number.to_string().parse().ok().and_then(Number::from_f64);
    read.map_or(Json::Null, Json::Number)
}

/// A file that appears when it is complete.
struct Output {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl Output {
    fn create(path: &Path) -> Result<Self, Failed> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let file = tempfile::Builder::new()
            .prefix(".annalsdb-")
            .tempfile_in(folder.unwrap_or(Path::new(".")));
        Ok(Self {
            file: BufWriter::new(file.map_err(Failed::io(path))?),
            path: path.to_owned(),
        })
    }

    /// Has the file appear, durably.
    fn keep(self) -> Result<(), Failed> {
        let failed = Failed::io(&self.path);
        let file = self
            .file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(&failed)?;
        file.persist(&self.path)
            .map_err(|error| failed(error.error))?;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// What verification found, as JSON.
pub fn report_of(report: &VerifyReport) -> Json {
    let damage = report
        .damage
        .iter()
        .map(|damage| json!({"file": damage.file, "bytes": damage.bytes, "what": damage.what}));
    json!({
        "sound": report.is_sound(),
        "segments": report.segments,
        "bytes": report.bytes,
        "hot_rows": report.hot_rows,
        "damage": damage.collect::<Vec<_>>(),
        "problems": report.problems,
    })
}
