mod broken;
mod files;
mod headers;

use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{CsvImport, OnError};
use crate::check::Validator;
use crate::import::RowSink;
use crate::model::{Cell, ErrorKind, Limits, Result, Row, Schema, bits_of_f32};

const HEADER: &str = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,TAG";

fn validator() -> Validator {
    let json = r#"{"type": "record", "name": "Interactions", "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["null", "float"]},
        {"name": "IMPRESSION", "type": ["null", "string"]},
        {"name": "TAG", "type": ["null", "string"], "categorical": true}]}"#;
    let limits = Limits {
        min_import_rows: 0,
        ..Limits::personalize()
    };
    let schema = Schema::parse(json, &limits).unwrap();
    Validator::new(Arc::new(schema), limits)
}

/// Checks rows as a store does and keeps them as text.
struct Rows {
    validator: Validator,
    rows: Vec<String>,
}

impl RowSink for Rows {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.validator.check_row(row)?;
        let cells: Vec<String> = row
            .cells
            .iter()
            .map(|cell| match cell {
                Cell::Null => "-".to_owned(),
                Cell::Text(text) => (*text).to_owned(),
                Cell::Bits(bits) => format!("{bits:#x}"),
            })
            .collect();
        let row = format!("{} {}: {}", row.user, row.timestamp, cells.join(" "));
        self.rows.push(row);
        Ok(())
    }
}

fn sink() -> Rows {
    Rows {
        validator: validator(),
        rows: Vec::new(),
    }
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A message without the folder of the test.
fn relative(message: &str, folder: &TempDir) -> String {
    let folder = format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR);
    message.replace(&folder, "")
}

fn import(bytes: &[u8]) -> std::result::Result<Vec<String>, String> {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "file.csv", bytes);
    let mut sink = sink();
    match CsvImport::new(&validator()).run(&[file], &mut sink) {
        Ok(report) => {
            assert_eq!(report.rows, sink.rows.len() as u64);
            assert_eq!(report.bytes, bytes.len() as u64);
            Ok(sink.rows)
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            Err(relative(&error.to_string(), &folder))
        }
    }
}

fn rows(lines: &str) -> Vec<String> {
    import(format!("{HEADER}\n{lines}").as_bytes()).unwrap()
}

fn refused(lines: &str) -> String {
    import(format!("{HEADER}\n{lines}").as_bytes()).unwrap_err()
}

fn behind_quote(line: u64, character: u64) -> String {
    format!(
        "text follows its closing quote (line {line}, character {character}); nothing may follow a \
         closing quote but a comma or a line end: close the quote that opens the value, and write a \
         quote inside a value as two"
    )
}

#[test]
fn rows_become_cells_in_schema_order() {
    let one_and_a_half = bits_of_f32(1.5);
    assert_eq!(
        rows("u1,i1,10,click,1.5,i1|i2,a|b\nü,\"i,\"\"2\",0,view,,,\"two\nlines\"\n"),
        [
            format!("u1 10: - i1 - click {one_and_a_half:#x} i1|i2 a|b"),
            "ü 0: - i,\"2 - view - - two\nlines".to_owned(),
        ]
    );
}

#[test]
fn what_is_probably_not_meant_is_warned_of() {
    let folder = TempDir::new().unwrap();
    let text = format!("{HEADER}\nu,i,1,a,,,\nu,i,1574553634000,a,,,\nu,i,1574553635000,a,,,\n");
    let file = write(&folder, "file.csv", text.as_bytes());
    let strict = Validator::new(validator().schema().clone(), Limits::personalize());
    let report = CsvImport::new(&strict).run(&[file], &mut sink()).unwrap();
    let warnings: Vec<String> = report
        .warnings
        .iter()
        .map(|warning| relative(warning, &folder))
        .collect();
    assert_eq!(
        warnings,
        [
            "2 rows whose TIMESTAMP looks like milliseconds, the first at file.csv: line 3, value \
             1574553634000; timestamps are Unix epoch seconds: divide by 1000, or import with --time-unit ms",
            "3 rows in one import; training needs at least 1000 (limit min_import_rows)",
        ]
    );
}

#[test]
fn cells_longer_than_the_service_takes_are_kept_with_a_warning() {
    let long = "é".repeat(1001);
    let list = vec!["item"; 201].join("|");
    let text = format!(
        "{HEADER}\nu,i,1,a,,,{}\nu,i,2,a,,{list},{long}\nu,i,3,a,,,\"{long}\"\n",
        &long[2..]
    );
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "file.csv", text.as_bytes());
    let mut sink = sink();
    let report = CsvImport::new(&validator())
        .run(&[file], &mut sink)
        .unwrap();
    assert_eq!(sink.rows[1], format!("u 2: - i - a - {list} {long}"));
    let rest = "; they are kept whole, but the service takes no more in a cell";
    let warnings = report.warnings.iter();
    let warnings: Vec<String> = warnings.map(|text| relative(text, &folder)).collect();
    assert_eq!(
        warnings,
        [
            format!(
                "1 row whose IMPRESSION is longer than 1000 characters, the first at file.csv: line \
                 3{rest} (limit max_impression_chars)"
            ),
            format!(
                "2 rows whose TAG is longer than 1000 characters, the first at file.csv: line 3{rest} \
                 (limit max_string_chars)"
            ),
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any bytes give rows and rejects, or an error; never a panic, never a lost row.
    #[test]
    fn every_record_is_a_row_or_a_reject(
        bytes in prop::collection::vec(
            prop::sample::select(b"ui1,,,,,,\n\n\"|-.\xff".to_vec()), 0..200),
    ) {
        let text = [HEADER.as_bytes(), b"\n", &bytes[..]].concat();
        let folder = TempDir::new().unwrap();
        let file = write(&folder, "file.csv", &text);
        let (mut sink, mut output) = (sink(), Vec::new());
        let validator = validator();
        let result = CsvImport::new(&validator)
            .on_error(OnError::Skip(&mut output))
            .run(&[file], &mut sink);
        if let Ok(report) = result {
            prop_assert_eq!(report.rows, sink.rows.len() as u64);
            let rejects = csv::Reader::from_reader(&output[..]).byte_records().count() as u64;
            prop_assert_eq!(report.rejected, rejects);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = import(&bytes);
        let _ = import(&[HEADER.as_bytes(), b"\n", &bytes[..]].concat());
    }
}

#[test]
fn an_import_ends_when_it_is_stopped() {
    let folder = TempDir::new().unwrap();
    let file = write(
        &folder,
        "a.csv",
        format!("{HEADER}\nu,i,1,click,,,\n").as_bytes(),
    );
    let stop = std::sync::atomic::AtomicBool::new(false);
    let run = || {
        let mut sink = sink();
        CsvImport::new(&validator())
            .stop(&stop)
            .run(std::slice::from_ref(&file), &mut sink)
    };
    assert_eq!(run().unwrap().rows, 1);
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(run().unwrap_err().kind(), ErrorKind::Interrupted);
}
