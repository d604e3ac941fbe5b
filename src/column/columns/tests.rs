//! A column that lacks rows is an error of ours, and never a value.

use super::*;
use crate::model::{ErrorKind, Limits};

fn schema() -> Schema {
    let json = r#"{"type": "record", "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema", "version": "1.0", "fields": [
        {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_VALUE", "type": ["float", "null"]},
        {"name": "IMPRESSION", "type": ["string", "null"]}]}"#;
    Schema::parse(json, &Limits::unlimited()).unwrap()
}

/// Three rows.
fn columns() -> Columns {
    let mut columns = Columns::for_schema(&schema());
    columns.timestamps = vec![1, 2, 3];
    columns.sequences = vec![7, 7, 8];
    for column in &mut columns.fields {
        match column {
            Column::Absent => {}
            Column::Strings(codes) => *codes = vec![1, 2, 1],
            Column::Numbers(numbers) => {
                for bits in [Some(4), None, Some(6)] {
                    numbers.push(bits);
                }
            }
            Column::Lists(lists) => {
                for items in [&[1, 2][..], &[], &[2]] {
                    lists.push(items).unwrap();
                }
            }
        }
    }
    columns
}

/// Every way in which columns can lack something.
fn broken() -> Vec<Columns> {
    let breaks: [fn(&mut Columns); 7] = [
        |columns| columns.timestamps.truncate(2),
        |columns| columns.sequences.truncate(2),
        |columns| match &mut columns.fields[1] {
            Column::Strings(codes) => codes.truncate(2),
            _ => panic!("no strings"),
        },
        |columns| match &mut columns.fields[3] {
            Column::Numbers(numbers) => numbers.bits.truncate(2),
            _ => panic!("no numbers"),
        },
        |columns| match &mut columns.fields[3] {
            Column::Numbers(numbers) => numbers.valid.truncate(2),
            _ => panic!("no numbers"),
        },
        |columns| match &mut columns.fields[4] {
            Column::Lists(lists) => lists.items.truncate(2),
            _ => panic!("no lists"),
        },
        |columns| columns.fields.swap(1, 3),
    ];
    let of = |broken: fn(&mut Columns)| {
        let mut columns = columns();
        broken(&mut columns);
        columns
    };
    breaks.map(of).into()
}

#[test]
fn rows_that_a_column_lacks_are_no_values() {
    let whole = columns();
    let mut out = Columns::for_schema(&schema());
    out.append_range(&whole, 0..2).unwrap();
    out.append_rows(&whole, &[2]).unwrap();
    assert_eq!(out.timestamps, whole.timestamps);
    assert_eq!(out.sequences, whole.sequences);
    assert_eq!(out.fields, whole.fields);
    for (nth, broken) in broken().iter().enumerate() {
        for append in [
            |out: &mut Columns, from: &Columns| out.append_range(from, 1..3),
            |out: &mut Columns, from: &Columns| out.append_rows(from, &[0, 2]),
        ] {
            let error = append(&mut Columns::for_schema(&schema()), broken).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Internal, "{nth}: {error}");
        }
    }
}
