use std::io::Read;

use proptest::prelude::*;

use super::BlockReader;
use crate::csv::{Dialect, RecordReader, Step};

type Records = Vec<(u64, Vec<Vec<u8>>)>;

/// The records of a part of a file that begins on `line`, and the line that follows.
fn records_of(bytes: &[u8], line: u64) -> (Records, u64, bool) {
    let mut reader = RecordReader::from_line(bytes, 1 << 20, line);
    let mut records = Vec::new();
    let sound = loop {
        match reader.advance().unwrap() {
            Step::Record => {
                let fields = reader.record().fields().map(<[u8]>::to_vec).collect();
                records.push((reader.line(), fields));
            }
            end => break end == Step::End,
        }
    };
    (records, reader.next_line(), sound)
}

proptest! {
    /// Blocks put behind each other are the file, and their records and lines are the file's.
    #[test]
    fn blocks_end_where_records_end(
        parts in proptest::collection::vec(
            prop::sample::select(vec!["a", "b", ",", "\"", "\"", "\n", "\r", "\r\n", "\"q,\n\"", "é"]),
            0..50,
        ),
        split in 0_usize..20,
        block_bytes in 1_usize..24,
    ) {
        let text = parts.concat().into_bytes();
        let (rest, source) = text.split_at(split.min(text.len()));
        let mut reader = BlockReader::new(rest.to_vec(), source, block_bytes, 1 << 20, Dialect::CSV);
        let (mut all, mut records, mut line, mut sound) = (Vec::new(), Vec::new(), 1, true);
        let mut block = Vec::new();
        while reader.next(&mut block).unwrap() {
            all.extend_from_slice(&block);
            if !sound {
                // Behind a broken record nothing is known.
                continue;
            }
            let (more, next, whole) = records_of(&block, line);
            records.extend(more);
            (line, sound) = (next, whole);
        }
        prop_assert_eq!(&all, &text);
        prop_assert_eq!((records, line, sound), records_of(&text, 1));
    }
}

#[test]
fn a_record_beyond_its_bound_is_not_read_to_its_end() {
    let endless = b"short\n".chain(std::io::repeat(b'a'));
    let mut reader = BlockReader::new(Vec::new(), endless, 16, 1000, Dialect::CSV);
    let mut block = Vec::new();
    assert!(reader.next(&mut block).unwrap());
    assert_eq!(block, b"short\n");
    assert!(reader.next(&mut block).unwrap());
    assert!(
        block.len() > 1000 && block.len() < 10_000,
        "{}",
        block.len()
    );
    let mut records = RecordReader::from_line(&block[..], 1000, 2);
    let Step::Broken(fault) = records.advance().unwrap() else {
        panic!("a record");
    };
    let message = fault.into_error::<&str>(&[]).to_string();
    assert!(message.contains("longer than 1000 bytes"), "{message}");
}
