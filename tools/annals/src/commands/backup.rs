use std::path::PathBuf;
use std::time::Instant;

use annals::Checkpoint;
use annals::backup::Backups;
use clap::Args;

use crate::failure::Outcome;
use crate::output::{count, print_done, seconds};

/// Copies a store into a folder of backups, also while another process writes to it. Each backup is a
/// store, in a folder named by its number: `annals verify BACKUPS/3` and all that reads take it. What the
/// backup before has, too, is shared with it, so that only what is new is copied.
#[derive(Args)]
pub struct Backup {
    /// The folder of the store
    store: PathBuf,
    /// The folder of its backups, which is made where it is missing
    backups: PathBuf,
    /// Then remove all but the newest N
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
}

impl Backup {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let backups = Backups::new(&self.backups);
        let made = backups.make(&self.store)?;
        print_done(format_args!(
            "{}: {} in {}",
            made.path.display(),
            taken(&made.checkpoint),
            seconds(start.elapsed())
        ))?;
        let Some(keep) = self.keep else {
            return Ok(());
        };
        let removed = backups.keep(keep as usize)?;
        match removed.is_empty() {
            true => Ok(()),
            false => print_done(format_args!(
                "{} removed, {} kept",
                count(removed.len() as u64, "backup"),
                count(backups.numbers()?.len() as u64, "backup"),
            )),
        }
    }
}

/// What a copy took.
pub(super) fn taken(made: &Checkpoint) -> String {
    format!(
        "{}, {} copied, {} shared",
        count(made.segments, "segment"),
        count(made.copied_bytes, "byte"),
        count(made.linked_bytes, "byte"),
    )
}
