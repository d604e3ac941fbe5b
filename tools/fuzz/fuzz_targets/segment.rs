//! A segment of any data and footer, under checksums that fit, is read or refused on every path.

#![no_main]

use std::sync::{Arc, LazyLock};

use annals::columns::{Columns, Strings, TextRoom};
use annals::fuzzing::{ColumnFooter, Cursor, HashedKey, Segment, TierQuery};
use annals::query::{TextBuffer, UserRange};
use annals::{Limits, ScanQuery, Schema, TimeRange};
use annals_fuzz::segment_file;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| annals_fuzz::schema(&Limits::unlimited()));

/// Rows and list items beyond which a segment is not read: constant columns of them take no bytes,
/// and fill the memory.
const MAX_VALUES: usize = 1 << 16;

/// What is looked at of each thing that a segment may have many of.
const SAMPLE: usize = 20;

fn queries() -> [TierQuery; 4] {
    let everything = TierQuery::everything(&SCHEMA);
    let time = TimeRange::since(1_000).until(2_000);
    [
        TierQuery {
            limit: 3,
            newest: false,
            copies_text: true,
            ..everything.clone()
        },
        TierQuery {
            time,
            visible: 4,
            ..everything.clone()
        },
        TierQuery {
            event_types: vec!["VIEW".to_owned(), "buy".to_owned()],
            ..everything.clone()
        },
        everything,
    ]
}

fn is_small(segment: &Segment) -> bool {
    let footer = segment.footer();
    let few_items = |column: &ColumnFooter| match column {
        ColumnFooter::Lists { encoding, .. } => encoding.items.count <= MAX_VALUES,
        _ => true,
    };
    footer.rows <= MAX_VALUES && footer.columns.iter().all(few_items)
}

fn read_strings(strings: &dyn Strings) {
    let _ = strings.buffers();
    for code in 0..strings.len().min(SAMPLE) as u32 + 2 {
        let _ = strings.get(code);
        let _ = strings.read(code, &mut TextRoom::default());
        let _ = strings.hash(code);
    }
    let _ = strings.append_text(&[0, 1, 2, u32::MAX], &mut TextBuffer::default());
    let _ = strings.slots();
    let _ = strings.append_text_backwards(&[1, 2], &mut TextBuffer::default());
}

fn read_histories(segment: &Segment, query: &TierQuery) {
    let ids = segment.user_ids();
    for code in 1..=ids.len().min(SAMPLE) as u32 {
        if let Ok(user) = ids.get(code) {
            let mut out = Columns::for_schema(&SCHEMA);
            let key = HashedKey::of(user);
            if segment.history(key, query, &mut out).is_ok() {
                assert!(out.timestamps.len() <= query.limit);
            }
            for newest in [query.limit, usize::MAX] {
                let types = &query.event_types;
                let _ = segment.seen(key, types, query.visible, newest, &mut Vec::new());
            }
        }
    }
    let _ = segment.has_user("nobody");
}

fn read_scan(segment: &Arc<Segment>, query: &TierQuery) {
    for users in [UserRange::default(), UserRange::default().from("b").to("c")] {
        let asked = ScanQuery::default().users(users);
        let Ok(mut cursor) = Cursor::new(segment.clone(), &asked) else {
            continue;
        };
        let _ = cursor.pass_user();
        let _ = cursor.take(5, Some("bob"), query, &mut Columns::for_schema(&SCHEMA));
        let mut out = Columns::for_schema(&SCHEMA);
        while let Ok(Some(_)) = cursor.user() {
            if cursor.take(100, None, query, &mut out).is_err() {
                return;
            }
            assert_eq!(out.users.len(), out.timestamps.len());
        }
    }
}

fn inspect(segment: &Segment) {
    let rows = segment.rows();
    segment.columns(&SCHEMA);
    assert!(segment.damage(&SCHEMA).is_empty());
    let _ = segment.blocks();
    let _ = segment.rows_at(0..rows, &mut Columns::for_schema(&SCHEMA));
    for row in 0..rows.min(SAMPLE) {
        let _ = segment.user_at(row);
    }
    for code in 0..SAMPLE as u32 {
        let _ = segment.item(code);
        let _ = segment.item_hash(code);
    }
    let _ = segment.check_invariants(&SCHEMA);
}

fuzz_target!(|input: &[u8]| {
    let _ = Segment::open("bare", Bytes::copy_from_slice(input), &SCHEMA);
    let file = Bytes::from(segment_file(input, &SCHEMA));
    let Ok(segment) = Segment::open("summed", file, &SCHEMA) else {
        return;
    };
    if !is_small(&segment) {
        return;
    }
    let segment = Arc::new(segment);
    read_strings(&*segment.user_ids());
    for field in 0..SCHEMA.fields().len() {
        if let Some(strings) = segment.dictionary(field) {
            read_strings(&*strings);
        }
    }
    for query in &queries() {
        read_histories(&segment, query);
        read_scan(&segment, query);
    }
    inspect(&segment);
});
