//! What is to be written and lacks something is an error of ours: no value stands in for it.

use std::sync::Arc;

use super::arbitrary::{EVENT_TYPE, LISTS, Line, columns, schema};
use crate::column::{Column, Columns, Dictionary, Strings};
use crate::io::SimStorage;
use crate::model::ErrorKind;
use crate::segment::format::Origin;
use crate::segment::write::SegmentWriter;

const ITEM: usize = 1;
const VALUE: usize = 4;

fn lines() -> Vec<Line> {
    let line = |row: i64| Line {
        impression: vec!["item 1".to_owned(); row as usize % 3],
        value: (row > 2).then_some(7),
        ..Line::view(
            format!("user {}", row / 4),
            row,
            format!("item {}", row % 5),
        )
    };
    (0..12).map(line).collect()
}

fn prepare(columns: &Columns, base: u64) -> ErrorKind {
    let writer = SegmentWriter {
        store: crate::model::StoreId::default(),
        storage: &SimStorage::new(),
        schema: &schema(),
        origin: Origin::Recorded,
        durable: true,
        threads: 2,
        proceed: &crate::model::always,
        before: None,
    };
    let prepared = writer.prepare("test.seg", columns, base);
    prepared.err().unwrap().kind()
}

fn codes(columns: &mut Columns, field: usize) -> &mut Vec<u32> {
    match &mut columns.fields[field] {
        Column::Strings(codes) => codes,
        Column::Lists(lists) => &mut lists.items,
        _ => panic!("field {field} has no codes"),
    }
}

/// A dictionary of one string.
fn short() -> Option<Arc<dyn Strings>> {
    let mut strings = Dictionary::default();
    strings.push("one").unwrap();
    Some(Arc::new(strings))
}

#[test]
fn what_is_missing_is_not_made_up() {
    let breaks: [fn(&mut Columns); 17] = [
        |columns| columns.timestamps.truncate(11),
        |columns| columns.users.truncate(11),
        |columns| columns.sequences.truncate(11),
        |columns| codes(columns, ITEM).truncate(11),
        |columns| codes(columns, EVENT_TYPE).truncate(11),
        |columns| codes(columns, LISTS).truncate(11),
        |columns| codes(columns, ITEM)[3] = 99,
        |columns| codes(columns, EVENT_TYPE)[3] = 99,
        |columns| codes(columns, LISTS)[3] = 99,
        |columns| match &mut columns.fields[VALUE] {
            Column::Numbers(numbers) => numbers.bits.truncate(11),
            _ => panic!("no numbers"),
        },
        |columns| match &mut columns.fields[VALUE] {
            Column::Numbers(numbers) => numbers.valid.truncate(11),
            _ => panic!("no numbers"),
        },
        |columns| match &mut columns.fields[LISTS] {
            Column::Lists(lists) => lists.ends.swap(1, 2),
            _ => panic!("no lists"),
        },
        |columns| columns.users.reverse(),
        |columns| columns.user_ids = None,
        |columns| columns.user_ids = short(),
        |columns| columns.dictionaries[ITEM] = None,
        |columns| columns.dictionaries[EVENT_TYPE] = None,
    ];
    for (nth, broken) in breaks.into_iter().enumerate() {
        let mut columns = columns(&schema(), &lines());
        broken(&mut columns);
        assert_eq!(prepare(&columns, 5), ErrorKind::Internal, "{nth}");
    }
    let columns = columns(&schema(), &lines());
    assert_eq!(prepare(&columns, 6), ErrorKind::Internal);
    assert_eq!(
        prepare(&Columns::for_schema(&schema()), 5),
        ErrorKind::Internal
    );
}
