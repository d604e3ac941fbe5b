use std::path::PathBuf;

use annals::Store;
use clap::Args;

use crate::failure::Outcome;
use crate::output::{count, print_line};

/// Opens a store whose hot tier's log is damaged, without what stands behind the damage. The commits
/// that are given up are counted, and copies of the damaged files stay in the folder of the hot tier.
/// A store that is sound stays as it is. Try to restore the files from a copy first.
#[derive(Args)]
pub struct Repair {
    /// The folder of the store
    store: PathBuf,
    /// Give up what stands behind the damage
    #[arg(long, required = true)]
    drop_damaged_log: bool,
}

impl Repair {
    pub fn run(self) -> Outcome {
        let builder = Store::builder().drop_damaged_log(self.drop_damaged_log);
        let store = builder.open(&self.store)?;
        let report = store.recovery_report();
        let path = self.store.display();
        if report.kept_files.is_empty() && report.lost_rows == 0 {
            return print_line(format_args!(
                "{path}: the log is whole; nothing was changed"
            ));
        }
        print_line(format_args!(
            "{path}: {} dropped behind the damage{}; {} lost that were noted before",
            count(report.dropped_records, "whole commit"),
            damaged(report.damaged_bytes),
            count(report.lost_rows, "row"),
        ))?;
        let mut kept = report.kept_files.iter();
        kept.try_for_each(|file| {
            print_line(format_args!("copy of the damaged file: {}", file.display()))
        })
    }
}

/// What cannot be counted in commits.
pub fn damaged(bytes: u64) -> String {
    match bytes {
        0 => String::new(),
        bytes => format!(
            ", and {} of damaged ones (1 commit at least)",
            count(bytes, "byte")
        ),
    }
}
