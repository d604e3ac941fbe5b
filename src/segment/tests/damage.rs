//! Damaged files: an error or the right answer, never a panic or a wrong one.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::arbitrary::{Line, lines_of, schema, sorted_lines, written};
use crate::column::Columns;
use crate::io::{crc32, page_sums};
use crate::model::{ErrorKind, HashedKey, Result, ScanQuery, Schema, TierQuery, UserRange};
use crate::segment::format::{ColumnFooter, Footer, StringsHandle};
use crate::segment::read::{Cursor, Segment};

/// Reads everything in every way.
fn read(file: &Bytes, schema: &Schema) -> Result<Vec<Line>> {
    let segment = Arc::new(Segment::open("test.seg", file.clone(), schema)?);
    let query = TierQuery {
        event_types: vec!["VIEW".to_owned(), "buy".to_owned(), "like".to_owned()],
        ..TierQuery::everything(schema)
    };
    let ids = segment.user_ids();
    let mut histories = Vec::new();
    for code in 1..=ids.len() as u32 {
        let user = ids.get(code)?;
        let mut out = Columns::for_schema(schema);
        segment.history(HashedKey::of(user), &query, &mut out)?;
        histories.extend(checked_lines(&segment, &out, Some(user))?);
    }
    let mut cursor = Cursor::new(segment.clone(), &ScanQuery::default())?;
    let mut scanned = Vec::new();
    while cursor.user()?.is_some() {
        let mut out = Columns::for_schema(schema);
        cursor.take(100, None, &query, &mut out)?;
        scanned.extend(checked_lines(&segment, &out, None)?);
    }
    segment.blocks()?;
    assert_eq!(histories, scanned);
    Ok(scanned)
}

/// The rows, once all their strings are known to be readable.
fn checked_lines(segment: &Segment, columns: &Columns, user: Option<&str>) -> Result<Vec<Line>> {
    for field in 0..columns.fields.len() {
        if let Some(strings) = segment.dictionary(field) {
            strings.buffers()?;
            (1..=strings.len() as u32).try_for_each(|code| strings.get(code).map(drop))?;
        }
    }
    segment.user_ids().buffers()?;
    Ok(lines_of(segment, columns, user))
}

fn rows(seed: usize) -> Vec<Line> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut tree = sorted_lines().new_tree(&mut runner).unwrap();
    for _ in 0..seed {
        tree = sorted_lines().new_tree(&mut runner).unwrap();
    }
    tree.current()
}

#[test]
fn a_damaged_byte_is_an_error_or_changes_nothing() {
    let schema = schema();
    for seed in 0..6 {
        let lines = rows(seed);
        let file = written(&schema, &lines);
        assert_eq!(read(&file, &schema).unwrap(), lines);
        let step = (file.len() / 150).max(1);
        let ends = (0..40).chain(file.len() - 100..file.len());
        for position in (seed..file.len()).step_by(step).chain(ends) {
            for bit in [0, 7] {
                let mut bytes = file.to_vec();
                bytes[position] ^= 1 << bit;
                match read(&bytes.into(), &schema) {
                    Ok(found) => assert_eq!(found, lines, "byte {position}"),
                    Err(error) => {
                        let kind = error.kind();
                        let known = [ErrorKind::Corruption, ErrorKind::Unsupported].contains(&kind);
                        assert!(known, "byte {position}: {error}");
                        assert!(error.message().contains("test.seg"), "{error}");
                    }
                }
            }
        }
    }
}

#[test]
fn verification_finds_every_damaged_byte_and_says_where() {
    let schema = schema();
    let file = written(&schema, &rows(2));
    let step = (file.len() / 300).max(1);
    for position in (0..file.len()).step_by(step) {
        let mut bytes = file.to_vec();
        bytes[position] ^= 4;
        let Ok(segment) = Segment::open("test.seg", Bytes::from(bytes), &schema) else {
            continue;
        };
        let damage = segment.damage(&schema);
        let holds = |range: [u64; 2]| (range[0]..range[1]).contains(&(position as u64));
        assert!(
            damage.iter().any(|damage| holds(damage.bytes)),
            "byte {position}"
        );
    }
}

#[test]
fn a_file_cut_short_or_grown_is_corruption() {
    let schema = schema();
    let file = written(&schema, &rows(1));
    let step = (file.len() / 300).max(1);
    for length in (0..file.len()).step_by(step) {
        let error = Segment::open("test.seg", file.slice(..length), &schema)
            .err()
            .unwrap();
        assert_eq!(
            error.kind(),
            ErrorKind::Corruption,
            "{length} bytes: {error}"
        );
    }
    let mut longer = file.to_vec();
    longer.push(0);
    assert!(Segment::open("test.seg", Bytes::from(longer), &schema).is_err());
}

/// The file with another footer whose checksum fits.
fn with_footer(file: &Bytes, edit: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let tail_at = file.len() - 32;
    let tail = &file[tail_at..];
    let footer_at = u64::from_le_bytes(tail[..8].try_into().unwrap()) as usize;
    let mut record = file[footer_at..tail_at - 4].to_vec();
    edit(&mut record);
    record.extend_from_slice(&file[tail_at - 4..tail_at]);
    let mut bytes = file[..footer_at].to_vec();
    bytes.extend_from_slice(&record);
    bytes.extend_from_slice(&tail[..8]);
    bytes.extend_from_slice(&(record.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&crc32(&record).to_le_bytes());
    bytes.extend_from_slice(&tail[16..]);
    bytes.into()
}

/// The file with a changed footer.
pub(super) fn resealed(file: &Bytes, edit: impl FnOnce(&mut Footer)) -> Bytes {
    let (mut footer, pages) = Footer::open("test.seg", file.clone().into()).unwrap();
    edit(&mut footer);
    let data = &file[..pages.len()];
    let sums: Vec<u32> = page_sums(data).collect();
    [data, &footer.seal(data.len(), &sums)].concat().into()
}

/// Opens and reads a few rows, whatever the footer claims.
fn try_read(file: &Bytes, schema: &Schema, users: &[&str]) {
    let Ok(segment) = Segment::open("test.seg", file.clone(), schema) else {
        return;
    };
    let segment = Arc::new(segment);
    let query = TierQuery {
        limit: 10,
        ..TierQuery::everything(schema)
    };
    for user in users {
        let mut out = Columns::for_schema(schema);
        let _ = segment.history(HashedKey::of(user), &query, &mut out);
    }
    if let Ok(mut cursor) = Cursor::new(segment.clone(), &ScanQuery::default()) {
        let mut out = Columns::for_schema(schema);
        let _ = cursor.take(50, Some("user 100"), &query, &mut out);
        let _ = cursor.user();
    }
    let rows = segment.rows().min(50);
    let _ = segment.rows_at(0..rows, &mut Columns::for_schema(schema));
    let _ = segment.item(1);
    let _ = segment.item_hash(1);
    segment.columns(schema);
    segment.damage(schema);
}

/// Where the user directory's table lies.
fn directory_of(file: &[u8], schema: &Schema) -> std::ops::Range<usize> {
    let segment = Segment::open("test.seg", Bytes::copy_from_slice(file), schema).unwrap();
    let table = segment.footer().directory;
    table.offset..table.offset + table.len
}

#[test]
fn a_directory_that_names_more_rows_than_there_are_is_corruption() {
    let schema = schema();
    let mut lines: Vec<Line> = rows(1).into_iter().take(2).collect();
    for (line, user) in lines.iter_mut().zip(["user 000", "user 001"]) {
        line.user = user.to_owned();
    }
    let mut file = written(&schema, &lines).to_vec();
    let table = directory_of(&file, &schema);
    // Slots of four bytes: two bits of the first row, and the highest for the number of rows.
    let slots = file[table].chunks_mut(4);
    for slot in slots.filter(|slot| slot[3] >> 7 == 1) {
        slot[3] |= 0b0110_0000;
    }
    let edited = resealed(&file.into(), |_| {});
    let segment = Segment::open("test.seg", edited, &schema).unwrap();
    let query = TierQuery {
        visible: 0,
        ..TierQuery::everything(&schema)
    };
    let mut out = Columns::for_schema(&schema);
    let error = segment
        .history(HashedKey::of("user 000"), &query, &mut out)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corruption);
}

/// Where users begin is read for 128 of them at once: those that a scan asks for are there, and what comes behind
/// the first or the second piece is not.
#[test]
fn a_scan_that_failed_fails_again() {
    let schema = schema();
    let line = rows(2).remove(0);
    let user_of = |number: usize| format!("user {number:03}");
    let lines: Vec<Line> = (0..300)
        .map(|number| Line {
            user: user_of(number),
            ..line.clone()
        })
        .collect();
    let file = written(&schema, &lines);
    // Offsets of 16 bytes, blocks of 50 for 128 users each, and what is read behind a block.
    for (bytes, to, last) in [(100, 5, 0), (150, 140, 128)] {
        let edited = resealed(&file, |footer| footer.user_starts.handle.len = bytes);
        let segment = Arc::new(Segment::open("test.seg", edited, &schema).unwrap());
        let scan = ScanQuery {
            users: UserRange {
                from: None,
                to: Some(user_of(to)),
            },
            ..ScanQuery::default()
        };
        let mut cursor = Cursor::new(segment, &scan).unwrap();
        let query = TierQuery::everything(&schema);
        for _ in 0..3 {
            let mut out = Columns::for_schema(&schema);
            let error = cursor.take(400, None, &query, &mut out).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corruption);
            assert_eq!(cursor.user().unwrap(), Some(user_of(last).as_str()));
        }
    }
}

/// Ids that are kept as numbers, in a footer that says something else of them.
#[test]
fn spelled_strings_whose_parts_do_not_fit_are_corruption() {
    let schema = schema();
    let line = rows(1).remove(0);
    let lines: Vec<Line> = (0..300)
        .map(|number| Line {
            user: format!("user {number:03}"),
            item: format!("item {}", number % 97),
            ..line.clone()
        })
        .collect();
    let file = written(&schema, &lines);
    let open = |edit: &dyn Fn(&mut StringsHandle)| {
        let edited = resealed(&file, |footer| edit(&mut footer.user_ids));
        let items = resealed(&file, |footer| {
            let mut columns = footer.columns.iter_mut();
            let items = columns.find_map(|column| match column {
                ColumnFooter::Strings { dictionary, .. } => Some(dictionary),
                _ => None,
            });
            edit(items.unwrap());
        });
        [edited, items].map(|file| Segment::open("test.seg", file, &schema))
    };
    for segment in open(&|strings| assert!(strings.spelling.is_some())) {
        segment.unwrap().check_invariants(&schema).unwrap();
    }
    let wrong: [&dyn Fn(&mut StringsHandle); 4] = [
        &|strings| strings.spelling = None,
        &|strings| strings.text.len += 1,
        &|strings| strings.offsets.len = 4,
        &|strings| strings.count = usize::MAX / 2,
    ];
    for wrong in wrong {
        for segment in open(wrong) {
            assert_eq!(segment.err().unwrap().kind(), ErrorKind::Corruption);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_footer_of_any_bytes_is_read_or_refused(
        seed in 0_usize..4,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        noise in proptest::collection::vec(any::<u8>(), 0..120),
    ) {
        let schema = schema();
        let lines = rows(seed);
        let file = written(&schema, &lines);
        let users = [lines[0].user.as_str(), "user 007", "zzz"];
        let edited = with_footer(&file, |record| {
            // Behind the schema document, whose change is always refused.
            let start = schema.json().len();
            for (index, byte) in &edits {
                let position = start + index.index(record.len() - start);
                record[position] = *byte;
            }
        });
        try_read(&edited, &schema, &users);
        let noisy = with_footer(&file, |record| {
            record.truncate(record.len() - noise.len().min(record.len()));
            record.extend_from_slice(&noise);
        });
        try_read(&noisy, &schema, &users);
        let _ = Segment::open("noise", Bytes::from(noise), &schema);
    }
}
