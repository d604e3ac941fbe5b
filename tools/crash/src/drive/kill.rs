//! Processes killed at random moments.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::child;
use super::recording::{TIME_LIMIT, arguments};
use super::scratch::Scratch;
use super::tally::Tally;
use super::verdict::{Verdict, Wanted, verdict};
use crate::Outcome;
use crate::marks::Bounds;

/// The longest life of a process.
const MOST_MILLIS: u64 = 400;
/// Commits of a store, about, before the next is begun.
const COMMITS: u64 = 150;
const MIXES: [&str; 5] = ["all", "puts", "events", "imports", "compactions"];

/// Kills a process that works on a store, again and again, and checks what is there
#[derive(Args)]
pub struct Kill {
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 500)]
    kills: u64,
    /// Where a store that fails is kept
    #[arg(long, default_value = "target/crash")]
    folder: PathBuf,
}

impl Kill {
    pub fn run(&self) -> Outcome<bool> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let scratch = Scratch::new()?;
        scratch.clear()?;
        let mut tally = Tally::default();
        let (mut plan, mut bounds) = (0_u64, Bounds::default());
        for number in 0..self.kills {
            let mix = MIXES
                .get(plan as usize % MIXES.len())
                .copied()
                .unwrap_or("all");
            let arguments = |kind: &str| {
                let mut arguments = arguments(kind, &scratch.store(), self.seed.wrapping_add(plan));
                arguments.extend(["--mix".to_owned(), mix.to_owned()]);
                arguments
            };
            let mut work = arguments("work");
            work.extend(["--last".to_owned(), u64::MAX.to_string()]);
            let time = Duration::from_micros(random.random_range(0..MOST_MILLIS * 1000));
            let killed = child::kill_after(child::command(&work)?, time)?;
            let said = Bounds::of(&killed.output);
            bounds.synced = bounds.synced.max(said.synced);
            bounds.acknowledged = bounds.acknowledged.max(said.acknowledged);
            bounds.tried = bounds.tried.max(said.tried);
            let wanted = Wanted::after_a_kill(bounds);
            let mut check = arguments("check");
            check.extend(["--tried".to_owned(), bounds.tried.to_string()]);
            check.extend(["--more".to_owned(), "0".to_owned()]);
            if random.random_bool(0.5) {
                check.push("--reads-first".to_owned());
            }
            let verdict = verdict(&child::run(child::command(&check)?, TIME_LIMIT)?, wanted);
            let name = format!("kill {number} ({mix}, after {time:?})");
            if !matches!(killed.end, child::End::Hung) {
                // It ended by itself: it is never done.
                let what = format!("{:?}", killed.errors);
                tally.note(&name, &Verdict::Failed(super::verdict::Fault::Error, what));
            }
            tally.note(&name, &verdict);
            match verdict {
                Verdict::Sound(found) => {
                    bounds.acknowledged = found;
                    bounds.tried = found;
                }
                Verdict::Failed(..) => scratch.keep(&self.folder.join(format!("kill-{number}")))?,
                _ => {}
            }
            if bounds.tried > COMMITS || matches!(verdict, Verdict::Failed(..)) {
                scratch.clear()?;
                (plan, bounds) = (plan + 1, Bounds::default());
            }
        }
        scratch.close()?;
        Ok(tally.print())
    }
}
