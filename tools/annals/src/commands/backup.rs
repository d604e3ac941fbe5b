use std::path::PathBuf;
use std::time::Instant;

use annals::backup::Backups;
use annals::copies::Checkpoint;
use clap::Args;

use crate::failure::{Failure, Outcome};
use crate::output::{count, print_done, seconds, warn};

/// Copies a store into a folder of backups, also while another process writes to it. Each backup is a
/// store, in a folder named by its number: `annals verify BACKUPS/3` and all that reads take it, and nothing
/// writes to it. What the backup before has, too, is read, checked and shared with it, so that only what is
/// new is copied. One backup is made in a folder at a time.
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
        warn(made.passed_over.iter());
        let damaged = made.checkpoint.damaged_in_shared.iter();
        warn(damaged.map(|what| {
            format!(
                "{what} (this is of an earlier backup; the new one has it whole, from the store)"
            )
        }));
        check_store(&made)?;
        let Some(keep) = self.keep else {
            return Ok(());
        };
        let removed = backups.keep(keep as usize).map_err(|error| {
            Failure::from(error).and(format_args!("{} was made", made.path.display()))
        })?;
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

/// Fails where the store lacks what its backups have: a backup that is kept may be needed then.
fn check_store(made: &annals::backup::Backup) -> Outcome {
    let damaged = &made.checkpoint.damaged_in_store;
    match damaged.first() {
        None => Ok(()),
        Some(first) => Err(Failure::damaged(format_args!(
            "{} in the store: {first}; {} has it whole, and no backup was removed",
            count(damaged.len() as u64, "damaged segment"),
            made.path.display()
        ))),
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
