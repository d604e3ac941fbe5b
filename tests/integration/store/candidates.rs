//! Which candidates a user has interacted with: among the newest, or as the caller decides.

use annals::query::{EventTypeNumbers, Interacted, TextBuffer, Unseen};
use annals::{Durability, ErrorKind, Event, History, HistoryQuery, ImportMode, Projection, Store};

use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

/// Item `n` is of second `n`; even ones are `view` or `VIEW`, odd ones `buy`.
fn records(range: std::ops::Range<i64>) -> Vec<Record> {
    let record = |at: i64| Record {
        event_type: ["view", "buy", "VIEW", "buy"][at as usize % 4].to_owned(),
        position: at as i32,
        ..Record::new("ann", &format!("item {at}"), at)
    };
    range.map(record).collect()
}

fn import(store: &Store, records: &[Record]) {
    let mut import = store.import(ImportMode::Incremental).unwrap();
    records
        .iter()
        .for_each(|record| record.push_to(&mut import).unwrap());
    import.commit().unwrap();
}

fn seen(store: &Store, types: &[&str], newest: usize) -> Vec<usize> {
    let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
    let candidates: Vec<String> = (0..40).map(|at| format!("item {at}")).collect();
    let mut buffer = Unseen::new();
    let snapshot = store.snapshot();
    let flags = snapshot
        .unseen_among_newest("ann", &candidates, &types, newest, &mut buffer)
        .unwrap();
    (0..40).filter(|at| !flags[*at]).collect()
}

#[test]
fn of_each_event_type_the_newest_count() {
    let stores: [fn(&Store); 4] = [
        |store| import(store, &records(0..20)),
        |store| {
            store
                .write(batch(&records(0..20)), Durability::Buffered)
                .unwrap();
        },
        |store| {
            // The newest rows lie in the older run.
            import(store, &records(7..20));
            import(store, &records(0..7));
        },
        |store| {
            import(store, &records(0..9));
            store
                .write(batch(&records(9..20)), Durability::Buffered)
                .unwrap();
        },
    ];
    for fill in stores {
        let folder = folder();
        let store = create(folder.path(), quiet());
        fill(&store);
        assert_eq!(seen(&store, &["View"], 2), [16, 18]);
        assert_eq!(seen(&store, &["View", "buy", "view"], 2), [16, 17, 18, 19]);
        assert_eq!(seen(&store, &[], 1), [18, 19]);
        assert_eq!(
            seen(&store, &["buy"], 10),
            (1..20).step_by(2).collect::<Vec<_>>()
        );
        assert_eq!(seen(&store, &[], usize::MAX), (0..20).collect::<Vec<_>>());
        assert_eq!(seen(&store, &[], 0), [0usize; 0]);
    }
}

#[test]
fn the_caller_decides_which_interactions_count() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    import(&store, &records(0..9));
    store
        .write(batch(&records(9..20)), Durability::Buffered)
        .unwrap();
    let candidates = ["item 3", "item 19", "item 4", "item 19", "nothing"];
    let field = store.schema().require("POSITION").unwrap();
    let mut query = HistoryQuery::default()
        .event_types(["BUY"])
        .projection(Projection::names(["ITEM_ID", "POSITION"]));
    let mut told = Vec::new();
    let accept = |event: &Event<'_>| {
        told.push(event.timestamp());
        Ok(event.value(field)? != 3.into())
    };
    let mut buffer = Interacted::new();
    let snapshot = store.snapshot();
    let flags = snapshot
        .interacted("ann", &candidates, &query, accept, &mut buffer)
        .unwrap();
    assert_eq!(flags, [false, true, false, true, false]);
    assert_eq!(told, (0..10).map(|at| 19 - 2 * at).collect::<Vec<_>>());

    query.projection = Projection::names(["ITEM_ID"]);
    let flags = snapshot.interacted("bob", &candidates, &query, |_| Ok(true), &mut buffer);
    assert_eq!(flags.unwrap(), [false; 5]);
}

#[test]
fn which_items_cannot_be_told_without_them() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let mut record = Record::new("ann", "item 1", 1);
    record.impression = vec!["item 1".to_owned(), "item 2".to_owned()];
    import(&store, &[record]);
    let mut buffer = Interacted::new();
    let snapshot = store.snapshot();
    // Items are in memory for the impressions, and still are not those of the rows.
    for names in [vec!["POSITION"], vec!["IMPRESSION"], vec![]] {
        let query = HistoryQuery::default().projection(Projection::names(names.clone()));
        // Whether or not the user has a history.
        for user in ["ann", "bob"] {
            let found = snapshot.interacted(user, &["item 1"], &query, |_| Ok(true), &mut buffer);
            let error = found.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{names:?}: {error}");
            assert_eq!(
                error.message(),
                "a query whose projection lacks ITEM_ID; add it"
            );
        }
    }
}

#[test]
fn event_types_are_numbered_across_the_places_they_lie_in() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    import(&store, &records(0..9));
    store
        .write(batch(&records(9..20)), Durability::Buffered)
        .unwrap();
    let mut history = annals::History::new();
    store
        .history("ann", &HistoryQuery::default(), &mut history)
        .unwrap();
    let mut numbers = EventTypeNumbers::new(store.schema());
    for event in history.iter() {
        let want = usize::from(event.event_type().unwrap() != Some("buy"));
        assert_eq!(numbers.of(&event).unwrap(), want);
    }
}

/// Two items whose ids have the same hash (the lower half of XXH3, FORMAT.md section 2.4) and begin
/// alike.
fn alike(begin: &str) -> [String; 2] {
    let id = |number: &u32| format!("{begin}{number}");
    let hash = |number: &u32| xxhash_rust::xxh3::xxh3_64(id(number).as_bytes()) as u32;
    let mut numbers: Vec<u32> = (0..200_000).collect();
    numbers.sort_by_cached_key(hash);
    let pair = numbers
        .windows(2)
        .find(|pair| hash(&pair[0]) == hash(&pair[1]));
    pair.map(|pair| [id(&pair[0]), id(&pair[1])]).unwrap()
}

#[test]
fn items_whose_hashes_are_the_same_are_told_apart() {
    let stores: [fn(&Store, &[Record]); 2] = [import, |store, records| {
        store.write(batch(records), Durability::Buffered).unwrap();
    }];
    // Ids of up to 7 bytes, up to 15 and longer ones are copied, and then known, in ways of their own.
    for begin in ["", "item ", "an item with the number "] {
        let [taken, other] = alike(begin);
        for fill in stores {
            let folder = folder();
            let store = create(folder.path(), quiet());
            let of = |user: &str| Record::new(user, &taken, 1);
            fill(
                &store,
                &[of("ann"), of("bob"), Record::new("bob", &other, 2)],
            );
            assert_told_apart(&store, &taken, &other);
            let mut history = History::new();
            store
                .history("ann", &HistoryQuery::default(), &mut history)
                .unwrap();
            let mut items = TextBuffer::new();
            history
                .copy_text(store.schema().item(), &mut items)
                .unwrap();
            assert_eq!(items.get(0), Some(&*taken));
            assert_told_apart(&store, &taken, &other);
        }
    }
}

/// Asserts that ann has met `taken`, bob both items, and eve none.
fn assert_told_apart(store: &Store, taken: &str, other: &str) {
    let candidates = [other, taken, other, taken];
    let unseen = |user: &str| store.unseen(user, &candidates, &[]).unwrap();
    assert_eq!(unseen("ann"), [true, false, true, false]);
    assert_eq!(unseen("bob"), [false; 4]);
    assert_eq!(unseen("eve"), [true; 4]);
    let query = HistoryQuery::default();
    let mut buffer = Interacted::new();
    let snapshot = store.snapshot();
    let flags = snapshot
        .interacted("ann", &candidates, &query, |_| Ok(true), &mut buffer)
        .unwrap();
    assert_eq!(flags, [false, true, false, true]);
}

#[test]
fn a_buffer_serves_any_candidates() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    import(&store, &records(0..20));
    let snapshot = store.snapshot();
    let mut buffer = Unseen::new();
    let lists: [&[&str]; 4] = [
        &["item 3", "item 30"],
        &["item 30", "item 4", "item 5"],
        &[],
        &["item 6"],
    ];
    let wanted: [&[bool]; 4] = [&[false, true], &[true, false, false], &[], &[false]];
    for (candidates, unseen) in lists.into_iter().zip(wanted) {
        for user in ["ann", "bob"] {
            let found = snapshot.unseen(user, candidates, &[], &mut buffer).unwrap();
            let all = vec![true; candidates.len()];
            assert_eq!(found, if user == "ann" { unseen } else { &all });
        }
    }
}
