//! A process that follows a store which another one writes to, and compares what it sees.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use annals::{Snapshot, Store};
use clap::Args;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::model::{Line, Model};
use super::plan::{Mix, Plan};
use super::read::{by_user, difference, difference_of_user};
use crate::Outcome;

/// Of so many looks at the store, one compares everything.
const WHOLE_EVERY: u64 = 16;
/// Histories that each other look compares.
const HISTORIES: usize = 8;
/// Looks after which a snapshot that was kept is compared again, and another one kept.
const KEPT_FOR: u64 = 50;

/// Follows the store of a plan until its last commit is there
#[derive(Args)]
pub struct Watch {
    folder: PathBuf,
    #[arg(long)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Mix::All)]
    mix: Mix,
    /// The number of the last commit
    #[arg(long)]
    last: u64,
    /// When it ends without that
    #[arg(long)]
    seconds: u64,
}

/// What a process saw that followed a store.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Watched {
    /// Scans and histories that were compared.
    pub reads: u64,
    /// Commits at which the store was seen.
    pub states: u64,
    /// The newest commit that was seen.
    pub commits: u64,
    /// The first answer that was not what the commits up to the snapshot give.
    pub difference: Option<String>,
}

struct Watcher {
    plan: Plan,
    model: Model,
    /// What the newest state that was seen must show.
    lines: Vec<Line>,
    kept: Option<(Snapshot, Vec<Line>)>,
    random: Xoshiro256PlusPlus,
    looks: u64,
    watched: Watched,
}

impl Watch {
    pub fn run(&self) -> Outcome<()> {
        let plan = Plan {
            seed: self.seed,
            mix: self.mix,
        };
        let until = Instant::now() + Duration::from_secs(self.seconds);
        let reader = Store::builder()
            .settings(plan.settings())
            .open_reader(&self.folder)?;
        let mut watcher = Watcher {
            plan,
            model: Model::default(),
            lines: Vec::new(),
            kept: None,
            random: Xoshiro256PlusPlus::seed_from_u64(self.seed),
            looks: 0,
            watched: Watched::default(),
        };
        while watcher.watched.commits < self.last && Instant::now() < until {
            reader.refresh()?;
            watcher.watched.difference = watcher.look(&reader.snapshot())?;
            if watcher.watched.difference.is_some() {
                break;
            }
        }
        println!("{}", serde_json::to_string(&watcher.watched)?);
        Ok(())
    }
}

impl Watcher {
    fn look(&mut self, snapshot: &Snapshot) -> Outcome<Option<String>> {
        let (commits, before) = (snapshot.sequence(), self.watched.commits);
        if commits < before {
            return Ok(Some(format!("{commits} commits after {before}")));
        }
        if commits > before {
            self.model.go_on(self.plan, commits);
            self.lines = self.model.lines();
            self.watched.states += 1;
            self.watched.commits = commits;
        }
        self.looks += 1;
        let found = match self.looks.is_multiple_of(WHOLE_EVERY) {
            true => {
                self.watched.reads += 2 + by_user(&self.lines).count() as u64;
                difference(snapshot, &self.lines)?
            }
            false => self.some_histories(snapshot)?,
        };
        if let Some(found) = found {
            return Ok(Some(format!("at commit {commits}: {found}")));
        }
        if self.looks.is_multiple_of(KEPT_FOR) {
            let now = (snapshot.clone(), self.lines.clone());
            if let Some((kept, lines)) = self.kept.replace(now) {
                self.watched.reads += 2 + by_user(&lines).count() as u64;
                let found = difference(&kept, &lines)?;
                let at = kept.sequence();
                return Ok(found.map(|found| format!("at commit {at}, kept: {found}")));
            }
        }
        Ok(None)
    }

    fn some_histories(&mut self, snapshot: &Snapshot) -> Outcome<Option<String>> {
        let users: Vec<&[Line]> = by_user(&self.lines).collect();
        for _ in 0..HISTORIES.min(users.len()) {
            let drawn = self.random.random_range(0..users.len());
            let Some(user) = users.get(drawn) else {
                continue;
            };
            self.watched.reads += 1;
            if let Some(found) = difference_of_user(snapshot, user)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
