//! The framing of RocksDB's log files: its write-ahead logs and its manifests.
//!
//! A log is cut into blocks of 32 KiB. A block holds fragments, each behind a header of a checksum
//! (CRC-32C, masked, 4 bytes), a length (2) and a type (1); a record is one fragment, or a first, any
//! number of middle ones and a last. Fewer than seven bytes at the end of a block are zeros.
//!
//! RocksDB reads its logs itself, too, but shortens its answer without a word where they are damaged,
//! or does not come to an end. So they are read here before it sees them.

use std::io::{ErrorKind, Read};

const BLOCK_BYTES: usize = 32 << 10;
const HEADER_BYTES: usize = 7;

const FULL: u8 = 1;
const FIRST: u8 = 2;
#[cfg(test)]
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// How a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With its last record.
    Whole,
    /// Behind its last record, at `at`, are bytes that are no record, and no record behind them: what
    /// a crash leaves of a write.
    Torn {
        /// Bytes up to the end of the last record.
        at: u64,
    },
    /// At `at` are bytes that are no record, and behind them records.
    Damaged {
        /// Bytes up to the end of the last record before the damage.
        at: u64,
    },
}

/// Reads a log to its end: calls `record` with each record up to the first bytes that are none, and
/// with the place where it ends, then `behind` with each record that stands behind those bytes and the
/// bytes that it takes there.
///
/// Memory: a block, and the largest record.
///
/// # Errors
/// Those of `source` and of the two functions.
pub(crate) fn read<E: From<std::io::Error>>(
    source: impl Read,
    record: impl FnMut(&[u8], u64) -> Result<(), E>,
    behind: impl FnMut(&[u8], u64) -> Result<(), E>,
) -> Result<End, E> {
    read_from(source, 0, record, behind)
}

/// Where the block of a place begins.
pub(super) fn block_of(place: u64) -> u64 {
    place - place % BLOCK_BYTES as u64
}

/// The same from `from` on, where a record ends; `source` begins with the block of that place.
pub(super) fn read_from<E: From<std::io::Error>>(
    source: impl Read,
    from: u64,
    mut record: impl FnMut(&[u8], u64) -> Result<(), E>,
    mut behind: impl FnMut(&[u8], u64) -> Result<(), E>,
) -> Result<End, E> {
    let mut blocks = Blocks::new(source, block_of(from));
    let mut fragments = Fragments::default();
    let mut whole = from;
    let mut first = (from - block_of(from)) as usize;
    while blocks.next()? {
        let mut at = std::mem::take(&mut first);
        loop {
            match fragment(blocks.rest(at)) {
                Fragment::None => break,
                Fragment::Some { kind, data, bytes } => {
                    if !fragments.add(kind, data) {
                        return past_damage(blocks, at, whole, &mut behind);
                    }
                    at += bytes;
                    if let Some(complete) = fragments.complete() {
                        whole = blocks.start + at as u64;
                        record(complete, whole)?;
                        fragments.clear();
                    }
                }
                Fragment::Bad => return past_damage(blocks, at, whole, &mut behind),
            }
        }
        // The padding of a full block belongs to the record before it.
        if blocks.is_full() && !fragments.begun {
            whole = blocks.end();
        }
    }
    Ok(match blocks.end() == whole {
        true => End::Whole,
        false => End::Torn { at: whole },
    })
}

/// Looks for records behind the damage at `at` in the current block.
fn past_damage<R: Read, E: From<std::io::Error>>(
    mut blocks: Blocks<R>,
    mut at: usize,
    whole: u64,
    behind: &mut impl FnMut(&[u8], u64) -> Result<(), E>,
) -> Result<End, E> {
    let mut found = false;
    let mut fragments = Fragments::default();
    at += 1;
    loop {
        while at < blocks.len() {
            match fragment(blocks.rest(at)) {
                Fragment::Some { kind, data, bytes } => {
                    // A middle or last fragment alone is a part of the record that is damaged.
                    if !fragments.add(kind, data) {
                        fragments.clear();
                        fragments.add(kind, data);
                    }
                    at += bytes;
                    let taken = fragments.taken;
                    if let Some(complete) = fragments.complete() {
                        found = true;
                        behind(complete, taken)?;
                        fragments.clear();
                    }
                }
                // Where a length is damaged the next record is found by trying each place.
                Fragment::Bad => at += 1,
                Fragment::None => break,
            }
        }
        if !blocks.next()? {
            break;
        }
        at = 0;
    }
    Ok(match found {
        true => End::Damaged { at: whole },
        false => End::Torn { at: whole },
    })
}

/// What stands at a place of a block.
enum Fragment<'a> {
    /// The end of the block, or its padding.
    None,
    Some {
        kind: u8,
        data: &'a [u8],
        /// Its bytes with the header.
        bytes: usize,
    },
    Bad,
}

fn fragment(rest: &[u8]) -> Fragment<'_> {
    let Some((header, body)) = rest.split_first_chunk::<HEADER_BYTES>() else {
        return match rest.iter().all(|byte| *byte == 0) {
            true => Fragment::None,
            false => Fragment::Bad,
        };
    };
    let [a, b, c, d, low, high, kind] = *header;
    let length = usize::from(u16::from_le_bytes([low, high]));
    let Some(data) = body.get(..length) else {
        return Fragment::Bad;
    };
    if !(FULL..=LAST).contains(&kind) || masked_sum(kind, data) != u32::from_le_bytes([a, b, c, d])
    {
        return Fragment::Bad;
    }
    Fragment::Some {
        kind,
        data,
        bytes: HEADER_BYTES + length,
    }
}

/// The checksum of a fragment, turned so that a log within a log does not check by accident.
fn masked_sum(kind: u8, data: &[u8]) -> u32 {
    let sum = crc32c::crc32c_append(crc32c::crc32c(&[kind]), data);
    sum.rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// A record on its way.
#[derive(Default)]
struct Fragments {
    bytes: Vec<u8>,
    /// Bytes of the log that it takes so far, headers included.
    taken: u64,
    begun: bool,
    ended: bool,
}

impl Fragments {
    /// Adds a fragment; `false` where it cannot follow those before.
    fn add(&mut self, kind: u8, data: &[u8]) -> bool {
        if self.begun == matches!(kind, FULL | FIRST) {
            return false;
        }
        self.begun = true;
        self.ended = matches!(kind, FULL | LAST);
        self.bytes.extend_from_slice(data);
        self.taken += (HEADER_BYTES + data.len()) as u64;
        true
    }

    fn complete(&self) -> Option<&[u8]> {
        self.ended.then_some(&self.bytes)
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.taken = 0;
        (self.begun, self.ended) = (false, false);
    }
}

/// A log, block by block.
struct Blocks<R> {
    source: R,
    block: Vec<u8>,
    /// Where the current block begins.
    start: u64,
}

impl<R: Read> Blocks<R> {
    /// Blocks from the byte `start` of a file on.
    fn new(source: R, start: u64) -> Self {
        Self {
            source,
            block: Vec::with_capacity(BLOCK_BYTES),
            start,
        }
    }

    /// Reads the next block; `false` where there is none.
    fn next(&mut self) -> std::io::Result<bool> {
        self.start = self.end();
        self.block.resize(BLOCK_BYTES, 0);
        let mut filled = 0;
        while let Some(rest) = self.block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read(rest) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.block.truncate(filled);
        Ok(filled > 0)
    }

    fn len(&self) -> usize {
        self.block.len()
    }

    fn end(&self) -> u64 {
        self.start + self.block.len() as u64
    }

    fn is_full(&self) -> bool {
        self.block.len() == BLOCK_BYTES
    }

    fn rest(&self, at: usize) -> &[u8] {
        self.block.get(at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bytes of a log of these records.
    fn log(records: &[Vec<u8>]) -> Vec<u8> {
        let mut out = Vec::new();
        for record in records {
            let mut rest = record.as_slice();
            let mut first = true;
            loop {
                let left = BLOCK_BYTES - out.len() % BLOCK_BYTES;
                if left < HEADER_BYTES {
                    out.resize(out.len() + left, 0);
                    continue;
                }
                let (now, later) = rest.split_at(rest.len().min(left - HEADER_BYTES));
                let kind = match (first, later.is_empty()) {
                    (true, true) => FULL,
                    (true, false) => FIRST,
                    (false, false) => MIDDLE,
                    (false, true) => LAST,
                };
                out.extend_from_slice(&masked_sum(kind, now).to_le_bytes());
                out.extend_from_slice(&(now.len() as u16).to_le_bytes());
                out.push(kind);
                out.extend_from_slice(now);
                (rest, first) = (later, false);
                if later.is_empty() {
                    break;
                }
            }
        }
        out
    }

    fn read_all(bytes: &[u8]) -> (Vec<Vec<u8>>, usize, End) {
        let (mut records, mut behind) = (Vec::new(), 0);
        let end = read::<std::io::Error>(
            bytes,
            |record, _| {
                records.push(record.to_vec());
                Ok(())
            },
            |_, _| {
                behind += 1;
                Ok(())
            },
        );
        (records, behind, end.unwrap())
    }

    fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let length = prop_oneof![0..40_usize, 32_700..32_800_usize, 60_000..100_000_usize];
        let record = (length, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]);
        proptest::collection::vec(record, 0..8)
    }

    proptest! {
        #[test]
        fn records_are_read_back(records in records()) {
            let bytes = log(&records);
            prop_assert_eq!(read_all(&bytes), (records, 0, End::Whole));
        }

        #[test]
        fn a_log_that_is_cut_is_whole_up_to_the_tear(records in records(), cut in any::<u64>()) {
            let mut bytes = log(&records);
            let cut = cut % (bytes.len() as u64 + 1);
            bytes.truncate(cut as usize);
            let (found, behind, end) = read_all(&bytes);
            prop_assert_eq!(behind, 0);
            prop_assert_eq!(&found[..], &records[..found.len()]);
            match end {
                End::Whole => {}
                End::Torn { at } => {
                    prop_assert!(at < cut);
                    bytes.truncate(at as usize);
                    prop_assert_eq!(read_all(&bytes), (found, 0, End::Whole));
                }
                End::Damaged { .. } => prop_assert!(false, "nothing stands behind"),
            }
        }

        #[test]
        fn a_changed_byte_is_never_passed_over(
            records in records(), at in any::<u64>(), flip in 1..=255_u8, tail in 0..100_usize,
        ) {
            let mut bytes = log(&records);
            prop_assume!(!bytes.is_empty());
            let at = (at % bytes.len() as u64) as usize;
            bytes[at] ^= flip;
            bytes.resize(bytes.len() + tail, 0);
            let (found, behind, end) = read_all(&bytes);
            prop_assert!(found.len() < records.len());
            prop_assert_eq!(&found[..], &records[..found.len()]);
            match end {
                End::Whole => prop_assert!(false, "a changed byte at {} passed", at),
                End::Torn { .. } => prop_assert_eq!(behind, 0),
                End::Damaged { .. } => prop_assert!(behind > 0),
            }
        }

        #[test]
        fn any_bytes_come_to_an_end(bytes in proptest::collection::vec(0_u8..6, 0..2000)) {
            read_all(&bytes);
        }
    }

    #[test]
    fn what_stands_behind_damage_is_found_where_a_length_is_damaged() {
        let records: Vec<Vec<u8>> = (0..50).map(|byte| vec![byte; 90]).collect();
        let mut bytes = log(&records);
        // The length of the eleventh.
        bytes[10 * 97 + 4] ^= 0x10;
        let (found, behind, end) = read_all(&bytes);
        assert_eq!((found.len(), behind), (10, 39));
        assert_eq!(end, End::Damaged { at: 970 });
    }

    #[test]
    fn what_was_grown_and_never_written_is_torn() {
        let mut bytes = log(&[vec![7; 100], vec![8; 100]]);
        let whole = bytes.len() as u64;
        bytes.resize(100_000, 0);
        let (found, _, end) = read_all(&bytes);
        assert_eq!(found.len(), 2);
        assert_eq!(end, End::Torn { at: whole });
    }
}
