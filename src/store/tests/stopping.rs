//! A compaction that is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::fixture::{Expected, Machine, Step, lines};
use crate::model::{Durability, Error, ErrorKind, Result};
use crate::store::bulk::ImportMode;
use crate::store::engine::Engine;

/// Runs of both origins that are to be merged, of more segments than one each.
fn filled(machine: &Machine) -> (Arc<Engine>, Expected) {
    let engine = machine.open().unwrap();
    let mut expected = Expected::default();
    for _ in 0..6 {
        for step in [
            Step::Write(40, Durability::Buffered),
            Step::Flush,
            Step::Import(40, ImportMode::Incremental),
        ] {
            expected = step.expected(&expected);
            step.run(&engine, expected.sequence).unwrap();
        }
    }
    (engine, expected)
}

fn stopped() -> Result<()> {
    Err(Error::new(ErrorKind::Unsupported, "stopped"))
}

#[test]
fn a_compaction_that_is_stopped_leaves_nothing_and_comes_again() {
    // At each moment at which it asks, in turn, until it asks no more.
    for stop in 0.. {
        let machine = Machine::new();
        let (engine, mut expected) = filled(&machine);
        let asked = AtomicUsize::new(0);
        let proceed = || match asked.fetch_add(1, Relaxed) == stop {
            true => stopped(),
            false => Ok(()),
        };
        let done = engine.compact_if_needed(&proceed);
        machine.assert_no_strays();
        assert_eq!(lines(&engine).unwrap(), expected.lines());
        if let Err(error) = &done {
            assert_eq!(error.message(), "stopped");
        }
        let step = Step::Write(3, Durability::Buffered);
        expected = step.expected(&expected);
        step.run(&engine, expected.sequence).unwrap();
        drop(engine);
        let engine = machine.open().unwrap();
        engine.maintain().unwrap();
        assert_eq!(lines(&engine).unwrap(), expected.lines());
        assert!(engine.version.load().runs.len() <= 2 * engine.settings().max_runs);
        if done.is_ok() {
            assert!(stop > 20, "asked {stop} times");
            return;
        }
    }
}

/// An import that has a handle of its own goes on when the last handle of the store is dropped.
#[test]
fn an_import_outlives_the_threads_of_its_store() {
    let machine = Machine::new();
    let (engine, mut expected) = filled(&machine);
    let worker = crate::store::maintain::Worker::start(&engine).unwrap();
    drop(worker);
    let step = Step::Import(30, ImportMode::Incremental);
    expected = step.expected(&expected);
    step.run(&engine, expected.sequence).unwrap();
    assert_eq!(lines(&engine).unwrap(), expected.lines());
    machine.assert_no_strays();
}
