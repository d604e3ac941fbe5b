use std::io::{Cursor, Read};

use proptest::prelude::*;

use super::{BUFFER_BYTES, RecordReader, Step};

mod model;

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

/// The records, or the message of the first fault.
fn read_from(source: impl Read, max_record_bytes: usize) -> Result<Lines, String> {
    let reader = RecordReader::new(source, max_record_bytes);
    let mut reader = reader.map_err(|error| error.to_string())?;
    let mut records = Vec::new();
    loop {
        match reader.advance().unwrap() {
            Step::Record => {
                let fields = reader.record().fields().map(<[u8]>::to_vec).collect();
                records.push((reader.line(), fields));
            }
            Step::Broken(fault) => return Err(fault.into_error::<&str>(&[]).to_string()),
            Step::End => break,
        }
    }
    assert_eq!(reader.advance().unwrap(), Step::End);
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
    let message = |source: &mut dyn Read| read_from(source, max_record_bytes).unwrap_err();
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
            4: ["f\r\ng\r\n", "h", "i"],
            7: ["j", "k", "\""],
            8: ["l"],
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
    let rule = "its quote is not closed before the end of the file; close it, and write a quote \
                inside a value as two";
    for (text, column, value) in [
        ("a\nb,\"c\nd,e\n", 2, r"c\nd,e\n"),
        ("a\n\"", 1, ""),
        ("a\n\"b\"\"", 1, r#"b\""#),
        ("a\nb,\"c\r", 2, r"c\r"),
    ] {
        let message = format!("line 2, column {column}: value \"{value}\": {rule}");
        assert_eq!(refused(text, 1 << 20), message, "{text:?}");
    }
}

#[test]
fn text_behind_a_closing_quote_is_an_error() {
    for (text, place, value, line, character) in [
        ("a\nb,\"c\"d,e\n", "line 2, column 2", "c", 2, 6),
        ("\"a\" ", "line 1, column 1", "a", 1, 4),
        (
            "x\n\"a\u{e9}\\\" b\"\n",
            "line 2, column 1",
            r"a\u{e9}\\",
            2,
            6,
        ),
        (
            "x,\"a\nb,c\r\n\u{e9},\"d",
            "line 1, column 2",
            r"a\nb,c\r\n\u{e9},",
            3,
            4,
        ),
        ("\"a\rb\"\"c\"d", "line 1, column 1", r#"a\rb\"c"#, 2, 6),
    ] {
        // What `{:?}` makes of an accent is itself.
        let value = value.replace(r"\u{e9}", "\u{e9}");
        let message = format!(
            "{place}: value \"{value}\": text follows its closing quote (line {line}, character \
             {character}); nothing may follow a closing quote but a comma or a line end: close the \
             quote that opens the value, and write a quote inside a value as two"
        );
        assert_eq!(refused(text, 1 << 20), message, "{text:?}");
    }
}

/// Records, and the lines that were given up, each with its number.
fn read_on(text: &str, max_record_bytes: usize) -> Vec<(u64, String)> {
    let mut reader = RecordReader::new(text.as_bytes(), max_record_bytes).unwrap();
    let mut found = Vec::new();
    loop {
        let text = match reader.advance().unwrap() {
            Step::Record => {
                let text = reader.record().text().ok().unwrap();
                text.fields().collect::<Vec<_>>().join("|")
            }
            Step::Broken(_) => {
                let line = String::from_utf8(reader.give_up_line().unwrap()).unwrap();
                format!("no record: {line}")
            }
            Step::End => return found,
        };
        found.push((reader.line(), text));
    }
}

#[test]
fn behind_the_line_of_a_broken_record_reading_goes_on() {
    let own = |found: Vec<(u64, &str)>| -> Vec<(u64, String)> {
        let own = |(line, text): (u64, &str)| (line, text.to_owned());
        found.into_iter().map(own).collect()
    };
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "c,\"d", "e,f", "\"g\nh\",i", "j,\"k", "l,m", ""].join(end);
        assert_eq!(
            read_on(&text, 1 << 20),
            own(vec![
                (1, "a|b"),
                (2, "no record: c,\"d"),
                (3, "e|f"),
                (4, "g\nh|i"),
                (6, "no record: j,\"k"),
                (7, "l|m"),
            ]),
            "{end:?}"
        );
    }
    assert_eq!(
        read_on("a\n\"b\nc,d\ne,f\ng", 6),
        own(vec![
            (1, "a"),
            (2, "no record: \"b"),
            (3, "c|d"),
            (4, "e|f"),
            (5, "g")
        ])
    );
    let many = ",".repeat(1024);
    assert_eq!(
        read_on(&format!("a\n{many}\nb"), 1 << 20),
        own(vec![(1, "a"), (2, &format!("no record: {many}")), (3, "b")])
    );
}

#[test]
fn lines_that_each_open_a_quote_are_read_a_bounded_number_of_times() {
    let text = "a\",b,\"c\n".repeat(20_000);
    let found = read_on(&text, 16 << 20);
    assert_eq!(found.len(), 20_000);
    assert!(found.iter().all(|(_, text)| text == "no record: a\",b,\"c"));
}

#[test]
fn a_line_that_is_given_up_is_bounded() {
    let text = format!("a\n\"b\"c{}", "d".repeat(100));
    let mut reader = RecordReader::new(text.as_bytes(), 50).unwrap();
    assert_eq!(reader.advance().unwrap(), Step::Record);
    assert!(matches!(reader.advance().unwrap(), Step::Broken(_)));
    let message = reader.give_up_line().unwrap_err().to_string();
    assert!(message.starts_with("line 2: the record that begins here is longer than 50"));
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
    assert_eq!(reader.advance().unwrap(), Step::Record);
    assert!(matches!(reader.advance().unwrap(), Step::Broken(_)));
    assert!(reader.bytes_read() <= 2 * BUFFER_BYTES as u64);
    assert!(reader.unquoted.len() <= 2048);
}

#[test]
fn a_record_of_commas_is_bounded() {
    let endless = Cursor::new("a\n\"\"").chain(std::io::repeat(b','));
    let mut reader = RecordReader::new(endless, 16 << 20).unwrap();
    assert_eq!(reader.advance().unwrap(), Step::Record);
    let Step::Broken(fault) = reader.advance().unwrap() else {
        panic!("a record");
    };
    assert_eq!(
        fault.into_error::<&str>(&[]).to_string(),
        "line 2: the record that begins here has more than 1024 values; correct the row, and close \
         its quotes"
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
    assert_eq!(reader.advance().unwrap(), Step::Record);
    assert_eq!(reader.record().text().err(), Some(0));
}

proptest! {
    /// However the bytes arrive, the records are those of the model, and where it finds one broken,
    /// there is an error.
    #[test]
    fn records_are_those_of_a_strict_reader(
        bytes in prop::collection::vec(
            prop::sample::select(b"ab,,\"\"\"\n\n\r\xc3\xa9\xff\\ ".to_vec()), 0..60),
        most in 1_usize..9,
    ) {
        let ours = read_from(Cursor::new(&bytes), 1 << 20);
        prop_assert_eq!(&ours, &read_from(Dripping { bytes: &bytes, most }, 1 << 20));
        prop_assert_eq!(ours.ok(), model::records(&bytes));
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        max_record_bytes in 0_usize..100,
    ) {
        let _ = read_from(Cursor::new(&bytes), max_record_bytes);
    }

    /// Whatever is broken, every line is part of a record, given up, or blank.
    #[test]
    fn no_line_is_lost(
        parts in prop::collection::vec(
            prop::sample::select(vec!["a", "b,", "\"", "\"", "\"\"", "\n", "\r\n", "c,\"d\n"]), 0..60),
        max_record_bytes in 8_usize..40,
    ) {
        let text = parts.concat();
        let mut reader = RecordReader::new(text.as_bytes(), max_record_bytes).unwrap();
        let mut end = 0;
        loop {
            let step = reader.advance().unwrap();
            let begin = match step {
                Step::End => text.len(),
                _ => reader.bytes_before() as usize,
            };
            let between = &text.as_bytes()[end..begin];
            prop_assert!(between.iter().all(|byte| b"\r\n".contains(byte)), "{:?}", between);
            if step == Step::End {
                break;
            }
            if step != Step::Record {
                let Ok(line) = reader.give_up_line() else { break };
                prop_assert_eq!(&line[..], model::lines(&text.as_bytes()[begin..])[0].trim_ascii_end());
            }
            end = reader.bytes_taken() as usize;
        }
    }
}
