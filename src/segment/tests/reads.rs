//! Every way to read a segment, against a naive reading.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::arbitrary::{Line, lines_of, schema, segment, sorted_lines, written};
use super::naive;
use crate::column::{Column, Columns};
use crate::model::{HashedKey, ScanQuery, Schema, StoreId, TierQuery, UserRange};
use crate::segment::format::{Seed, item_hash};
use crate::segment::read::{Cursor, Segment};
use crate::text::TextBuffer;

fn users(lines: &[Line]) -> BTreeSet<&str> {
    lines.iter().map(|line| line.user.as_str()).collect()
}

/// Reads a cursor to its end, in steps of every kind.
fn walk(
    segment: &Arc<Segment>,
    schema: &Schema,
    users: &UserRange,
    query: &TierQuery,
    steps: &[(usize, Option<usize>)],
) -> Vec<Line> {
    let scan = ScanQuery {
        users: users.clone(),
        ..ScanQuery::default()
    };
    let mut cursor = Cursor::new(segment.clone(), &scan).unwrap();
    let mut found = Vec::new();
    let mut steps = steps.iter().cycle();
    while let Some(user) = cursor.user().unwrap() {
        let mut out = Columns::for_schema(schema);
        let user = user.to_owned();
        let (rows, ahead) = steps.next().unwrap();
        let until = ahead.map(|ahead| format!("user {:03} ", number(&user) + ahead));
        cursor
            .take(*rows, until.as_deref(), query, &mut out)
            .unwrap();
        assert!(out.rows() <= *rows);
        let ids = segment.user_ids();
        for code in &out.users {
            let inside = until
                .as_deref()
                .is_none_or(|end| ids.get(*code).unwrap() < end);
            assert!(inside);
        }
        found.extend(lines_of(segment, &out, None));
    }
    found
}

fn number(user: &str) -> usize {
    user.trim_start_matches("user ").parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn histories_equal_a_naive_reading(
        lines in sorted_lines(),
        queries in proptest::collection::vec(naive::query(&schema()), 8),
    ) {
        let schema = schema();
        let segment = segment(&schema, &lines);
        prop_assert_eq!(segment.rows(), lines.len());
        prop_assert_eq!(segment.users(), users(&lines).len());
        for (user, query) in users(&lines).into_iter().zip(queries.iter().cycle()) {
            prop_assert!(segment.has_user(user).unwrap());
            let mut out = Columns::for_schema(&schema);
            segment.history(HashedKey::of(user), query, &mut out).unwrap();
            let want = naive::history(&lines, user, query);
            prop_assert_eq!(lines_of(&segment, &out, Some(user)), want, "{:?}", query);
            let mut codes = Vec::new();
            segment.seen(HashedKey::of(user), &query.event_types, query.visible, usize::MAX, &mut codes).unwrap();
            let seen: Vec<&str> = codes.iter().map(|code| segment.item(*code).unwrap()).collect();
            for (code, item) in codes.iter().zip(&seen) {
                prop_assert_eq!(segment.item_hash(*code).unwrap(), item_hash(item));
            }
            let all = TierQuery { limit: usize::MAX, time: Default::default(), ..query.clone() };
            let want = naive::history(&lines, user, &all);
            prop_assert_eq!(seen, want.iter().map(|line| line.item.as_str()).collect::<Vec<_>>());
            for newest in [0, 1, 3] {
                codes.clear();
                let types = &query.event_types;
                let rows = segment.seen(HashedKey::of(user), types, query.visible, newest, &mut codes).unwrap();
                let seen: Vec<&str> =
                    codes.iter().map(|code| segment.item(*code).unwrap()).collect();
                let newest = naive::newest_of_types(&want, newest);
                prop_assert_eq!(seen, newest.iter().map(|line| &*line.item).collect::<Vec<_>>());
                prop_assert_eq!(rows, want.len());
            }
        }
        let mut out = Columns::for_schema(&schema);
        for nobody in ["", "user", "user 000 ", "zzz"] {
            prop_assert!(!segment.has_user(nobody).unwrap());
            segment.history(HashedKey::of(nobody), &TierQuery::everything(&schema), &mut out).unwrap();
            prop_assert_eq!(out.rows(), 0);
        }
    }

    #[test]
    fn cursors_equal_a_naive_reading(
        lines in sorted_lines(),
        query in naive::query(&schema()),
        bounds in (proptest::option::of(0_u32..210), proptest::option::of(0_u32..210)),
        steps in proptest::collection::vec(
            (1_usize..200, proptest::option::of(0_usize..5)), 1..6),
    ) {
        let schema = schema();
        let segment = segment(&schema, &lines);
        let id = |number: u32| format!("user {number:03}");
        let range = UserRange { from: bounds.0.map(id), to: bounds.1.map(id) };
        let mut want = naive::matching(&lines, &query);
        want.retain(|line| range.contains(&line.user));
        let found = walk(&segment, &schema, &range, &query, &steps);
        prop_assert_eq!(found, want);
    }

    #[test]
    fn rows_zones_and_footer_say_what_is_there(lines in sorted_lines(), cut in any::<prop::sample::Index>()) {
        let schema = schema();
        let segment = segment(&schema, &lines);
        segment.check_invariants(&schema).unwrap();
        prop_assert!(segment.damage(&schema).is_empty());
        let middle = cut.index(lines.len() + 1);
        let mut out = Columns::for_schema(&schema);
        segment.rows_at(0..middle, &mut out).unwrap();
        segment.rows_at(middle..lines.len(), &mut out).unwrap();
        prop_assert_eq!(&lines_of(&segment, &out, None), &lines);
        prop_assert!(segment.rows_at(0..lines.len() + 1, &mut out).is_err());
        let blocks = segment.blocks().unwrap();
        for (block, lines) in blocks.iter().zip(lines.chunks(128)) {
            let at = || lines.iter().map(|line| line.timestamp);
            prop_assert_eq!(block.timestamps, [at().min().unwrap(), at().max().unwrap()]);
            prop_assert_eq!(block.rows, lines.len());
        }
        prop_assert_eq!(blocks.len(), lines.len().div_ceil(128));
        let footer = segment.footer();
        let at = || lines.iter().map(|line| line.timestamp);
        prop_assert_eq!(footer.timestamps, [at().min().unwrap(), at().max().unwrap()]);
        let sequences = || lines.iter().map(|line| line.sequence);
        let range = [sequences().min().unwrap(), sequences().max().unwrap()];
        prop_assert_eq!(footer.sequence_range(), range);
        let found = users(&lines);
        let ends = [found.first().unwrap(), found.last().unwrap()];
        prop_assert_eq!(footer.users.each_ref().map(String::as_str), ends.map(|user| *user));
    }
}

/// Two users whose mixed hashes have the same lowest 16 bits, which is all that a slot of the directory keeps.
fn namesakes() -> [String; 2] {
    let mut known = HashMap::new();
    let mut numbers = 0_u64..;
    loop {
        let user = format!("user {}", numbers.next().unwrap());
        let mixed = Seed::of(StoreId::default()).mixed(HashedKey::of(&user).hash);
        if let Some(other) = known.insert(mixed as u16, user.clone()) {
            return [other, user];
        }
    }
}

#[test]
fn users_that_look_alike_in_the_directory_are_told_apart() {
    let schema = schema();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let lines = sorted_lines().prop_filter("rows", |lines| lines.len() > 10);
    let mut lines = lines.new_tree(&mut runner).unwrap().current();
    let [first, second] = namesakes();
    for (row, line) in lines.iter_mut().enumerate() {
        line.user
            .clone_from(if row % 3 == 0 { &first } else { &second });
    }
    lines.sort_by(|a, b| {
        let key = |line: &Line| (line.user.clone(), line.timestamp, line.sequence);
        key(a).cmp(&key(b))
    });
    let everything = TierQuery::everything(&schema);
    let history = |segment: &Segment, user: &str| {
        let mut out = Columns::for_schema(&schema);
        segment
            .history(HashedKey::of(user), &everything, &mut out)
            .unwrap();
        lines_of(segment, &out, Some(user))
    };
    let both = segment(&schema, &lines);
    for user in [&first, &second] {
        assert_eq!(
            history(&both, user),
            naive::history(&lines, user, &everything)
        );
    }
    lines.retain(|line| line.user == first);
    let one = segment(&schema, &lines);
    assert_eq!(history(&one, &first), lines);
    assert_eq!(history(&one, &second), []);
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let schema = schema();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..10 {
        let lines = sorted_lines().new_tree(&mut runner).unwrap().current();
        assert_eq!(written(&schema, &lines), written(&schema, &lines));
    }
}

#[test]
fn rows_out_of_order_are_refused() {
    let schema = schema();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let lines = sorted_lines().prop_filter("users", |lines| users(lines).len() > 1);
    let mut lines = lines.new_tree(&mut runner).unwrap().current();
    lines.reverse();
    let storage = crate::io::SimStorage::new();
    let writer = crate::segment::write::SegmentWriter {
        storage: &storage,
        schema: &schema,
        store: StoreId::default(),
        origin: crate::segment::format::Origin::Bulk,
        durable: false,
        threads: 2,
        before: None,
        proceed: &crate::model::always,
    };
    let columns = super::arbitrary::columns(&schema, &lines);
    assert!(writer.prepare("test.seg", &columns, 0).is_err());
}

/// More strings than lie near the processor, the longest of so many bytes.
fn strings_up_to(longest: usize) -> Vec<String> {
    let mut strings: Vec<String> = (0..40_000).map(|number| format!("{number:x}")).collect();
    strings.extend(["\u{F6}".to_owned(), "x".repeat(longest)]);
    strings
}

#[test]
fn strings_are_copied_however_long_the_longest_of_them_is() {
    let schema = schema();
    for longest in [6, 7, 8, 15, 16, 700] {
        let strings = strings_up_to(longest);
        let lines: Vec<Line> = (0..)
            .zip(&strings)
            .map(|(timestamp, item)| Line::view("user".to_owned(), timestamp, item.clone()))
            .collect();
        let segment = segment(&schema, &lines);
        let mut out = Columns::for_schema(&schema);
        segment.rows_at(0..lines.len(), &mut out).unwrap();
        let Column::Strings(codes) = &out.fields[schema.item()] else {
            panic!("items are strings");
        };
        let items = segment.dictionary(schema.item()).unwrap();
        let mut copied = TextBuffer::new();
        for _ in 0..2 {
            copied.clear();
            items.append_text(codes, &mut copied).unwrap();
            let copied = (0..copied.len()).map(|at| copied.get(at).unwrap());
            assert!(copied.eq(strings.iter().map(String::as_str)), "{longest}");
        }
        copied.clear();
        let unknown = lines.len() as u32 + 1;
        let failed = items.append_text(&[1, unknown, 1], &mut copied);
        assert!(
            failed
                .unwrap_err()
                .to_string()
                .contains("outside its dictionary")
        );
        assert_eq!(copied.len(), 1);
    }
}
