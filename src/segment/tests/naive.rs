//! The reading that every other must equal: look at each row.

use proptest::prelude::*;

use super::arbitrary::Line;
use crate::model::{Schema, TierQuery, TimeRange};

/// The rows that match, the limit aside.
pub(super) fn matching(lines: &[Line], query: &TierQuery) -> Vec<Line> {
    let asked = |line: &Line| {
        let types = &query.event_types;
        types.is_empty()
            || types
                .iter()
                .any(|name| name.eq_ignore_ascii_case(&line.event_type))
    };
    lines
        .iter()
        .filter(|line| {
            asked(line) && query.time.contains(line.timestamp) && line.sequence <= query.visible
        })
        .cloned()
        .collect()
}

/// A user's rows that match, oldest first, cut to the limit.
pub(super) fn history(lines: &[Line], user: &str, query: &TierQuery) -> Vec<Line> {
    let mut found = matching(lines, query);
    found.retain(|line| line.user == user);
    match query.newest {
        true => found
            .drain(..found.len().saturating_sub(query.limit))
            .for_each(drop),
        false => found.truncate(query.limit),
    }
    found
}

/// Of each event type, in any case of letters, the newest.
pub(super) fn newest_of_types(lines: &[Line], newest: usize) -> Vec<Line> {
    let newer = |at: usize| {
        let same = |line: &&Line| line.event_type.eq_ignore_ascii_case(&lines[at].event_type);
        lines[at + 1..].iter().filter(same).count()
    };
    let kept = (0..lines.len()).filter(|at| newer(*at) < newest);
    kept.map(|at| lines[at].clone()).collect()
}

pub(super) fn query(schema: &Schema) -> impl Strategy<Value = TierQuery> + use<> {
    let bound = || {
        proptest::option::of(prop_oneof![
            0_i64..2_000,
            0_i64..300_000,
            Just(i64::MIN),
            Just(i64::MAX),
        ])
    };
    let all = TierQuery::everything(schema);
    (
        prop_oneof![Just(usize::MAX), 0_usize..20],
        any::<bool>(),
        prop::sample::subsequence(vec!["View", "BUY", "none"], 0..3),
        (bound(), bound()),
        prop_oneof![Just(u64::MAX), 3_u64..12],
    )
        .prop_map(
            move |(limit, newest, types, (since, until), visible)| TierQuery {
                limit,
                newest,
                event_types: types.into_iter().map(str::to_owned).collect(),
                time: TimeRange::new(since, until),
                visible,
                ..all.clone()
            },
        )
}
