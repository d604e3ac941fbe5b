//! Random operations.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::model::Result;
use crate::store::engine::Engine;

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) recommendation: Option<String>,
    pub(super) item: String,
    pub(super) at: i64,
    pub(super) impression: Vec<String>,
    pub(super) source: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    Put {
        session: String,
        user: Option<String>,
        events: Vec<Event>,
    },
    Record {
        id: String,
        items: Vec<String>,
        source: Option<String>,
    },
    Write {
        user: String,
        at: i64,
        items: Vec<String>,
    },
    Import {
        user: String,
        at: i64,
        items: Vec<String>,
        recommendation: Option<String>,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Maintenance {
    Flush,
    Compact,
    Maintain,
}

impl Maintenance {
    pub(super) fn run(self, engine: &Arc<Engine>) -> Result<()> {
        match self {
            Self::Flush => engine.flush(),
            Self::Compact => engine.compact(),
            Self::Maintain => engine.maintain(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Operation {
    Change(Change),
    Maintain(Maintenance),
    Reopen,
    Hold,
}

/// Users and sessions share names, so that both sorts of rows meet.
fn session() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

fn user() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "x"]).prop_map(str::to_owned)
}

fn item() -> impl Strategy<Value = String> {
    (0_u32..8).prop_map(|number| format!("item {number}"))
}

fn recommendation() -> impl Strategy<Value = String> {
    (0_u32..4).prop_map(|number| format!("rec {number}"))
}

fn source() -> impl Strategy<Value = Option<String>> {
    option::of(prop::sample::select(vec!["home", "mail"]).prop_map(str::to_owned))
}

fn event() -> impl Strategy<Value = Event> {
    let id = option::of((0_u32..12).prop_map(|number| format!("event {number}")));
    let impression = prop_oneof![3 => Just(Vec::new()), 1 => vec(item(), 1..3)];
    (
        id,
        option::of(recommendation()),
        item(),
        0_i64..5,
        impression,
        source(),
    )
        .prop_map(|(id, recommendation, item, at, impression, source)| Event {
            id,
            recommendation,
            item,
            at,
            impression,
            source,
        })
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    let items = || vec(prop_oneof![item(), Just("other".to_owned())], 1..4);
    prop_oneof![
        8 => (session(), option::weighted(0.3, user()), vec(event(), 0..4)).prop_map(
            |(session, user, events)| Change::Put { session, user, events }
        ),
        2 => (recommendation(), items(), source())
            .prop_map(|(id, items, source)| Change::Record { id, items, source }),
        2 => (user(), 0_i64..5, items())
            .prop_map(|(user, at, items)| Change::Write { user, at, items }),
        1 => (user(), 0_i64..5, items(), option::of(recommendation())).prop_map(
            |(user, at, items, recommendation)| Change::Import { user, at, items, recommendation }
        ),
    ]
}

pub(super) fn maintenance() -> impl Strategy<Value = Maintenance> {
    prop_oneof![
        3 => Just(Maintenance::Flush),
        1 => Just(Maintenance::Compact),
        2 => Just(Maintenance::Maintain),
    ]
}

pub(super) fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        12 => change().prop_map(Operation::Change),
        3 => maintenance().prop_map(Operation::Maintain),
        1 => Just(Operation::Reopen),
        2 => Just(Operation::Hold),
    ];
    vec(operation, 0..30)
}
