//! What is run, in which order. Reads and writes are interleaved: every store does a piece of work
//! before any does the next, so that what else the machine does falls on all.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::parent::{self, Python, Served};
use crate::peer::{Fields, Form};
use crate::peers::Kind;
use crate::protocol::{Draw, Reply, Work};
use crate::results::Results;
use crate::scratch::Scratch;

/// Seconds that writes of one kind are measured.
const WRITE_SECONDS: f64 = 1.5;
/// Seconds that lookups beside a writer are measured, each time.
const MIXED_SECONDS: f64 = 6.0;
/// Before a store writes: what the one before it still does in the background comes to an end.
const SETTLE: Duration = Duration::from_secs(1);

pub struct Schedule<'a> {
    pub kinds: &'a [Kind],
    pub python: &'a Python,
    pub scratch: &'a Scratch,
    pub rounds: usize,
    pub csv: bool,
    pub writes: bool,
}

impl Schedule<'_> {
    pub fn run(&self, results: &mut Results) -> Result<()> {
        let start = Instant::now();
        let say = |what: &str| eprintln!("[{:4.0} s] {what}", start.elapsed().as_secs_f64());
        self.load("load-csv", results, &say, |kind| {
            self.csv && kind.reads_csv()
        });
        self.load("load", results, &say, |_| true);
        let mut open = Vec::new();
        for kind in self.kinds {
            match Served::start(kind, self.python, self.scratch) {
                Ok((served, reply)) => {
                    results.take(kind.name(), reply);
                    open.push((kind, served));
                }
                Err(error) => results.fail(kind.name(), &error),
            }
        }
        for round in 0..self.rounds {
            for work in reads(round == 0) {
                say(&format!("round {} of {}: {work:?}", round + 1, self.rounds));
                for (kind, served) in &mut open {
                    ask(kind, served, work, results);
                }
            }
        }
        let rounds = if self.writes { self.rounds } else { 0 };
        for round in 0..rounds {
            for work in writes() {
                say(&format!("round {} of {rounds}: {work:?}", round + 1));
                for (kind, served) in open.iter_mut().filter(|(kind, _)| kind.writes()) {
                    std::thread::sleep(SETTLE);
                    ask(kind, served, work, results);
                }
            }
        }
        say("done");
        open.into_iter().try_for_each(|(_, served)| served.end())
    }

    fn load(
        &self,
        verb: &str,
        results: &mut Results,
        say: &dyn Fn(&str),
        can: impl Fn(&Kind) -> bool,
    ) {
        for round in 0..self.rounds {
            for kind in self.kinds.iter().filter(|kind| can(kind)) {
                say(&format!(
                    "{verb} {} of {}: {}",
                    round + 1,
                    self.rounds,
                    kind.name()
                ));
                match parent::once(kind, self.python, self.scratch, verb) {
                    Ok(reply) => results.take(kind.name(), reply),
                    Err(error) => results.fail(kind.name(), &error),
                }
            }
        }
    }
}

fn ask(kind: &Kind, served: &mut Served, work: Work, results: &mut Results) {
    let reply = served.ask(work).unwrap_or_else(|error| Reply {
        error: Some(format!("{work:?}: {error:#}")),
        ..Reply::default()
    });
    results.take(kind.name(), reply);
}

fn reads(check: bool) -> Vec<Work> {
    let mut works = vec![
        Work::History {
            draw: Draw::Activity,
            check,
        },
        Work::History {
            draw: Draw::Uniform,
            check,
        },
        Work::Unseen { check },
    ];
    let scans = [
        (Fields::All, false),
        (Fields::Three, false),
        (Fields::All, true),
    ];
    for (fields, window) in scans {
        for form in [Form::Codes, Form::Strings, Form::Arrow] {
            for threads in [1, 2] {
                works.push(Work::Scan {
                    fields,
                    form,
                    window,
                    threads,
                    // The split scan is the one that could go wrong more ways.
                    check: check && threads == 2,
                });
            }
        }
    }
    works
}

/// Writes change the store, so they come last.
fn writes() -> Vec<Work> {
    let puts = [(false, 1), (false, 16), (true, 1), (true, 16)];
    let puts = puts.map(|(synced, threads)| Work::Put {
        synced,
        threads,
        seconds: WRITE_SECONDS,
    });
    let mixed = Work::Mixed {
        seconds: MIXED_SECONDS,
    };
    puts.into_iter().chain([mixed]).collect()
}
