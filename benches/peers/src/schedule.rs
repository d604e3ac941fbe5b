//! What is run, in which order. Reads and writes are interleaved: every store does a piece of work
//! before any does the next, so that what else the machine does falls on all, and with a tenth of the
//! rows before with all of them.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::args::Works;
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

/// A store with some data.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub kind: &'a Kind,
    pub scratch: &'a Scratch,
    /// Whether that is a tenth of the rows.
    pub tenth: bool,
}

impl Subject<'_> {
    fn start(&self, python: &Python) -> Result<(Served, Reply)> {
        Served::start(self.kind, python, self.scratch)
    }

    fn take(&self, reply: Reply, results: &mut Results) {
        self.results(results).take(self.kind.name(), reply);
    }

    fn fail(&self, error: &anyhow::Error, results: &mut Results) {
        self.results(results).fail(self.kind.name(), error);
    }

    /// Those with its data.
    fn results<'r>(&self, results: &'r mut Results) -> &'r mut Results {
        match self.tenth {
            true => results.tenth.get_or_insert_default(),
            false => results,
        }
    }
}

pub struct Schedule<'a> {
    pub subjects: &'a [Subject<'a>],
    pub python: &'a Python,
    pub rounds: usize,
    pub works: Works,
}

impl Schedule<'_> {
    pub fn run(&self, results: &mut Results) -> Result<()> {
        let start = Instant::now();
        let say = |what: &str| eprintln!("[{:4.0} s] {what}", start.elapsed().as_secs_f64());
        let works = self.works;
        if works.csv {
            self.once("load-csv", self.rounds, results, &say, Kind::reads_csv);
        }
        // The last of the loads is what the other works are done with.
        let loads = match (works.load, works.need_load()) {
            (true, _) => self.rounds,
            (false, needed) => usize::from(needed),
        };
        self.once("load", loads, results, &say, |_| true);
        if works.cold {
            self.once("cold", self.rounds, results, &say, Kind::cold);
        }
        if works.serve() {
            self.serve(results, &say)?;
        }
        say("done");
        Ok(())
    }

    /// Opens every store and has it do reads, then writes.
    fn serve(&self, results: &mut Results, say: &dyn Fn(&str)) -> Result<()> {
        let mut open = Vec::new();
        for subject in self.subjects {
            match subject.start(self.python) {
                Ok((served, reply)) => {
                    subject.take(reply, results);
                    open.push((subject, served));
                }
                Err(error) => subject.fail(&error, results),
            }
        }
        let rounds = if self.works.reads { self.rounds } else { 0 };
        for round in 0..rounds {
            for work in reads(round == 0) {
                say(&format!("round {} of {}: {work:?}", round + 1, self.rounds));
                for (subject, served) in &mut open {
                    ask(subject, served, work, results);
                }
            }
        }
        let rounds = if self.works.writes { self.rounds } else { 0 };
        for round in 0..rounds {
            for work in writes() {
                say(&format!("round {} of {rounds}: {work:?}", round + 1));
                let open = open.iter_mut();
                for (subject, served) in open.filter(|(subject, _)| subject.kind.writes()) {
                    std::thread::sleep(SETTLE);
                    ask(subject, served, work, results);
                }
            }
        }
        open.into_iter().try_for_each(|(_, served)| served.end())
    }

    /// Runs a command of every store that can, each time in a fresh process.
    fn once(
        &self,
        verb: &str,
        rounds: usize,
        results: &mut Results,
        say: &dyn Fn(&str),
        can: impl Fn(&Kind) -> bool,
    ) {
        for round in 0..rounds {
            for subject in self.subjects.iter().filter(|subject| can(subject.kind)) {
                let round = round + 1;
                let part = if subject.tenth { ", a tenth" } else { "" };
                say(&format!(
                    "{verb} {round} of {rounds}: {}{part}",
                    subject.kind.name()
                ));
                match parent::once(subject.kind, self.python, subject.scratch, verb) {
                    Ok(reply) => subject.take(reply, results),
                    Err(error) => subject.fail(&error, results),
                }
            }
        }
    }
}

fn ask(subject: &Subject<'_>, served: &mut Served, work: Work, results: &mut Results) {
    let reply = served.ask(work).unwrap_or_else(|error| Reply {
        error: Some(format!("{work:?}: {error:#}")),
        ..Reply::default()
    });
    subject.take(reply, results);
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
        Work::Many { check },
        Work::Unseen { check },
    ];
    let scans = [
        (Fields::All, false),
        (Fields::Three, false),
        (Fields::All, true),
    ];
    for (fields, window) in scans {
        let forms = [
            (Form::Codes, &[1, 2][..]),
            (Form::Strings, &[1, 2]),
            (Form::Arrow, &[2]),
            (Form::Views, &[2]),
        ];
        for (form, threads) in forms {
            for threads in threads.iter().copied() {
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
    let puts = [
        (false, 1, 1),
        (false, 1, 100),
        (false, 16, 1),
        (true, 1, 1),
        (true, 16, 1),
    ];
    let puts = puts.map(|(synced, threads, together)| Work::Put {
        synced,
        threads,
        together,
        seconds: WRITE_SECONDS,
    });
    let mixed = Work::Mixed {
        seconds: MIXED_SECONDS,
    };
    puts.into_iter().chain([mixed]).collect()
}
