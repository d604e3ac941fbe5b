use std::path::{Path, PathBuf};
use std::time::Instant;

use annals::backup::Backups;
use clap::Args;

use crate::failure::Outcome;
use crate::output::{count, print_done, seconds};
use crate::progress::Progress;

/// Copies a backup to a new store. Every byte of the backup is checked before, and every byte of the store
/// after it.
#[derive(Args)]
pub struct Restore {
    /// The folder of backups, with `@N` for the backup N instead of the newest
    #[arg(value_name = "BACKUPS[@N]")]
    backups: PathBuf,
    /// The folder of the store, which must be missing or empty
    store: PathBuf,
}

impl Restore {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let (folder, number) = split(&self.backups);
        let progress = Progress::spinner("restoring");
        let backups = Backups::new(folder);
        let restored = backups.restore(number, &self.store, &mut |bytes| progress.at(bytes))?;
        drop(progress);
        print_done(format_args!(
            "{}: backup {} restored, {} of {} in {}",
            self.store.display(),
            restored.number,
            count(restored.checkpoint.copied_bytes, "byte"),
            count(restored.checkpoint.segments, "segment"),
            seconds(start.elapsed())
        ))
    }
}

/// Folder and number; a folder whose name ends so is that folder.
fn split(given: &Path) -> (PathBuf, Option<u64>) {
    let number = || {
        let (folder, number) = given.to_str()?.rsplit_once('@')?;
        Some((folder.into(), number.parse().ok()?))
    };
    match number().filter(|_| !given.exists()) {
        Some((folder, number)) => (folder, Some(number)),
        None => (given.to_owned(), None),
    }
}
