//! Purges: nothing is left of what was deleted, in any file.

use std::path::Path;

use annals::events::{PutEvent, PutEvents, Recommendation};
use annals::inspect::{PurgeOptions, PurgeReceipt};
use annals::{Deletion, Durability, ErrorKind, ImportMode, Interaction, Limits, Schema, Store};

use super::fixtures;
use crate::support::{folder, quiet};

pub(super) const USER: &str = "user-ann-7f3a9c";
pub(super) const SESSION: &str = "session-55c1b2aa";
pub(super) const ITEM: &str = "item-teapot-1182";

pub(super) fn schema() -> Schema {
    let json = std::fs::read_to_string(fixtures().join("schema.json")).unwrap();
    Schema::parse(&json, &Limits::unlimited()).unwrap()
}

/// A store with a bulk run, recorded runs, rows in the hot tier, sessions and recommendations.
pub(super) fn fill(path: &Path) -> Store {
    let builder = Store::builder().settings(quiet());
    let store = builder
        .limits(Limits::unlimited())
        .create(path, &schema())
        .unwrap();
    let mut import = store.import(ImportMode::Full).unwrap();
    for number in 0..200 {
        let user = if number % 3 == 0 {
            USER
        } else {
            "user-bob-000001"
        };
        let item = if number % 5 == 0 {
            ITEM
        } else {
            "item-cup-000001"
        };
        import
            .push(&Interaction::new(user, item, number).event_type("view"))
            .unwrap();
    }
    import.commit().unwrap();
    let event = |number: u64, user: Option<&str>, shown: &[&str]| {
        let mut request = PutEvents::new(SESSION).event(
            PutEvent::new("view", 300 + number as i64)
                .event_id(format!("event {number}"))
                .item_id("item-cup-000001")
                .impression(shown.iter().copied())
                .recommendation_id("shown"),
        );
        request.user_id = user.map(Into::into);
        store.put_events(&request, Durability::Buffered).unwrap();
    };
    event(0, None, &[ITEM, "item-cup-000001"]);
    store.flush().unwrap();
    event(1, Some(USER), &[]);
    let shown = Recommendation::new("shown", [ITEM, "item-cup-000001"]);
    store
        .record_recommendation(&shown, Durability::Buffered)
        .unwrap();
    store.flush().unwrap();
    event(2, None, &[ITEM]);
    store
}

fn files(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, out),
            false => out.push(path),
        }
    }
}

/// The files that hold the bytes of a text.
pub(super) fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut all = Vec::new();
    files(folder, &mut all);
    let holds = |path: &std::path::PathBuf| {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            // A thread of RocksDB has removed it since.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return false,
            Err(error) => panic!("{}: {error}", path.display()),
        };
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    all.retain(holds);
    all.iter().map(|path| path.display().to_string()).collect()
}

#[test]
fn nothing_is_left_of_what_was_deleted() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = fill(&path);
    for id in [USER, SESSION, ITEM] {
        assert!(!holding(&path, id).is_empty(), "{id}");
    }
    let deletions = [
        Deletion::user(USER),
        Deletion::item(ITEM),
        Deletion::user("user-bob-000001").until(3),
        Deletion::item("item-cup-000001"),
    ];
    for deletion in &deletions {
        store.delete(deletion, Durability::Buffered).unwrap();
    }
    let again = Interaction::new("user-bob-000001", "item-cup-000001", 900).event_type("view");
    store.write(again, Durability::Buffered).unwrap();
    drop(store);

    let purge = || Store::builder().purge(&path).unwrap();
    let receipt = purge().unwrap();
    assert!(receipt.is_clean(), "{:?}", receipt.found);
    let kinds: Vec<&str> = receipt
        .deleted
        .iter()
        .map(|one| one.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        ["user", "user", "item"],
        "a user, their session, an item"
    );
    assert!(receipt.deleted.iter().all(|one| one.in_bytes));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let age = now.unwrap().as_secs().checked_sub(receipt.time).unwrap();
    assert!(age < 600, "{age} seconds");
    let hash = receipt.hash_of(USER);
    assert!(receipt.deleted.iter().any(|one| one.hash == hash));
    assert_eq!(receipt.still_used, [receipt.hash_of("item-cup-000001")]);
    assert_eq!(receipt.partial_deletions, 1);
    assert!(receipt.rewritten_segments > 0);
    assert!(receipt.bytes_before > 0 && receipt.bytes_after > 0);
    for id in [USER, SESSION, ITEM] {
        assert_eq!(holding(&path, id), Vec::<String>::new(), "{id}");
    }
    assert_eq!(purge(), None);
    let found = Store::builder().check_purge(&path, &receipt).unwrap();
    assert_eq!(found, []);

    let store = Store::open(&path).unwrap();
    let report = store.verify(&mut |_| {}).unwrap();
    assert!(report.is_sound(), "{report:?}");
    let users: Vec<String> = (store.snapshot().users(Default::default()).unwrap())
        .map(|user| user.unwrap())
        .collect();
    assert_eq!(users, ["user-bob-000001"]);
    // A receipt tells when an id is there again.
    let back = Interaction::new("user-bob-000001", ITEM, 901).event_type("view");
    store.write(back, Durability::Buffered).unwrap();
    drop(store);
    let found = Store::builder().check_purge(&path, &receipt).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].hash, receipt.hash_of(ITEM));
}

/// What the store does not know of, the search does; of a store that is closed, and of one that is open.
#[test]
fn an_id_that_is_left_in_a_file_of_any_kind_is_found() {
    let folder = folder();
    let path = folder.path().join("store");
    drop(fill(&path));
    for (place, is_open) in [
        ("segments/left", false),
        ("hot/left", false),
        ("left", false),
        ("purges/left", false),
        // An opening would remove it.
        ("segments/00009999.seg", true),
        ("hot/left", true),
        ("left", true),
        ("leases/left", true),
    ] {
        let store = Store::open(&path).unwrap();
        store
            .write(
                Interaction::new(USER, "item-cup-000001", 7).event_type("view"),
                Durability::Buffered,
            )
            .unwrap();
        store
            .delete(&Deletion::user(USER), Durability::Buffered)
            .unwrap();
        let store = Some(store).filter(|_| is_open);
        let left = path.join(place);
        std::fs::create_dir_all(left.parent().unwrap()).unwrap();
        std::fs::write(&left, format!("some text and {USER} in it")).unwrap();
        let receipt = match store {
            Some(store) => store.purge(&PurgeOptions::default()),
            None => Store::builder().purge(&path),
        };
        let receipt = receipt.unwrap().unwrap();
        let found: Vec<&str> = receipt.found.iter().map(|one| one.file.as_str()).collect();
        assert_eq!(found, [place]);
        assert_eq!(receipt.found[0].hash, receipt.hash_of(USER));
        std::fs::remove_file(left).unwrap();
    }
}

/// As after a purge that was cut off before its receipt.
#[test]
fn what_a_purge_did_not_see_gone_is_looked_for_by_the_next() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = fill(&path);
    let delete = |store: &Store, deletion: Deletion| {
        store.delete(&deletion, Durability::Buffered).unwrap();
    };
    delete(&store, Deletion::user(USER));
    drop(store);
    let left = path.join("left");
    std::fs::write(&left, USER).unwrap();
    let purge = || Store::builder().purge(&path).unwrap();
    let first = purge().unwrap();
    assert!(!first.is_clean());
    let receipt = path.join(format!("purges/{:010}.json", first.sequence));
    std::fs::remove_file(&receipt).unwrap();
    let store = Store::open(&path).unwrap();
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
    delete(&store, Deletion::item(ITEM));
    drop(store);

    let again = purge().unwrap();
    let found: Vec<&str> = again.found.iter().map(|one| one.file.as_str()).collect();
    assert_eq!(found, ["left"]);
    let deleted = |receipt: &PurgeReceipt, id: &str| {
        let hash = receipt.hash_of(id);
        receipt.deleted.iter().any(|one| one.hash == hash)
    };
    std::fs::remove_file(&left).unwrap();
    let last = purge().unwrap();
    assert!(last.is_clean(), "{:?}", last.found);
    assert!(deleted(&last, USER) && deleted(&last, ITEM) && deleted(&last, SESSION));
    assert_eq!(purge(), None);
    for id in [USER, SESSION, ITEM] {
        assert_eq!(holding(&path, id), Vec::<String>::new(), "{id}");
    }
    std::fs::write(path.join("purges/pending.json"), "[").unwrap();
    let error = Store::builder().purge(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corruption);
    assert!(error.to_string().contains("purges/pending.json"), "{error}");
}

/// As in many data sets, where both are numbers.
#[test]
fn a_deleted_user_is_not_found_in_an_item_of_the_same_id() {
    let folder = folder();
    let path = folder.path().join("store");
    let builder = Store::builder().settings(quiet());
    let store = builder.create(&path, &schema()).unwrap();
    for (user, item) in [("100000017", "100000042"), ("100000042", "100000017")] {
        let row = Interaction::new(user, item, 1).event_type("view");
        store.write(row, Durability::Buffered).unwrap();
    }
    store
        .delete(&Deletion::user("100000017"), Durability::Buffered)
        .unwrap();
    drop(store);
    let receipt = Store::builder().purge(&path).unwrap().unwrap();
    assert!(receipt.is_clean(), "{:?}", receipt.found);
    assert_eq!(receipt.deleted.len(), 1);
    let check = || Store::builder().check_purge(&path, &receipt).unwrap();
    assert_eq!(check(), []);
    let store = Store::open(&path).unwrap();
    let back = Interaction::new("100000017", "100000017", 2).event_type("view");
    store.write(back, Durability::Buffered).unwrap();
    drop(store);
    assert_eq!(check().len(), 1);
}

/// The store goes on knowing whose it is.
#[test]
fn a_session_that_a_user_has_who_is_not_deleted_is_still_used() {
    let folder = folder();
    let path = folder.path().join("store");
    let builder = Store::builder().settings(quiet());
    let store = builder.create(&path, &schema()).unwrap();
    let event = |user: Option<&str>| {
        let mut request = PutEvents::new(SESSION).event(PutEvent::new("view", 1).item_id(ITEM));
        request.user_id = user.map(Into::into);
        store.put_events(&request, Durability::Buffered).unwrap();
    };
    event(None);
    event(Some(USER));
    store
        .delete(&Deletion::user(USER), Durability::Buffered)
        .unwrap();
    event(Some("user-bob-000001"));
    drop(store);
    let receipt = Store::builder().purge(&path).unwrap().unwrap();
    assert!(receipt.is_clean(), "{:?}", receipt.found);
    assert_eq!(receipt.still_used, [receipt.hash_of(SESSION)]);
    let deleted: Vec<&str> = (receipt.deleted.iter())
        .map(|one| one.hash.as_str())
        .collect();
    assert_eq!(deleted, [receipt.hash_of(USER)]);
}
