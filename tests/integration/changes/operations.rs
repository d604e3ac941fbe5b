//! What a run does, at random.

use annals::{ImportMode, Retention};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::model::Row;
use crate::support::model::Deleted;

#[derive(Clone, Debug)]
pub(super) enum Operation {
    Put {
        session: String,
        user: Option<String>,
        id: Option<u32>,
        rows: Vec<Row>,
    },
    Write(Vec<Row>),
    Import(Vec<Row>, ImportMode),
    Recommend(String, Vec<String>),
    Delete(Deleted),
    Retain(Retention),
    /// Time goes by, and what is too old is dropped.
    Pass(u64),
    Flush,
    Compact,
    Maintain,
    Reopen,
    Purge,
    Evolve,
    Hold,
    Check(String),
}

/// Users and sessions; "both" is a user and a session that never has one.
pub(super) const USERS: [&str; 7] = ["ann", "bob", "both", "cid", "s", "t", "u"];
pub(super) const TYPES: [&str; 4] = ["view", "View", "buy", "like"];

pub(super) fn items() -> Vec<String> {
    (0..8).map(|number| format!("item {number}")).collect()
}

fn of(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(names).prop_map(str::to_owned)
}

fn item() -> impl Strategy<Value = String> {
    prop::sample::select(items())
}

fn user() -> impl Strategy<Value = String> {
    of(&["ann", "bob", "both", "cid"])
}

fn at() -> impl Strategy<Value = i64> {
    prop_oneof![4 => 900_i64..1100, 1 => 0_i64..900]
}

fn recommendation() -> impl Strategy<Value = String> {
    of(&["r", "q"])
}

fn row() -> impl Strategy<Value = Row> {
    let given = (
        user(),
        item(),
        at(),
        of(&TYPES),
        0_i64..100,
        option::of((0_u8..9).prop_map(|number| f32::from(number) * 0.1)),
    );
    let shown = (vec(item(), 0..3), option::of(recommendation()));
    (given, shown).prop_map(|(given, (mut impression, recommendation))| {
        let (owner, item, at, event_type, count, score) = given;
        impression.sort();
        impression.dedup();
        Row {
            owner,
            item,
            at,
            event_type,
            count,
            score,
            impression,
            recommendation,
            ..Row::default()
        }
    })
}

fn put() -> impl Strategy<Value = Operation> {
    (
        of(&["s", "t", "u", "both"]),
        option::weighted(0.4, user()),
        option::weighted(0.2, 0_u32..20),
        vec(row(), 1..4),
    )
        .prop_map(|(session, user, id, rows)| Operation::Put {
            user: user.filter(|_| session != "both"),
            session,
            id,
            rows,
        })
}

fn deleted() -> impl Strategy<Value = Deleted> {
    let bounds = || option::weighted(0.3, at().prop_filter("a range", |at| *at > 0));
    let of_users = (
        vec(of(&USERS), 1..3),
        option::weighted(0.3, item()),
        bounds(),
        bounds(),
    );
    let of_users = of_users.prop_map(|(users, item, since, until)| {
        let is_range = since.zip(until).is_none_or(|(since, until)| since < until);
        Deleted::OfUsers {
            users,
            item,
            since,
            until: until.filter(|_| is_range),
        }
    });
    prop_oneof![3 => of_users, 2 => item().prop_map(Deleted::Item)]
}

fn retention() -> impl Strategy<Value = Retention> {
    let age = || 1_u64..400;
    (
        option::weighted(0.4, age()),
        prop::collection::btree_map(of(&["VIEW", "buy"]), age(), 0..3),
        option::weighted(0.4, age()),
        option::weighted(0.3, 1_u32..4),
    )
        .prop_map(
            |(max_age_seconds, max_age_seconds_of, session_seconds, newest_of_user)| {
                let mut retention = Retention::default()
                    .max_age_seconds(max_age_seconds)
                    .session_seconds(session_seconds)
                    .newest_of_user(newest_of_user);
                retention.max_age_seconds_of = max_age_seconds_of;
                retention
            },
        )
}

pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let mode = prop_oneof![3 => Just(ImportMode::Incremental), 1 => Just(ImportMode::Full)];
    let operation = prop_oneof![
        8 => put(),
        4 => vec(row(), 0..6).prop_map(Operation::Write),
        3 => (vec(row(), 0..20), mode).prop_map(|(rows, mode)| Operation::Import(rows, mode)),
        2 => (recommendation(), vec(item(), 1..3))
            .prop_map(|(id, items)| Operation::Recommend(id, items)),
        4 => deleted().prop_map(Operation::Delete),
        1 => retention().prop_map(Operation::Retain),
        2 => (1_u64..50).prop_map(Operation::Pass),
        4 => Just(Operation::Flush),
        2 => Just(Operation::Compact),
        2 => Just(Operation::Maintain),
        2 => Just(Operation::Reopen),
        1 => Just(Operation::Purge),
        1 => Just(Operation::Evolve),
        2 => Just(Operation::Hold),
        5 => of(&USERS).prop_map(Operation::Check),
    ];
    vec(operation, 0..30)
}
