//! A writer killed at random moments: what it was told was acknowledged is there, once.
//!
//! `ROUNDS=100 cargo test --release kill` kills it a hundred times.

mod plan;
mod purging;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use annals::{Durability, Settings, Store};
use plan::{Commit, commit};

use crate::support::model::Model;
use crate::support::record::batch;
use crate::support::{create, folder, open, quiet};

/// The folder that the child writes to; without it the child does nothing.
const FOLDER: &str = "ANNALS_KILL_FOLDER";
/// Commits a child makes before it ends by itself.
const MOST: u64 = 5000;

/// Small generations, few runs: seals and compactions all the time.
fn busy() -> Settings {
    Settings::default()
        .generation_rows(60)
        .max_runs(1)
        .memory_budget_bytes(1 << 20)
}

fn apply(store: &Store, number: u64) -> u64 {
    let done = match commit(number) {
        Commit::Write(records, durability) => store.write(batch(&records), durability),
        Commit::Import(records, mode) => {
            let mut import = store.import(mode).unwrap();
            records
                .iter()
                .for_each(|record| record.push_to(&mut import).unwrap());
            import.commit()
        }
    };
    done.unwrap().sequence
}

/// Not a test by itself: the process that [`a_killed_writer_loses_and_doubles_nothing`] kills.
/// Makes the commits that follow what is there, and prints the number of each once it is
/// acknowledged, while another thread seals and compacts.
#[test]
#[ignore = "the child of another test"]
fn child() {
    let Ok(path) = std::env::var(FOLDER) else {
        return;
    };
    let store = open(Path::new(&path), busy());
    let first = store.snapshot().sequence() + 1;
    let maintained = store.clone();
    let thread = std::thread::Builder::new();
    let maintenance = move || {
        loop {
            maintained.flush().unwrap();
            maintained.compact().unwrap();
        }
    };
    thread.spawn(maintenance).unwrap();
    let mut out = std::io::stderr();
    for number in first..first + MOST {
        assert_eq!(apply(&store, number), number);
        writeln!(out, "acknowledged {number}").unwrap();
    }
}

fn start(path: &Path, child: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--ignored", "--nocapture"])
        .env(FOLDER, path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the child after `commits` acknowledgements and `spins` turns of a loop, and gives the
/// last acknowledged number that it had printed by then.
fn kill_after(mut child: Child, commits: u64, spins: u64) -> Option<u64> {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    while said.len() < commits as usize {
        said.push(
            lines
                .next()
                .expect("the child ended before it was killed")
                .unwrap(),
        );
    }
    for turn in 0..spins {
        std::hint::black_box(turn);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What stands in the pipe was acknowledged, too; a last line may be cut short.
    said.extend(lines.map_while(Result::ok));
    let acknowledged = said.iter().rev().filter_map(|line| {
        let number = line.strip_prefix("acknowledged ")?;
        number.parse().ok()
    });
    acknowledged.max()
}

#[test]
fn a_killed_writer_loses_and_doubles_nothing() {
    let rounds = std::env::var("ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok());
    let folder = folder();
    drop(create(folder.path(), quiet()));
    let mut model = Model::default();
    let mut random = plan::Random::new(20_240_607);
    for round in 0..rounds.unwrap_or(6) {
        let child = start(folder.path(), "kill::child");
        let commits = 1 + random.below(60);
        let acknowledged = kill_after(child, commits, random.below(3_000_000));
        let acknowledged = acknowledged.expect("nothing was acknowledged");
        let store = Store::builder()
            .settings(quiet())
            .open(folder.path())
            .unwrap();
        let found = store.snapshot().sequence();
        assert!(
            (acknowledged..=acknowledged + 1).contains(&found),
            "round {round}: {acknowledged} commits were acknowledged, {found} are there"
        );
        while model.sequence < found {
            commit(model.sequence + 1).add_to(&mut model);
        }
        model.assert_equals(&store.snapshot());
        assert!(store.verify(&mut |_| {}).unwrap().is_sound());
        assert_no_strays(folder.path(), &store);
    }
}

fn assert_no_strays(path: &Path, store: &Store) {
    let names = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(path.join(folder)).unwrap();
        let name = |entry: std::fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
            .iter()
            .map(|name| format!("{folder}/{name}"))
            .collect()
    };
    let mut listed: Vec<String> = store
        .segments()
        .into_iter()
        .map(|segment| segment.file)
        .collect();
    listed.sort();
    assert_eq!(names("segments"), listed);
    assert!(names("temporary").is_empty());
}

/// A kill can only come between two commits or in one of them: this makes every commit once, so
/// that the plan itself is known to fit.
#[test]
fn the_plan_of_a_killed_writer_fits_its_model() {
    let folder = folder();
    let store = create(folder.path(), busy());
    let mut model = Model::default();
    for number in 1..=60 {
        assert_eq!(apply(&store, number), number);
        commit(number).add_to(&mut model);
    }
    model.assert_equals(&store.snapshot());
    store
        .write(annals::WriteBatch::new(), Durability::Synced)
        .unwrap();
}
