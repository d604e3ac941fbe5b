use std::path::PathBuf;
use std::time::Instant;

use annals::shards::{ShardReport, ShardSet, ShardSetReport};
use clap::Args;

use crate::commands::verify::list;
use crate::failure::{Failure, Outcome};
use crate::output::{count, print_line, seconds};
use crate::progress::Progress;

/// Reads every byte of every shard and checks every checksum and invariant, and looks whether each user is
/// in the shard that the hash says. What is wrong is listed on standard output, a line each.
#[derive(Args)]
pub struct Verify {
    /// The folder of the set
    set: PathBuf,
}

impl Verify {
    pub fn run(self) -> Outcome {
        let start = Instant::now();
        let progress = Progress::spinner("verifying");
        let mut told = |bytes| progress.at(bytes);
        let report = ShardSet::builder().verify(&self.set, &mut told)?;
        drop(progress);
        for (shard, found) in report.map.shards().iter().zip(&report.shards) {
            list_shard(shard.folder(), found)?;
        }
        for name in &report.unnamed {
            print_line(format_args!(
                "{name}: shards.json does not name it; what an interrupted split or merge left, which goes with \
                 the next one"
            ))?;
        }
        self.conclude(&report, start)
    }

    fn conclude(&self, report: &ShardSetReport, start: Instant) -> Outcome {
        let bytes = report.shards.iter().map(|shard| shard.store.bytes).sum();
        let read = format!(
            "{} of {} read in {}",
            count(bytes, "byte"),
            count(report.shards.len() as u64, "shard"),
            seconds(start.elapsed())
        );
        if report.is_sound() {
            return print_line(format_args!("{}: sound; {read}", self.set.display()));
        }
        Err(Failure::damaged(format_args!(
            "{}: not sound; {read}; `annals verify SET/SHARD` says what to do about a damaged store",
            self.set.display()
        )))
    }
}

fn list_shard(folder: &str, found: &ShardReport) -> Outcome {
    if let Some(wrong) = &found.wrong_store {
        print_line(wrong)?;
    }
    list(&found.store, &format!("{folder}/"))?;
    if let Some(first) = &found.first_stray {
        print_line(format_args!(
            "{folder}: {} of other shards, the first {first:?}; they were written past the set, and are not found \
             there: write their interactions again, by the set, and delete them here",
            count(found.strays, "user")
        ))?;
    }
    Ok(())
}
