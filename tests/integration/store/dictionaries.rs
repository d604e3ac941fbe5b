//! Dictionaries of the segments of one run.

use annals::query::TextBuffer;
use annals::{History, HistoryQuery, ImportMode, Settings, Store};

use crate::support::record::Record;
use crate::support::{create, folder, open, quiet};

/// A budget that holds a third of the rows.
fn small() -> Settings {
    quiet().memory_budget_bytes(4 << 20)
}

const ROWS: u64 = 120_000;
const USERS: u64 = 600;

fn user_of(row: u64) -> u64 {
    row % USERS
}

/// Rows whose items are named by `item_of` from their number and that of their user.
fn rows(item_of: impl Fn(u64, u64) -> u64) -> Vec<Record> {
    let row = |number: u64| Record {
        item: format!("item{}", item_of(number, user_of(number))),
        ..Record::new(&format!("{:04}", user_of(number)), "", number as i64)
    };
    (0..ROWS).map(row).collect()
}

fn import(store: &Store, rows: &[Record]) {
    let mut import = store.import(ImportMode::Full).unwrap();
    for row in rows {
        row.push_to(&mut import).unwrap();
    }
    import.commit().unwrap();
}

/// The items of each segment, in the order of its dictionary.
fn dictionaries(store: &Store) -> Vec<Vec<String>> {
    let item = store.schema().require("ITEM_ID").unwrap();
    let dictionaries = store.segments().into_iter().map(|segment| {
        let strings = store.segment_dictionary(segment.id, item).unwrap();
        let codes = 1..=strings.len() as u32;
        codes
            .map(|code| strings.get(code).unwrap().to_owned())
            .collect()
    });
    dictionaries.collect()
}

/// Copies the items of these users and compares them with those of the rows.
fn assert_items_are_copied(store: &Store, rows: &[Record], users: impl Iterator<Item = u64>) {
    let item = store.schema().require("ITEM_ID").unwrap();
    let (mut history, mut items) = (History::new(), TextBuffer::new());
    for user in users {
        let name = format!("{user:04}");
        store
            .history(&name, &HistoryQuery::default(), &mut history)
            .unwrap();
        history.copy_text(item, &mut items).unwrap();
        let expected = rows.iter().rev().filter(|row| row.user == name);
        let expected: Vec<&str> = expected.map(|row| row.item.as_str()).collect();
        let copied = (0..items.len()).map(|at| items.get(at).unwrap());
        assert!(copied.eq(expected), "user {name}");
    }
}

#[test]
fn segments_of_a_run_begin_with_the_same_items() {
    // Every user has ten items, and 90 more that one in fifteen users have. Some of the last users have
    // another that no others have, and one of these is long.
    let rows = rows(|row, user| match (row / USERS / 2, user) {
        (nth @ ..10, _) => nth,
        (99, 520) => 1_000_000_000_000_000,
        (99, 400..) if user % 10 == 0 => 10_000 + user,
        (nth, _) => user % 15 * 90 + nth,
    });
    let folder = folder();
    let store = create(folder.path(), small());
    import(&store, &rows);
    let dictionaries = dictionaries(&store);
    assert!(dictionaries.len() > 2, "{} segments", dictionaries.len());
    for pair in dictionaries.windows(2) {
        assert!(pair[1].starts_with(&pair[0]));
        assert!(pair[1].len() > pair[0].len());
    }
    // Whichever dictionary is used first.
    assert_items_are_copied(&store, &rows, (0..USERS).step_by(7));
    drop(store);
    let store = open(folder.path(), small());
    assert_items_are_copied(&store, &rows, (0..USERS).rev().step_by(7));
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
}

#[test]
fn a_segment_of_other_items_has_a_dictionary_of_its_own() {
    let rows = rows(|row, user| user / 300 * 10_000 + user % 11 * 100 + row / USERS / 2);
    let folder = folder();
    let store = create(folder.path(), small());
    import(&store, &rows);
    let dictionaries = dictionaries(&store);
    let (first, last) = (dictionaries.first().unwrap(), dictionaries.last().unwrap());
    assert!(!last.starts_with(first));
    assert_eq!(last.len(), 1_100);
    assert_items_are_copied(&store, &rows, (0..USERS).step_by(7));
}
