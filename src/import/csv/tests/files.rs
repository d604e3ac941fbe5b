//! Files, folders and other sources.

use std::cell::RefCell;
use std::path::Path;

use tempfile::TempDir;

use super::super::CsvImport;
use super::{HEADER, relative, sink, validator, write};
use crate::import::{CsvFiles, csv_files};
use crate::model::ErrorKind;

#[test]
fn folders_give_their_csv_files_by_name() {
    let folder = TempDir::new().unwrap();
    let row = |user: &str| format!("{HEADER}\n{user},i,1,click,,,\n").into_bytes();
    for (name, user) in [
        ("b.csv", "b"),
        ("a.csv", "a"),
        (".c.csv", "c"),
        ("d.txt", "d"),
        ("f.CSV", "f"),
    ] {
        write(&folder, name, &row(user));
    }
    std::fs::create_dir(folder.path().join("e.csv")).unwrap();
    let single = write(&folder, "d.txt", &row("d"));
    let CsvFiles { files, passed_over } = csv_files(&[folder.path(), &single]).unwrap();
    let passed_over: Vec<_> = passed_over
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    assert_eq!(passed_over, [".c.csv", "d.txt", "e.csv"]);
    let mut sink = sink();
    let seen = RefCell::new(Vec::new());
    let report = CsvImport::new(&validator())
        .progress(|bytes| seen.borrow_mut().push(bytes))
        .run(&files, &mut sink)
        .unwrap();
    let users: Vec<&str> = sink.rows.iter().map(|row| &row[..1]).collect();
    assert_eq!(users, ["a", "b", "f", "d"]);
    assert_eq!((report.files, report.rows), (4, 4));
    assert_eq!(report.bytes, 4 * row("a").len() as u64);
    assert!(seen.borrow().is_sorted());
    assert_eq!(seen.borrow().last(), Some(&report.bytes));

    let again = csv_files(&[folder.path(), &folder.path().join("a.csv")]).unwrap_err();
    assert_eq!(
        relative(&again.to_string(), &folder),
        "a.csv: given twice, so its rows would count twice; give it once"
    );
}

#[test]
fn paths_without_files_are_errors() {
    let folder = TempDir::new().unwrap();
    let error = csv_files(&[folder.path()]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().ends_with(
        ": the folder holds no files whose names end in .csv or .parquet; give files, or a folder of such"
    ));
    let error = csv_files(&[folder.path().join("none.csv")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(relative(error.message(), &folder), "opening none.csv");
    let gone = Path::new("none.csv").to_owned();
    let error = CsvImport::new(&validator())
        .run(&[gone], &mut sink())
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::NotFound, "opening none.csv")
    );
}

#[test]
fn a_source_is_read_as_a_file_is() {
    let mut both = sink();
    let csv = format!("{HEADER}\nu1,i1,60,view,,,\nu2,i2,x,view,,,\n");
    let error = CsvImport::new(&validator())
        .run_reader("standard input", csv.as_bytes(), &mut both)
        .unwrap_err();
    assert_eq!(both.rows.len(), 1);
    let message = error.message();
    assert!(
        message.starts_with("standard input: line 3, column TIMESTAMP: value \"x\""),
        "{message}"
    );
    let rest = csv.replace('x', "61");
    let report = CsvImport::new(&validator())
        .run_reader("standard input", rest.as_bytes(), &mut both)
        .unwrap();
    assert_eq!((report.files, report.rows), (1, 2));
    assert_eq!(report.bytes, rest.len() as u64);
}
