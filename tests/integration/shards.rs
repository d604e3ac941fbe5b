//! Sets of shards: the answers are those of one store, and splits and merges lose nothing.

mod answers;
mod blocks;
mod events;
mod exports;
mod folders;
mod partitions;
mod parts;
mod reader;
mod reshape;

use std::path::{Path, PathBuf};

use annals::shards::{ShardSet, ShardSetBuilder, ShardSnapshot};
use annals::{Durability, HistoryQuery, ImportMode, Limits, ScanQuery, Store};
use tempfile::TempDir;

use crate::support::read::{self, Line};
use crate::support::record::{Record, batch};
use crate::support::{folder, quiet, schema};

/// A set of its own, gone at the end of a test.
struct Shards {
    path: PathBuf,
    _folder: TempDir,
}

impl Shards {
    fn new(shards: usize) -> (Self, ShardSet) {
        let folder = folder();
        let path = folder.path().join("set");
        let set = builder().create(&path, &schema(), shards).unwrap();
        let made = Self {
            path,
            _folder: folder,
        };
        (made, set)
    }

    /// With rows of both origins.
    fn with_rows(shards: usize) -> Self {
        let (made, set) = Self::new(shards);
        fill(&set);
        made
    }

    fn open(&self) -> ShardSet {
        builder().open(&self.path).unwrap()
    }

    fn snapshot(&self) -> ShardSnapshot {
        let set = builder().open_read_only(&self.path).unwrap();
        set.snapshot().unwrap()
    }

    /// What is in its folder, but for the lock.
    fn names(&self) -> Vec<String> {
        names(&self.path)
    }
}

/// Gives a set and a store the same rows: 300 imported, and the others written in batches of 50.
fn fill_both(set: &ShardSet, one: &Store, records: &[Record]) {
    let (bulk, recorded) = records.split_at(300);
    let mut imports = (
        set.import(ImportMode::Full).unwrap(),
        one.import(ImportMode::Full).unwrap(),
    );
    for record in bulk {
        imports.0.push(&record.interaction()).unwrap();
        record.push_to(&mut imports.1).unwrap();
    }
    assert_eq!(imports.0.rows(), 300);
    let commits = imports.0.commit().unwrap();
    assert_eq!(commits.len(), set.map().len());
    imports.1.commit().unwrap();
    for part in recorded.chunks(50) {
        let commits = set.write(batch(part), Durability::Buffered).unwrap();
        let written: u64 = commits.iter().map(|one| one.commit.rows).sum();
        assert_eq!(written, part.len() as u64);
        one.write(batch(part), Durability::Buffered).unwrap();
    }
}

fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != "LOCK").collect();
    names.sort();
    names
}

fn builder() -> ShardSetBuilder {
    ShardSet::builder()
        .settings(quiet())
        .limits(Limits::unlimited())
}

const USERS: u64 = 23;

fn user(number: u64) -> String {
    format!("user {}", number % USERS)
}

/// Rows of all users, many in the same second.
fn records(numbers: std::ops::Range<u64>) -> Vec<Record> {
    numbers
        .map(|number| Record::numbered(&user(number), (number / 90) as i64, number))
        .collect()
}

/// Single writes, an import, single writes, two imports, single writes.
fn fill(set: &ShardSet) {
    let import = |numbers| {
        let mut import = set.import(ImportMode::Incremental).unwrap();
        for record in records(numbers) {
            import.push(&record.interaction()).unwrap();
        }
        import.commit().unwrap();
    };
    let write = |numbers| {
        for part in records(numbers).chunks(37) {
            set.write(batch(part), Durability::Buffered).unwrap();
        }
    };
    write(0..100);
    import(100..250);
    write(250..300);
    import(300..320);
    import(320..400);
    write(400..600);
}

/// All rows, sorted.
fn rows(snapshot: &ShardSnapshot) -> Vec<Line> {
    let mut rows = Vec::new();
    for batch in snapshot.scan(&ScanQuery::default()).unwrap() {
        let (_, columns) = batch.unwrap();
        rows.extend(read::lines(snapshot.shards()[0].schema(), &columns));
    }
    rows.sort();
    rows
}

/// The history of each user, in its order.
fn histories(snapshot: &ShardSnapshot) -> Vec<Vec<Line>> {
    let query = HistoryQuery::default();
    let of = |number| {
        let user = user(number);
        read::history(snapshot.of(&user).unwrap(), &user, &query)
    };
    (0..USERS).map(of).collect()
}
