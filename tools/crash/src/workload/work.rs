//! A process that makes the commits of a plan, and says what it tries and what was acknowledged.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use annals::{Durability, Limits, Settings, Store, WriteBatch};
use clap::Args;

use super::chain::chain;
use super::model::Model;
use super::plan::{Commit, Mix, Plan, Step, schema};
use super::read::difference;
use crate::Outcome;
use crate::marks::Mark;

/// Between two syncs of the thread that does nothing else.
const BETWEEN_SYNCS: Duration = Duration::from_millis(2);
/// Commits between two comparisons.
const BETWEEN_COMPARISONS: u64 = 5;
/// Failures after which a process that goes on past them ends.
const MOST_FAILURES: usize = 3;

/// Makes the commits of a plan that follow what is there
#[derive(Args)]
pub struct Work {
    /// The folder of the store, which is made where there is none
    folder: PathBuf,
    #[arg(long)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Mix::All)]
    mix: Mix,
    /// Number of the last commit
    #[arg(long)]
    last: u64,
    /// Nothing runs on other threads of the store
    #[arg(long)]
    quiet: bool,
    /// An error is said, and does not end the process
    #[arg(long)]
    go_on: bool,
    /// What is shown is compared now and then with what should be
    #[arg(long)]
    compare: bool,
}

/// Why a store is closed.
enum End {
    Done,
    Reopen,
}

/// Opens the store in a folder, or makes one.
pub fn open_or_create(folder: &std::path::Path, settings: Settings) -> Outcome<Store> {
    let builder = Store::builder().settings(settings);
    let store = match folder.join("MANIFEST").exists() {
        true => builder.open(folder)?,
        false => builder
            .limits(Limits::unlimited())
            .create(folder, &schema()?)?,
    };
    Ok(store)
}

/// Says it in one write, which a recorder puts into the order of all others.
pub fn say(mark: Mark) -> Outcome<()> {
    let line = format!("{mark}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())?;
    Ok(out.flush()?)
}

impl Work {
    pub fn run(&self) -> Outcome<()> {
        let plan = Plan {
            seed: self.seed,
            mix: self.mix,
        };
        let mut settings = plan.settings();
        settings.background &= !self.quiet;
        let mut reopened = None;
        loop {
            let store = match open_or_create(&self.folder, settings.clone()) {
                Err(error) if self.go_on => return say(Mark::Failed(0, chain(&*error))),
                store => store?,
            };
            let found = store.snapshot().sequence();
            if reopened.is_some_and(|before| found < before) {
                return Err(format!("{reopened:?} commits were closed, {found} are there").into());
            }
            say(Mark::Synced(found))?;
            let session = Session {
                plan,
                work: self,
                store,
                acknowledged: AtomicU64::new(found),
                over: AtomicBool::new(false),
            };
            match session.run(reopened.is_some())? {
                End::Done => return Ok(()),
                End::Reopen => reopened = Some(session.acknowledged.into_inner()),
            }
        }
    }
}

/// One opening of the store.
struct Session<'a> {
    plan: Plan,
    work: &'a Work,
    store: Store,
    acknowledged: AtomicU64,
    over: AtomicBool,
}

impl Session<'_> {
    fn run(&self, just_reopened: bool) -> Outcome<End> {
        if self.work.quiet || !self.plan.syncs_beside() {
            return self.commits(just_reopened);
        }
        std::thread::scope(|scope| {
            let syncs = std::thread::Builder::new().spawn_scoped(scope, || self.sync_again())?;
            let done = self.commits(just_reopened);
            self.over.store(true, Ordering::SeqCst);
            let synced = syncs.join().map_err(|_| "the thread that syncs panicked")?;
            match self.work.go_on {
                true => done,
                false => synced.and(done),
            }
        })
    }

    /// Syncs what was written meanwhile, again and again, beside everything else.
    fn sync_again(&self) -> Outcome<()> {
        while !self.over.load(Ordering::SeqCst) {
            let acknowledged = self.acknowledged.load(Ordering::SeqCst);
            self.store.write(WriteBatch::new(), Durability::Synced)?;
            say(Mark::Synced(acknowledged))?;
            std::thread::sleep(BETWEEN_SYNCS);
        }
        Ok(())
    }

    fn commits(&self, just_reopened: bool) -> Outcome<End> {
        let mut model = Model::after(self.plan, self.acknowledged.load(Ordering::SeqCst));
        let mut skips_reopening = just_reopened;
        let mut failures = 0;
        loop {
            let number = self.acknowledged.load(Ordering::SeqCst) + 1;
            if number > self.work.last {
                return Ok(End::Done);
            }
            let step = self.plan.step(number);
            if step == Step::Reopen && !std::mem::take(&mut skips_reopening) {
                return Ok(End::Reopen);
            }
            let done = self
                .maintain(step, number)
                .and_then(|()| self.commit(number, &mut model));
            match done {
                Err(error) if self.work.go_on => {
                    say(Mark::Failed(number, chain(&*error)))?;
                    failures += 1;
                    if failures == MOST_FAILURES {
                        return Ok(End::Done);
                    }
                }
                done => done?,
            }
        }
    }

    fn maintain(&self, step: Step, number: u64) -> Outcome<()> {
        step.apply(self.plan, number, &self.store)?;
        if step == Step::Sync {
            say(Mark::Synced(number - 1))?;
        } else if step.syncs() {
            // Sealing syncs rows and what was before them; the last commits may have none.
            let has_rows = |number: &u64| {
                !matches!(
                    self.plan.commit(*number),
                    Commit::Recommend { .. } | Commit::Delete { .. }
                )
            };
            let last = (1..number).rev().find(has_rows);
            say(Mark::Synced(last.unwrap_or(0)))?;
        }
        Ok(())
    }

    fn commit(&self, number: u64, model: &mut Model) -> Outcome<()> {
        let commit = self.plan.commit(number);
        say(Mark::Tried(number))?;
        let answer = commit.apply(&self.store)?;
        let left_out = model.add(&commit);
        if answer.sequence != number || answer.left_out != left_out {
            return Err(format!(
                "commit {number} was answered {answer:?}; events {left_out:?} should be left out"
            )
            .into());
        }
        if self.work.compare && number.is_multiple_of(BETWEEN_COMPARISONS) {
            self.compare(model)?;
        }
        self.acknowledged.store(number, Ordering::SeqCst);
        say(match commit.is_synced() {
            true => Mark::Synced(number),
            false => Mark::Acknowledged(number),
        })
    }

    /// Compares what this process and a reader of its own see.
    fn compare(&self, model: &Model) -> Outcome<()> {
        let lines = model.lines();
        let reader = Store::open_read_only(&self.work.folder)?;
        for (who, store) in [("the writer", &self.store), ("a reader", &reader)] {
            if let Some(difference) = difference(&store.snapshot(), &lines)? {
                return Err(format!("{who} sees something else: {difference}").into());
            }
        }
        Ok(())
    }
}
