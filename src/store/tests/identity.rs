//! Event ids, sessions and recommendations, compared with a model.

mod concurrency;
mod crash;
mod model;
mod operations;
mod retention;
mod rules;

use std::sync::Arc;

use proptest::prelude::*;

use self::model::{Model, assert_equals};
use self::operations::{Change, Event, Maintenance, Operation, operations};
use super::fixture::Machine;
use crate::model::Settings;
use crate::store::engine::{Engine, Snapshot};

/// Every reserved field that events fill.
pub(super) const SCHEMA: &str = r#"{"type": "record", "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema", "version": "1.0", "fields": [
    {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"}, {"name": "IMPRESSION", "type": ["null", "string"]},
    {"name": "RECOMMENDATION_ID", "type": ["null", "string"]},
    {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["null", "string"]}]}"#;

/// Snapshots held at a time.
const HELD: usize = 3;

/// Generations of a few rows, so that links and records meet rows everywhere.
pub(super) fn small() -> Settings {
    Settings {
        generation_rows: 4,
        max_runs: 2,
        memory_budget_bytes: 1 << 20,
        threads: 1,
        background: false,
        ..Settings::default()
    }
}

/// The same, and compactions cut every few rows, also between a user and a session of one name.
fn cut() -> Settings {
    Settings {
        memory_budget_bytes: 2048,
        ..small()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_store_answers_as_the_model(operations in operations()) {
        let machine = Machine::with_schema(SCHEMA);
        let mut engine = machine.open_with(cut()).unwrap();
        let mut model = Model::default();
        let mut held: Vec<(Snapshot, Model)> = Vec::new();
        for operation in &operations {
            match operation {
                Operation::Reopen => {
                    held.clear();
                    drop(engine);
                    engine = machine.open_with(cut()).unwrap();
                }
                Operation::Hold => {
                    held.truncate(HELD - 1);
                    held.insert(0, (engine.snapshot(), model.clone()));
                }
                Operation::Change(change) => {
                    assert_eq!(change.run(&engine).unwrap(), model.note(change));
                }
                Operation::Maintain(maintenance) => maintenance.run(&engine).unwrap(),
            }
            assert_equals(&engine.snapshot(), &model);
            for (snapshot, model) in &held {
                assert_equals(snapshot, model);
            }
        }
        assert_eq!(engine.stats().unwrap().users, model.users());
        engine.compact().unwrap();
        assert_equals(&engine.snapshot(), &model);
        assert_eq!(engine.stats().unwrap().users, model.users());
        assert!(engine.verify(&mut |_| {}).unwrap().is_sound());
        assert_nothing_waits(&engine);
    }
}

/// A commit of rows that were imported lies between those of two events, and all three wait for the same record.
#[test]
fn imported_rows_stay_as_they_are_when_their_recommendation_comes_late() {
    let machine = Machine::with_schema(SCHEMA);
    let engine = machine.open_with(small()).unwrap();
    let mut model = Model::default();
    let put = Change::Put {
        session: "a".to_owned(),
        user: Some("x".to_owned()),
        events: vec![Event {
            id: None,
            recommendation: Some("late".to_owned()),
            item: "tea".to_owned(),
            at: 1,
            impression: Vec::new(),
            source: None,
        }],
    };
    let import = Change::Import {
        user: "x".to_owned(),
        at: 1,
        items: vec!["cake".to_owned()],
        recommendation: Some("late".to_owned()),
    };
    let record = Change::Record {
        id: "late".to_owned(),
        items: vec!["tea".to_owned(), "scone".to_owned()],
        source: Some("home".to_owned()),
    };
    for change in [&put, &import, &put, &record] {
        assert_eq!(change.run(&engine).unwrap(), model.note(change));
        assert_equals(&engine.snapshot(), &model);
    }
    for maintenance in [Maintenance::Flush, Maintenance::Compact] {
        maintenance.run(&engine).unwrap();
        assert_equals(&engine.snapshot(), &model);
    }
}

/// After a compaction every row has what belongs to it.
fn assert_nothing_waits(engine: &Arc<Engine>) {
    engine.trim_joins().unwrap();
    let joins = engine.version.load().joins.clone();
    assert!(joins.links.is_empty() && joins.late.is_empty());
    let registry = engine.registry().unwrap();
    assert_eq!(registry.links().unwrap(), []);
    assert_eq!(registry.late().unwrap(), []);
}
