//! What happens at the bounds that no test can fill.

use arrow_array::cast::AsArray;

use super::*;
use crate::api::Store;
use crate::model::{Durability, Interaction, Limits, ScanQuery, WriteBatch};

const SCHEMA: &str = r#"{
  "type": "record", "name": "Interactions", "version": "1.0",
  "namespace": "com.amazonaws.personalize.schema",
  "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "IMPRESSION", "type": ["string", "null"]}
  ]
}"#;

const ROWS: usize = 40;

fn item(row: usize) -> String {
    format!("item {row} \u{6f22}").repeat(1 + row % 3)
}

/// A store whose rows are in a segment, or in the hot tier.
fn store(folder: &tempfile::TempDir, sealed: bool) -> Store {
    let schema = Schema::parse(SCHEMA, &Limits::personalize()).unwrap();
    let store = Store::create(folder.path(), &schema).unwrap();
    let rows = (0..ROWS).map(|row| {
        let shown = (row..row + row % 3).map(item);
        Interaction::new(format!("user {:02}", row / 8), item(row), row as i64).impression(shown)
    });
    let batch: WriteBatch = rows.collect();
    store.write(batch, Durability::Buffered).unwrap();
    if sealed {
        store.flush().unwrap();
    }
    store
}

/// A scan in plain strings under these bounds.
fn bounded(store: &Store, bounds: Bounds) -> ArrowScan {
    let scan = store.scan(&ScanQuery::default()).unwrap();
    let mut scan = ArrowScan::new(scan).strings(ArrowStrings::Plain);
    scan.texts = Texts::Plain(Copies::new(bounds));
    scan
}

/// All rows must be there; gives the number of batches.
fn assert_whole(scan: ArrowScan) -> usize {
    let (mut row, mut batches) = (0, 0);
    for batch in scan {
        let batch = batch.unwrap();
        batches += 1;
        for column in batch.columns() {
            column.to_data().validate_full().unwrap();
        }
        let users = batch.column(0).as_string::<i32>();
        let items = batch.column(1).as_string::<i32>();
        let lists = batch.column(3).as_list::<i32>();
        for at in 0..batch.num_rows() {
            assert_eq!(users.value(at), format!("user {:02}", row / 8));
            assert_eq!(items.value(at), item(row));
            assert_eq!(lists.is_null(at), row % 3 == 0);
            let list = lists.value(at);
            let list: Vec<&str> = list.as_string::<i32>().iter().flatten().collect();
            assert_eq!(list, (row..row + row % 3).map(item).collect::<Vec<_>>());
            row += 1;
        }
    }
    assert_eq!(row, ROWS);
    batches
}

#[test]
fn a_batch_is_split_where_offsets_would_not_reach() {
    for sealed in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder, sealed);
        let whole = assert_whole(bounded(&store, Bounds::default()));
        assert_eq!(whole, 1);
        // A row takes up to 37 bytes of items, or 74 of an impression.
        for (array_bytes, least) in [(600, 2), (100, 8)] {
            let bounds = Bounds {
                array_bytes,
                ..Bounds::default()
            };
            assert!(assert_whole(bounded(&store, bounds)) >= least);
        }
    }
}

#[test]
fn a_row_that_no_batch_can_hold_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = Bounds {
        array_bytes: 20,
        ..Bounds::default()
    };
    let mut scan = bounded(&store(&folder, true), bounds);
    let error = scan.find_map(Result::err).unwrap();
    assert!(error.to_string().contains("2 GiB"), "{error}");
}

#[test]
fn strings_that_are_not_remembered_are_looked_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, false);
    for (slots, long_bytes) in [(1, 0), (5, 1000), (1000, 0), (1000, 40)] {
        let bounds = Bounds {
            slots,
            long_bytes,
            ..Bounds::default()
        };
        assert_eq!(assert_whole(bounded(&store, bounds)), 1);
    }
}
