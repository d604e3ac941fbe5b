//! A reader that follows a store while other processes write to it, are killed, and purge it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use annals::Store;
use clap::{Args, ValueEnum};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::child::{self, End, Ended};
use super::recording::{arguments, seed_of};
use super::scratch::Scratch;
use crate::Outcome;
use crate::workload::{Mix, Plan, Watched};

/// Commits of a store before the next is begun.
const COMMITS: u64 = 400;
/// Commits of a process that writes, at most; then another goes on.
const COMMITS_OF_PROCESS: u64 = 40;
/// The longest life of a process that is killed.
const MOST_MILLIS: u64 = 400;
/// The first commit is there before the reader opens the store.
const FIRST: u64 = 1;
/// What one store takes, at most.
const TIME_LIMIT: Duration = Duration::from_secs(300);
/// In turns: with sessions and recommendations, and with purges.
const MIXES: [Mix; 2] = [Mix::All, Mix::Deletes];

/// Follows stores that other processes write to, and compares each answer with a commit
#[derive(Args)]
pub struct Beside {
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// No store is begun after so many seconds
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Where a store that fails is kept
    #[arg(long, default_value = "target/crash")]
    folder: PathBuf,
}

#[derive(Default)]
struct Counts {
    stores: u64,
    reads: u64,
    states: u64,
    writers: u64,
    killed: u64,
    purges: u64,
}

impl Beside {
    pub fn run(&self) -> Outcome<bool> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let until = Instant::now() + Duration::from_secs(self.seconds);
        let scratch = Scratch::new()?;
        let mut counts = Counts::default();
        let mut failures = Vec::new();
        for (number, mix) in (0..).zip(MIXES.iter().cycle()) {
            if Instant::now() > until {
                break;
            }
            scratch.clear()?;
            let plan = Plan {
                seed: seed_of(self.seed, number),
                mix: *mix,
            };
            counts.stores += 1;
            if let Some(failure) = one_store(&scratch, plan, &mut random, &mut counts)? {
                scratch.keep(&self.folder.join(format!("beside-{number}")))?;
                failures.push(format!("store {number} ({plan:?}): {failure}"));
            }
        }
        scratch.close()?;
        for failure in &failures {
            println!("{failure}");
        }
        let lines = [
            (counts.stores, "stores"),
            (counts.writers, "processes that wrote"),
            (counts.killed, "of them killed"),
            (counts.purges, "purges"),
            (counts.states, "commits seen by a reader"),
            (counts.reads, "reads compared"),
            (failures.len() as u64, "FAILED"),
        ];
        for (count, what) in lines {
            println!("{count:>8}  {what}");
        }
        Ok(failures.is_empty())
    }
}

/// Writes and follows one store; gives what went wrong.
fn one_store(
    scratch: &Scratch,
    plan: Plan,
    random: &mut Xoshiro256PlusPlus,
    counts: &mut Counts,
) -> Outcome<Option<String>> {
    let of_plan = |kind: &str, last: u64| -> Outcome<Vec<String>> {
        let mix = plan.mix.to_possible_value().ok_or("a mix without a name")?;
        let mut arguments = arguments(kind, &scratch.store(), plan.seed);
        arguments.extend(["--mix".to_owned(), mix.get_name().to_owned()]);
        arguments.extend(["--last".to_owned(), last.to_string()]);
        Ok(arguments)
    };
    let first = child::run(child::command(&of_plan("work", FIRST)?)?, TIME_LIMIT)?;
    if let Some(failure) = of_process("the first writer", &first) {
        return Ok(Some(failure));
    }
    let mut watch = of_plan("watch", COMMITS)?;
    watch.extend(["--seconds".to_owned(), TIME_LIMIT.as_secs().to_string()]);
    let watch = child::command(&watch)?;
    std::thread::scope(|scope| {
        let watching = std::thread::Builder::new()
            .spawn_scoped(scope, move || child::run(watch, 2 * TIME_LIMIT))?;
        let mut last = FIRST;
        while last < COMMITS && !watching.is_finished() {
            last = (last + random.random_range(1..=COMMITS_OF_PROCESS)).min(COMMITS);
            let work = child::command(&of_plan("work", last)?)?;
            counts.writers += 1;
            // The last one must come to its end.
            if last < COMMITS && random.random_bool(0.5) {
                counts.killed += 1;
                let time = Duration::from_millis(random.random_range(0..MOST_MILLIS));
                child::kill_after(work, time)?;
            } else if let Some(failure) = of_process("a writer", &child::run(work, TIME_LIMIT)?) {
                return Ok(Some(failure));
            }
            if plan.mix == Mix::Deletes && random.random_bool(0.5) {
                let receipt = Store::builder()
                    .settings(plan.settings())
                    .purge(scratch.store());
                match receipt {
                    Ok(receipt) => counts.purges += u64::from(receipt.is_some()),
                    Err(error) => return Ok(Some(format!("purge: {}", error.full_message()))),
                }
            }
        }
        let watched = watching
            .join()
            .map_err(|_| "a thread that waits panicked")??;
        if let Some(failure) = of_process("the reader", &watched) {
            return Ok(Some(failure));
        }
        let line = watched.output.lines().last().unwrap_or_default();
        let watched: Watched = serde_json::from_str(line)?;
        counts.reads += watched.reads;
        counts.states += watched.states;
        Ok(match watched.difference {
            None if watched.commits < COMMITS => {
                Some(format!("{} of {COMMITS} commits seen", watched.commits))
            }
            difference => difference,
        })
    })
}

fn of_process(who: &str, ended: &Ended) -> Option<String> {
    match &ended.end {
        End::Done => None,
        End::Hung => Some(format!("{who} hung")),
        End::Failed(status) => Some(format!("{who}: {status}: {}", ended.errors.trim())),
    }
}
