use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use annals::columns::Validator;
use annals::import::{CsvFiles, CsvImport, Distinct, ImportReport, OnError, RowSink, csv_files};
use annals::shards::ShardSet;
use annals::{ImportMode, Settings, Store};
use clap::{Args, ValueEnum};

use super::import_preview::{FirstRejects, Preview};
use crate::failure::{Failure, Outcome};
use crate::form_args::FormArgs;
use crate::output::{OutputFile, check_output, count, print_done, say, seconds, thousands, warn};
use crate::placeholders::warn_of_placeholder_users;
use crate::progress::Progress;
use crate::store::open_for_reading;

/// Where refused rows go unless told otherwise.
const REJECTS: &str = "rejects.csv";

#[derive(Args)]
pub struct Import {
    /// The folder of the store
    store: PathBuf,
    /// CSV files or folders of them, JSON lines, or `-` for standard input; also compressed by gzip or zstd
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
    /// they go to rejects.csv in the current folder, if there are any. An earlier file is replaced. Once
    /// corrected it can be imported itself, with the options of the first import
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// With `--on-error skip`: more bad rows than this end the import
    #[arg(long, value_name = "N")]
    max_errors: Option<u64>,
    /// Leave out rows that are equal to an earlier one of this import
    #[arg(long, value_enum)]
    distinct: Option<DistinctBy>,
    /// Check every row, show the first as they would be stored, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Memory for rows, in MiB; beyond it sorted runs go to disk [default: 1024]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 24))]
    memory_budget: Option<u64>,
    #[command(flatten)]
    form: FormArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// The import replaces it
    Full,
    /// The import adds to it
    Incremental,
}

impl From<Mode> for ImportMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Full => Self::Full,
            Mode::Incremental => Self::Incremental,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BadRow {
    /// Ends the import; the store stays as it was
    Abort,
    /// Goes to the rejects; the rest is imported
    Skip,
}

#[derive(Clone, Copy, ValueEnum)]
enum DistinctBy {
    /// In all fields
    Full,
    /// In user, item and time
    UserItemTime,
}

impl Import {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let files = self.files()?;
        if self.dry_run {
            return self.rehearse(&files, &open_for_reading(&self.store)?);
        }
        let store = Store::builder()
            .settings(self.settings())
            .open(&self.store)?;
        let mut import = store.import(self.mode.into())?;
        import.allow_empty(self.allow_empty);
        let replaced = import.replaces();
        let (report, rejects) = self.read_for_good(store.validator(), &files, &mut import)?;
        self.finish(start, (report, rejects, replaced), &[&store], || {
            import.commit().map(drop)
        })
    }

    /// The same into shards of a set, in whose folder `store` is: all, or those at these positions.
    pub fn run_on_shards(self, only: &[usize]) -> Outcome {
        let start = Instant::now();
        let files = self.files()?;
        let mut set = ShardSet::builder().settings(self.settings());
        if self.dry_run {
            let set = set.only([0]).open_read_only(&self.store)?;
            return self.rehearse(&files, set.store(0)?);
        }
        if !only.is_empty() {
            set = set.only(only.iter().copied());
        }
        let set = set.open(&self.store)?;
        let mut import = set.import_own(self.mode.into())?;
        import.allow_empty(self.allow_empty);
        let replaced = import.replaces();
        let (mut report, rejects) = self.read_for_good(set.validator(), &files, &mut import)?;
        report.rows -= import.passed_over();
        let shards = 0..set.map().len();
        let stores = shards.filter_map(|shard| set.store(shard).ok());
        let stores: Vec<&Store> = stores.collect();
        self.finish(start, (report, rejects, replaced), &stores, || {
            import.commit().map(drop)
        })
    }

    /// The files that are to be read.
    fn files(&self) -> Outcome<Vec<PathBuf>> {
        self.check()?;
        let CsvFiles {
            files, passed_over, ..
        } = match self.reads_stdin() {
            true => CsvFiles::default(),
            false => csv_files(&self.paths)?,
        };
        warn_of_passed_over(&passed_over);
        if self.on_error == BadRow::Skip && !self.dry_run {
            check_output("--rejects", self.rejects(), &files, &self.store)?;
        }
        Ok(files)
    }

    /// Commits what was read, and tells what was done.
    fn finish(
        &self,
        start: Instant,
        (report, rejects, replaced): (ImportReport, Option<OutputFile>, u64),
        stores: &[&Store],
        commit: impl FnOnce() -> annals::Result<()>,
    ) -> Outcome {
        // Before the commit, so that no row is missing from both.
        let rejects = rejects.map(keep).transpose()?;
        let spinner = Progress::spinner("sorting and writing");
        commit()?;
        let maintained = stores.iter().try_for_each(|store| store.maintain());
        drop(spinner);
        warn(&report.warnings);
        let done = summary(&report, replaced, rejects.as_deref(), start);
        let warned = maintained.map_err(Failure::from).and_then(|()| {
            let mut stores = stores.iter();
            stores.try_for_each(|store| warn_of_placeholder_users(store))
        });
        warned.map_err(|failure| failure.and(&done))?;
        print_done(done)?;
        refused(&report)
    }

    /// Looks whether the options fit together.
    fn check(&self) -> Outcome {
        if self.on_error == BadRow::Abort {
            let needs_skip = [
                ("--rejects", self.rejects.is_some()),
                ("--max-errors", self.max_errors.is_some()),
            ];
            if let Some((option, _)) = needs_skip.iter().find(|(_, given)| *given) {
                return Err(Failure::usage(format_args!(
                    "{option} needs --on-error skip"
                )));
            }
        }
        let stdin = self.paths.iter().filter(|path| is_stdin(path)).count();
        if stdin > 0 && self.paths.len() > 1 {
            return Err(Failure::usage(
                "-: standard input is one import; give it alone",
            ));
        }
        Ok(())
    }

    fn reads_stdin(&self) -> bool {
        self.paths.iter().any(|path| is_stdin(path))
    }

    /// Reads everything and writes nothing: the store is opened for reading.
    fn rehearse(&self, files: &[PathBuf], store: &Store) -> Outcome {
        let rehearsal = store.rehearse_import(self.mode.into())?;
        let mut preview = Preview::of(rehearsal, store.schema());
        let mut first_rejects = FirstRejects::default();
        let rejects: Option<&mut dyn Write> = match self.on_error {
            BadRow::Abort => None,
            BadRow::Skip => Some(&mut first_rejects),
        };
        let report = self.read(store.validator(), rejects, files, &mut preview)?;
        preview.print()?;
        warn(&report.warnings);
        first_rejects.reasons().for_each(say);
        let mut line = format!(
            "{} would be imported from {}",
            count(report.rows, "row"),
            count(report.files, "file")
        );
        if let Some(times) = preview.times() {
            line += &format!(", {times}");
        }
        if report.repeats_left_out > 0 {
            line += &format!("; {} left out", count(report.repeats_left_out, "repeat"));
        }
        say(line + "; nothing was written (--dry-run)");
        refused(&report)
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
    fn read_for_good<S: RowSink>(
        &self,
        validator: &Validator,
        files: &[PathBuf],
        import: &mut S,
    ) -> Outcome<(ImportReport, Option<OutputFile>)> {
        if self.on_error == BadRow::Abort {
            return Ok((self.read(validator, None, files, import)?, None));
        }
        let mut rejects = OutputFile::create(self.rejects())?;
        let report = self.read(validator, Some(&mut rejects), files, import)?;
        let wanted = self.rejects.is_some() || report.rejected > 0;
        Ok((report, wanted.then_some(rejects)))
    }

    fn read<S: RowSink>(
        &self,
        validator: &Validator,
        rejects: Option<&mut dyn Write>,
        files: &[PathBuf],
        sink: &mut S,
    ) -> Outcome<ImportReport> {
        let sizes = files.iter().filter_map(|file| file.metadata().ok());
        let progress = match self.reads_stdin() {
            true => Progress::spinner("reading"),
            false => Progress::of_bytes("reading", sizes.map(|found| found.len()).sum()),
        };
        let mut reader = CsvImport::new(validator)
            .form(self.form.form()?)
            .progress(|bytes| progress.at(bytes));
        if let Some(rejects) = rejects {
            reader = reader.on_error(OnError::Skip(rejects));
        }
        if let Some(most) = self.max_errors {
            reader = reader.max_rejected(most);
        }
        if let Some(distinct) = self.distinct {
            reader = reader.distinct(match distinct {
                DistinctBy::Full => Distinct::Full,
                DistinctBy::UserItemTime => Distinct::UserItemTime,
            });
        }
        Ok(match self.reads_stdin() {
            true => reader.run_reader("standard input", std::io::stdin().lock(), sink)?,
            false => reader.run(files, sink)?,
        })
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Scripts learn from the exit code that rows are missing.
fn refused(report: &ImportReport) -> Outcome {
    match report.rejected {
        0 => Ok(()),
        rejected => Err(Failure::invalid(format_args!(
            "{} of {} rejected",
            count(rejected, "row"),
            thousands(report.rows + rejected)
        ))),
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
    if report.repeats_left_out > 0 {
        line += &format!("; {} left out", count(report.repeats_left_out, "repeat"));
    }
    if report.rejected > 0 {
        line += &format!("; {} rejected", count(report.rejected, "row"));
    }
    if let Some(path) = rejects.filter(|_| report.rejected > 0) {
        line += &format!(", see {}", path.display());
    }
    line
}
