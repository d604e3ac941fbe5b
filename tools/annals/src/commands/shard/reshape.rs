use std::path::{Path, PathBuf};
use std::time::Instant;

use annals::shards::{Reshaped, ShardSet};
use clap::Args;

use crate::failure::Outcome;
use crate::output::{count, print_done, seconds};
use crate::progress::Progress;

/// Splits a shard into two of half its hashes: its interactions are copied to two new stores, and shards.json is
/// replaced at once. Nobody may write to the shard meanwhile; readers go on with what they have open. When it is
/// interrupted, the set is as it was, and the next split or merge removes what is left.
///
/// A shard that remembers event ids, sessions or recommendations is refused: these cannot be copied.
#[derive(Args)]
pub struct Split {
    /// The folder of the set
    set: PathBuf,
    /// The position of the shard, from 0
    shard: usize,
}

/// Makes one shard of two neighbours, as `annals shard split` makes two of one.
#[derive(Args)]
pub struct Merge {
    /// The folder of the set
    set: PathBuf,
    /// The position of the first, from 0
    first: usize,
    /// The position of the one behind it
    second: usize,
}

impl Split {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let spinner = Progress::spinner("copying");
        let done = ShardSet::builder().split(&self.set, self.shard)?;
        drop(spinner);
        tell(&self.set, &done, start)
    }
}

impl Merge {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let spinner = Progress::spinner("copying");
        let done = ShardSet::builder().merge(&self.set, self.first, self.second)?;
        drop(spinner);
        tell(&self.set, &done, start)
    }
}

fn tell(set: &Path, done: &Reshaped, start: Instant) -> Outcome {
    print_done(format_args!(
        "{}: {} became {}, {} copied in {}; {} now",
        set.display(),
        done.removed.join(" and "),
        done.added.join(" and "),
        count(done.rows, "interaction"),
        seconds(start.elapsed()),
        count(done.map.len() as u64, "shard")
    ))
}
