use std::io::{Cursor, Read};

use proptest::prelude::*;

use super::{BUFFER_BYTES, RecordReader};
use crate::types::Result;

/// Gives a few bytes at a time.
struct Dripping<'a> {
    bytes: &'a [u8],
    most: usize,
}

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = self.most.min(buffer.len());
        let (now, later) = self.bytes.split_at(most.min(self.bytes.len()));
        buffer[..now.len()].copy_from_slice(now);
        self.bytes = later;
        Ok(now.len())
    }
}

type Lines = Vec<(u64, Vec<Vec<u8>>)>;

fn read_from(source: impl Read, max_record_bytes: usize) -> Result<Lines> {
    let mut reader = RecordReader::new(source, max_record_bytes)?;
    let mut records = Vec::new();
    while reader.advance()? {
        let fields = reader.record().fields().map(<[u8]>::to_vec).collect();
        records.push((reader.line(), fields));
    }
    assert!(!reader.advance()?);
    Ok(records)
}

fn read(text: &str) -> Vec<(u64, Vec<String>)> {
    let records = read_from(Cursor::new(text), 1 << 20).unwrap();
    for most in [1, 2, 3, 7] {
        let bytes = text.as_bytes();
        assert_eq!(
            read_from(Dripping { bytes, most }, 1 << 20).unwrap(),
            records
        );
    }
    let text = |field: Vec<u8>| String::from_utf8(field).unwrap();
    records
        .into_iter()
        .map(|(line, fields)| (line, fields.into_iter().map(text).collect()))
        .collect()
}

fn refused(text: &str, max_record_bytes: usize) -> String {
    let message = |source: &mut dyn Read| {
        let error = read_from(source, max_record_bytes).unwrap_err();
        error.to_string()
    };
    let whole = message(&mut Cursor::new(text));
    let bytes = text.as_bytes();
    assert_eq!(message(&mut Dripping { bytes, most: 1 }), whole);
    whole
}

macro_rules! records {
    ($($line:literal: $fields:expr),* $(,)?) => {
        vec![$(($line, $fields.iter().map(|field: &&str| (*field).to_owned()).collect::<Vec<_>>())),*]
    };
}

#[test]
fn line_ends_of_every_kind_count_as_lines() {
    let expected = records![1: ["a", "b"], 2: ["c", "d"], 3: ["e", ""]];
    for text in [
        "a,b\nc,d\ne,\n",
        "a,b\nc,d\ne,",
        "a,b\r\nc,d\r\ne,\r\n",
        "a,b\r\nc,d\r\ne,",
        "a,b\rc,d\re,\r",
        "a,b\rc,d\re,",
        "\u{feff}a,b\nc,d\ne,\n",
        "a,\"b\"\r\n\"c\",d\r\"e\",\r\n",
        "\"a\",\"b\"\n\"c\",\"d\"\n\"e\",\"\"",
    ] {
        assert_eq!(read(text), expected, "{text:?}");
    }
}

#[test]
fn quoted_fields_hold_anything() {
    assert_eq!(
        read("a,\"b,\"\"c\"\"\nd\r\",e\n\"f\r\ng\r\n\",h,i\r\nj,k,\"\"\"\"\nl\n"),
        records![
            1: ["a", "b,\"c\"\nd\r", "e"],
            3: ["f\r\ng\r\n", "h", "i"],
            6: ["j", "k", "\""],
            7: ["l"],
        ]
    );
}

#[test]
fn blank_lines_are_skipped_and_counted() {
    assert_eq!(
        read("\n\r\n\ra\n\n\n\"b\"\r\n\r\nc\n\n"),
        records![4: ["a"], 7: ["b"], 9: ["c"]]
    );
    for text in ["", "\n", "\r\n\r\n", "\u{feff}", "\u{feff}\r"] {
        assert_eq!(read(text), [], "{text:?}");
    }
}

#[test]
fn a_mark_is_dropped_at_the_start_alone() {
    let mark = '\u{feff}';
    assert_eq!(
        read(&format!("{mark}{mark}a\n{mark}\"b\"\n\"{mark}c\"\n")),
        records![1: ["\u{feff}a"], 2: ["\u{feff}\"b\""], 3: ["\u{feff}c"]]
    );
}

#[test]
fn records_longer_than_the_buffer_are_whole() {
    let long = "x".repeat(BUFFER_BYTES * 2 + 5);
    let text = format!("a,{long}\n\"{long}\",b\r\nc,d\n");
    let records = read_from(Cursor::new(&text), BUFFER_BYTES * 3).unwrap();
    let fields = |first: &str, second: &str| vec![first.into(), second.into()];
    assert_eq!(
        records,
        [
            (1, fields("a", &long)),
            (2, fields(&long, "b")),
            (3, fields("c", "d"))
        ]
    );
}

#[test]
fn line_ends_may_fall_on_the_end_of_the_buffer() {
    for short in 0..4 {
        let filler = "x".repeat(BUFFER_BYTES - 4 + short);
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("\"{filler}\"{end}b{end}{end}\"c\"{end}");
            let lines: Vec<_> = read_from(Cursor::new(&text), 1 << 20)
                .unwrap()
                .into_iter()
                .map(|(line, fields)| (line, fields[0].len()))
                .collect();
            assert_eq!(
                lines,
                [(1, filler.len()), (2, 1), (4, 1)],
                "{short} {end:?}"
            );
        }
    }
}

#[test]
fn an_open_quote_is_an_error() {
    let message = "line 2: a quote opened in the record that begins here is not closed before the \
                   end of the file; close it, and double quotes inside a value";
    for text in ["a\nb,\"c\nd,e\n", "a\n\"", "a\n\"b\"\"", "a\nb,\"c\r"] {
        assert_eq!(refused(text, 1 << 20), message, "{text:?}");
    }
}

#[test]
fn a_record_beyond_its_bound_is_an_error() {
    let message = "line 2: the record that begins here is longer than 16 bytes; \
                   close its quotes, or raise the bound on a record";
    let plain = format!("a\n{}\nb\n", "x".repeat(17));
    let quoted = format!("a\n\"{}\nb\n", "x\n".repeat(16));
    assert_eq!(refused(&plain, 16), message);
    assert_eq!(refused(&quoted, 16), message);
    assert_eq!(
        read_from(Cursor::new("0123456789abcdef\n"), 16)
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn an_open_quote_reads_no_further_than_the_bound() {
    let endless = Cursor::new("a\n\"").chain(std::io::repeat(b'x'));
    let mut reader = RecordReader::new(endless, 1000).unwrap();
    assert!(reader.advance().unwrap());
    assert!(reader.advance().is_err());
    assert!(reader.bytes_read() <= 2 * BUFFER_BYTES as u64);
    assert!(reader.unquoted.len() <= 2048);
}

#[test]
fn a_record_of_commas_is_bounded() {
    let endless = Cursor::new("a\n\"\"").chain(std::io::repeat(b','));
    let mut reader = RecordReader::new(endless, 16 << 20).unwrap();
    assert!(reader.advance().unwrap());
    assert_eq!(
        reader.advance().unwrap_err().to_string(),
        "line 2: the record that begins here has more than 65536 fields; correct the row"
    );
}

#[test]
fn utf_16_is_named() {
    for bytes in [b"\xff\xfea\0", b"\xfe\xff\0a"] {
        let error = RecordReader::new(&bytes[..], 100).err().unwrap();
        assert_eq!(
            error.to_string(),
            "line 1: the file is UTF-16; save it as UTF-8"
        );
    }
}

#[test]
fn a_character_that_spans_two_fields_is_no_text() {
    let mut reader = RecordReader::new(&b"\"\xc3\",\"\xa9\"\n"[..], 100).unwrap();
    assert!(reader.advance().unwrap());
    assert_eq!(reader.record().text().err(), Some(0));
}

proptest! {
    /// However the bytes arrive, the records are those that the `csv` crate reads.
    #[test]
    fn records_are_those_of_a_plain_reader(
        bytes in prop::collection::vec(
            prop::sample::select(b"ab,,\"\"\"\n\n\r\xc3\xa9\xff".to_vec()), 0..60),
        most in 1_usize..9,
    ) {
        let ours = read_from(Cursor::new(&bytes), 1 << 20);
        let dripped = read_from(Dripping { bytes: &bytes, most }, 1 << 20);
        match (ours, dripped) {
            (Ok(ours), Ok(dripped)) => {
                prop_assert_eq!(&ours, &dripped);
                let mut plain = csv::ReaderBuilder::new()
                    .has_headers(false)
                    .flexible(true)
                    .from_reader(&bytes[..]);
                let theirs: Vec<Vec<Vec<u8>>> = plain
                    .byte_records()
                    .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
                    .collect();
                let ours: Vec<_> = ours.into_iter().map(|(_, fields)| fields).collect();
                prop_assert_eq!(ours, theirs);
            }
            (Err(ours), Err(dripped)) => prop_assert_eq!(ours.message(), dripped.message()),
            (ours, dripped) => prop_assert!(false, "{ours:?} but {dripped:?}"),
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        max_record_bytes in 0_usize..100,
    ) {
        let _ = read_from(Cursor::new(&bytes), max_record_bytes);
    }
}
