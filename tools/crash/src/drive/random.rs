//! Random work without any crash, compared with the model.

use clap::Args;

use super::child::{self, End};
use super::recording::{TIME_LIMIT, arguments, seed_of};
use super::scratch::Scratch;
use super::tally::Tally;
use super::verdict::{Fault, Verdict, Wanted, verdict};
use crate::Outcome;
use crate::marks::Bounds;

/// Commits of a sequence.
const COMMITS: u64 = 80;

/// Random sequences of commits, maintenance and openings, compared with a model
#[derive(Args)]
pub struct Random {
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 300)]
    sequences: u64,
}

impl Random {
    pub fn run(&self) -> Outcome<bool> {
        let scratch = Scratch::new()?;
        let mut tally = Tally::default();
        for number in 0..self.sequences {
            scratch.clear()?;
            let plan = seed_of(self.seed, number);
            let mut work = arguments("work", &scratch.store(), plan);
            work.extend([
                "--compare".to_owned(),
                "--last".to_owned(),
                COMMITS.to_string(),
            ]);
            let ended = child::run(child::command(&work)?, TIME_LIMIT)?;
            let name = format!("sequence {number} (plan {plan})");
            let broken = match &ended.end {
                End::Done => None,
                End::Hung => Some((Fault::Hang, "working".to_owned())),
                End::Failed(status) => {
                    Some((Fault::Wrong, format!("{status}: {}", ended.errors.trim())))
                }
            };
            if let Some((fault, what)) = broken {
                tally.note(&name, &Verdict::Failed(fault, what));
                continue;
            }
            let mut check = arguments("check", &scratch.store(), plan);
            check.extend(["--tried".to_owned(), COMMITS.to_string()]);
            check.push("--reads-first".to_owned());
            let checked = child::run(child::command(&check)?, TIME_LIMIT)?;
            let wanted = Wanted::after_a_kill(Bounds::of(&ended.output));
            tally.note(&name, &verdict(&checked, wanted));
        }
        scratch.close()?;
        Ok(tally.print())
    }
}
