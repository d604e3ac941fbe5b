//! Readers that follow a store while it is written, sealed, compacted, deleted from and opened anew.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use annals::{Deletion, Durability, ErrorKind, ImportMode, Reader, ScanQuery, Settings, Store};

use crate::support::model::{Deleted, Model};
use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, read};

const COMMITS: u64 = 300;

/// The commits of the writer, each depends on its number alone.
fn commit(store: &Store, model: &mut Model, number: u64) {
    let user = |number: u64| format!("user {}", number % 7);
    match number % 29 {
        7 => {
            let deleted = Deleted::OfUsers {
                users: vec![user(number)],
                item: None,
                since: None,
                until: None,
            };
            store
                .delete(&deleted.deletion(), Durability::Buffered)
                .unwrap();
            model.delete(&deleted);
        }
        13 => {
            let records: Vec<Record> = (0..9)
                .map(|row| Record::numbered(&user(row), row as i64, number * 100 + row))
                .collect();
            let mut import = store.import(ImportMode::Full).unwrap();
            records
                .iter()
                .for_each(|record| record.push_to(&mut import).unwrap());
            import.commit().unwrap();
            model.import(&records, ImportMode::Full);
        }
        _ => {
            let records: Vec<Record> = (0..3)
                .map(|row| Record::numbered(&user(number + row), number as i64, number * 100 + row))
                .collect();
            store.write(batch(&records), Durability::Buffered).unwrap();
            model.write(&records);
        }
    }
}

fn settings() -> Settings {
    Settings::default().generation_rows(25).max_runs(1)
}

/// Refreshes, past moments at which the writer publishes too often.
fn refreshed(reader: &Reader) -> bool {
    loop {
        match reader.refresh() {
            Ok(changed) => return changed,
            Err(error) if error.kind() == ErrorKind::Locked => {}
            Err(error) => panic!("{}", error.full_message()),
        }
    }
}

#[test]
fn a_reader_goes_on_from_commit_to_commit() {
    let folder = folder();
    let path = folder.path().join("store");
    let first = create(&path, settings());
    let reader = Store::open_reader(&path).unwrap();
    let acknowledged = AtomicU64::new(0);
    let over = AtomicBool::new(false);
    // What the store shows at each commit.
    let states: Vec<Model> = {
        let other = folder.path().join("other");
        let store = create(&other, settings());
        let mut model = Model::default();
        let mut states = vec![model.clone()];
        for number in 0..COMMITS {
            commit(&store, &mut model, number);
            states.push(model.clone());
        }
        states
    };
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let (mut last, mut seen) = (0, 0);
            let mut held = Vec::new();
            while !over.load(Ordering::Acquire) || last < COMMITS {
                let before = acknowledged.load(Ordering::Acquire);
                refreshed(&reader);
                let snapshot = reader.snapshot();
                let sequence = snapshot.sequence();
                assert!(sequence >= before, "an acknowledged commit is not seen");
                assert!(sequence >= last, "a reader went back");
                states[sequence as usize].assert_equals(&snapshot);
                seen += u64::from(sequence > last);
                last = sequence;
                if seen % 9 == 0 {
                    held.push(snapshot);
                }
            }
            for snapshot in &held {
                states[snapshot.sequence() as usize].assert_equals(snapshot);
            }
            seen
        });
        let mut store = Some(first);
        let mut model = Model::default();
        for number in 0..COMMITS {
            if number % 70 == 69 {
                drop(store.take());
                store = Some(open(&path, settings()));
            }
            let store = store.as_ref().unwrap();
            match number % 40 {
                20 => store.flush().unwrap(),
                39 => store.compact().unwrap(),
                _ => {}
            }
            commit(store, &mut model, number);
            acknowledged.store(number + 1, Ordering::Release);
            // Time for the reader to come in between.
            std::thread::sleep(Duration::from_millis(5));
        }
        over.store(true, Ordering::Release);
        assert!(reading.join().unwrap() > 0);
    });
    refreshed(&reader);
    assert!(!refreshed(&reader), "nothing has changed");
}

/// Also through a purge, which replaces every file.
#[test]
fn a_reader_on_a_thread_sees_commits_within_its_interval() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = create(&path, quiet());
    let reader = Store::open_reader(&path).unwrap();
    let following = reader.follow(Duration::from_millis(5)).unwrap();
    let seen = |sequence: u64| {
        let began = Instant::now();
        while reader.snapshot().sequence() < sequence {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "commit {sequence}"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let mut model = Model::default();
    for number in 0..6 {
        commit(&store, &mut model, number);
        seen(number + 1);
    }
    let before = reader.snapshot();
    store
        .delete(&Deletion::user("user 1"), Durability::Buffered)
        .unwrap();
    drop(store);
    Store::builder().purge(&path).unwrap().unwrap();
    let held = model.clone();
    model.delete(&Deleted::OfUsers {
        users: vec!["user 1".to_owned()],
        item: None,
        since: None,
        until: None,
    });
    seen(7);
    refreshed(&reader);
    model.assert_equals(&reader.snapshot());
    held.assert_equals(&before);
    let error = following.take_failure();
    assert!(error.is_none(), "{error:?}");
    drop(following);
    let store = open(&path, quiet());
    commit(&store, &mut model, 8);
    assert_eq!(reader.snapshot().sequence(), 7, "nobody follows any more");
    let clone = reader.clone();
    assert!(refreshed(&clone));
    model.assert_equals(&reader.store().snapshot());
    let rows = read::scan(&reader.snapshot(), &ScanQuery::default());
    assert!(!rows.is_empty());
}

#[test]
fn a_reader_of_no_store_says_so() {
    let folder = folder();
    let error = Store::open_reader(folder.path()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("no store here"), "{error}");
}

/// As long as the writer begins no other file of the log, a reader goes on where it stood: also with what
/// concerns earlier rows.
#[test]
fn a_reader_goes_on_in_the_log() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = create(&path, quiet());
    let mut model = Model::default();
    // The first deletion makes a table, which is more than the log has.
    let deleted = Deleted::Item("none".to_owned());
    store
        .delete(&deleted.deletion(), Durability::Buffered)
        .unwrap();
    model.delete(&deleted);
    let reader = Store::open_reader(&path).unwrap();
    let same = reader.store();
    let mut held = Vec::new();
    for number in 0..200 {
        let records: Vec<Record> = (0..number % 4)
            .map(|row| {
                Record::numbered(
                    &format!("user {}", row + number % 3),
                    number as i64,
                    number * 9 + row,
                )
            })
            .collect();
        store.write(batch(&records), Durability::Buffered).unwrap();
        model.write(&records);
        if number % 17 == 16 {
            let deleted = Deleted::Item(
                records
                    .first()
                    .map_or("none".to_owned(), |one| one.item.clone()),
            );
            store
                .delete(&deleted.deletion(), Durability::Buffered)
                .unwrap();
            model.delete(&deleted);
        }
        if number % 3 == 0 {
            refreshed(&reader);
            model.assert_equals(&reader.snapshot());
            held.push((reader.snapshot(), model.clone()));
        }
    }
    refreshed(&reader);
    assert_eq!(
        same.snapshot().sequence(),
        model.sequence,
        "it was not opened anew"
    );
    for (snapshot, model) in &held {
        model.assert_equals(snapshot);
    }
    store.flush().unwrap();
    refreshed(&reader);
    model.assert_equals(&reader.snapshot());
    assert!(!refreshed(&reader));
}
