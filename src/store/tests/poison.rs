//! After a failed sync nothing is acknowledged any more, and reads go on.

use super::fixture::{Expected, Machine, Step, lines};
use crate::model::Durability::{Buffered, Synced};
use crate::model::ErrorKind;
use crate::store::bulk::ImportMode;

#[test]
fn a_failed_sync_refuses_writes_and_reads_go_on() {
    let machine = Machine::new();
    let engine = machine.open().unwrap();
    let written = Step::Write(3, Buffered).expected(&Expected::default());
    Step::Write(3, Buffered).run(&engine, 1).unwrap();
    let mut import =
        crate::store::bulk::BulkImport::new(engine.clone(), ImportMode::Full, 1 << 20).unwrap();
    import.allow_empty(true);
    machine.log.set_failing(true);
    let error = engine.write(Default::default(), Synced).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    // A sync that succeeds later must not acknowledge what the failed one may have lost.
    machine.log.set_failing(false);
    for step in [
        Step::Write(1, Buffered),
        Step::Write(1, Synced),
        Step::Flush,
        Step::Compact,
    ] {
        let error = step.run(&engine, 2).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Poisoned, "{step:?}");
    }
    assert_eq!(
        engine.write(Default::default(), Synced).unwrap_err().kind(),
        ErrorKind::Poisoned
    );
    assert_eq!(import.commit().unwrap_err().kind(), ErrorKind::Poisoned);
    assert_eq!(lines(&engine).unwrap(), written.lines());
    drop(engine);
    let engine = machine.open().unwrap();
    assert_eq!(lines(&engine).unwrap(), written.lines());
    Step::Write(3, Synced).run(&engine, 2).unwrap();
}

#[test]
fn a_failed_append_refuses_writes_and_leaves_nothing() {
    let machine = Machine::new();
    let engine = machine.open().unwrap();
    machine.log.set_failing(true);
    let error = Step::Write(3, Buffered).run(&engine, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    machine.log.set_failing(false);
    let error = Step::Write(3, Buffered).run(&engine, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Poisoned);
    assert!(lines(&engine).unwrap().is_empty());
    drop(engine);
    assert!(lines(&machine.open().unwrap()).unwrap().is_empty());
}

#[test]
fn a_panic_in_a_commit_refuses_writes() {
    let machine = Machine::new();
    let engine = machine.open().unwrap();
    let died = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let _held = engine.commit.lock();
            panic!("in the middle of a commit");
        });
        thread.join()
    });
    assert!(died.is_err());
    for step in [Step::Write(1, Buffered), Step::Flush] {
        let error = step.run(&engine, 1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Poisoned, "{step:?}");
        assert!(error.message().contains("panicked"), "{error}");
    }
    drop(engine);
    Step::Write(3, Synced)
        .run(&machine.open().unwrap(), 1)
        .unwrap();
}
