use std::path::PathBuf;
use std::time::Instant;

use annals::Store;
use annals::inspect::VerifyReport;
use clap::Args;

use crate::failure::{Failure, Outcome};
use crate::output::{count, print_line, seconds};
use crate::progress::Progress;

/// Reads every byte and checks every checksum and invariant. What is damaged is listed on standard
/// output, a line each: file, bytes, and what is lost.
#[derive(Args)]
pub struct Verify {
    /// The folder of the store
    store: PathBuf,
}

impl Verify {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let progress = Progress::spinner("verifying");
        let report = Store::builder().verify(&self.store, &mut |bytes| progress.at(bytes))?;
        drop(progress);
        let read = format!(
            "{} of {} and {} of the hot tier read in {}",
            count(report.bytes, "byte"),
            count(report.segments, "segment"),
            count(report.hot_rows, "row"),
            seconds(start.elapsed())
        );
        let unnamed = report.unnamed.iter();
        let mut unnamed =
            unnamed.map(|one| format!("{}: nothing names it; {}", one.file, one.what));
        if report.is_sound() {
            print_line(format_args!("{}: sound; {read}", self.store.display()))?;
            return unnamed.try_for_each(print_line);
        }
        list(&report, "")?;
        unnamed.try_for_each(print_line)?;
        let found = (report.damage.len() + report.problems.len()) as u64;
        Err(Failure::damaged(format_args!(
            "{}: {}; {read}; {}",
            self.store.display(),
            count(found, "damaged place"),
            remedy(&report)
        )))
    }
}

/// A segment's file never changes, so that of any copy will do; all else of a store is of one moment.
fn remedy(report: &VerifyReport) -> String {
    let whole = "restore the whole store from a backup: annals restore BACKUPS@N NEWSTORE";
    match report.problems.is_empty() {
        true => format!(
            "copy the files of these names from a backup that has them (BACKUPS/N/segments), or {whole}; or \
             see `annals repair --help`"
        ),
        false => format!("{whole}; or see `annals repair --help`"),
    }
}

/// Lists what is damaged, a line each; `folder` stands before the names of files.
pub fn list(report: &VerifyReport, folder: &str) -> Outcome {
    for damage in &report.damage {
        let [start, end] = damage.bytes;
        let how = match damage.is_missing {
            true => "missing".to_owned(),
            false => format!("bytes {start}..{end} damaged"),
        };
        print_line(format_args!(
            "{folder}{}: {how}; lost: {}",
            damage.file, damage.what
        ))?;
    }
    let mut problems = report.problems.iter();
    problems.try_for_each(|problem| print_line(format_args!("{folder}{problem}")))
}
