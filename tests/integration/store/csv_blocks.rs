//! CSV files that are read in blocks on several threads: what comes out is what comes out row by
//! row.

use std::fmt::Write;
use std::path::Path;

use annals::columns::Row;
use annals::import::{CsvImport, ImportReport, OnError, RowSink};
use annals::{BulkImport, ErrorKind, ImportMode, Result, Store};

use super::writes::four_event_types;
use crate::support::{folder, quiet, schema};

const HEADER: &str = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,LOCATION,POSITION,\
                      SESSION,PRICE,MEMBER";

/// Hides that it is a bulk import, so that rows come one by one.
struct OneByOne<'a>(&'a mut BulkImport);

impl RowSink for OneByOne<'_> {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.0.push_row(row)
    }
}

/// What an import said and left.
#[derive(Debug, PartialEq)]
struct Outcome {
    report: std::result::Result<ImportReport, String>,
    rejects: String,
    rows: u64,
    segments: Vec<Vec<u8>>,
}

fn outcome(file: &Path, skip: bool, blocks: bool) -> Outcome {
    let folder = folder();
    let store = Store::builder()
        // Blocks of 64 KiB.
        .settings(quiet().memory_budget_bytes(1 << 24).threads(3))
        .limits(four_event_types())
        // Segments carry the identity of their store.
        .entropy(|bytes| {
            bytes.fill(7);
            Ok(())
        })
        .create(folder.path(), &schema())
        .unwrap();
    let mut import = store.import(ImportMode::Incremental).unwrap();
    let mut rejects = Vec::new();
    let reader = CsvImport::new(store.validator()).on_error(match skip {
        true => OnError::Skip(&mut rejects),
        false => OnError::Abort,
    });
    let files = [file.to_owned()];
    let report = match blocks {
        true => reader.run(&files, &mut import),
        false => reader.run(&files, &mut OneByOne(&mut import)),
    };
    let rows = import.rows();
    import.commit().unwrap();
    let segments = std::fs::read_dir(folder.path().join("segments")).unwrap();
    Outcome {
        report: report.map_err(|error| {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            error.to_string()
        }),
        rejects: String::from_utf8(rejects).unwrap(),
        rows,
        segments: segments
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .collect(),
    }
}

/// Rows of some forty blocks; `special` may give a line in place of that of a row.
fn text(line_end: &str, special: impl Fn(u32) -> Option<&'static str>) -> String {
    let mut text = format!("{HEADER}{line_end}");
    for row in 0..30_000 {
        match special(row) {
            Some(line) => text += line,
            None => {
                let (user, item) = (row * 7919 % 1000, row * 31 % 5000);
                let at = 1_700_000_000 + row * 17 % 90_000;
                let list = match row % 5 {
                    0 => format!("i{}|i{}", row % 70, row % 80),
                    _ => String::new(),
                };
                let kind = ["view", "buy", "like"][row as usize % 3];
                let value = row % 100;
                write!(
                    text,
                    "u{user},i{item},{at},{kind},{value}.5,{list},place {},{row},,,true",
                    row % 9
                )
                .unwrap();
            }
        }
        text += line_end;
    }
    text
}

fn assert_equal(text: &str, skip: bool) -> Outcome {
    let folder = folder();
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, text).unwrap();
    let [blocks, rows] = [true, false].map(|blocks| outcome(&file, skip, blocks));
    assert!(blocks == rows, "{:?} {:?}", blocks.report, rows.report);
    blocks
}

#[test]
fn sound_rows_give_the_same_bytes() {
    for line_end in ["\n", "\r\n", "\r"] {
        let outcome = assert_equal(&text(line_end, |_| None), false);
        assert_eq!(outcome.rows, 30_000);
        assert_eq!(outcome.report.unwrap().warnings.len(), 0);
    }
}

#[test]
fn quoted_cells_and_blank_lines_give_the_same_bytes() {
    let quoted = |row| match row % 10 {
        3 => Some("\"u \"\"1\"\", two\nlines\",i\"1,5,view,,,,1,,,"),
        4 => Some(""),
        _ => None,
    };
    let outcome = assert_equal(&text("\r\n", quoted), false);
    assert_eq!(outcome.rows, 27_000);
}

#[test]
fn refused_rows_are_told_in_the_same_words() {
    let bad = |row| match row {
        5_000 => Some("u,i,-1,view,,,,1,,,"),
        5_001 => Some("u,i,1,view,,,,1,,"),
        9_000 => Some("u,i,1,fourth,,,,1,,,"),
        // More event types than their quota, from here on.
        12_000 | 12_001 | 29_999 => Some("u,i,1,fifth,,,,1,,,"),
        20_000 => Some("u,i,1,view,,a||b,,1,,,"),
        20_001 => Some("u,\"two\nlines\",1,view,x,,,1,,,"),
        25_000 | 25_007 => Some("u,i,1700000000000,view,,,,1,,,"),
        _ => None,
    };
    let text = text("\n", bad);
    let skipped = assert_equal(&text, true);
    let report = skipped.report.unwrap();
    assert_eq!((report.rows, report.rejected), (29_993, 7));
    assert!(report.warnings[0].contains("line 25003"), "{report:?}");
    assert!(skipped.rejects.contains(",12002,"), "{}", skipped.rejects);

    let aborted = assert_equal(&text, false);
    assert!(
        aborted
            .report
            .unwrap_err()
            .contains("line 5002, column TIMESTAMP")
    );
    assert_eq!(aborted.rows, 5_000);
}

#[test]
fn long_cells_are_counted_alike() {
    let cell: &'static str = format!("u,i,1,view,,,{},1,,,", "x".repeat(1001)).leak();
    let outcome = assert_equal(
        &text("\n", |row| (row % 9000 == 8000).then_some(cell)),
        false,
    );
    let warning = &outcome.report.unwrap().warnings[0];
    assert!(
        warning.starts_with("3 rows whose LOCATION is longer than 1000 characters, the first at"),
        "{warning}"
    );
    assert!(warning.contains("rows.csv: line 8002; "), "{warning}");
}

#[test]
fn an_open_quote_is_told_by_its_line() {
    let open = |row| (row == 21_000).then_some("u,i,1,view,,,\"open,1,,,");
    let outcome = assert_equal(&text("\n", open), false);
    let message = outcome.report.unwrap_err();
    assert!(
        message.contains("line 21002, column LOCATION: value \"open,1,,,"),
        "{message}"
    );
    assert_eq!(outcome.rows, 21_000);
}

/// Where a record is broken, what was read ahead of it is read once more.
#[test]
fn rows_behind_broken_quotes_are_imported_alike() {
    let broken = |row| match row {
        3 | 9_000 | 9_001 | 29_999 => Some("u,i,1,view,,,\"open,1,,,"),
        15_000 => Some("u,i,1,view,,,\"a\\\" b\",1,,,"),
        15_001 | 15_100 => Some("\"u \"\"1\"\", two\nlines\",i\"1,5,view,,,,1,,,"),
        _ => None,
    };
    for line_end in ["\n", "\r\n", "\r"] {
        let text = text(line_end, broken);
        let skipped = assert_equal(&text, true);
        let report = skipped.report.unwrap();
        assert_eq!((report.rows, report.rejected), (29_995, 5));
        assert_eq!(report.bytes, text.len() as u64);
        for line in [5, 9_002, 9_003, 15_002, 30_003] {
            assert!(
                skipped.rejects.contains(&format!(",{line},LOCATION,")),
                "{line}"
            );
        }
        assert_equal(&text, false);
    }
}
