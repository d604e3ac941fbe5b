//! What is held stays as it was.

use annals::{Durability, ErrorKind, ImportMode, ScanQuery, Settings, Store};

use crate::support::model::Model;
use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, read};

fn records(range: std::ops::Range<u64>) -> Vec<Record> {
    let of = |number: u64| {
        let user = format!("user {}", number % 5);
        Record::numbered(&user, (number % 7) as i64, number)
    };
    range.map(of).collect()
}

fn write(store: &Store, model: &mut Model, records: &[Record]) {
    store.write(batch(records), Durability::Buffered).unwrap();
    model.write(records);
}

fn import(store: &Store, model: &mut Model, records: &[Record], mode: ImportMode) {
    let mut import = store.import(mode).unwrap();
    import.allow_empty(true);
    for record in records {
        record.push_to(&mut import).unwrap();
    }
    import.commit().unwrap();
    model.import(records, mode);
}

type Step<'a> = &'a dyn Fn(&Store, &mut Model);

#[test]
fn a_snapshot_stays_as_it_was_whatever_happens() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let mut model = Model::default();
    let mut held = Vec::new();
    let steps: [Step<'_>; 7] = [
        &|store, model| write(store, model, &records(0..20)),
        &|store, model| import(store, model, &records(20..40), ImportMode::Incremental),
        &|store, _| store.flush().unwrap(),
        &|store, model| write(store, model, &records(40..60)),
        &|store, model| import(store, model, &records(60..80), ImportMode::Full),
        &|store, _| store.compact().unwrap(),
        &|store, model| import(store, model, &[], ImportMode::Full),
    ];
    for _ in 0..2 {
        for step in steps {
            step(&store, &mut model);
            held.push((store.snapshot(), model.clone()));
            for (snapshot, model) in &held {
                model.assert_equals(snapshot);
            }
        }
    }
    drop(store);
    let store = open(folder.path(), quiet());
    store.compact().unwrap();
    for (snapshot, model) in &held {
        model.assert_equals(snapshot);
    }
    drop(held);
    model.assert_equals(&store.snapshot());
}

#[test]
fn small_runs_are_merged_as_they_come_and_those_of_imports_wait() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let mut model = Model::default();
    for (round, rows) in [100, 100, 20, 80].into_iter().enumerate() {
        let first = round as u64 * 1000;
        write(&store, &mut model, &records(first..first + rows));
        store.flush().unwrap();
        store.maintain().unwrap();
        let runs: Vec<u64> = store
            .segments()
            .iter()
            .map(|segment| segment.rows)
            .collect();
        // The first two are too large to be merged with the third alone, and not with the fourth.
        let want: &[u64] = [&[100][..], &[200], &[200, 20], &[300]][round];
        assert_eq!(runs, want);
        model.assert_scans(&store.snapshot(), &ScanQuery::default());
    }
    for round in 5..7 {
        let imported = records(round * 1000..round * 1000 + 10);
        import(&store, &mut model, &imported, ImportMode::Incremental);
        store.maintain().unwrap();
    }
    assert_eq!(store.segments().len(), 3);
    store.compact().unwrap();
    assert_eq!(store.segments().len(), 2);
    model.assert_scans(&store.snapshot(), &ScanQuery::default());
}

#[test]
fn files_go_with_their_last_reader() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let mut model = Model::default();
    let files = || {
        std::fs::read_dir(folder.path().join("segments"))
            .unwrap()
            .count()
    };
    for number in 0..3 {
        write(&store, &mut model, &records(number * 10..number * 10 + 10));
        store.flush().unwrap();
    }
    assert_eq!(files(), 3);
    let mut scan = store.scan(&ScanQuery::default()).unwrap();
    let snapshot = store.snapshot();
    store.compact().unwrap();
    assert_eq!(files(), 4);
    drop(snapshot);
    assert_eq!(files(), 4);
    assert!(scan.next_batch().unwrap().is_some());
    drop(scan);
    assert_eq!(files(), 1);
    assert_eq!(
        read::scan(&store.snapshot(), &ScanQuery::default()).len(),
        model.len()
    );
}

#[test]
fn an_import_outlives_its_store() {
    let folder = folder();
    let store = create(folder.path(), Settings::default());
    let mut model = Model::default();
    write(&store, &mut model, &records(0..10));
    let mut import = store.import(ImportMode::Incremental).unwrap();
    let snapshot = store.snapshot();
    let before = model.clone();
    drop(store);
    before.assert_equals(&snapshot);
    let error = Store::open(folder.path()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Locked);
    for record in records(10..30) {
        record.push_to(&mut import).unwrap();
    }
    import.commit().unwrap();
    model.import(&records(10..30), ImportMode::Incremental);
    let store = open(folder.path(), quiet());
    model.assert_equals(&store.snapshot());
    before.assert_equals(&snapshot);
}

#[test]
fn a_lost_generation_is_corruption_that_says_what_is_lost() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    write(&store, &mut Model::default(), &records(0..10));
    drop(store);
    std::fs::rename(folder.path().join("hot"), folder.path().join("gone")).unwrap();
    let error = Store::open(folder.path()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corruption);
    assert!(
        error.message().contains("hot/CURRENT: it is missing"),
        "{error}"
    );
    assert!(error.message().contains("restore"), "{error}");
    assert!(!folder.path().join("hot").exists());
}

#[test]
fn a_folder_with_data_but_no_manifest_is_not_created_over() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    write(&store, &mut Model::default(), &records(0..10));
    store.flush().unwrap();
    drop(store);
    std::fs::remove_file(folder.path().join("MANIFEST")).unwrap();
    let segments = || {
        std::fs::read_dir(folder.path().join("segments"))
            .unwrap()
            .count()
    };
    let created = Store::builder().create(folder.path(), &crate::support::schema());
    assert_eq!(created.err().unwrap().kind(), ErrorKind::AlreadyExists);
    assert_eq!(segments(), 1);
}
