//! What errors say, each cause once, and of what kind they are.

use std::error::Error as _;
use std::iter::successors;

use annals::export::CsvExport;
use annals::import::csv_files;
use annals::{Durability, Error, ErrorKind, Limits, Projection, ScanQuery, Schema, Store};

use crate::support::record::Record;
use crate::support::{create, folder, quiet};

/// Errors of several places, each with a cause.
fn errors() -> Vec<Error> {
    let folder = folder();
    let missing = folder.path().join("missing.csv");
    let mut errors = vec![
        csv_files(&[&missing]).unwrap_err(),
        Schema::parse("{", &Limits::personalize()).unwrap_err(),
    ];
    let store = create(folder.path(), quiet());
    store
        .write(
            Record::new("ann", "tea", 1).interaction(),
            Durability::Buffered,
        )
        .unwrap();
    store.flush().unwrap();
    drop(store);
    std::fs::remove_file(folder.path().join("ACCOUNT")).unwrap();
    errors.extend(Store::open_read_only(folder.path()).err());
    assert_eq!(errors.len(), 3);
    errors
}

#[test]
fn an_error_prints_its_message_and_leaves_the_cause_to_its_source() {
    for error in errors() {
        let causes = successors(error.source(), |cause| (**cause).source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        assert!(!causes.is_empty(), "{error}");
        assert_eq!(error.to_string(), error.message());
        let chain = [&[error.to_string()], &causes[..]].concat().join(": ");
        assert_eq!(error.full_message(), chain);
        assert!(format!("{error:?}").ends_with(&chain), "{error:?}");
        for cause in causes {
            assert_eq!(chain.matches(&cause).count(), 1, "{chain}");
        }
    }
}

#[test]
fn what_is_missing_is_not_found() {
    let error = errors().remove(0);
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("missing.csv"), "{error}");
    assert!(!error.message().contains("os error"), "{error}");
    assert!(error.full_message().contains("os error"), "{error:?}");
}

#[test]
fn batches_of_another_scan_are_refused() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let row = Record::new("ann", "tea", 1).interaction();
    store.write(row, Durability::Buffered).unwrap();
    let scan = |names: &[&str]| {
        let projection = Projection::names(names.to_vec());
        let query = ScanQuery::default().projection(projection);
        store.scan(&query).unwrap()
    };
    for sealed in [false, true] {
        if sealed {
            store.flush().unwrap();
        }
        let mut items = scan(&["ITEM_ID"]);
        let mut batch = items.new_batch();
        assert!(items.read(&mut batch).unwrap());
        let mut places = scan(&["ITEM_ID", "LOCATION"]);
        let error = places.read(&mut batch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        // Nor is a column that it lacks exported as nulls.
        let mut export = CsvExport::new(Vec::new(), store.schema(), places.asked()).unwrap();
        let error = export.write_columns(store.schema(), &batch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert_eq!(error.field(), Some("LOCATION"));
    }
}
