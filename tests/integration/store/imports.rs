//! Bulk imports, row by row and from CSV.

use std::path::Path;

use annals::export::text_of;
use annals::import::CsvImport;
use annals::{Durability, ErrorKind, ImportMode, ScanQuery, Store};

use super::writes::four_event_types;
use crate::support::model::Model;
use crate::support::read;
use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, schema};

fn records(range: std::ops::Range<u64>) -> Vec<Record> {
    range
        .map(|number| {
            let user = format!("user {}", number * 7919 % 13);
            Record::numbered(&user, (number * 31 % 17) as i64, number)
        })
        .collect()
}

/// Records whose strings are so wide that a budget of 1 MiB holds some twenty of them.
pub(super) fn wide(range: std::ops::Range<u64>) -> Vec<Record> {
    let widen = |(number, mut record): (u64, Record)| {
        record.location = Some(format!("{number:05}").repeat(5_000));
        record
    };
    let numbers = range.clone();
    numbers.zip(records(range)).map(widen).collect()
}

fn import(store: &Store, model: &mut Model, records: &[Record], mode: ImportMode) {
    let mut import = store.import(mode).unwrap();
    import.allow_empty(true);
    for record in records {
        record.push_to(&mut import).unwrap();
    }
    assert_eq!(import.rows(), records.len() as u64);
    let commit = import.commit().unwrap();
    model.import(records, mode);
    assert_eq!(commit.rows, records.len() as u64);
    assert_eq!(commit.sequence, model.sequence);
}

fn write(store: &Store, model: &mut Model, records: &[Record]) {
    store.write(batch(records), Durability::Buffered).unwrap();
    model.write(records);
}

#[test]
fn full_replaces_bulk_rows_and_nothing_else() {
    let folder = folder();
    let mut model = Model::default();
    let store = create(folder.path(), quiet());
    import(
        &store,
        &mut model,
        &records(0..300),
        ImportMode::Incremental,
    );
    write(&store, &mut model, &records(300..350));
    store.flush().unwrap();
    write(&store, &mut model, &records(350..400));
    import(
        &store,
        &mut model,
        &records(100..200),
        ImportMode::Incremental,
    );
    model.assert_equals(&store.snapshot());
    import(&store, &mut model, &records(500..600), ImportMode::Full);
    assert_eq!(model.len(), 200);
    model.assert_equals(&store.snapshot());
    store.compact().unwrap();
    model.assert_equals(&store.snapshot());
    assert_eq!(store.stats().unwrap().runs, 2);
    import(&store, &mut model, &[], ImportMode::Incremental);
    import(&store, &mut model, &[], ImportMode::Full);
    assert_eq!(model.len(), 100);
    model.assert_equals(&store.snapshot());
    drop(store);
    model.assert_equals(&open(folder.path(), quiet()).snapshot());
}

#[test]
fn an_import_beyond_the_budget_spills_and_cuts() {
    let folder = folder();
    let small = quiet().memory_budget_bytes(1 << 20);
    let mut model = Model::default();
    let store = create(folder.path(), small.clone());
    let mut open_import = store.import(ImportMode::Incremental).unwrap();
    for record in wide(0..120) {
        record.push_to(&mut open_import).unwrap();
    }
    let spilled = || {
        std::fs::read_dir(folder.path().join("temporary"))
            .unwrap()
            .count()
    };
    assert!(spilled() > 2, "{} runs were spilled", spilled());
    model.assert_equals(&store.snapshot());
    drop(open_import);
    assert_eq!(spilled(), 0);
    import(&store, &mut model, &wide(0..120), ImportMode::Incremental);
    assert_eq!(spilled(), 0);
    assert!(store.segments().len() > 2, "{:?}", store.segments().len());
    assert_eq!(store.stats().unwrap().runs, 1);
    model.assert_equals(&store.snapshot());
    import(&store, &mut model, &wide(60..180), ImportMode::Incremental);
    write(&store, &mut model, &wide(0..10));
    model.assert_equals(&store.snapshot());
    store.compact().unwrap();
    assert_eq!(store.stats().unwrap().runs, 2);
    model.assert_equals(&store.snapshot());
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
    drop(store);
    model.assert_equals(&open(folder.path(), small).snapshot());
}

/// What is spilled of an import, by the numbers of the files.
fn spilled(store: &Path) -> Vec<u64> {
    let files = std::fs::read_dir(store.join("temporary")).unwrap();
    let numbers = files.map(|file| {
        let path = file.unwrap().path();
        path.file_stem().unwrap().to_str().unwrap().parse().unwrap()
    });
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

/// So many runs that they are merged over several levels, with many rows of a user at one time in all of them.
#[test]
fn an_import_of_many_runs_is_that_of_one() {
    let records = wide(0..600);
    let imported = |budget: u64| {
        let folder = folder();
        let store = create(folder.path(), quiet().memory_budget_bytes(budget));
        let mut import = store.import(ImportMode::Incremental).unwrap();
        for record in &records {
            record.push_to(&mut import).unwrap();
        }
        let runs = spilled(folder.path());
        import.commit().unwrap();
        assert!(spilled(folder.path()).is_empty());
        assert!(store.verify(&mut |_| {}).unwrap().is_sound());
        let rows = read::scan(&store.snapshot(), &ScanQuery::default());
        let content = store.snapshot().content().unwrap();
        (runs, store.segments(), rows, content)
    };
    let (runs, segments, rows, content) = imported(1 << 20);
    let (no_runs, one_segment, rows_of_one, content_of_one) = imported(1 << 30);
    assert!(no_runs.is_empty() && one_segment.len() == 1);
    assert!(rows == rows_of_one, "other rows, or in another order");
    assert_eq!(content, content_of_one);
    assert!(runs.len() > 16, "{} runs", runs.len());
    // Numbers are given out in turn: runs were merged into runs before the first segment.
    let last = runs.last().unwrap();
    assert!(
        segments[0].id > last + 2,
        "{} behind {last}",
        segments[0].id
    );
    assert!(segments.len() < 20, "{} segments", segments.len());
}

/// All rows of one user in one second: order rests on arrival alone, over spills and cuts.
#[test]
fn one_users_second_keeps_its_order_over_spills_and_cuts() {
    let folder = folder();
    let small = quiet().memory_budget_bytes(1 << 20);
    let mut model = Model::default();
    let store = create(folder.path(), small);
    let mut records = wide(0..150);
    for (number, record) in records.iter_mut().enumerate() {
        record.user = "ann".to_owned();
        record.timestamp = 5;
        record.item = format!("{number:04}");
    }
    import(&store, &mut model, &records, ImportMode::Incremental);
    model.assert_equals(&store.snapshot());
    // A run without the user is merged with one that has it: its rows are copied piece by piece.
    import(&store, &mut model, &wide(0..2), ImportMode::Incremental);
    store.compact().unwrap();
    let segments = store.segments();
    assert!(
        segments
            .windows(2)
            .any(|pair| pair[0].user_range[1] == pair[1].user_range[0])
    );
    model.assert_equals(&store.snapshot());
    import(&store, &mut model, &records, ImportMode::Incremental);
    model.assert_equals(&store.snapshot());
    store.compact().unwrap();
    model.assert_equals(&store.snapshot());
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
}

#[test]
fn csv_files_import_what_was_exported() {
    let folder = folder();
    let store = create(&folder.path().join("store"), quiet());
    let mut model = Model::default();
    let records = records(0..500);
    let path = folder.path().join("rows.csv");
    let mut csv = csv::Writer::from_path(&path).unwrap();
    csv.write_record(schema().fields().iter().map(|field| field.name()))
        .unwrap();
    for record in &records {
        csv.write_record(record.values().iter().map(text_of))
            .unwrap();
    }
    csv.flush().unwrap();
    let mut sink = store.import(ImportMode::Incremental).unwrap();
    let report = CsvImport::new(store.validator())
        .run(&[path], &mut sink)
        .unwrap();
    assert_eq!(report.rows, 500);
    sink.commit().unwrap();
    model.import(&records, ImportMode::Incremental);
    model.assert_equals(&store.snapshot());
}

/// An empty file in place of the right one must not cost the data.
#[test]
fn a_full_import_of_no_rows_has_to_be_allowed() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let mut model = Model::default();
    import(&store, &mut model, &records(0..30), ImportMode::Incremental);
    write(&store, &mut model, &records(30..40));
    let empty = store.import(ImportMode::Full).unwrap();
    assert_eq!(empty.replaces(), 30);
    let error = empty.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("remove the 30 rows"), "{error}");
    model.assert_equals(&store.snapshot());
    let adding = store.import(ImportMode::Incremental).unwrap();
    assert_eq!(adding.replaces(), 0);
    assert_eq!(adding.commit().unwrap().rows, 0);
    import(&store, &mut model, &[], ImportMode::Full);
    assert_eq!(model.len(), 10);
    model.assert_equals(&store.snapshot());
}

#[test]
fn a_row_that_breaks_a_rule_is_not_added() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let mut model = Model::default();
    let mut import = store.import(ImportMode::Incremental).unwrap();
    let good = records(0..10);
    for record in &good {
        record.push_to(&mut import).unwrap();
        let mut bad = record.clone();
        bad.timestamp = -1;
        let error = bad.push_to(&mut import).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        bad.timestamp = 1;
        bad.user = String::new();
        assert!(bad.push_to(&mut import).is_err());
    }
    import.commit().unwrap();
    model.import(&good, ImportMode::Incremental);
    model.assert_equals(&store.snapshot());
}

/// The quota of event types is that of what will be there, and FULL makes room.
#[test]
fn event_types_of_replaced_rows_no_longer_count() {
    let folder = folder();
    let store = Store::builder()
        .settings(quiet())
        .limits(four_event_types())
        .create(folder.path(), &schema())
        .unwrap();
    let typed = |name: &str| Record {
        event_type: name.to_owned(),
        ..Record::new("ann", "book", 1)
    };
    let push_all = |names: &[&str], mode| {
        let mut import = store.import(mode)?;
        import.allow_empty(true);
        names
            .iter()
            .try_for_each(|name| typed(name).push_to(&mut import))?;
        import.commit()
    };
    push_all(&["a", "b", "c"], ImportMode::Incremental).unwrap();
    store
        .write(typed("d").interaction(), Durability::Buffered)
        .unwrap();
    assert!(
        store
            .write(typed("e").interaction(), Durability::Buffered)
            .is_err()
    );
    assert!(push_all(&["e"], ImportMode::Incremental).is_err());
    assert!(push_all(&["e", "f", "g", "h"], ImportMode::Full).is_err());
    // What is recorded while an import is open counts when it is published.
    let mut late = store.import(ImportMode::Full).unwrap();
    for name in ["e", "f", "g"] {
        typed(name).push_to(&mut late).unwrap();
    }
    store
        .write(typed("c").interaction(), Durability::Buffered)
        .unwrap();
    let error = late.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    push_all(&["e", "f"], ImportMode::Full).unwrap();
    assert_eq!(store.stats().unwrap().event_types, ["c", "d", "e", "f"]);
    assert!(
        store
            .write(typed("a").interaction(), Durability::Buffered)
            .is_err()
    );
    push_all(&[], ImportMode::Full).unwrap();
    store
        .write(typed("a").interaction(), Durability::Buffered)
        .unwrap();
}

/// Columns begin narrow: more strings than one byte tells apart, and than two do, more numbers than a
/// table of them is tried for, and a timestamp that lies far from the others come late.
#[test]
fn columns_widen_as_values_come() {
    let record = |number: u64| {
        let mut record = Record::numbered("", 0, number);
        record.user = format!("u{}", number * 7919 % 70_001);
        record.item = format!("i{number}");
        record.impression.push(format!("i{}", number / 2));
        record.timestamp = (number * 31 % 1_000_003) as i64;
        record.location = Some(format!("place {}", number % 300));
        record
    };
    let mut records: Vec<Record> = (0..70_000).map(record).collect();
    let last = records.last_mut().unwrap();
    last.timestamp = 1 << 40;
    let folder = folder();
    let store = create(folder.path(), quiet());
    let mut model = Model::default();
    import(&store, &mut model, &records, ImportMode::Full);
    model.assert_scans(&store.snapshot(), &annals::ScanQuery::default());
}
