use std::path::{Path, PathBuf};
use std::time::Instant;

use annals::import::{CsvFiles, CsvImport, ImportReport, OnError, csv_files};
use annals::{BulkImport, ImportMode, Settings, Store, Validator};
use clap::{Args, ValueEnum};

use crate::failure::{Failure, Outcome};
use crate::output::{OutputFile, check_output, count, print_done, seconds, thousands, warn};
use crate::placeholders::warn_of_placeholder_users;
use crate::progress::Progress;

/// Where refused rows go unless told otherwise.
const REJECTS: &str = "rejects.csv";

#[derive(Args)]
pub struct Import {
    /// The folder of the store
    store: PathBuf,
    /// CSV files, or folders of them
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// What happens to the bulk data that is there; rows recorded by `put` stay in either mode
    #[arg(long, value_enum, default_value_t = Mode::Incremental)]
    mode: Mode,
    /// Let a full import of no rows remove the bulk data that is there
    #[arg(long)]
    allow_empty: bool,
    /// What a bad row does
    #[arg(long, value_enum, default_value_t = BadRow::Abort)]
    on_error: BadRow,
    /// With `--on-error skip`: the file that takes refused rows, with line and reason; without it
    /// they go to rejects.csv in the current folder, if there are any. An earlier file is replaced
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Memory for rows, in MiB; beyond it sorted runs go to disk [default: 1024]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    memory_budget: Option<u64>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// The import replaces it
    Full,
    /// The import adds to it
    Incremental,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BadRow {
    /// Ends the import; the store stays as it was
    Abort,
    /// Goes to the rejects; the rest is imported
    Skip,
}

impl Import {
    pub fn run(self) -> Outcome {
        if self.rejects.is_some() && self.on_error == BadRow::Abort {
            return Err(Failure::usage("--rejects needs --on-error skip"));
        }
        let start = Instant::now();
        let CsvFiles { files, passed_over } = csv_files(&self.paths)?;
        warn_of_passed_over(&passed_over);
        if self.on_error == BadRow::Skip {
            check_output("--rejects", self.rejects(), &files, &self.store)?;
        }
        let store = Store::builder()
            .settings(self.settings())
            .open(&self.store)?;
        let mut import = store.import(match self.mode {
            Mode::Full => ImportMode::Full,
            Mode::Incremental => ImportMode::Incremental,
        })?;
        import.allow_empty(self.allow_empty);
        let replaced = import.replaces();
        let (report, rejects) = self.read(store.validator(), &files, &mut import)?;
        // Before the commit, so that no row is missing from both.
        let rejects = rejects.map(keep).transpose()?;
        let spinner = Progress::spinner("sorting and writing");
        import.commit()?;
        let maintained = store.maintain().map_err(Failure::from);
        drop(spinner);
        warn(&report.warnings);
        let done = summary(&report, replaced, rejects.as_deref(), start);
        let warned = maintained.and_then(|()| warn_of_placeholder_users(&store));
        warned.map_err(|failure| failure.and(&done))?;
        print_done(done)
    }

    fn rejects(&self) -> &Path {
        self.rejects.as_deref().unwrap_or(Path::new(REJECTS))
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        if let Some(mib) = self.memory_budget {
            settings.memory_budget_bytes = mib << 20;
        }
        settings
    }

    /// Reads the files; gives the rejects that are to be kept.
    fn read(
        &self,
        validator: &Validator,
        files: &[PathBuf],
        import: &mut BulkImport,
    ) -> Outcome<(ImportReport, Option<OutputFile>)> {
        let sizes = files.iter().filter_map(|file| file.metadata().ok());
        let progress = Progress::of_bytes("reading", sizes.map(|found| found.len()).sum());
        let reader = CsvImport::new(validator).progress(|bytes| progress.at(bytes));
        if self.on_error == BadRow::Abort {
            return Ok((reader.run(files, import)?, None));
        }
        let mut rejects = OutputFile::create(self.rejects())?;
        let report = reader
            .on_error(OnError::Skip(&mut rejects))
            .run(files, import)?;
        let wanted = self.rejects.is_some() || report.rejected > 0;
        Ok((report, wanted.then_some(rejects)))
    }
}

fn keep(rejects: OutputFile) -> Outcome<PathBuf> {
    let path = rejects.path().to_owned();
    rejects.finish()?;
    Ok(path)
}

/// Names that are listed of what is passed over.
const NAMES: usize = 10;

fn warn_of_passed_over(passed_over: &[PathBuf]) {
    if passed_over.is_empty() {
        return;
    }
    let names = passed_over.iter().take(NAMES);
    let mut names: Vec<String> = names.map(|path| path.display().to_string()).collect();
    if passed_over.len() > NAMES {
        names.push(format!(
            "{} more",
            thousands((passed_over.len() - NAMES) as u64)
        ));
    }
    warn([format_args!(
        "passed over, since of a folder only the files in it whose names end in .csv are taken: {}; \
         give what is to be imported by its own path",
        names.join(", ")
    )]);
}

fn summary(report: &ImportReport, replaced: u64, rejects: Option<&Path>, start: Instant) -> String {
    let mut line = format!(
        "{} imported from {} in {}",
        count(report.rows, "row"),
        count(report.files, "file"),
        seconds(start.elapsed())
    );
    if replaced > 0 {
        line += &format!(", in place of {}", count(replaced, "row"));
    }
    if report.rejected > 0 {
        line += &format!("; {} rejected", count(report.rejected, "row"));
    }
    if let Some(path) = rejects.filter(|_| report.rejected > 0) {
        line += &format!(", see {}", path.display());
    }
    line
}
