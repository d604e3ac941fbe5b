//! A process that opens a store and says what it finds there; what that is worth is judged elsewhere.

use std::path::PathBuf;

use annals::{Durability, Settings, Snapshot, Store, WriteBatch};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::model::Model;
use super::plan::{Mix, Plan};
use super::read::difference;
use super::work::say;
use crate::Outcome;
use crate::marks::Mark;

/// Opens the store of a plan and reports what it holds
#[derive(Args)]
pub struct Check {
    folder: PathBuf,
    #[arg(long)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Mix::All)]
    mix: Mix,
    /// The last commit that was begun
    #[arg(long)]
    tried: u64,
    /// Opens it for reading first
    #[arg(long)]
    reads_first: bool,
    /// How many commits are then made
    #[arg(long, default_value_t = 3)]
    more: u64,
}

/// What a check found, as far as it came.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// By an opening for reading.
    pub read: Option<Seen>,
    pub read_refused: Option<Refusal>,
    /// By an opening for writing.
    pub opened: Option<Seen>,
    /// After more commits.
    pub went_on: Option<Seen>,
    /// After another opening.
    pub reopened: Option<Seen>,
    /// What ended the check.
    pub refused: Option<Refusal>,
}

/// What an open store holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Seen {
    pub commits: u64,
    /// From what these commits should give.
    pub difference: Option<String>,
    /// What `verify` says, where it does not call the store sound.
    pub unsound: Option<String>,
}

/// An error of the store.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    pub doing: String,
    pub kind: String,
    pub message: String,
}

impl Check {
    pub fn run(&self) -> Outcome<()> {
        let mut report = Report::default();
        if self.reads_first {
            match self.read() {
                Ok(seen) => report.read = Some(seen),
                Err(refusal) => report.read_refused = Some(refusal),
            }
        }
        if let Err(refusal) = self.write(&mut report) {
            report.refused = Some(refusal);
        }
        println!("{}", serde_json::to_string(&report)?);
        Ok(())
    }

    fn plan(&self) -> Plan {
        Plan {
            seed: self.seed,
            mix: self.mix,
        }
    }

    /// Those of the plan, with nothing on other threads.
    fn settings(&self) -> Settings {
        self.plan().settings().background(false)
    }

    fn read(&self) -> Result<Seen, Refusal> {
        let store = Store::builder().settings(self.settings());
        let store = store.open_read_only(&self.folder).map_err(at("reading"))?;
        self.seen(&store)
    }

    fn open(&self, doing: &str) -> Result<Store, Refusal> {
        let builder = Store::builder().settings(self.settings());
        builder.open(&self.folder).map_err(at(doing))
    }

    fn write(&self, report: &mut Report) -> Result<(), Refusal> {
        let store = self.open("opening")?;
        let seen = self.seen(&store)?;
        let found = seen.commits;
        let is_right = seen.difference.is_none();
        report.opened = Some(seen);
        if !is_right {
            return Ok(());
        }
        say(Mark::Found(found)).map_err(|error| internal("saying", error.as_ref()))?;
        if self.more > 0 {
            report.went_on = Some(self.go_on(&store, found)?);
        }
        drop(store);
        report.reopened = Some(self.seen(&self.open("reopening")?)?);
        Ok(())
    }

    /// Makes the next commits of the plan.
    fn go_on(&self, store: &Store, found: u64) -> Result<Seen, Refusal> {
        let plan = self.plan();
        let mut model = Model::after(plan, found);
        let last = found + self.more;
        let say = |mark| say(mark).map_err(|error| internal("saying", error.as_ref()));
        for number in found + 1..=last {
            let commit = plan.commit(number);
            say(Mark::Tried(number))?;
            let answer = commit.apply(store).map_err(at("writing"))?;
            let left_out = model.add(&commit);
            if answer.sequence != number || answer.left_out != left_out {
                let difference = format!(
                    "commit {number} was answered {answer:?}; events {left_out:?} should be left out"
                );
                return Ok(Seen {
                    commits: number,
                    difference: Some(difference),
                    unsound: None,
                });
            }
        }
        store
            .write(WriteBatch::new(), Durability::Synced)
            .map_err(at("syncing"))?;
        say(Mark::Synced(last))?;
        if found.is_multiple_of(2) {
            store.flush().map_err(at("sealing"))?;
        }
        self.seen(store)
    }

    fn seen(&self, store: &Store) -> Result<Seen, Refusal> {
        let snapshot = store.snapshot();
        let commits = snapshot.sequence();
        let difference = match commits <= self.tried + self.more {
            true => self.compare(&snapshot)?,
            false => Some(format!("{commits} commits, {} were tried", self.tried)),
        };
        let verified = store.verify(&mut |_| {}).map_err(at("verifying"))?;
        let unsound = (!verified.is_sound()).then(|| format!("{verified:?}"));
        Ok(Seen {
            commits,
            difference,
            unsound,
        })
    }

    fn compare(&self, snapshot: &Snapshot) -> Result<Option<String>, Refusal> {
        let want = Model::after(self.plan(), snapshot.sequence()).lines();
        difference(snapshot, &want).map_err(at("comparing"))
    }
}

fn at(doing: &str) -> impl FnOnce(annals::Error) -> Refusal {
    move |error| Refusal {
        doing: doing.to_owned(),
        kind: format!("{:?}", error.kind()),
        message: error.full_message(),
    }
}

fn internal(doing: &str, error: &(dyn std::error::Error + 'static)) -> Refusal {
    Refusal {
        doing: doing.to_owned(),
        kind: "Internal".to_owned(),
        message: super::chain::chain(error),
    }
}
