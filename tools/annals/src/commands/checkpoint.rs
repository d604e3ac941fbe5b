use std::path::PathBuf;
use std::time::Instant;

use annals::Store;
use annals::copies::Sharing;
use clap::Args;

use crate::failure::Outcome;
use crate::output::{print_done, seconds};

/// Copies a store as it is at this moment, also while another process writes to it. The copy is a store of
/// its own. Files that never change are shared with the original by hard links, where the file system has
/// them; use `annals backup` for a copy that shares nothing.
#[derive(Args)]
pub struct Checkpoint {
    /// The folder of the store
    store: PathBuf,
    /// The folder of the copy, which must be missing or empty
    folder: PathBuf,
}

impl Checkpoint {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let made = Store::builder().checkpoint(&self.store, &self.folder, &Sharing::Link)?;
        print_done(format_args!(
            "{}: {} in {}",
            self.folder.display(),
            super::backup::taken(&made),
            seconds(start.elapsed())
        ))
    }
}
