//! Crashes at every operation of the storage: what is there afterwards is a prefix of the commits.

use std::sync::Arc;

use super::fixture::{Expected, Machine, Step, kill, lines};
use crate::model::Durability::{Buffered, Synced};
use crate::model::ErrorKind;
use crate::store::bulk::ImportMode;
use crate::store::engine::Engine;

const SCRIPT: &[Step] = &[
    Step::Write(3, Buffered),
    Step::Write(4, Synced),
    Step::Maintain,
    Step::Write(2, Buffered),
    Step::Import(40, ImportMode::Incremental),
    Step::Write(2, Buffered),
    Step::Flush,
    Step::Write(1, Synced),
    Step::Import(30, ImportMode::Incremental),
    Step::Abandon(30),
    Step::Compact,
    Step::Write(4, Buffered),
    Step::Maintain,
    Step::Write(6, Buffered),
    Step::Import(20, ImportMode::Full),
    Step::Write(1, Buffered),
    Step::Flush,
    Step::Import(10, ImportMode::Incremental),
    Step::Write(1, Buffered),
    Step::Compact,
    Step::Import(0, ImportMode::Full),
    Step::Write(2, Buffered),
];

/// Steps of a script that is drawn.
const DRAWN_STEPS: u64 = 20;
/// Scripts that are drawn, with a failure and a crash each.
const DRAWN_SCRIPTS: u64 = 60;

/// A number below `bound` that depends on `seed` and `place` alone.
fn drawn(seed: u64, place: u64, bound: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(&place.to_le_bytes(), seed) % bound
}

/// The script of a seed.
fn script(seed: u64) -> Vec<Step> {
    let step = |place: u64| {
        let size = |bound| drawn(seed, place + DRAWN_STEPS, bound) as usize;
        match drawn(seed, place, 16) {
            0..4 => Step::Write(1 + size(7), Buffered),
            4..7 => Step::Write(1 + size(7), Synced),
            7..9 => Step::Import(1 + size(40), ImportMode::Incremental),
            9 => Step::Import(size(30), ImportMode::Full),
            10 => Step::Abandon(1 + size(30)),
            11 => Step::Compact,
            12..14 => Step::Flush,
            _ => Step::Maintain,
        }
    };
    (0..DRAWN_STEPS).map(step).collect()
}

/// What a machine loses.
#[derive(Clone, Copy, Debug)]
enum Crash {
    /// The process dies: nothing is lost that was handed to the system.
    Process,
    /// The power fails: what was not synced is lost, but for so many appends to the log.
    Power(u64),
}

/// How the storage fails before that.
#[derive(Clone, Copy, Debug)]
enum Failure {
    For(u64),
    Once(u64),
}

/// What a run of the script left behind.
struct Outcome {
    /// All commits were acknowledged up to here.
    acknowledged: Expected,
    /// That of the last commit that failed, where none was acknowledged since.
    failed: Option<Expected>,
    /// Every commit up to here must survive power loss.
    synced: u64,
    /// By sequence number.
    states: Vec<Expected>,
}

fn run(engine: &Arc<Engine>, script: &[Step]) -> Outcome {
    let mut outcome = Outcome {
        acknowledged: Expected::default(),
        failed: None,
        synced: 0,
        states: vec![Expected::default()],
    };
    let mut poisoned = false;
    for step in script {
        let after = step.expected(&outcome.acknowledged);
        match step.run(engine, after.sequence) {
            Ok(commit) => {
                assert!(
                    !poisoned || commit.is_none(),
                    "a poisoned store took {step:?}"
                );
                if let Some(commit) = commit {
                    assert_eq!(commit.sequence, after.sequence);
                    outcome.states.push(after.clone());
                    outcome.failed = None;
                }
                if matches!(
                    step,
                    Step::Write(_, Synced) | Step::Import(..) | Step::Flush
                ) {
                    outcome.synced = after.sequence;
                }
                outcome.acknowledged = after;
            }
            Err(error) if error.kind() == ErrorKind::Poisoned => poisoned = true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Io, "{step:?}: {error}");
                if after.sequence > outcome.acknowledged.sequence {
                    outcome.failed = Some(after);
                }
            }
        }
        let seen = lines(engine).unwrap();
        let known = seen == outcome.acknowledged.lines()
            || outcome
                .failed
                .as_ref()
                .is_some_and(|failed| seen == failed.lines());
        assert!(known, "reads after {step:?}: {seen:?}");
    }
    outcome
}

/// Opens after a crash and compares; gives the last commit that is there.
fn check(machine: &Machine, outcome: &Outcome, crash: Crash) -> u64 {
    let engine = machine.open().unwrap();
    machine.assert_no_strays();
    let sequence = engine.snapshot().sequence();
    let least = match crash {
        Crash::Process => outcome.acknowledged.sequence,
        Crash::Power(_) => outcome.synced,
    };
    assert!(
        sequence >= least,
        "commit {least} is lost: {sequence} is the last"
    );
    let state = match outcome.states.get(sequence as usize) {
        Some(state) => state,
        None => outcome.failed.as_ref().expect("a commit that nobody made"),
    };
    assert_eq!(state.sequence, sequence);
    assert_eq!(lines(&engine).unwrap(), state.lines());
    assert!(engine.verify(&mut |_| {}).unwrap().is_sound());
    sequence
}

/// Goes on after a crash as if nothing had happened.
fn go_on(machine: &Machine) {
    let engine = machine.open().unwrap();
    let before = lines(&engine).unwrap().len();
    let sequence = engine.snapshot().sequence();
    for step in [
        Step::Write(7, Synced),
        Step::Compact,
        Step::Import(9, ImportMode::Incremental),
    ] {
        let next = engine.snapshot().sequence() + 1;
        step.run(&engine, next).unwrap();
    }
    drop(engine);
    machine.assert_no_strays();
    let engine = machine.open().unwrap();
    assert_eq!(engine.snapshot().sequence(), sequence + 2);
    assert_eq!(lines(&engine).unwrap().len(), before + 16);
}

/// Runs a script with one failure and one crash; `false` when it did not come to the failure.
fn crash_once(script: &[Step], failure: Failure, crash: Crash) -> bool {
    let machine = Machine::new();
    let engine = machine.open().unwrap();
    match failure {
        Failure::For(operations) => machine.storage.fail_after(operations),
        Failure::Once(operations) => machine.storage.fail_once_after(operations),
    }
    let outcome = run(&engine, script);
    kill(engine);
    let failed = machine.storage.heal();
    if let Crash::Power(keep) = crash {
        machine.storage.crash();
        machine.log.crash(|_| keep);
    }
    // The opening may be cut short, too.
    for operations in 0..4 {
        machine.storage.fail_after(operations);
        let _ = machine.open().map(kill);
        machine.storage.heal();
        if let Crash::Power(_) = crash {
            machine.storage.crash();
            machine.log.crash(|_| 0);
        }
    }
    check(&machine, &outcome, crash);
    go_on(&machine);
    failed
}

fn crash_everywhere(failure: fn(u64) -> Failure, crash: Crash) {
    let operations = (0..).find(|operations| {
        let case = failure(*operations);
        let failed = std::panic::catch_unwind(|| crash_once(SCRIPT, case, crash));
        !failed.unwrap_or_else(|_| panic!("{case:?}, {crash:?}"))
    });
    assert!(
        operations.is_some_and(|operations| operations > 200),
        "{operations:?}"
    );
}

#[test]
fn the_same_script_gives_the_same_trace() {
    let trace = |script: &[Step]| {
        let machine = Machine::new();
        run(&machine.open().unwrap(), script);
        machine.storage.trace()
    };
    let scripts = (0..8).map(script).chain([SCRIPT.to_vec()]);
    for script in scripts {
        assert_eq!(trace(&script), trace(&script), "{script:?}");
    }
    assert_ne!(trace(&script(0)), trace(&script(1)));
}

#[test]
fn drawn_scripts_and_drawn_crashes() {
    for seed in 0..DRAWN_SCRIPTS {
        let place = 2 * DRAWN_STEPS;
        let operations = drawn(seed, place, 250);
        let failure = match drawn(seed, place + 1, 2) {
            0 => Failure::For(operations),
            _ => Failure::Once(operations),
        };
        let crash = match drawn(seed, place + 2, 4) {
            0 => Crash::Process,
            1 => Crash::Power(u64::MAX),
            keep => Crash::Power(keep - 2),
        };
        let done = std::panic::catch_unwind(|| crash_once(&script(seed), failure, crash));
        assert!(done.is_ok(), "seed {seed}: {failure:?}, {crash:?}");
    }
}

/// Power loss between two steps: what was durable last must not stand behind a hole.
#[test]
fn power_loss_after_each_step() {
    for steps in 0..=SCRIPT.len() {
        for keep in [0, 1, u64::MAX] {
            let machine = Machine::new();
            let engine = machine.open().unwrap();
            let outcome = run(&engine, &SCRIPT[..steps]);
            kill(engine);
            machine.storage.crash();
            machine.log.crash(|_| keep);
            check(&machine, &outcome, Crash::Power(keep));
            go_on(&machine);
        }
    }
}

#[test]
fn a_broken_disk_and_the_end_of_the_process() {
    crash_everywhere(Failure::For, Crash::Process);
}

#[test]
fn a_broken_disk_and_power_loss() {
    crash_everywhere(Failure::For, Crash::Power(0));
    crash_everywhere(Failure::For, Crash::Power(1));
}

#[test]
fn one_failed_operation_and_the_end_of_the_process() {
    crash_everywhere(Failure::Once, Crash::Process);
}

#[test]
fn one_failed_operation_and_power_loss() {
    crash_everywhere(Failure::Once, Crash::Power(0));
    crash_everywhere(Failure::Once, Crash::Power(u64::MAX));
}
