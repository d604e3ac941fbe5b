use std::path::PathBuf;

use annals::Store;
use annals::inspect::{DamagedSegment, RepairReport};
use clap::Args;

use crate::args::ReportFormat;
use crate::failure::{Failure, Outcome};
use crate::output::{count, instant, print_json, print_line};
use crate::progress::Progress;
use crate::store::damaged;

/// Brings a damaged store to what can be trusted. Segments that are damaged are moved to its folder
/// `quarantine`, and those that are missing are taken off its list, so that all others are read again; nothing
/// is deleted. What is lost is listed: rows, commits, users, times. A store that is sound stays as it is.
///
/// Restore what is damaged from a backup first, where there is one: nothing is lost then.
#[derive(Args)]
pub struct Repair {
    /// The folder of the store
    store: PathBuf,
    /// List what would be moved and lost, and change nothing. The exit code is 4 where anything is damaged
    #[arg(long)]
    dry_run: bool,
    /// Where the log of single writes is damaged, give up what stands behind the damage; copies of its
    /// files stay
    #[arg(long)]
    drop_damaged_log: bool,
    /// How to write it
    #[arg(long, value_enum, value_name = "F", default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

impl Repair {
    pub fn run(self) -> Outcome {
        let builder = Store::builder().drop_damaged_log(self.drop_damaged_log);
        let progress = Progress::spinner("reading");
        let at = &mut |bytes| progress.at(bytes);
        let report = match self.dry_run {
            true => builder.rehearse_repair(&self.store, at)?,
            false => builder.repair(&self.store, at)?,
        };
        drop(progress);
        match self.format {
            ReportFormat::Json => print_json(&report)?,
            ReportFormat::Table => self.print(&report)?,
        }
        let log = report.log.damage.is_some() || report.hot_problem.is_some();
        if self.dry_run && (log || !report.segments.is_empty()) {
            return Err(Failure::damaged(format_args!(
                "{}: {}{}; nothing was changed (--dry-run)",
                self.store.display(),
                count(report.segments.len() as u64, "damaged segment"),
                if log { ", and a damaged log" } else { "" },
            )));
        }
        Ok(())
    }

    fn print(&self, report: &RepairReport) -> Outcome {
        let path = self.store.display();
        report.segments.iter().try_for_each(|segment| {
            print_line(format_args!("{}: {}", segment.file, segment.why))?;
            print_line(lost(segment))?;
            match &segment.moved_to {
                Some(place) => print_line(format_args!("moved to {place}")),
                None => Ok(()),
            }
        })?;
        if let Some(problem) = &report.hot_problem {
            print_line(problem)?;
        }
        let log = &report.log;
        if log.damage.is_some() || log.lost_rows > 0 {
            let done = match self.dry_run {
                true => "stand",
                false => "dropped",
            };
            print_line(format_args!(
                "{path}: {} {done} behind the damage{}; {} lost that were noted before",
                count(log.dropped_records, "whole commit"),
                damaged(log.damaged_bytes),
                count(log.lost_rows, "row"),
            ))?;
        }
        for file in &log.kept_files {
            print_line(format_args!("copy of the damaged file: {}", file.display()))?;
        }
        if self.dry_run {
            return Ok(());
        }
        let rows = report.segments.iter().map(|segment| segment.rows).sum();
        match (report.segments.len() as u64, log.kept_files.len()) {
            (0, 0) => print_line(format_args!(
                "{path}: nothing is damaged; nothing was changed"
            )),
            (0, _) => Ok(()),
            (segments, _) => print_line(format_args!(
                "{path}: {} taken out, {} lost; what is left is read again",
                count(segments, "segment"),
                count(rows, "row"),
            )),
        }
    }
}

/// What is lost with a segment, in words.
fn lost(segment: &DamagedSegment) -> String {
    let [first, last] = segment.commits;
    let mut line = format!(
        "lost: {} of the commits {first} to {last}",
        count(segment.rows, "row")
    );
    let bounds = segment.between_users.each_ref().map(Option::as_deref);
    match (segment.users, bounds) {
        (Some(users), [Some(first), Some(last)]) => {
            line += &format!(", of {} from {first:?} to {last:?}", count(users, "user"));
        }
        (_, [None, None]) => line += ", of users that cannot be told",
        (_, [after, before]) => {
            line += ", of users that cannot be told but lie";
            if let Some(after) = after {
                line += &format!(" behind {after:?}");
            }
            if let Some(before) = before {
                line += &format!(" before {before:?}");
            }
        }
    }
    match segment.timestamps {
        Some([first, last]) => {
            line += &format!(", from {} to {}", instant(first), instant(last));
        }
        None => line += ", at times that cannot be told",
    }
    if let Some(file) = &segment.users_file {
        line += &format!("; {file} lists the users");
    }
    line
}
