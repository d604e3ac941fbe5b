//! Exports written whole, by the library alone.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use annals::export::{Form, Manifest, Partition, Selection, Split, sha256_of};
use annals::{Durability, ErrorKind, ImportMode, Store};

use crate::support::record::Record;
use crate::support::{create, folder, quiet};

fn filled(path: &Path) -> Store {
    let store = create(path, quiet());
    let mut import = store.import(ImportMode::Full).unwrap();
    for number in 0..200 {
        let user = format!("user {}", number % 20);
        let record = Record::numbered(&user, number as i64, number);
        record.push_to(&mut import).unwrap();
    }
    import.commit().unwrap();
    store
}

fn go_on(_: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// All files of a folder, hidden ones, too.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// Each file of a manifest is there with its bytes, and there is no other.
fn assert_complete(folder: &Path, manifest: &Manifest, more: &str) {
    let mut want = vec![folder.join(more)];
    for file in &manifest.files {
        let path = folder.join(&file.path);
        let (sha256, bytes) = sha256_of(std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!((sha256, bytes), (file.sha256.clone(), file.bytes));
        want.push(path);
    }
    want.sort();
    assert_eq!(files(folder), want);
    let json = std::fs::read_to_string(folder.join(more)).unwrap();
    assert_eq!(json, manifest.to_json().unwrap());
}

#[test]
fn a_file_comes_with_its_manifest_and_replaces_the_one_before() {
    let folder = folder();
    let store = filled(&folder.path().join("store"));
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let path = out.join("rows.parquet");
    for rows in [200, 201] {
        let export = store.export();
        let manifest = export.write_to(&path, Form::Parquet, &mut go_on).unwrap();
        assert_eq!(manifest.report.records, rows);
        assert_eq!(manifest.files[0].path, "rows.parquet");
        assert_complete(&out, &manifest, "rows.parquet.manifest.json");
        assert_eq!(
            manifest.differences(&[store.snapshot()]).unwrap(),
            Vec::<String>::new()
        );
        let more = Record::numbered("ann", 7, 500).interaction();
        store.write(more, Durability::Buffered).unwrap();
    }
}

#[test]
fn a_folder_has_each_part_and_a_manifest() {
    let folder = folder();
    let store = filled(&folder.path().join("store"));
    let out = folder.path().join("out");
    let export = store
        .export()
        .split(Split::LeaveLast(2))
        .partition(Partition::UserHash(3));
    let manifest = export.write_to(&out, Form::Jsonl, &mut go_on).unwrap();
    assert_complete(&out, &manifest, "manifest.json");
    assert_eq!(manifest.parts["test"], 40);
    assert_eq!(manifest.parts["train"], 160);
    let error = export.write_to(&out, Form::Jsonl, &mut go_on).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.message().contains("the folder is not empty"));
}

#[test]
fn what_is_ended_or_refused_leaves_nothing_and_changes_nothing() {
    let folder = folder();
    let store = filled(&folder.path().join("store"));
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let path = out.join("rows.csv");
    std::fs::write(&path, "before").unwrap();
    let whole = store.export();
    let error = whole
        .write_to(&path, Form::Csv, &mut |_, _| ControlFlow::Break(()))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let parts = store.export().split(Split::LeaveLast(1));
    parts
        .write_to(out.join("parts"), Form::Csv, &mut |_, _| {
            ControlFlow::Break(())
        })
        .unwrap_err();
    let wrong = store
        .export()
        .selection(Selection::default().columns(["NO_SUCH"]));
    wrong.write_to(&path, Form::Csv, &mut go_on).unwrap_err();
    assert_eq!(files(&out), std::slice::from_ref(&path));
    assert_eq!(std::fs::read(&path).unwrap(), b"before");
}
