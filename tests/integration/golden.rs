//! A store that an earlier build wrote is read as ever.

use std::path::{Path, PathBuf};

use annals::{Durability, ErrorKind, ImportMode, ScanQuery, Store};

use crate::support::model::{Deleted, Model};
use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, read};

/// Written once; a later format version gets a folder of its own.
fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v5")
}

fn records(range: std::ops::Range<u64>) -> Vec<Record> {
    range
        .map(|number| {
            let user = match number {
                // Those of the second bulk run, which keeps them as letters of an alphabet.
                300..340 => format!("u{:08x}", number.wrapping_mul(0x9e37_79b9) as u32),
                _ => ["ann", "bob", "b\u{F6}b", "zo\u{EB}"][(number % 4) as usize].to_owned(),
            };
            Record::numbered(&user, (number * 13 % 50) as i64, number)
        })
        .collect()
}

/// The fixture's content: two bulk runs, one recorded run, rows in the hot tier, and deletions of some of
/// all of them.
fn fill(store: Option<&Store>) -> Model {
    let mut model = Model::default();
    for (range, mode) in [
        (0..300, ImportMode::Full),
        (300..340, ImportMode::Incremental),
    ] {
        let records = records(range);
        if let Some(store) = store {
            let mut import = store.import(mode).unwrap();
            records
                .iter()
                .for_each(|record| record.push_to(&mut import).unwrap());
            import.commit().unwrap();
        }
        model.import(&records, mode);
    }
    for (range, sealed) in [(340..360, true), (360..365, false), (365..370, false)] {
        let records = records(range);
        if let Some(store) = store {
            store.write(batch(&records), Durability::Synced).unwrap();
            if sealed {
                store.flush().unwrap();
            }
        }
        model.write(&records);
    }
    let deleted = [
        Deleted::OfUsers {
            users: vec!["zo\u{EB}".to_owned()],
            item: None,
            since: None,
            until: Some(5),
        },
        Deleted::Item("item 3".to_owned()),
    ];
    for deleted in &deleted {
        if let Some(store) = store {
            let deletion = deleted.deletion();
            store.delete(&deletion, Durability::Synced).unwrap();
        }
        model.delete(deleted);
    }
    model
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type().unwrap().is_dir() {
            true => copy(&from, &to),
            false => drop(std::fs::copy(from, to).unwrap()),
        }
    }
}

/// Writes the fixture; run by hand, once per format version.
#[test]
#[ignore = "writes the fixture that the other test reads"]
fn generate() {
    let path = fixture();
    assert!(!path.exists(), "{} is there already", path.display());
    let store = create(&path, quiet());
    fill(Some(&store));
    drop(store);
    // RocksDB does not read these; its notes for people hold the names of the machine's folders.
    for entry in std::fs::read_dir(path.join("hot")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if ["LOG", "LOCK", "OPTIONS"]
            .iter()
            .any(|note| name.starts_with(note))
        {
            std::fs::remove_file(path).unwrap();
        }
    }
    std::fs::remove_file(path.join("LOCK")).unwrap();
}

#[test]
fn a_store_of_version_5_is_read() {
    let folder = folder();
    let path = folder.path().join("store");
    copy(&fixture(), &path);
    let model = fill(None);
    let reader = Store::open_read_only(&path).unwrap();
    model.assert_equals(&reader.snapshot());
    assert_eq!(reader.stats().unwrap().hot_rows, 10);
    assert_eq!(reader.segments().len(), 3);
    let store = open(&path, quiet());
    model.assert_equals(&store.snapshot());
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
    store.compact().unwrap();
    model.assert_equals(&store.snapshot());
}

/// The model comes from the code under test's neighbours; these values are written out.
#[test]
fn values_of_version_5_are_these() {
    let folder = folder();
    let path = folder.path().join("store");
    copy(&fixture(), &path);
    let store = open(&path, quiet());
    let rows = read::scan(&store.snapshot(), &ScanQuery::default());
    assert_eq!(rows.len(), 360);
    let first = [
        "String(\"ann\")",
        "String(\"item 0\")",
        "Long(0)",
        "String(\"view\")",
        "Null",
        "Null",
        "Null",
        "Int(-50)",
        "Null",
        "Null",
        "Null",
    ];
    assert_eq!(rows[0], first);
    let newest = rows.iter().find(|row| row[7] == "Int(319)").unwrap();
    let want = [
        "String(\"bob\")",
        "String(\"item 78\")",
        "Long(47)",
        "String(\"view\")",
        "Float(36.9)",
        "Items([\"item 78\"])",
        "String(\"place \\\"5\\\"\u{1F600},\")",
        "Int(319)",
        "Long(-369001107)",
        "Double(123.0)",
        "Null",
    ];
    assert_eq!(newest, &want);
}

/// The manifest of the first is kept, and the whole of the others, from before there was a release.
#[test]
fn stores_of_earlier_versions_are_refused_with_what_to_do() {
    for (version, says) in [
        ("v1", "MANIFEST: format version 1"),
        ("v2", "segment format version 2"),
        ("v3", "segment format version 3"),
        ("v4", "segment format version 4"),
    ] {
        let folder = folder();
        let path = folder.path().join("store");
        copy(&fixture().with_file_name(version), &path);
        for opened in [Store::open(&path), Store::open_read_only(&path)] {
            let error = opened.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.message().contains(says), "{error}");
            assert!(error.message().contains("export the data"), "{error}");
        }
    }
}
