//! Snapshots that are kept under a name.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use annals::{Deletion, Durability, ErrorKind, ImportMode, ScanQuery, Store, StoreBuilder};

use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet, read};

fn rows(store: &Store) -> Vec<Vec<String>> {
    read::scan(&store.snapshot(), &ScanQuery::default())
}

fn record(number: u64) -> Record {
    Record::numbered(&format!("user {}", number % 7), number as i64, number)
}

/// A store with a segment and rows in the hot tier.
fn filled(path: &Path) -> Store {
    let store = create(path, quiet());
    let mut import = store.import(ImportMode::Incremental).unwrap();
    (0..50).for_each(|number| record(number).push_to(&mut import).unwrap());
    import.commit().unwrap();
    let rest: Vec<Record> = (50..80).map(record).collect();
    store.write(batch(&rest), Durability::Buffered).unwrap();
    store
}

fn open_pin(path: &Path, name: &str) -> annals::Result<Store> {
    Store::builder().open_pin(path, name)
}

#[test]
fn a_pin_stays_as_it_was_whatever_the_store_does() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = filled(&path);
    let before = rows(&store);
    let made = store.pin("nightly", None).unwrap();
    assert_eq!(made.path, path.join("pins/nightly"));
    let pinned = open_pin(&path, "nightly").unwrap();
    assert_eq!(rows(&pinned), before);
    assert_eq!(pinned.snapshot().sequence(), store.snapshot().sequence());

    store
        .delete(&Deletion::user("user 3"), Durability::Synced)
        .unwrap();
    store.flush().unwrap();
    store.compact().unwrap();
    let mut import = store.import(ImportMode::Full).unwrap();
    record(1000).push_to(&mut import).unwrap();
    import.commit().unwrap();
    drop(store);
    let store = Store::builder().settings(quiet()).open(&path).unwrap();
    assert_ne!(rows(&store), before);
    assert_eq!(rows(&pinned), before);
    assert_eq!(rows(&open_pin(&path, "nightly").unwrap()), before);
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
    assert!(
        Store::builder()
            .verify(&path, &mut |_| {})
            .unwrap()
            .unnamed
            .is_empty()
    );

    let error = Store::open(&made.path).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("it is a pin"), "{error}");
    assert_eq!(Store::pins(&path).unwrap(), [made]);
    Store::unpin(&path, "nightly").unwrap();
    assert_eq!(rows(&pinned), before, "who has it open keeps it");
    assert_eq!(Store::pins(&path).unwrap(), []);
    assert_eq!(std::fs::read_dir(path.join("pins")).unwrap().count(), 0);
    for gone in [
        open_pin(&path, "nightly").map(drop),
        Store::unpin(&path, "nightly"),
    ] {
        let error = gone.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(
            error.to_string().contains("there is no pin of this name"),
            "{error}"
        );
    }
}

#[test]
fn names_are_plain_and_taken_once() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = filled(&path);
    for name in ["", ".", "..", "a/b", ".hidden", "é", &"n".repeat(65)] {
        let error = store.pin(name, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
    }
    store.pin("a", None).unwrap();
    let error = store.pin("a", None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let error = Store::builder()
        .pin(folder.path().join("none"), "a", None)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn a_pin_that_has_expired_goes_with_the_next_opening_or_pin() {
    let folder = folder();
    let path = folder.path().join("store");
    drop(filled(&path));
    let now = Arc::new(AtomicU64::new(1000));
    let timed = || -> StoreBuilder {
        let now = now.clone();
        let clock = move || now.load(Ordering::SeqCst);
        Store::builder().settings(quiet()).clock(clock)
    };
    let names = || -> Vec<String> {
        let pins = Store::pins(&path).unwrap();
        pins.into_iter().map(|pin| pin.name).collect()
    };
    let store = timed().open(&path).unwrap();
    let made = store.pin("short", Some(Duration::from_secs(10))).unwrap();
    assert_eq!(
        (made.made_seconds, made.expires_seconds),
        (1000, Some(1010))
    );
    store.pin("long", Some(Duration::from_secs(100))).unwrap();
    now.store(1009, Ordering::SeqCst);
    store.pin("other", None).unwrap();
    assert_eq!(names(), ["long", "other", "short"]);
    now.store(1010, Ordering::SeqCst);
    store.pin("last", None).unwrap();
    assert_eq!(names(), ["last", "long", "other"]);
    drop(store);
    now.store(1100, Ordering::SeqCst);
    // A reader removes nothing.
    drop(timed().open_read_only(&path).unwrap());
    assert_eq!(names(), ["last", "long", "other"]);
    drop(timed().open(&path).unwrap());
    assert_eq!(names(), ["last", "other"]);
}

/// As after a crash, at any step.
#[test]
fn what_is_left_of_a_pin_that_was_not_made_goes() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = filled(&path);
    store.pin("half", None).unwrap();
    let manifest = path.join("pins/half/MANIFEST");
    std::fs::remove_file(&manifest).unwrap();
    std::fs::write(path.join("pins/half/CREATING"), "").unwrap();
    assert_eq!(Store::pins(&path).unwrap(), []);
    assert_eq!(
        open_pin(&path, "half").map(drop).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    store.pin("half", None).unwrap();
    assert_eq!(rows(&open_pin(&path, "half").unwrap()), rows(&store));
    std::fs::remove_file(&manifest).unwrap();
    std::fs::write(path.join("pins/half/CREATING"), "").unwrap();
    drop(store);
    drop(Store::builder().settings(quiet()).open(&path).unwrap());
    assert_eq!(std::fs::read_dir(path.join("pins")).unwrap().count(), 0);
}

#[test]
fn a_purge_names_the_pins_that_may_hold_what_it_takes_out() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = filled(&path);
    store.pin("train", None).unwrap();
    store
        .delete(&Deletion::user("user 3"), Durability::Synced)
        .unwrap();
    drop(store);
    let purge = || Store::builder().purge(&path);
    let error = purge().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("train"), "{error}");
    Store::unpin(&path, "train").unwrap();
    assert!(purge().unwrap().unwrap().is_clean());
}
