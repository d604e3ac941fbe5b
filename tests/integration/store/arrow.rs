//! Arrow record batches hold what the scan does, whichever form their strings have.

use annals::export::{ArrowScan, ArrowStrings};
use annals::query::ScanOrder;
use annals::{
    DataType, Durability, ImportMode, Projection, ScanQuery, Snapshot, Store, TimeRange, Value,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::read::{self, Line, line};
use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

/// The rows of an Arrow scan; fields that are not asked for are null. `kept` batches are all held to the
/// end, others let go one by one, so that their memory is used again.
fn arrow(snapshot: &Snapshot, query: &ScanQuery, strings: ArrowStrings, kept: bool) -> Vec<Line> {
    let scan = ArrowScan::new(snapshot.scan(query).unwrap()).strings(strings);
    let schema = scan.schema();
    let lines = |batch: &RecordBatch| {
        assert_eq!(batch.schema(), schema);
        assert!(batch.num_rows() > 0, "an empty batch");
        for column in batch.columns() {
            column.to_data().validate_full().unwrap();
        }
        let rows = 0..batch.num_rows();
        rows.map(|row| of_row(snapshot, batch, row, strings))
            .collect::<Vec<_>>()
    };
    let batches = scan.map(Result::unwrap);
    match kept {
        true => batches.collect::<Vec<_>>().iter().flat_map(lines).collect(),
        false => batches.flat_map(|batch| lines(&batch)).collect(),
    }
}

fn of_row(snapshot: &Snapshot, batch: &RecordBatch, row: usize, strings: ArrowStrings) -> Line {
    let fields = snapshot.schema().fields().iter();
    let values = fields.map(|field| match batch.column_by_name(field.name()) {
        None => Value::Null,
        Some(array) if array.is_null(row) => Value::Null,
        Some(array) => match field.data_type() {
            _ if field.name() == "IMPRESSION" => {
                let items = array.as_list::<i32>().value(row);
                Value::Items(
                    (0..items.len())
                        .map(|at| text(&*items, at, strings))
                        .collect(),
                )
            }
            DataType::String => Value::String(text(&**array, row, strings)),
            DataType::Int => Value::Int(array.as_primitive::<Int32Type>().value(row)),
            DataType::Long => Value::Long(array.as_primitive::<Int64Type>().value(row)),
            DataType::Float => Value::Float(array.as_primitive::<Float32Type>().value(row)),
            DataType::Double => Value::Double(array.as_primitive::<Float64Type>().value(row)),
            DataType::Boolean => Value::Boolean(array.as_boolean().value(row)),
        },
    });
    line(&values.collect::<Vec<_>>())
}

fn text(array: &dyn Array, row: usize, strings: ArrowStrings) -> String {
    let text = match strings {
        ArrowStrings::Plain => array.as_string::<i32>().value(row),
        ArrowStrings::View => array.as_string_view().value(row),
        ArrowStrings::Dictionary => {
            let keyed = array.as_dictionary::<Int32Type>();
            let key = keyed.keys().value(row) as usize;
            keyed.values().as_string::<i32>().value(key)
        }
    };
    text.to_owned()
}

fn assert_same(snapshot: &Snapshot, query: &ScanQuery) {
    let expected = read::scan(snapshot, query);
    for strings in [
        ArrowStrings::Dictionary,
        ArrowStrings::Plain,
        ArrowStrings::View,
    ] {
        for kept in [false, true] {
            assert_eq!(arrow(snapshot, query, strings, kept), expected);
        }
    }
}

/// Long strings that come again.
const AGAIN: [&str; 3] = [
    "sixteen bytes ab",
    "more than sixteen bytes",
    "\u{e9}\u{6f22}\u{1F600} more than sixteen bytes",
];

/// Around the lengths at which strings are copied differently, and beyond ASCII.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&AGAIN[..]).prop_map(str::to_owned),
        4 => "[a-c]{1,3}",
        2 => "[a-b]{14,18}",
        1 => "[x-z]{100,250}",
        2 => "[\u{e9}\u{6f22}\u{1F600}]{1,12}",
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let context = (
        0..200u64,
        proptest::option::of(string()),
        vec(string(), 0..4),
    );
    (string(), string(), 0..50i64, context).prop_map(
        |(user, item, timestamp, (number, location, impression))| Record {
            item,
            location,
            impression,
            ..Record::numbered(&user, timestamp, number)
        },
    )
}

#[derive(Clone, Debug)]
enum Step {
    Import(Vec<Record>),
    Write(Vec<Record>),
    Flush,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => vec(record(), 1..60).prop_map(Step::Import),
        2 => vec(record(), 1..30).prop_map(Step::Write),
        1 => Just(Step::Flush),
    ];
    vec(step, 1..5)
}

fn follow(store: &Store, steps: &[Step]) {
    for step in steps {
        match step {
            Step::Import(records) => {
                let mut import = store.import(ImportMode::Incremental).unwrap();
                for record in records {
                    record.push_to(&mut import).unwrap();
                }
                import.commit().unwrap();
            }
            Step::Write(records) => {
                store.write(batch(records), Durability::Buffered).unwrap();
            }
            Step::Flush => store.flush().unwrap(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn every_form_of_strings_holds_what_the_scan_does(steps in steps()) {
        let folder = folder();
        let store = create(folder.path(), quiet());
        follow(&store, &steps);
        let snapshot = store.snapshot();
        for batch_rows in [7, 1 << 14] {
            for order in [ScanOrder::UserTime, ScanOrder::Any] {
                let all = ScanQuery::default().order(order).batch_rows(batch_rows);
                assert_same(&snapshot, &all);
                let time = TimeRange::new(Some(10), Some(30));
                let projection = Projection::names(["USER_ID", "TIMESTAMP", "IMPRESSION"]);
                assert_same(&snapshot, &all.time(time).projection(projection));
            }
        }
    }
}

#[test]
fn a_long_run_of_one_user_is_copied_whole() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let users = [
        "a",
        "\u{6f22}\u{5b57} of more than sixteen bytes",
        "sixteen bytes ab",
    ];
    let records: Vec<Record> = (0..3_000)
        .map(|number| Record::numbered(users[number / 1_000], number as i64, number as u64))
        .collect();
    follow(&store, &[Step::Import(records)]);
    assert_same(&store.snapshot(), &ScanQuery::default());
}

#[test]
fn a_scan_without_fields_has_its_rows() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let records = |range: std::ops::Range<i64>| {
        let numbered = |at| Record::numbered("ann", at, at as u64);
        range.map(numbered).collect::<Vec<_>>()
    };
    follow(
        &store,
        &[Step::Import(records(0..20)), Step::Write(records(20..30))],
    );
    for order in [ScanOrder::UserTime, ScanOrder::Any] {
        let query = ScanQuery::default()
            .order(order)
            .batch_rows(7)
            .projection(Projection::Names(Vec::new()));
        for strings in [ArrowStrings::Dictionary, ArrowStrings::Plain] {
            let scan = ArrowScan::new(store.scan(&query).unwrap()).strings(strings);
            let rows = scan.map(|batch| {
                let batch = batch.unwrap();
                assert_eq!(batch.num_columns(), 0);
                batch.num_rows()
            });
            assert_eq!(rows.sum::<usize>(), 30);
        }
    }
}
