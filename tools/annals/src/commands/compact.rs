use std::path::PathBuf;
use std::time::Instant;

use annals::Store;
use clap::Args;

use crate::failure::Outcome;
use crate::output::{count, print_done, seconds};
use crate::progress::Progress;

/// Seals what was recorded and merges segments, so that reads have few places to look.
#[derive(Args)]
pub struct Compact {
    /// The folder of the store
    store: PathBuf,
}

impl Compact {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let store = Store::open(&self.store)?;
        let before = size(&store);
        let spinner = Progress::spinner("compacting");
        store.compact()?;
        drop(spinner);
        let after = size(&store);
        print_done(format_args!(
            "{} before, {} after, in {}",
            shown(before),
            shown(after),
            seconds(start.elapsed())
        ))
    }
}

/// Segments and their bytes.
fn size(store: &Store) -> (u64, u64) {
    let segments = store.segments();
    let bytes = segments.iter().map(|segment| segment.file_bytes).sum();
    (segments.len() as u64, bytes)
}

fn shown((segments, bytes): (u64, u64)) -> String {
    format!("{} of {}", count(segments, "segment"), count(bytes, "byte"))
}
