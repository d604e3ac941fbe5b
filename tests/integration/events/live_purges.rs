//! Purges of a store that is open, beside those who read and write.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use annals::events::{PutEvent, PutEvents};
use annals::inspect::{PurgeOptions, PurgeReceipt};
use annals::{
    Deletion, Durability, ErrorKind, ImportMode, Interaction, Limits, ScanQuery, Settings, Store,
};

use super::purges::{ITEM, SESSION, USER, fill, holding, schema};
use crate::support::{folder, quiet};

const OTHER: &str = "user-bob-000001";
const CUP: &str = "item-cup-000001";

fn view(user: &str, item: &str, time: i64) -> Interaction {
    Interaction::new(user, item, time).event_type("view")
}

fn delete(store: &Store, deletion: Deletion) {
    store.delete(&deletion, Durability::Buffered).unwrap();
}

fn purge(store: &Store) -> Option<PurgeReceipt> {
    store.purge(&PurgeOptions::default()).unwrap()
}

fn assert_sound(path: &Path) {
    let report = Store::builder().verify(path, &mut |_| {}).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

fn assert_gone(path: &Path, ids: &[&str]) {
    for id in ids {
        assert_eq!(holding(path, id), Vec::<String>::new(), "{id}");
    }
}

/// Rows by user, as a scan has them.
fn rows(store: &Store) -> BTreeMap<String, usize> {
    let mut rows = BTreeMap::new();
    for user in store.snapshot().users(Default::default()).unwrap() {
        let user = user.unwrap();
        let count = store.newest(&user, usize::MAX >> 1).unwrap().len();
        rows.insert(user, count);
    }
    rows.retain(|_, count| *count > 0);
    rows
}

#[test]
fn nothing_is_left_in_a_store_that_stays_open() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = fill(&path);
    delete(&store, Deletion::user(USER));
    delete(&store, Deletion::item(ITEM));
    let before = rows(&store);
    let receipt = purge(&store).unwrap();
    assert!(receipt.is_clean(), "{:?}", receipt.found);
    assert!(receipt.deleted.iter().all(|one| one.in_bytes));
    assert!(receipt.rewritten_segments > 0);
    assert_eq!(receipt.sequence, store.snapshot().sequence());
    assert_gone(&path, &[USER, SESSION, ITEM]);
    assert_eq!(rows(&store), before);
    assert_sound(&path);
    assert_eq!(purge(&store), None);
    // It goes on, and so does the log.
    store
        .write(view(USER, CUP, 900), Durability::Synced)
        .unwrap();
    delete(&store, Deletion::user(OTHER));
    assert_sound(&path);
    let next = purge(&store).unwrap();
    assert!(next.is_clean(), "{:?}", next.found);
    assert_gone(&path, &[OTHER]);
    assert_eq!(rows(&store), BTreeMap::from([(USER.to_owned(), 1)]));
    drop(store);
    assert_sound(&path);
    let store = Store::open(&path).unwrap();
    assert_eq!(rows(&store), BTreeMap::from([(USER.to_owned(), 1)]));
    drop(store);
    let found = Store::builder().check_purge(&path, &next).unwrap();
    assert_eq!(found, []);
}

#[test]
fn a_purge_waits_for_snapshots_that_keep_replaced_files() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = fill(&path);
    let snapshot = store.snapshot();
    let scan = snapshot.scan(&ScanQuery::default()).unwrap();
    let sequence = snapshot.sequence();
    delete(&store, Deletion::user(USER));
    let at_once = PurgeOptions::default().wait(Duration::ZERO);
    let error = store.purge(&at_once).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.to_string().starts_with("2 snapshots"), "{error}");
    // Later reads do not show it, and the snapshot does.
    assert_eq!(store.newest(USER, 9).unwrap().len(), 0);
    assert_eq!(snapshot.sequence(), sequence);
    assert!(snapshot.newest(USER, 9).unwrap().len() == 9);
    drop(scan);
    let error = store.purge(&at_once).unwrap_err();
    assert!(error.to_string().starts_with("1 snapshots"), "{error}");
    let later = store.snapshot();
    std::thread::scope(|scope| {
        let purged =
            scope.spawn(|| store.purge(&PurgeOptions::default().wait(Duration::from_secs(60))));
        std::thread::sleep(Duration::from_millis(50));
        drop(snapshot);
        let receipt = purged.join().unwrap().unwrap().unwrap();
        assert!(receipt.is_clean(), "{:?}", receipt.found);
        let hash = receipt.hash_of(USER);
        assert!(receipt.deleted.iter().any(|one| one.hash == hash));
    });
    assert_gone(&path, &[USER]);
    assert_eq!(
        later.newest(OTHER, 500).unwrap().len(),
        store.newest(OTHER, 500).unwrap().len()
    );
    assert_eq!(purge(&store), None);
    assert_sound(&path);
}

/// What it left pending is told, and the next purge goes through it again, also after an opening.
#[test]
fn a_purge_that_did_not_get_its_snapshots_is_made_again() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = fill(&path);
    let snapshot = store.snapshot();
    delete(&store, Deletion::user(USER));
    let at_once = PurgeOptions::default().wait(Duration::ZERO);
    store.purge(&at_once).unwrap_err();
    assert!(path.join("purges/pending.json").exists());
    assert!(!holding(&path, USER).is_empty());
    drop((store, snapshot));
    let receipt = Store::builder().purge(&path).unwrap().unwrap();
    assert!(receipt.is_clean(), "{:?}", receipt.found);
    assert_gone(&path, &[USER]);
}

#[test]
fn an_import_under_way_is_no_finding_and_stays() {
    let folder = folder();
    let path = folder.path().join("store");
    // Spills early.
    let settings = quiet().memory_budget_bytes(1 << 20);
    let builder = Store::builder()
        .settings(settings)
        .limits(Limits::unlimited());
    let store = builder.create(&path, &schema()).unwrap();
    store
        .write(view(USER, ITEM, 1), Durability::Buffered)
        .unwrap();
    let mut import = store.import(ImportMode::Incremental).unwrap();
    for number in 0..40_000 {
        let item = format!("{ITEM} {number:0>900}");
        import.push(&view(USER, &item, number)).unwrap();
    }
    assert!(std::fs::read_dir(path.join("temporary")).unwrap().count() > 0);
    delete(&store, Deletion::user(USER));
    let receipt = purge(&store).unwrap();
    assert!(receipt.is_clean(), "{:?}", receipt.found);
    assert_eq!(receipt.still_used, Vec::<String>::new());
    import.commit().unwrap();
    assert_eq!(rows(&store), BTreeMap::from([(USER.to_owned(), 40_000)]));
    // A deletion behind it has them go.
    delete(&store, Deletion::user(USER));
    assert!(purge(&store).unwrap().is_clean());
    assert_gone(&path, &[USER]);
}

#[test]
fn force_releases_pins_and_leases_whose_consumers_start_over() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = fill(&path);
    let taken = store.snapshot().sequence();
    let lease = |name: &str, sequence| {
        Store::builder().lease(&path, name, sequence, None).unwrap();
    };
    lease("behind", taken);
    delete(&store, Deletion::user(USER));
    lease("current", store.snapshot().sequence());
    let error = store.purge(&PurgeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("the lease behind"), "{error}");
    store.pin("kept", None).unwrap();
    let error = store.purge(&PurgeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("kept"), "{error}");
    assert!(store.changes_since(taken).is_ok());

    let receipt = store
        .purge(&PurgeOptions::default().force(true))
        .unwrap()
        .unwrap();
    assert!(receipt.is_clean(), "{:?}", receipt.found);
    assert_gone(&path, &[USER]);
    assert_eq!(Store::pins(&path).unwrap(), []);
    let left: Vec<String> = (Store::leases(&path).unwrap().into_iter())
        .map(|lease| lease.name)
        .collect();
    assert_eq!(left, ["current"]);
    let error = store.changes_since(taken).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("start over"), "{error}");
    assert!(store.changes_since(receipt.sequence).is_ok());
}

/// Deletions, of which each is purged, beside a thread that writes rows and events of users who are deleted and of others, one
/// that imports, one that reads, and a reader that follows.
#[test]
fn a_store_is_purged_again_and_again_beside_writers_and_readers() {
    const ROUNDS: u64 = 3;
    let folder = folder();
    let path = folder.path().join("store");
    let settings = Settings::default().generation_rows(300).max_runs(2);
    let builder = Store::builder()
        .settings(settings)
        .limits(Limits::unlimited());
    let store = builder.create(&path, &schema()).unwrap();
    let reader = Store::open_reader(&path).unwrap();
    let gone = |round: u64| format!("user-gone-{round:06}");
    let (round, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let goes_on = || !over.load(Ordering::Relaxed);
    let (written, imported) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut count = 0;
            while goes_on() {
                let now = round.load(Ordering::Relaxed);
                let user = format!("user-stays-{:06}", count % 50);
                let durability = match count % 40 {
                    0 => Durability::Synced,
                    _ => Durability::Buffered,
                };
                store
                    .write(view(&user, CUP, count as i64), durability)
                    .unwrap();
                // Of the last round: deleted already, and used again.
                let user = gone(now.saturating_sub(count % 3));
                store
                    .write(view(&user, CUP, count as i64), Durability::Buffered)
                    .unwrap();
                let mut request = PutEvents::new(format!("session-{:08}", count % 200)).event(
                    PutEvent::new("view", count as i64)
                        .item_id(ITEM)
                        .event_id(format!("event {count}")),
                );
                request.user_id = (count % 2 == 0).then(|| gone(now).into());
                store.put_events(&request, Durability::Buffered).unwrap();
                count += 1;
                std::thread::sleep(Duration::from_millis(1));
            }
            count
        });
        let importer = scope.spawn(|| {
            let mut count = 0;
            while goes_on() {
                let mut import = store.import(ImportMode::Incremental).unwrap();
                for number in 0..500 {
                    let user = match number % 2 {
                        0 => "user-imported-01".to_owned(),
                        _ => gone(round.load(Ordering::Relaxed)),
                    };
                    import.push(&view(&user, CUP, number)).unwrap();
                }
                import.commit().unwrap();
                count += 250;
                std::thread::sleep(Duration::from_millis(200));
            }
            count
        });
        let looks = scope.spawn(|| {
            while goes_on() {
                let snapshot = store.snapshot();
                for batch in snapshot.scan(&ScanQuery::default()).unwrap() {
                    batch.unwrap();
                }
                match reader.refresh() {
                    Err(error) if error.kind() == ErrorKind::Locked => {}
                    refreshed => {
                        refreshed.unwrap();
                    }
                }
                let seen = reader.store().snapshot().sequence();
                assert!(
                    seen >= snapshot.sequence(),
                    "{seen} of {}",
                    snapshot.sequence()
                );
            }
        });
        for number in 0..ROUNDS {
            let user = gone(number);
            std::thread::sleep(Duration::from_millis(20));
            round.store(number + 1, Ordering::Relaxed);
            delete(&store, Deletion::user(&user));
            let receipt = purge(&store).unwrap();
            assert!(receipt.is_clean(), "round {number}: {:?}", receipt.found);
            assert!(receipt.deleted.len() + receipt.still_used.len() >= 1);
        }
        over.store(true, Ordering::Relaxed);
        looks.join().unwrap();
        (writer.join().unwrap(), importer.join().unwrap())
    });
    for number in 0..=ROUNDS {
        delete(&store, Deletion::user(gone(number)));
    }
    let sequence = store.snapshot().sequence();
    let receipt = purge(&store).unwrap();
    assert!(receipt.is_clean(), "{:?}", receipt.found);
    assert_eq!(receipt.still_used, Vec::<String>::new());
    assert_gone(&path, &["user-gone-"]);
    let assert_rows = |store: &Store| {
        let rows = rows(store);
        let of = |start: &str| -> usize {
            let rows = rows.iter().filter(|(user, _)| user.starts_with(start));
            rows.map(|(_, count)| count).sum()
        };
        assert_eq!(of("user-stays-"), written as usize);
        assert_eq!(of("user-imported-"), imported);
        assert_eq!(of("user-gone-"), 0);
    };
    assert_rows(&store);
    loop {
        match reader.refresh() {
            Err(error) if error.kind() == ErrorKind::Locked => {}
            refreshed => {
                refreshed.unwrap();
                break;
            }
        }
    }
    assert_eq!(reader.store().snapshot().sequence(), sequence);
    assert_rows(&reader.store());
    assert_sound(&path);
    drop(store);
    assert_sound(&path);
    assert_rows(&Store::open(&path).unwrap());
}

/// Some of them before it forgets their sessions, some while it searches, some behind it.
#[test]
fn ids_that_are_used_again_meanwhile_stay_and_are_no_findings() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = fill(&path);
    let users: Vec<String> = (0..3000)
        .map(|number| format!("user-back-{number:06}"))
        .collect();
    for user in &users {
        store
            .write(view(user, CUP, 1), Durability::Buffered)
            .unwrap();
    }
    let deletion = Deletion::users(users.iter().map(String::as_str));
    let returns = |user: &String| {
        store
            .write(view(user, CUP, 2), Durability::Buffered)
            .unwrap();
        std::thread::sleep(Duration::from_micros(100));
    };
    delete(&store, deletion);
    let receipt = std::thread::scope(|scope| {
        scope.spawn(|| users.iter().for_each(returns));
        purge(&store).unwrap()
    });
    assert!(receipt.is_clean(), "{:?}", receipt.found);
    let left = rows(&store);
    assert!(users.iter().all(|user| left[user] == 1));
    assert_sound(&path);
}
