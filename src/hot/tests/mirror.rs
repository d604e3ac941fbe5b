//! The mirror, over the log in memory.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Release},
};

use proptest::prelude::*;

use super::events::{Event, append, commits, full_schema, memory_tier, numbered, schema};
use super::model::{assert_holds, everything, expected, insert, query, read, write};
use crate::column::{Column, Columns};
use crate::hot::Tier;
use crate::hot::log::{Entries, Holdings, Log, Notes, OnDamage, key};
use crate::hot::mirror::Generation;
use crate::model::{Cell, ErrorKind, HashedKey, Row, TierQuery, TimeRange};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_generation_answers_as_a_sorted_map(
        commits in commits(),
        queries in prop::collection::vec(query(&full_schema()), 1..20),
    ) {
        let schema = full_schema();
        let (_, tier) = memory_tier();
        let generation = tier.begin(1).unwrap();
        let model = write(&tier, &generation, &commits);
        assert_holds(&generation, &schema, &model);
        for query in &queries {
            for user in ["u", "v", "w\0", "ü", "nobody"] {
                let want = expected(&model, user, query);
                prop_assert_eq!(read(&generation, &schema, user, query), want);

                let unlimited = TierQuery { limit: usize::MAX, time: TimeRange::ALL, ..query.clone() };
                let mut seen = Vec::new();
                generation
                    .seen_items(HashedKey::of(user), &query.event_types, query.visible, &mut |item| { seen.push(item.to_owned()); Ok(()) })
                    .unwrap();
                let want: Vec<String> =
                    expected(&model, user, &unlimited).into_iter().map(|(_, event)| event.item).collect();
                prop_assert_eq!(seen, want);
            }
        }
        assert_holds(&tier.recover(1).unwrap(), &schema, &model);
    }

    #[test]
    fn a_crash_leaves_a_prefix_with_all_that_was_synced(
        commits in commits(),
        synced in 0_usize..40,
        kept in 0_u64..40,
    ) {
        let schema = full_schema();
        let (log, tier) = memory_tier();
        let generation = tier.begin(1).unwrap();
        let synced = synced.min(commits.len());
        let mut model = write(&tier, &generation, &commits[..synced]);
        tier.sync().unwrap();
        for (sequence, rows) in (synced as u64 + 1..).zip(&commits[synced..]) {
            append(&tier, &generation, rows, sequence);
        }
        let mut unsynced = 0;
        log.crash(|appends| { unsynced = appends; kept });
        prop_assert_eq!(unsynced as usize, commits.len() - synced);
        let survived = (synced as u64 + kept).min(commits.len() as u64);
        for (sequence, rows) in (1..=survived).zip(&commits) {
            insert(&mut model, rows, sequence);
        }
        let reopened = Tier::open(log, Arc::clone(&schema), Holdings::default(), OnDamage::Refuse);
        assert_holds(&reopened.recover(1).unwrap(), &schema, &model);
    }
}

#[test]
fn columns_that_are_not_asked_for_stay_as_they_are() {
    let schema = full_schema();
    let (_, tier) = memory_tier();
    let generation = tier.begin(1).unwrap();
    write(&tier, &generation, &numbered(10));
    let mut query = everything(&schema);
    query.asked = vec![false; schema.fields().len()];
    query.asked[1] = true;
    query.sequences = false;
    let mut out = Columns::for_schema(&schema);
    generation.history("u1", &query, &mut out).unwrap();
    generation.history("u2", &query, &mut out).unwrap();
    assert_eq!(out.timestamps, [1, 6, 2, 7]);
    assert_eq!(out.fields[1], Column::Strings(vec![3 + 1, 8 + 1, 5, 10]));
    let untouched = Columns::for_schema(&schema);
    assert_eq!(out.fields[2..], untouched.fields[2..]);
    assert!(out.sequences.is_empty() && out.users.is_empty());
}

/// A user's rows at these timestamps, in the order of arrival, of two event types in turn.
fn one_user(timestamps: impl IntoIterator<Item = i64>) -> Vec<Vec<Event>> {
    let event = |(number, timestamp): (usize, i64)| Event {
        user: "u".to_owned(),
        timestamp,
        event_type: ["view", "Purchase"][number % 2].to_owned(),
        item: format!("i{number}"),
        value: Some(number as f32),
        location: None,
        session: Some(number as i64),
        impression: vec![format!("i{}", number % 7)],
    };
    let numbered = timestamps.into_iter().enumerate();
    numbered.map(|row| vec![event(row)]).collect()
}

/// More rows than lie together where they come late.
#[test]
fn rows_that_come_late_are_read_as_those_in_order() {
    const ROWS: i64 = 900;
    let orders: [Vec<i64>; 3] = [
        (0..ROWS).rev().collect(),
        (0..ROWS).map(|n| n * 617 % ROWS / 2).collect(),
        (ROWS / 2..ROWS).chain((0..ROWS / 2).rev()).collect(),
    ];
    let schema = full_schema();
    let times = [(None, None), (Some(100), Some(700)), (Some(40), Some(41))];
    for order in orders {
        let (_, tier) = memory_tier();
        let generation = tier.begin(1).unwrap();
        let model = write(&tier, &generation, &one_user(order));
        assert_holds(&generation, &schema, &model);
        for (since, until) in times {
            for limit in [0, 1, 300, usize::MAX] {
                for (newest, visible, types) in [
                    (true, u64::MAX, &[][..]),
                    (false, u64::MAX, &[]),
                    (true, 500, &["view"]),
                    (false, 500, &["purchase"]),
                ] {
                    let query = TierQuery {
                        limit,
                        newest,
                        visible,
                        event_types: types.iter().map(|name| (*name).to_owned()).collect(),
                        time: TimeRange::new(since, until),
                        ..everything(&schema)
                    };
                    let found = read(&generation, &schema, "u", &query);
                    assert_eq!(found, expected(&model, "u", &query), "{query:?}");
                }
            }
        }
        let (mut seen, user) = (Vec::new(), HashedKey::of("u"));
        let visit = &mut |item: &str| {
            seen.push(item.to_owned());
            Ok(())
        };
        generation.seen_items(user, &[], u64::MAX, visit).unwrap();
        let all = expected(&model, "u", &everything(&schema));
        let want: Vec<String> = all.into_iter().map(|(_, event)| event.item).collect();
        assert_eq!(seen, want);
    }
}

#[test]
fn without_event_types_a_filter_by_them_matches_nothing() {
    let schema = Arc::new(schema(&[]));
    let generation = Generation::new(1, Arc::clone(&schema));
    let row = Row {
        user: "u",
        timestamp: 1,
        cells: &[Cell::Null, Cell::Text("i"), Cell::Null],
    };
    generation.insert(&row, 1, 0).unwrap();
    let mut query = everything(&schema);
    query.event_types = vec!["view".to_owned()];
    let mut out = Columns::for_schema(&schema);
    generation.history("u", &query, &mut out).unwrap();
    assert_eq!(out.rows(), 0);
    query.event_types.clear();
    generation.history("u", &query, &mut out).unwrap();
    assert_eq!(out.rows(), 1);
}

#[test]
fn memory_grows_with_what_is_held() {
    let (_, tier) = memory_tier();
    let generation = tier.begin(1).unwrap();
    let empty = generation.memory_bytes();
    let rows = 1000;
    write(&tier, &generation, &numbered(rows));
    let bytes = generation.memory_bytes() - empty;
    assert!((100 * rows..1000 * rows).contains(&bytes), "{bytes} bytes");
}

#[test]
fn a_row_that_does_not_fit_is_refused_before_anything_is_written() {
    let (log, tier) = memory_tier();
    let generation = tier.begin(1).unwrap();
    let mut good = vec![Cell::Null; full_schema().fields().len()];
    [good[1], good[3]] = [Cell::Text("i"), Cell::Text("view")];
    let mut bad = good.clone();
    bad[1] = Cell::Bits(1);
    let row = |cells| Row {
        user: "u",
        timestamp: 1,
        cells,
    };
    let refused = tier.encode(&[row(&good), row(&bad)], u64::MAX).map(drop);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
    let refused = tier.encode(&[row(&good[..4])], u64::MAX).map(drop);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Internal);

    log.set_failing(true);
    let rows = [row(&good)];
    let rows = tier.encode(&rows, u64::MAX).unwrap();
    let error = tier
        .append(&generation, rows, &Notes::default(), 1)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(generation.rows(), 0);
}

#[test]
fn damage_names_the_generation_and_the_key() {
    let (log, tier) = memory_tier();
    tier.begin(7).unwrap();
    let mut entries = Entries::default();
    entries
        .push(
            |out| key::encode("broken", 1, 1, 0, out),
            |out| {
                out.extend_from_slice(b"\x01\xff");
                Ok(())
            },
        )
        .unwrap();
    log.append(7, &entries, &Notes::default()).unwrap();
    let error = tier.verify().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corruption);
    assert!(
        error.message().contains("generation 7, key broken"),
        "{error}"
    );
}

#[test]
fn a_row_that_does_not_fit_is_not_taken_for_nulls() {
    let (_, tier) = memory_tier();
    let generation = tier.begin(1).unwrap();
    let fields = full_schema().fields().len();
    for cells in [
        vec![Cell::Null; fields - 1],
        vec![Cell::Null; fields + 1],
        vec![Cell::Bits(1); fields],
        vec![Cell::Text("text"); fields],
    ] {
        let row = Row {
            user: "u",
            timestamp: 1,
            cells: &cells,
        };
        let error = generation.insert(&row, 1, 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
        assert_eq!(generation.rows(), 0);
    }
}

#[test]
fn readers_and_the_writer_do_not_wait_for_a_wrong_answer() {
    let schema = full_schema();
    let (_, tier) = memory_tier();
    let generation = tier.begin(1).unwrap();
    let commits = numbered(4000);
    let visible = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for (sequence, rows) in (1..).zip(&commits) {
                append(&tier, &generation, rows, sequence);
                visible.store(sequence, Release);
            }
        });
        let mut query = everything(&schema);
        while !writer.is_finished() {
            query.visible = visible.load(Acquire);
            let counts = (0..5).map(|user| {
                let found = read(&generation, &schema, &format!("u{user}"), &query);
                found.len() as u64
            });
            assert_eq!(counts.sum::<u64>(), query.visible);
        }
    });
}
