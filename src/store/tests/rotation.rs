//! A generation that is begun ahead of need.

use super::fixture::{Expected, Machine, Step, lines};
use crate::model::Durability::Buffered;
use crate::store::engine::Engine;
use crate::store::folder::Manifest;

/// Generations that reads see, and those that the manifest lists.
fn generations(machine: &Machine, engine: &Engine) -> (usize, usize) {
    let manifest = Manifest::read(&machine.storage).unwrap();
    (
        engine.generation_reports().len(),
        manifest.generations.len(),
    )
}

#[test]
fn the_next_generation_is_begun_ahead_and_used() {
    let machine = Machine::new();
    let mut expected = Expected::default();
    let mut engine = machine.open().unwrap();
    let mut write = |engine: &_, rows| {
        let step = Step::Write(rows, Buffered);
        expected = step.expected(&expected);
        step.run(engine, expected.sequence).unwrap();
        expected.lines()
    };
    write(&engine, 2);
    engine.maintain().unwrap();
    assert_eq!(
        generations(&machine, &engine),
        (1, 1),
        "less than half full"
    );
    write(&engine, 1);
    engine.maintain().unwrap();
    assert_eq!(generations(&machine, &engine), (1, 2));

    // The one that was begun ahead takes no rows yet, also in another opening.
    drop(engine);
    engine = machine.open().unwrap();
    assert_eq!(generations(&machine, &engine), (1, 2));
    write(&engine, 2);
    assert_eq!(generations(&machine, &engine), (1, 2));
    let written = write(&engine, 1);
    assert_eq!(
        generations(&machine, &engine),
        (2, 2),
        "it was there already"
    );
    assert_eq!(lines(&engine).unwrap(), written);

    engine.maintain().unwrap();
    assert_eq!(
        generations(&machine, &engine),
        (1, 2),
        "sealed, and the next begun"
    );
    assert_eq!(engine.segment_reports().len(), 1);
    machine.assert_no_strays();
    drop(engine);
    assert_eq!(lines(&machine.open().unwrap()).unwrap(), written);
}
