//! Where a user's newest values lie is known without their offsets, and nothing depends on it.

use bytes::Bytes;

use super::arbitrary::{Line, lines_of as rows_of, schema, written};
use super::damage::resealed;
use crate::codec::{BLOCK, Encoding};
use crate::column::Columns;
use crate::model::{ErrorKind, HashedKey, Schema, TierQuery};
use crate::segment::format::{BUCKET_BYTES, ColumnFooter, lines_of};
use crate::segment::read::Segment;
use crate::text::TextRoom;

/// Users of a few rows, one of 20,000 whose items and steps take few bits in the midst of them, and as
/// many rows as fill three steps of samples and a part of one.
fn lines() -> Vec<Line> {
    let mut random = 1_u64;
    let mut below = |limit: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) % limit
    };
    let mut lines = Vec::new();
    for user in 0..900 {
        let (rows, items, step) = match user {
            450 => (20_000, 3, 2),
            _ => (1 + below(80), 3_000, 20_000),
        };
        let mut timestamp = 1_000_000 + below(5_000_000) as i64;
        for _ in 0..rows {
            timestamp += below(step) as i64;
            let item = below(items).min(below(items));
            let [user, item] = [format!("user {user:03}"), format!("item {item}")];
            lines.push(Line::view(user, timestamp, item));
        }
    }
    lines
}

/// The lines of the blocks of timestamps and of items, as the streams' own offsets say.
fn blocks(file: &[u8], segment: &Segment) -> [Vec<u32>; 2] {
    let footer = segment.footer();
    let items = footer.columns[segment.item].codes().unwrap();
    let encodings = [Encoding::Delta, Encoding::Classes];
    let streams = [&footer.timestamp_codes, items];
    assert_eq!(streams.map(|stream| stream.descriptor.encoding), encodings);
    streams.map(|stream| lines_of(stream, &file[stream.handle.offset..]))
}

#[test]
fn the_lines_of_newest_rows_are_known_before_their_offsets() {
    let schema = schema();
    let file = written(&schema, &lines());
    let segment = Segment::open("test.seg", file.clone(), &schema).unwrap();
    let blocks = blocks(&file, &segment);
    // Of all rows, and of those behind the last whole step: how many there are, and how many of their
    // first blocks were found.
    let mut counts = [[0, 0]; 2];
    let last_step = segment.rows() / (128 * BLOCK) * (128 * BLOCK);
    for index in 0..segment.users() {
        let mut room = TextRoom::default();
        let user = segment.directory.ids.at(index, &mut room).unwrap();
        let found = segment.directory.find(user).unwrap().unwrap();
        for count in [1, 100, 300] {
            let rows = found.rows.end - found.rows.len().min(count)..found.rows.end;
            let places = segment.line_samples.places(&rows, found.hints);
            for (place, lines) in places.into_iter().zip(&blocks) {
                let within = |row: usize| place.contains(&(lines[row / BLOCK] as usize * 64));
                let known = within(rows.end - 1) || rows.len() > 2 * BLOCK;
                assert!(known, "{user}: {place:?}");
                assert!(place.len() <= 8 * 64, "{user}: {place:?}");
                for (count, from) in counts.iter_mut().zip([0, last_step]) {
                    count[0] += usize::from(rows.start >= from);
                    count[1] += usize::from(rows.start >= from && within(rows.start));
                }
            }
        }
    }
    // How long the blocks before are is a guess.
    assert!(
        counts.iter().all(|[all, found]| found * 10 > all * 9),
        "{counts:?}"
    );
}

#[test]
fn wrong_lines_change_no_history_and_are_found() {
    let schema = schema();
    let lines = lines();
    let file = written(&schema, &lines);
    let footer = Segment::open("test.seg", file.clone(), &schema).unwrap();
    let footer = footer.footer();
    let (table, samples) = (footer.directory, footer.line_samples);
    let edited = |at: usize, byte: u8| {
        let mut bytes = file.to_vec();
        bytes[at] ^= byte;
        resealed(&bytes.into(), |_| {})
    };
    let mut buckets = file[table.offset..table.offset + table.len].chunks(BUCKET_BYTES);
    let bucket = buckets.position(|bucket| bucket[..16] != [0; 16]).unwrap();
    // The hints of its first slot stand behind the tag.
    let layout = footer.slot_bits.layout().unwrap();
    let hint = |bit: usize| {
        let bit = layout.tag as usize + bit;
        (
            table.offset + bucket * BUCKET_BYTES + bit / 8,
            1 << (bit % 8),
        )
    };
    let of_slot = [hint(7), hint(8)];
    let of_sample = [0, 7, samples.len - 1].map(|at| (samples.offset + at, 0x40));
    for (at, byte) in of_slot {
        let damage = "does not tell a user's last lines";
        check(&edited(at, byte), &schema, &lines, damage);
    }
    for (at, byte) in of_sample {
        check(&edited(at, byte), &schema, &lines, "samples of lines");
    }
    for len in [0, 8, samples.len - 8] {
        let shorter = resealed(&file, |footer| footer.line_samples.len = len);
        check(&shorter, &schema, &lines, "samples of lines");
    }
}

/// Histories of every user are right, and `verify` says what is not.
fn check(file: &Bytes, schema: &Schema, lines: &[Line], damage: &str) {
    let segment = Segment::open("test.seg", file.clone(), schema).unwrap();
    let query = TierQuery {
        limit: 100,
        ..TierQuery::everything(schema)
    };
    for rows in lines.chunk_by(|a, b| a.user == b.user) {
        let user = rows[0].user.as_str();
        let mut out = Columns::for_schema(schema);
        segment
            .history(HashedKey::of(user), &query, &mut out)
            .unwrap();
        let newest = &rows[rows.len().saturating_sub(100)..];
        assert_eq!(rows_of(&segment, &out, Some(user)), newest);
    }
    let error = segment.check_invariants(schema).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corruption);
    assert!(error.message().contains(damage), "{error}");
}

/// Streams whose encodings need no offsets have no lines.
#[test]
fn without_offsets_no_lines_are_kept() {
    let schema = schema();
    let mut lines = lines();
    lines.truncate(200);
    for line in &mut lines {
        line.timestamp = 7;
        line.item = "item".to_owned();
    }
    let file = written(&schema, &lines);
    let segment = Segment::open("test.seg", file, &schema).unwrap();
    assert!(matches!(
        &segment.footer().columns[segment.item],
        ColumnFooter::Strings { codes, .. } if codes.descriptor.encoding == Encoding::Constant
    ));
    segment.check_invariants(&schema).unwrap();
    let found = segment.directory.find("user 000").unwrap().unwrap();
    assert_eq!(found.hints, [0, 0]);
    assert_eq!(
        segment.line_samples.places(&found.rows, found.hints),
        [0..0, 0..0]
    );
}
