//! Batches: what is read afterwards, and what is refused.

use annals::{
    Durability, ErrorKind, HistoryQuery, Interaction, Limits, Order, Projection, ScanQuery, Store,
    TimeRange, WriteBatch,
};

use crate::support::model::Model;
use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, read, schema};

/// 40 commits of ten rows: three users, timestamps out of order and repeated.
fn fill(store: &Store, model: &mut Model, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let records: Vec<Record> = (0..10)
            .map(|row| {
                let user = ["ann", "bob", "b\u{F6}b"][(row % 3) as usize];
                Record::numbered(user, (number * 7 + row) as i64 % 11, number * 10 + row)
            })
            .collect();
        let durability = match number % 10 {
            0 => Durability::Synced,
            _ => Durability::Buffered,
        };
        let commit = store.write(batch(&records), durability).unwrap();
        model.write(&records);
        assert_eq!((commit.sequence, commit.rows), (model.sequence, 10));
    }
}

#[test]
fn rows_are_the_same_in_every_tier_and_after_reopening() {
    let folder = folder();
    let mut model = Model::default();
    let store = create(folder.path(), quiet());
    model.assert_equals(&store.snapshot());
    fill(&store, &mut model, 0..10);
    model.assert_equals(&store.snapshot());
    store.flush().unwrap();
    model.assert_equals(&store.snapshot());
    fill(&store, &mut model, 10..20);
    model.assert_equals(&store.snapshot());
    drop(store);
    let store = open(folder.path(), quiet());
    model.assert_equals(&store.snapshot());
    fill(&store, &mut model, 20..30);
    store.flush().unwrap();
    fill(&store, &mut model, 30..40);
    assert_eq!(store.stats().unwrap().runs, 2);
    model.assert_equals(&store.snapshot());
    store.compact().unwrap();
    assert_eq!(store.stats().unwrap().runs, 1);
    assert_eq!(store.stats().unwrap().hot_rows, 0);
    model.assert_equals(&store.snapshot());
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
    drop(store);
    model.assert_equals(&open(folder.path(), quiet()).snapshot());
}

#[test]
fn a_reader_opens_what_a_writer_holds() {
    let folder = folder();
    let mut model = Model::default();
    let store = create(folder.path(), quiet());
    fill(&store, &mut model, 0..5);
    store.flush().unwrap();
    fill(&store, &mut model, 5..10);
    let reader = Store::open_read_only(folder.path()).unwrap();
    let before = model.clone();
    fill(&store, &mut model, 10..15);
    store.compact().unwrap();
    before.assert_equals(&reader.snapshot());
    let again = Store::open_read_only(folder.path()).unwrap();
    model.assert_equals(&again.snapshot());
    let error = again
        .write(
            Record::new("ann", "book", 1).interaction(),
            Durability::Buffered,
        )
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(again.flush().unwrap_err().kind(), ErrorKind::Unsupported);
    drop(store);
    let alone = Store::open_read_only(folder.path()).unwrap();
    model.assert_equals(&alone.snapshot());
}

#[test]
fn events_of_one_second_keep_their_order_of_arrival() {
    let folder = folder();
    let mut store = create(folder.path(), quiet());
    let mut number = 0;
    let mut write = |store: &Store, rows: usize| {
        let records: Vec<Record> = (0..rows)
            .map(|_| {
                number += 1;
                Record::new("ann", &format!("{number:03}"), 7)
            })
            .collect();
        store.write(batch(&records), Durability::Buffered).unwrap();
        number
    };
    let check = |store: &Store, number: usize| {
        let mut query = HistoryQuery::default();
        let item = |line: &read::Line| line[1].clone();
        let want: Vec<String> = (1..=number)
            .map(|n| format!("String(\"{n:03}\")"))
            .collect();
        let snapshot = store.snapshot();
        let scanned = read::scan(&snapshot, &ScanQuery::default());
        assert_eq!(scanned.iter().map(item).collect::<Vec<_>>(), want);
        query.order = Order::OldestFirst;
        let oldest = read::history(&snapshot, "ann", &query);
        assert_eq!(oldest.iter().map(item).collect::<Vec<_>>(), want);
        query.order = Order::NewestFirst;
        query.limit = Some(5);
        let newest = read::history(&snapshot, "ann", &query);
        let want: Vec<String> = want.into_iter().rev().take(5).collect();
        assert_eq!(newest.iter().map(item).collect::<Vec<_>>(), want);
    };
    for round in 0..4 {
        write(&store, 3);
        let number = write(&store, 4);
        check(&store, number);
        store.flush().unwrap();
        check(&store, number);
        if round % 2 == 1 {
            store.compact().unwrap();
            check(&store, number);
            drop(store);
            store = open(folder.path(), quiet());
            check(&store, number);
        }
    }
}

#[test]
fn a_history_is_cut_filtered_and_projected() {
    let folder = folder();
    let mut model = Model::default();
    let store = create(folder.path(), quiet());
    fill(&store, &mut model, 0..6);
    store.flush().unwrap();
    fill(&store, &mut model, 6..12);
    let snapshot = store.snapshot();
    for order in [Order::NewestFirst, Order::OldestFirst] {
        for limit in [None, Some(0), Some(1), Some(13), Some(1000)] {
            for event_types in [vec![], vec!["PURCHASE".to_owned()], vec!["none".to_owned()]] {
                let query = HistoryQuery::default()
                    .limit(limit)
                    .event_types(event_types)
                    .time(TimeRange::new(Some(2), Some(9)))
                    .projection(Projection::names(["IMPRESSION", "PRICE"]))
                    .order(order)
                    .copies_text(false);
                let found = read::history(&snapshot, "bob", &query);
                assert_eq!(found, model.history("bob", &query), "{query:?}");
            }
        }
    }
    assert!(read::history(&snapshot, "nobody", &HistoryQuery::default()).is_empty());
    let candidates: Vec<String> = (0..110).map(|n| format!("item {n}")).collect();
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    for types in [vec![], vec!["view".to_owned()], vec!["none".to_owned()]] {
        let found = store.unseen("bob", &candidates, &types).unwrap();
        assert_eq!(found, model.unseen("bob", &candidates, &types));
    }
    let error = store
        .history(
            "bob",
            &HistoryQuery::default().projection(Projection::names(["COLOUR"])),
            &mut annals::History::new(),
        )
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_batch_with_a_bad_interaction_leaves_nothing() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let good = Record::new("ann", "book", 1).interaction();
    let bad = [
        Interaction::new("ann", "book", -1)
            .event_type("view")
            .with("POSITION", 1),
        Interaction::new("ann", "book", 1).event_type("view"),
        Interaction::new("ann", "book", 1)
            .event_type("view")
            .with("POSITION", f64::NAN),
        Interaction::new("", "book", 1)
            .event_type("view")
            .with("POSITION", 1),
        good.clone().with("COLOUR", "red"),
        good.clone().impression(["a|b"]),
    ];
    for bad in bad {
        let batch = WriteBatch::from_iter([good.clone(), bad]);
        let error = store.write(batch, Durability::Synced).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(
            error.message().starts_with("interaction number 2 "),
            "{error}"
        );
    }
    let empty = store.write(WriteBatch::new(), Durability::Synced).unwrap();
    assert_eq!((empty.sequence, empty.rows), (0, 0));
    Model::default().assert_equals(&store.snapshot());
    assert_eq!(store.stats().unwrap().event_types, Vec::<String>::new());
    let commit = store.write(good, Durability::Synced).unwrap();
    assert_eq!((commit.sequence, commit.rows), (1, 1));
}

#[test]
fn one_handle_writes_at_a_time() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let error = Store::builder().open(folder.path()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Locked);
    drop(store);
    let error = Store::builder()
        .create(folder.path(), &schema())
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    open(folder.path(), quiet());
    let nothing = folder.path().join("nothing");
    for result in [Store::open(&nothing), Store::open_read_only(&nothing)] {
        assert_eq!(result.err().unwrap().kind(), ErrorKind::NotFound);
    }
}

/// Seven optional fields leave room for four event types.
pub(super) fn four_event_types() -> Limits {
    Limits::personalize().max_metadata_fields_and_event_types(11)
}

#[test]
fn event_types_count_against_their_quota() {
    let folder = folder();
    let store = Store::builder()
        .settings(quiet())
        .limits(four_event_types())
        .create(folder.path(), &schema())
        .unwrap();
    let write = |store: &Store, name: &str| {
        let mut record = Record::new("ann", "book", 1);
        record.event_type = name.to_owned();
        store.write(record.interaction(), Durability::Buffered)
    };
    for name in ["a", "b", "c", "d", "a"] {
        write(&store, name).unwrap();
    }
    let error = write(&store, "e").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("\"e\""), "{error}");
    store.compact().unwrap();
    assert!(write(&store, "e").is_err());
    drop(store);
    let store = open(folder.path(), quiet());
    let error = write(&store, "e").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
