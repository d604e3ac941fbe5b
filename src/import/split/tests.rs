use proptest::prelude::*;

use super::split;
use crate::csv::{RecordReader, Step};

type Records = Vec<(u64, Vec<String>)>;

/// The records as the parser reads them, and the lines that ended.
fn parsed(text: &str) -> (Records, u64) {
    let mut reader = RecordReader::from_line(text.as_bytes(), 1 << 20, 0);
    let mut records = Vec::new();
    while reader.advance().unwrap() == Step::Record {
        let text = reader.record().text().unwrap();
        let fields = text.fields().map(str::to_owned).collect();
        records.push((reader.line(), fields));
    }
    (records, reader.next_line())
}

proptest! {
    /// The same records and lines as the parser's, and none where one has another number of fields.
    #[test]
    fn splits_as_the_parser_does(
        parts in proptest::collection::vec(
            prop::sample::select(vec!["a", "1+(", "é", ",", ",", "\n", "\r", "\r\n", "x,y\n", "long long long "]),
            0..60,
        ),
        columns in 1_usize..4,
    ) {
        let text = parts.concat();
        let (expected, expected_lines) = parsed(&text);
        let mut records = Records::new();
        let lines = split::<b','>(&text, columns, |line, fields| {
            let bytes: usize = fields.iter().map(|field| field.len() + 1).sum();
            assert_eq!(fields.bytes(), bytes);
            records.push((line, fields.iter().map(str::to_owned).collect()));
            Some(())
        });
        if expected.iter().all(|(_, fields)| fields.len() == columns) {
            prop_assert_eq!(records, expected);
            prop_assert_eq!(lines, Some(expected_lines));
        } else {
            prop_assert_eq!(lines, None);
        }
    }
}
