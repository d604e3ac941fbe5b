//! A CSV file gives the same rows, rejects and errors in whatever pieces it is read, and is broken
//! where a strict reader finds it so.

#![no_main]

use std::io::Read;
use std::sync::{Arc, LazyLock};

use annals::columns::{Row, Validator};
use annals::import::{CsvImport, OnError, RowSink};
use annals::{Limits, Result};
use libfuzzer_sys::fuzz_target;

/// What Python's `csv` module does.
#[path = "../../../src/csv/reader/tests/model.rs"]
mod model;

static VALIDATORS: LazyLock<[Validator; 2]> =
    LazyLock::new(|| [Limits::personalize(), Limits::unlimited()].map(validator));

fn validator(limits: Limits) -> Validator {
    Validator::new(Arc::new(annals_fuzz::schema(&Limits::unlimited())), limits)
}

/// Keeps rows as text.
struct Rows<'a> {
    validator: &'a Validator,
    rows: Vec<String>,
}

impl RowSink for Rows<'_> {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.validator.check_row(row)?;
        self.rows.push(format!("{row:?}"));
        Ok(())
    }
}

/// Gives at most so many bytes at once.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

#[derive(Debug, PartialEq)]
struct Outcome {
    rows: Vec<String>,
    rejects: Vec<u8>,
    counts: std::result::Result<[u64; 3], String>,
}

fn import(validator: &Validator, csv: &[u8], piece: usize, skip: bool) -> Outcome {
    let mut sink = Rows {
        validator,
        rows: Vec::new(),
    };
    let mut rejects = Vec::new();
    let on_error = match skip {
        true => OnError::Skip(&mut rejects),
        false => OnError::Abort,
    };
    let report = CsvImport::new(validator)
        .on_error(on_error)
        .max_record_bytes(300)
        .run_reader("fuzz.csv", Pieces(csv, piece), &mut sink);
    let counts = report
        .map(|report| [report.rows, report.rejected, report.bytes])
        .map_err(|error| error.to_string());
    Outcome {
        rows: sink.rows,
        rejects,
        counts,
    }
}

fuzz_target!(|csv: &[u8]| {
    let start = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
    // JSON lines and the rejects of an import are read as what they are.
    if start.trim_ascii_start().starts_with(b"{") || start.starts_with(b"file,line,column,") {
        return;
    }
    for validator in &*VALIDATORS {
        let aborted = import(validator, csv, usize::MAX, false);
        let unmarked = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
        match (&aborted.counts, model::records(unmarked)) {
            (Ok([rows, ..]), records) => {
                let records = records.expect("broken, but imported").len() as u64;
                assert_eq!(*rows + 1, records);
            }
            (Err(message), Some(_)) => assert!(!message.contains("closing quote"), "{message}"),
            (Err(_), None) => {}
        }
        assert_eq!(aborted, import(validator, csv, 1, false));
        let skipped = import(validator, csv, usize::MAX, true);
        assert_eq!(skipped, import(validator, csv, 7, true));
        assert!(skipped.rows.starts_with(&aborted.rows));
        if let Ok([rows, rejected, bytes]) = skipped.counts {
            assert_eq!(rows, skipped.rows.len() as u64);
            assert_eq!(bytes, csv.len() as u64);
            assert_eq!(rejected == 0, aborted.counts.is_ok());
        }
    }
});
