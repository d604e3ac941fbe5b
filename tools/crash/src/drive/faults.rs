//! Each system call failing once.

use clap::Args;

use super::child::{self, End};
use super::recording::{TIME_LIMIT, arguments};
use super::scratch::Scratch;
use super::tally::Tally;
use super::verdict::{Fault, Verdict, Wanted, verdict};
use crate::Outcome;
use crate::disk::{Image, failed_calls};
use crate::marks::{Bounds, Mark};

/// Commits before the process in which a call fails.
const BEFORE: u64 = 12;
/// Commits of that process.
const DURING: u64 = 4;
const MIXES: [&str; 4] = ["puts", "events", "imports", "compactions"];

/// An error of the system.
struct Failure {
    name: &'static str,
    number: &'static str,
    message: &'static str,
    /// Whether a write is done by half before it fails.
    is_short: bool,
}

const FAILURES: [Failure; 2] = [
    Failure {
        name: "EIO",
        number: "5",
        message: "Input/output error",
        is_short: false,
    },
    Failure {
        name: "ENOSPC",
        number: "28",
        message: "No space left on device",
        is_short: true,
    },
];

/// Lets each system call of opening, writing, importing, sealing, compacting and closing fail once
#[derive(Args)]
pub struct Faults {
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only one call in so many
    #[arg(long, default_value_t = 1)]
    every: usize,
}

impl Faults {
    pub fn run(&self) -> Outcome<bool> {
        let mut tally = Tally::default();
        let runs: Vec<(&str, &Failure)> = MIXES
            .iter()
            .flat_map(|mix| FAILURES.iter().map(move |failure| (*mix, failure)))
            .collect();
        let tallies: Vec<Outcome<Tally>> = std::thread::scope(|scope| {
            let mut tallies = Vec::new();
            for pair in runs.chunks(2) {
                let workers: Vec<_> = pair
                    .iter()
                    .map(|(mix, failure)| {
                        std::thread::Builder::new()
                            .spawn_scoped(scope, || self.each_call(mix, failure))
                    })
                    .collect();
                for worker in workers {
                    tallies.push(match worker.map(std::thread::ScopedJoinHandle::join) {
                        Ok(Ok(tally)) => tally,
                        Ok(Err(_)) => Err("a worker panicked".into()),
                        Err(error) => Err(error.into()),
                    });
                }
            }
            tallies
        });
        for found in tallies {
            tally.add(found?);
        }
        Ok(tally.print())
    }

    /// All calls of one process, one after the other.
    fn each_call(&self, mix: &str, failure: &Failure) -> Outcome<Tally> {
        let scratch = Scratch::new()?;
        scratch.clear()?;
        let arguments = |kind: &str| {
            let mut arguments = arguments(kind, &scratch.store(), self.seed);
            arguments.extend(["--mix".to_owned(), mix.to_owned()]);
            arguments
        };
        let work = |last: u64, goes_on: bool| {
            let mut work = arguments("work");
            work.extend(["--quiet".to_owned(), "--last".to_owned(), last.to_string()]);
            work.extend(goes_on.then(|| "--go-on".to_owned()));
            child::command(&work)
        };
        let made = child::run(work(BEFORE, false)?, TIME_LIMIT)?;
        if !matches!(made.end, End::Done) {
            return Err(format!("the store to begin with was not made: {made:?}").into());
        }
        let before = Image::read(&scratch.disk())?;
        let mut tally = Tally::default();
        for call in (1..).step_by(self.every.max(1)) {
            before.write(&scratch.disk())?;
            let mut command = work(BEFORE + DURING, true)?;
            child::record(&mut command, &scratch.disk(), &scratch.trace());
            command.env("RECORDER_FAIL", call.to_string());
            command.env("RECORDER_ERRNO", failure.number);
            if failure.is_short {
                command.env("RECORDER_SHORT", "1");
            }
            let ended = child::run(command, TIME_LIMIT)?;
            let failed = failed_calls(&std::fs::read(scratch.trace())?)?;
            let Some(failed) = failed.first() else {
                break;
            };
            let name = format!("{mix}, {} of call {call} ({failed})", failure.name);
            if let Some(fault) = ended_wrong(&ended, failure) {
                tally.note(&name, &fault);
            }
            let said = Mark::all(&ended.output).any(|mark| matches!(mark, Mark::Failed(..)));
            tally.count(if said {
                "  error given"
            } else {
                "  no error given"
            });
            let mut bounds = Bounds::of(&ended.output);
            bounds.acknowledged = bounds.acknowledged.max(BEFORE);
            bounds.tried = bounds.tried.max(BEFORE);
            let mut check = arguments("check");
            check.extend(["--tried".to_owned(), bounds.tried.to_string()]);
            let checked = child::run(child::command(&check)?, TIME_LIMIT)?;
            let verdict = verdict(&checked, Wanted::after_a_kill(bounds));
            tally.note(&name, &verdict);
        }
        scratch.close()?;
        Ok(tally)
    }
}

/// What is wrong with the process itself: how it ended, or what it said first.
fn ended_wrong(ended: &child::Ended, failure: &Failure) -> Option<Verdict> {
    let failed = |fault, what: &str| Some(Verdict::Failed(fault, what.to_owned()));
    match &ended.end {
        End::Hung => return failed(Fault::Hang, "the process that met the failure"),
        End::Failed(status) => {
            return failed(Fault::Panic, &format!("{status}: {}", ended.errors.trim()));
        }
        End::Done => {}
    }
    let first = Mark::all(&ended.output).find_map(|mark| match mark {
        Mark::Failed(_, error) => Some(error),
        _ => None,
    })?;
    match first.contains(failure.message) {
        true => None,
        false => failed(Fault::Vague, &first),
    }
}
