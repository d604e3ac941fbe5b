//! What a generation should answer: a sorted map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::events::{Event, append};
use crate::column::{Column, Columns};
use crate::hot::Tier;
use crate::hot::mirror::Generation;
use crate::model::{Cell, Schema, TierQuery, TimeRange, UserRange, f32_of_bits};

/// Events by user, timestamp, sequence and position in the commit.
pub(super) type Model = BTreeMap<(String, i64, u64, u32), Event>;

/// All of a user's rows, every column, with sequences.
pub(super) fn everything(schema: &Schema) -> TierQuery {
    TierQuery {
        limit: usize::MAX,
        newest: true,
        event_types: Vec::new(),
        time: TimeRange::ALL,
        visible: u64::MAX,
        asked: vec![true; schema.fields().len()],
        sequences: true,
        copies_text: false,
        hints: Vec::new(),
    }
}

/// What a generation gives, with sequences.
pub(super) fn read(
    generation: &Generation,
    schema: &Schema,
    user: &str,
    query: &TierQuery,
) -> Vec<(u64, Event)> {
    let mut out = Columns::for_schema(schema);
    generation.history(user, query, &mut out).unwrap();
    let text = |field: usize, code: u32| {
        let dictionary = generation.dictionary(field).unwrap();
        (code != 0).then(|| dictionary.get(code).unwrap().to_owned())
    };
    let string = |field: usize, row: usize| match &out.fields[field] {
        Column::Strings(codes) => {
            assert_eq!(codes.len(), out.rows());
            text(field, codes[row])
        }
        _ => panic!("field {field} holds no strings"),
    };
    let number = |field: usize, row: usize| match &out.fields[field] {
        Column::Numbers(numbers) => {
            assert_eq!(numbers.bits.len(), out.rows());
            numbers.get(row)
        }
        _ => panic!("field {field} holds no numbers"),
    };
    let list = |field: usize, row: usize| match &out.fields[field] {
        Column::Lists(lists) => {
            assert_eq!(lists.ends.len(), out.rows());
            let items = lists.get(row).iter().map(|code| text(field, *code));
            items.map(Option::unwrap).collect()
        }
        _ => panic!("field {field} holds no lists"),
    };
    (0..out.rows())
        .map(|row| {
            let event = Event {
                user: user.to_owned(),
                timestamp: out.timestamps[row],
                item: string(1, row).unwrap(),
                event_type: string(3, row).unwrap(),
                value: number(4, row).map(f32_of_bits),
                location: string(5, row),
                session: number(6, row).map(Cell::i64_of_bits),
                impression: list(7, row),
            };
            (out.sequences[row], event)
        })
        .collect()
}

/// What it should give.
pub(super) fn expected(model: &Model, user: &str, query: &TierQuery) -> Vec<(u64, Event)> {
    let wanted = |event: &Event| {
        query.event_types.is_empty()
            || (query.event_types.iter()).any(|t| t.eq_ignore_ascii_case(&event.event_type))
    };
    let mut found: Vec<(u64, Event)> = model
        .iter()
        .filter(|((of, timestamp, sequence, _), event)| {
            of == user
                && query.time.contains(*timestamp)
                && *sequence <= query.visible
                && wanted(event)
        })
        .map(|((_, _, sequence, _), event)| (*sequence, event.clone()))
        .collect();
    match query.newest {
        true => drop(found.drain(..found.len().saturating_sub(query.limit))),
        false => found.truncate(query.limit),
    }
    found
}

pub(super) fn query(schema: &Schema) -> impl Strategy<Value = TierQuery> + use<> {
    let everything = everything(schema);
    (
        prop_oneof![Just(usize::MAX), 0_usize..8],
        any::<bool>(),
        prop::sample::subsequence(vec!["View", "purchase", "none"], 0..3),
        prop_oneof![Just(None), (-3_i64..8).prop_map(Some)],
        prop_oneof![Just(None), (-3_i64..8).prop_map(Some)],
        prop_oneof![Just(u64::MAX), 0_u64..40],
    )
        .prop_map(
            move |(limit, newest, event_types, since, until, visible)| TierQuery {
                limit,
                newest,
                event_types: event_types.into_iter().map(str::to_owned).collect(),
                time: TimeRange::new(since, until),
                visible,
                ..everything.clone()
            },
        )
}

/// Adds the rows of a commit to the model.
pub(super) fn insert(model: &mut Model, rows: &[Event], sequence: u64) {
    for (index, event) in (0..).zip(rows) {
        let key = (event.user.clone(), event.timestamp, sequence, index);
        model.insert(key, event.clone());
    }
}

/// Writes commits numbered from 1 and gives what should then be there.
pub(super) fn write(tier: &Tier, generation: &Generation, commits: &[Vec<Event>]) -> Model {
    let mut model = Model::new();
    for (sequence, rows) in (1..).zip(commits) {
        append(tier, generation, rows, sequence);
        insert(&mut model, rows, sequence);
    }
    model
}

/// Compares everything.
pub(super) fn assert_holds(generation: &Generation, schema: &Schema, model: &Model) {
    let all = everything(schema);
    let mut users: Vec<&str> = model.keys().map(|(user, ..)| user.as_str()).collect();
    users.dedup();
    let found = generation.users(&UserRange::default());
    assert_eq!(found.iter().map(|user| &**user).collect::<Vec<_>>(), users);
    for user in users {
        let found = read(generation, schema, user, &all);
        assert_eq!(found, expected(model, user, &all));
    }
    assert_eq!(generation.rows(), model.len() as u64);
    let keys = || model.keys();
    let sequences = keys()
        .map(|key| key.2)
        .min()
        .zip(keys().map(|key| key.2).max());
    let timestamps = keys()
        .map(|key| key.1)
        .min()
        .zip(keys().map(|key| key.1).max());
    assert_eq!(generation.sequences(), sequences);
    assert_eq!(generation.timestamps(), timestamps);
}
