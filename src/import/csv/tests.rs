use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{CsvImport, OnError};
use crate::import::{CsvFiles, ImportReport, RowSink, csv_files};
use crate::types::{Cell, Error, ErrorKind, Limits, Result, Row, Schema, Validator, bits_of_f32};

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
fn columns_may_stand_in_any_order() {
    let text = "TAG,TIMESTAMP,IMPRESSION,EVENT_TYPE,USER_ID,EVENT_VALUE,ITEM_ID\r\n\
                t,5,,view,u,,i\r\n";
    let expected = ["u 5: - i - view - - t".to_owned()];
    assert_eq!(import(text.as_bytes()).unwrap(), expected);
    let marked = format!("\u{feff}{}", text.trim_end());
    assert_eq!(import(marked.as_bytes()).unwrap(), expected);
}

#[test]
fn refused_headers_name_column_and_rule() {
    let all = "USER_ID, ITEM_ID, TIMESTAMP, EVENT_TYPE, EVENT_VALUE, IMPRESSION, TAG";
    let none = "line 1: the file is empty; \
                the first line must name the columns after the schema's fields";
    for (header, message) in [
        ("", none.to_owned()),
        ("\u{feff}\r\n", none.to_owned()),
        (
            "USER_ID,ITEM_ID,TIMESTAMP\n",
            format!(
                "line 1: the header lacks EVENT_TYPE, EVENT_VALUE, IMPRESSION, TAG; \
                 it must name every field of the schema: {all}"
            ),
        ),
        (
            "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,TAG,COLOR\n",
            "line 1: the schema has no column \"COLOR\"; add --map USER_ID=USER_ID to the import, which \
             leaves out other columns, or rename columns"
                .to_owned(),
        ),
        (
            "userId, ITEM_ID,when,EVENT_TYPE,EVENT_VALUE,IMPRESSION,event-type\n",
            format!(
                "line 1: the schema has no column \"userId\" (did you mean USER_ID?), \" ITEM_ID\" (did \
                 you mean ITEM_ID?), \"when\", \"event-type\"; the header lacks TIMESTAMP, TAG; say \
                 which columns to take (--map FIELD=COLUMN), or rename or remove columns so that their names are those of the schema's fields: {all}"
            ),
        ),
        (
            "USER_ID;ITEM_ID;TIMESTAMP\n",
            "line 1: semicolons separate the columns; say so (--delimiter ';'), or separate them by commas"
                .to_owned(),
        ),
        (
            "user_id\titem_id\ttitle, year\n",
            "line 1: tabs separate the columns; say so (--delimiter tab), or separate them by commas"
                .to_owned(),
        ),
        (
            "196\t242\t3\t881250949\n",
            "line 1: tabs separate the columns, and the file has no header: its first line holds \
             values, such as \"196\"; say so (--delimiter tab), and name its columns (--columns \
             USER_ID,_,ITEM_ID, where _ passes one over)"
                .to_owned(),
        ),
        (
            "u1,2014-04-07T10:51:09.277Z,u1,\n",
            "line 1: the file has no header: its first line holds values, such as \
             \"2014-04-07T10:51:09.277Z\"; name its columns (--columns USER_ID,_,ITEM_ID, where _ \
             passes one over), or put a line above it that does"
                .to_owned(),
        ),
        (
            "USER_ID,ITEM_ID,USER_ID\n",
            "line 1, column USER_ID: the header names it twice; keep one".to_owned(),
        ),
        (
            "\n\nUSER_ID,,ITEM_ID\n",
            "line 3, column 2: the name is empty; name every column after a schema field, or choose \
             columns (--map)"
                .to_owned(),
        ),
        (
            "\"USER_ID\" ,ITEM_ID\n",
            format!(
                "line 1, column 1: value \"USER_ID\": {}",
                behind_quote(1, 10)
            ),
        ),
    ] {
        let found = import(header.as_bytes()).unwrap_err();
        assert_eq!(found, format!("file.csv: {message}"), "{header:?}");
    }
    assert_eq!(
        import(b"USER_ID,\xff\n").unwrap_err(),
        "file.csv: line 1, column 2: the name is not valid UTF-8; save the file as UTF-8"
    );
    let packed = import(b"\x1f\x8b\x08\0\n").unwrap_err();
    assert!(
        packed.contains("the file is compressed by gzip"),
        "{packed}"
    );
    let wide = vec!["A"; Limits::MAX_FIELDS + 1].join(",");
    assert_eq!(
        import(wide.as_bytes()).unwrap_err(),
        "file.csv: line 1: the header has 513 columns; a store holds at most 512 fields"
    );
}

#[test]
fn refused_rows_name_line_column_value_and_rule() {
    let id = "é".repeat(257);
    let shown = "é".repeat(60);
    for (line, message) in [
        (
            "u,i,1,click,abc,,",
            "column EVENT_VALUE: value \"abc\": must be a finite number within the range of \
             float; NaN and infinity are refused; write a decimal number",
        ),
        (
            "u,i,1,click,NaN,,",
            "column EVENT_VALUE: value \"NaN\": must be a finite number within the range of \
             float; NaN and infinity are refused; write a decimal number",
        ),
        (
            "u,i,-5,click,,,",
            "column TIMESTAMP: value \"-5\": a timestamp must not be negative; \
             write Unix epoch seconds",
        ),
        (
            "u,i,1.5,click,,,",
            "column TIMESTAMP: value \"1.5\": a timestamp must be a whole number; \
             write Unix epoch seconds without a fraction",
        ),
        (
            "u,i,yesterday,click,,,",
            "column TIMESTAMP: value \"yesterday\": a timestamp must be a whole number; \
             write dates as Unix epoch seconds",
        ),
        (
            "u,i,,click,,,",
            "column TIMESTAMP: value \"\": must not be empty; write Unix epoch seconds",
        ),
        (
            ",i,1,click,,,",
            "column USER_ID: value \"\": an empty cell is null, and the field is not nullable; \
             give a value",
        ),
        (
            "u,\"\",1,click,,,",
            "column ITEM_ID: value \"\": an empty cell is null, and the field is not nullable; \
             give a value",
        ),
        (
            "u,i,1,,,,",
            "column EVENT_TYPE: value \"\": an empty cell is null, and the field is not nullable; \
             give a value",
        ),
        (
            &format!("{id},i,1,click,,,"),
            &format!(
                "column USER_ID: value \"{shown}…\": 257 characters; \
                 shorten it to 256 or lift the limit max_id_chars (annals limits STORE --set max_id_chars=NUMBER, or --set at annals init)"
            ),
        ),
        (
            "u,i,1,click,,a||b,",
            "column IMPRESSION: value \"a||b\": holds an empty item id; \
             write item ids joined by single bars",
        ),
        (
            "u,i,1,click,,,USER_ID",
            "column TAG: value \"USER_ID\": a reserved field name must not be a value; \
             rename it or lift the limit refuse_reserved_values (annals limits STORE --set refuse_reserved_values=false, or --set at annals init)",
        ),
    ] {
        assert_eq!(
            refused(&format!("u,i,1,click,,,\"two\nlines\"\n{line}\n")),
            format!("file.csv: line 4, {message}")
        );
    }
    for (line, count) in [("u,i,1,click,,", 6), ("u,i,1,click,,,,", 8), ("x", 1)] {
        assert_eq!(
            refused(line),
            format!(
                "file.csv: line 2: {count} values, but the header has 7 columns; \
                 correct the row, and quote values that hold commas"
            )
        );
    }
}

#[test]
fn invalid_utf_8_names_line_and_column() {
    let text = [HEADER.as_bytes(), b"\nu,i,1,caf\xe9,,,\n"].concat();
    assert_eq!(
        import(&text).unwrap_err(),
        "file.csv: line 2, column EVENT_TYPE: value \"caf\u{fffd}\": not valid UTF-8; \
         save the file as UTF-8"
    );
}

fn behind_quote(line: u64, character: u64) -> String {
    format!(
        "text follows its closing quote (line {line}, character {character}); nothing may follow a \
         closing quote but a comma or a line end: close the quote that opens the value, and write a \
         quote inside a value as two"
    )
}

#[test]
fn a_quoted_header_is_taken() {
    let header = HEADER.replace("TIMESTAMP", "\"TIMESTAMP\"");
    let text = format!("{header}\nu,i,5,view,,,t\n");
    assert_eq!(import(text.as_bytes()).unwrap(), ["u 5: - i - view - - t"]);
}

#[test]
fn a_broken_quote_stops_the_import() {
    assert_eq!(
        refused("u,i,1,click,,,\"tag\nu,i,2,click,,,\n"),
        "file.csv: line 2, column TAG: value \"tag\\nu,i,2,click,,,\\n\": its quote is not closed \
         before the end of the file; close it, and write a quote inside a value as two"
    );
    assert_eq!(
        refused("u,i,1,click,,,\"12 Men\nu,i,2,click,,,\nu,i,3,click,,,\"8 Mile\n"),
        format!(
            "file.csv: line 2, column TAG: value \"12 Men\\nu,i,2,click,,,\\nu,i,3,click,,,\": {}",
            behind_quote(4, 16)
        )
    );
    assert_eq!(
        refused("u,i,1,click,,,\n\"5\\\" x\",i,2,click,,,\n"),
        format!(
            "file.csv: line 3, column USER_ID: value \"5\\\\\": {}",
            behind_quote(3, 5)
        )
    );
}

#[test]
fn of_broken_rows_the_first_line_is_skipped() {
    let text = format!(
        "{HEADER}\nu,i,1,a,,,x\nu,i,2,a,,,\"12 Men\nu,i,3,a,,,\"two\nlines\"\nu,i,4,a,,,\"8 Mile\n\
         u,i,5,a,,,\"x\"\nu,i,6,\"a\\\" \",,,\r\nu,i,7,a,,,\"open\nu,i,8,a,,,\n"
    );
    let (report, rows, rejects) = skip(text.as_bytes());
    assert_eq!((report.rows, report.rejected), (4, 4));
    assert_eq!(report.bytes, text.len() as u64);
    assert_eq!(
        rows,
        [
            "u 1: - i - a - - x",
            "u 3: - i - a - - two\nlines",
            "u 5: - i - a - - x",
            "u 8: - i - a - - -"
        ]
    );
    let text = |field: &[u8]| String::from_utf8(field.to_vec()).unwrap();
    let rejects: Vec<[String; 3]> = rejects[1..]
        .iter()
        .map(|row| [text(&row[1]), text(&row[2]), text(&row[4])])
        .collect();
    assert_eq!(
        rejects,
        [
            ["3", "TAG", "u,i,2,a,,,\"12 Men"],
            ["6", "TAG", "u,i,4,a,,,\"8 Mile"],
            ["8", "EVENT_TYPE", "u,i,6,\"a\\\" \",,,"],
            ["9", "TAG", "u,i,7,a,,,\"open"],
        ]
    );
}

#[test]
fn a_record_beyond_its_bound_is_skipped_by_its_first_line() {
    let folder = TempDir::new().unwrap();
    let text = format!(
        "{HEADER}\nu,i,1,click,,,\"{}u,i,2,a,,,\n",
        "tag\n".repeat(100)
    );
    let file = write(&folder, "file.csv", text.as_bytes());
    let (validator, mut output) = (validator(), Vec::new());
    let import = || CsvImport::new(&validator).max_record_bytes(100);
    let error = import()
        .run(std::slice::from_ref(&file), &mut sink())
        .unwrap_err();
    assert_eq!(
        relative(&error.to_string(), &folder),
        "file.csv: line 2: the record that begins here is longer than 100 bytes; \
         close its quotes, or raise the bound on a record"
    );
    let import = import().on_error(OnError::Skip(&mut output));
    let report = import.run(&[file], &mut sink()).unwrap();
    assert_eq!((report.rows, report.rejected), (1, 100));
}

fn skip(text: &[u8]) -> (ImportReport, Vec<String>, Vec<Vec<Vec<u8>>>) {
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "file.csv", text);
    let (mut sink, mut output) = (sink(), Vec::new());
    let validator = validator();
    let report = CsvImport::new(&validator)
        .on_error(OnError::Skip(&mut output))
        .run(&[file], &mut sink)
        .unwrap();
    let rejects = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(&output[..])
        .byte_records()
        .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
        .collect();
    (report, sink.rows, rejects)
}

#[test]
fn skipped_rows_go_to_the_rejects() {
    let text = [
        HEADER.as_bytes(),
        b"\nu,i,1,click,,,\nu,\"i,\"\"2\",x,click,,,\nshort\nu,i,1,\xff,,,\nv,i,2,click,,,\n",
    ]
    .concat();
    let (report, rows, rejects) = skip(&text);
    assert_eq!((report.rows, report.rejected, report.files), (2, 3, 1));
    assert_eq!(rows, ["u 1: - i - click - - -", "v 2: - i - click - - -"]);
    let expected: [[&[u8]; 4]; 4] = [
        [b"line", b"column", b"reason", b"record"],
        [
            b"3",
            b"TIMESTAMP",
            b"field TIMESTAMP: value \"x\": a timestamp must be a whole number; \
              write dates as Unix epoch seconds",
            b"u,\"i,\"\"2\",x,click,,,",
        ],
        [
            b"4",
            b"",
            b"1 values, but the header has 7 columns; \
              correct the row, and quote values that hold commas",
            b"short",
        ],
        [
            b"5",
            b"EVENT_TYPE",
            "field EVENT_TYPE: value \"\u{fffd}\": not valid UTF-8; save the file as UTF-8"
                .as_bytes(),
            b"u,i,1,\xff,,,",
        ],
    ];
    assert_eq!(rejects.len(), expected.len());
    assert_eq!(rejects[0][0], b"file");
    for (found, expected) in rejects.iter().zip(expected) {
        assert_eq!(found[1..5], expected);
    }
    assert_eq!(rejects[0][5], b"header");
    assert!(
        rejects[1..]
            .iter()
            .all(|found| found[5] == HEADER.as_bytes())
    );
    assert!(rejects[1][0].ends_with(b"file.csv"));
}

#[test]
fn an_error_of_the_sink_that_is_no_bad_row_ends_the_import() {
    struct Full;
    impl RowSink for Full {
        fn push(&mut self, _: &Row<'_>) -> Result<()> {
            Err(Error::new(ErrorKind::Io, "no space left"))
        }
    }
    let folder = TempDir::new().unwrap();
    let file = write(
        &folder,
        "file.csv",
        format!("{HEADER}\nu,i,1,a,,,").as_bytes(),
    );
    let (validator, mut output) = (validator(), Vec::new());
    let error = CsvImport::new(&validator)
        .on_error(OnError::Skip(&mut output))
        .run(&[file], &mut Full)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(
        relative(&error.to_string(), &folder),
        "file.csv: line 2: no space left"
    );
}

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
        ": the folder holds no CSV files; give files, or a folder of files whose names end in .csv"
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
