//! Crashes at every operation of the storage: ids, links and records are there with their rows, or
//! neither is.

use std::sync::Arc;

use super::model::{Model, assert_equals};
use super::operations::{Change, Event, Maintenance};
use super::{SCHEMA, small};
use crate::model::ErrorKind;
use crate::store::engine::Engine;
use crate::store::tests::fixture::{Machine, kill};

enum Step {
    Change(Change),
    Maintain(Maintenance),
}

fn put(session: &str, user: Option<&str>, events: &[(&str, Option<&str>)]) -> Step {
    let event = |(id, recommendation): &(&str, Option<&str>)| Event {
        id: Some((*id).to_owned()),
        recommendation: recommendation.map(str::to_owned),
        item: format!("item {}", id.len()),
        at: id.len() as i64 % 3,
        impression: Vec::new(),
        source: None,
    };
    Step::Change(Change::Put {
        session: session.to_owned(),
        user: user.map(str::to_owned),
        events: events.iter().map(event).collect(),
    })
}

fn record(id: &str) -> Step {
    Step::Change(Change::Record {
        id: id.to_owned(),
        items: vec!["item 1".to_owned(), format!("of {id}")],
        source: Some("home".to_owned()),
    })
}

fn script() -> Vec<Step> {
    let flush = || Step::Maintain(Maintenance::Flush);
    let compact = || Step::Maintain(Maintenance::Compact);
    vec![
        put("a", None, &[("1", None), ("22", Some("r"))]),
        put("b", None, &[("333", Some("r")), ("1", None)]),
        flush(),
        record("r"),
        put("a", Some("x"), &[("4444", Some("r"))]),
        put("b", None, &[("55555", Some("s")), ("22", None)]),
        flush(),
        put("b", Some("b"), &[("666666", None)]),
        record("s"),
        compact(),
        put("a", None, &[("7777777", Some("t")), ("4444", None)]),
        put("c", None, &[("88888888", Some("t"))]),
        record("t"),
        put("c", Some("a"), &[("999999999", None)]),
        flush(),
        put("a", Some("b"), &[("1", None)]),
        put("a", Some("b"), &[("10 characters", None)]),
        compact(),
        put("a", None, &[("the eleventh event", Some("u"))]),
    ]
}

/// What a run of the script left behind.
struct Outcome {
    /// The state after each commit, and that of a commit that failed last.
    states: Vec<Model>,
    failed: Option<Model>,
    /// All up to here were acknowledged, and up to there survive power loss.
    acknowledged: u64,
    synced: u64,
}

fn run(engine: &Arc<Engine>, script: &[Step]) -> Outcome {
    let mut model = Model::default();
    let mut outcome = Outcome {
        states: vec![model.clone()],
        failed: None,
        acknowledged: 0,
        synced: 0,
    };
    for step in script {
        match step {
            Step::Change(change) => {
                let mut after = model.clone();
                let want = after.note(change);
                match change.run(engine) {
                    Ok(answer) => {
                        assert_eq!(answer, want);
                        if after.sequence > model.sequence {
                            outcome.states.push(after.clone());
                            outcome.failed = None;
                        }
                        model = after;
                        outcome.acknowledged = model.sequence;
                        if matches!(change, Change::Record { .. }) {
                            outcome.synced = model.sequence;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::Poisoned => {}
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
                        outcome.failed = Some(after);
                    }
                }
            }
            Step::Maintain(maintenance) => {
                if maintenance.run(engine).is_ok() {
                    outcome.synced = model.sequence;
                }
            }
        }
        let snapshot = engine.snapshot();
        match &outcome.failed {
            Some(failed) if snapshot.sequence() == failed.sequence => {
                assert_equals(&snapshot, failed);
            }
            _ => assert_equals(&snapshot, &model),
        }
    }
    outcome
}

fn check(machine: &Machine, outcome: &Outcome, least: u64) {
    let engine = machine.open_with(small()).unwrap();
    machine.assert_no_strays();
    let sequence = engine.snapshot().sequence();
    assert!(sequence >= least, "{sequence} of {least} commits are there");
    let state = outcome.states.get(sequence as usize);
    let state = state
        .or(outcome.failed.as_ref())
        .expect("a commit that nobody made");
    let mut model = state.clone();
    assert_equals(&engine.snapshot(), &model);
    assert!(engine.verify(&mut |_| {}).unwrap().is_sound());
    // What is remembered fits the rows: the same script again is answered as by the model.
    for step in script() {
        match step {
            Step::Change(change) => {
                assert_eq!(change.run(&engine).unwrap(), model.note(&change));
            }
            Step::Maintain(maintenance) => maintenance.run(&engine).unwrap(),
        }
    }
    assert_equals(&engine.snapshot(), &model);
}

#[test]
fn power_loss_after_each_step() {
    for steps in 0..=script().len() {
        for keep in [0, 1, 2, u64::MAX] {
            let machine = Machine::with_schema(SCHEMA);
            let engine = machine.open_with(small()).unwrap();
            let outcome = run(&engine, &script()[..steps]);
            kill(engine);
            machine.storage.crash();
            machine.log.crash(|_| keep);
            check(&machine, &outcome, outcome.synced);
        }
    }
}

#[test]
fn a_broken_disk_and_a_crash() {
    for operations in 0.. {
        for power in [false, true] {
            let machine = Machine::with_schema(SCHEMA);
            let engine = machine.open_with(small()).unwrap();
            machine.storage.fail_after(operations);
            let outcome = run(&engine, &script());
            kill(engine);
            let failed = machine.storage.heal();
            let mut least = outcome.acknowledged;
            if power {
                machine.storage.crash();
                machine.log.crash(|_| 1);
                least = outcome.synced;
            }
            check(&machine, &outcome, least);
            if !failed {
                assert!(operations > 60, "{operations}");
                return;
            }
        }
    }
}
