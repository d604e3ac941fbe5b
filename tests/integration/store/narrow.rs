//! Batches of an import: columns that widen between them, and the order of time over them.

use annals::columns::{Cell, Columns, Row};
use annals::import::ImportBatch;
use annals::{ImportMode, Limits, ScanQuery, Schema, Store};

use crate::numbers::SCHEMA;
use crate::support::folder;

/// An item, a time, and a score.
type Given = (usize, i64, Option<i64>);

fn item(number: usize) -> String {
    format!("item {number}")
}

fn push(batch: &mut ImportBatch, &(number, timestamp, score): &Given) {
    let item = item(number);
    let score = score.map_or(Cell::Null, Cell::of_i64);
    let cells = [Cell::Null, Cell::Text(&item), Cell::Null, score];
    let row = Row {
        user: "ann",
        timestamp,
        cells: &cells,
    };
    batch.push_row(&row).unwrap();
}

fn assert_columns(columns: &Columns, rows: &mut impl Iterator<Item = Given>) {
    let dictionary = columns.dictionaries[1].as_ref().unwrap();
    let annals::columns::Column::Strings(items) = &columns.fields[1] else {
        panic!("no items");
    };
    let annals::columns::Column::Numbers(scores) = &columns.fields[3] else {
        panic!("no scores");
    };
    for (row, code) in items.iter().enumerate() {
        let (number, timestamp, score) = rows.next().unwrap();
        assert_eq!(dictionary.get(*code).unwrap(), item(number));
        assert_eq!(columns.timestamps[row], timestamp);
        assert_eq!(scores.get(row).map(Cell::i64_of_bits), score);
    }
}

/// Imports batches of rows, and compares them with what a stable sort by time gives.
fn assert_imported(batches: &[Vec<Given>]) {
    let folder = folder();
    let schema = Schema::parse(SCHEMA, &Limits::unlimited()).unwrap();
    let store = Store::create(folder.path().join("store"), &schema).unwrap();
    let mut import = store.import(ImportMode::Incremental).unwrap();
    for rows in batches {
        let mut batch = import.batch();
        rows.iter().for_each(|row| push(&mut batch, row));
        import.append(&mut batch).unwrap();
    }
    import.commit().unwrap();
    let mut rows = batches.concat();
    rows.sort_by_key(|row| row.1);
    let mut rows = rows.into_iter();
    for columns in store.scan(&ScanQuery::default()).unwrap() {
        assert_columns(&columns.unwrap(), &mut rows);
    }
    assert_eq!(rows.next(), None);
}

fn distinct(numbers: std::ops::Range<usize>) -> Vec<Given> {
    let given = |number: usize| {
        (
            number,
            number as i64,
            (!number.is_multiple_of(5)).then_some(number as i64),
        )
    };
    numbers.map(given).collect()
}

/// The last code that a byte holds is 255, and that of two bytes 65,535.
#[test]
fn a_column_widens_where_a_code_no_longer_fits() {
    for more in [254, 255, 256, 257, 300] {
        assert_imported(&[distinct(0..200), distinct(200..more)]);
    }
    assert_imported(&[distinct(0..250), distinct(100..65_536), distinct(0..10)]);
    assert_imported(&[distinct(0..250), distinct(100..65_537)]);
    // Scores that become too many for codes, after some that were null.
    assert_imported(&[distinct(0..300), distinct(300..82_000)]);
}

/// Time falls between the first two batches only.
#[test]
fn batches_in_order_behind_one_that_is_not_are_sorted() {
    let at = |times: &[i64]| -> Vec<Given> {
        times.iter().map(|at| (*at as usize, *at, None)).collect()
    };
    assert_imported(&[at(&[5, 6]), at(&[1, 6]), at(&[6, 9])]);
    assert_imported(&[at(&[5, 6, 2]), at(&[7]), at(&[8, 9])]);
    assert_imported(&[at(&[]), at(&[5]), at(&[]), at(&[4])]);
}
