//! Files in and out.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use annals::ImportMode;
use annals::import::{
    CsvImport, Delimiter, Distinct, FileForm, Fractions, ImportReport, ListSeparator, OnError,
    TimeUnit, csv_files,
};
use annals::inspect::VerifyReport;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value as Json, json};
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
