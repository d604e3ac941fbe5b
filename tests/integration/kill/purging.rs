//! A writer killed while it purges its open store, again and again.

use std::io::Write;
use std::path::Path;

use annals::inspect::PurgeOptions;
use annals::{Deletion, Durability, Store, WriteBatch};

use super::{FOLDER, busy, kill_after, plan, start};
use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet};

fn stays(number: u64) -> String {
    format!("user number {number:08} stays")
}

fn goes(number: u64) -> String {
    format!("user number {number:08} goes")
}

fn write(store: &Store, user: &str) {
    let row: WriteBatch = batch(&[Record::numbered(user, 1, 1)]);
    store.write(row, Durability::Buffered).unwrap();
}

/// Not a test by itself: writes a row of one user, and purges another, while a thread writes on.
#[test]
#[ignore = "the child of another test"]
fn child() {
    let Ok(path) = std::env::var(FOLDER) else {
        return;
    };
    let store = open(Path::new(&path), busy());
    let first = store.snapshot().sequence() + 1;
    let beside = store.clone();
    let go_on = move || {
        loop {
            write(&beside, "user number none");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    };
    std::thread::Builder::new().spawn(go_on).unwrap();
    let mut out = std::io::stderr();
    for number in first..first + super::MOST {
        write(&store, &stays(number));
        write(&store, &goes(number));
        store
            .delete(&Deletion::user(goes(number)), Durability::Buffered)
            .unwrap();
        writeln!(out, "acknowledged {number}").unwrap();
        let receipt = store.purge(&PurgeOptions::default()).unwrap().unwrap();
        assert!(receipt.is_clean(), "{:?}", receipt.found);
    }
}

#[test]
fn a_writer_killed_in_a_purge_loses_nothing_and_keeps_nothing() {
    let rounds = std::env::var("ROUNDS").ok();
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let folder = folder();
    drop(create(folder.path(), quiet()));
    let mut random = plan::Random::new(20_261_201);
    for round in 0..rounds {
        let store = open(folder.path(), quiet());
        let first = store.snapshot().sequence() + 1;
        drop(store);
        let child = start(folder.path(), "kill::purging::child");
        let acknowledged = kill_after(child, 1 + random.below(4), random.below(20_000_000));
        let last = acknowledged.expect("nothing was acknowledged");
        let verified = Store::builder().verify(folder.path(), &mut |_| {}).unwrap();
        assert!(verified.is_sound(), "round {round}: {verified:?}");
        let store = open(folder.path(), quiet());
        for number in first..=last {
            let rows = |user: String| store.newest(&user, 9).unwrap().len();
            assert_eq!(rows(stays(number)), 1, "round {round}, {number}");
            assert_eq!(rows(goes(number)), 0, "round {round}, {number}");
        }
        // One may be cut off between its row and its deletion.
        let next = Deletion::user(goes(last + 1));
        store.delete(&next, Durability::Buffered).unwrap();
        drop(store);
        let receipt = Store::builder().purge(folder.path()).unwrap().unwrap();
        assert!(receipt.is_clean(), "round {round}: {:?}", receipt.found);
        let files = std::process::Command::new("grep")
            .args(["-rl", " goes"])
            .arg(folder.path())
            .output();
        let found = String::from_utf8(files.unwrap().stdout).unwrap();
        assert_eq!(found, "", "round {round}");
    }
}
