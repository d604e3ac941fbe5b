//! Rows that are none, and what becomes of them.

use tempfile::TempDir;

use super::super::{CsvImport, OnError};
use super::{HEADER, behind_quote, import, refused, relative, sink, validator, write};
use crate::import::{ImportReport, RowSink};
use crate::model::{Error, ErrorKind, Result, Row};

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
