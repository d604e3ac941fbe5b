//! Manifests of any bytes, and segments that are not those of the manifest.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::fixture::{Machine, Step, lines};
use crate::io::{SimStorage, Storage, crc32};
use crate::model::Durability::Buffered;
use crate::model::ErrorKind;
use crate::store::folder::{FILE, Manifest};
use crate::store::maintain::Worker;

fn file(storage: &SimStorage, path: &str, bytes: &[u8]) {
    let _ = storage.remove(path);
    let mut file = storage.create(path).unwrap();
    file.append(bytes).unwrap();
    file.sync().unwrap();
}

/// A manifest with two segments and two generations.
fn manifest() -> Vec<u8> {
    let machine = Machine::new();
    let engine = machine.open().unwrap();
    for number in 1..4 {
        Step::Write(6, Buffered).run(&engine, number).unwrap();
        Step::Flush.run(&engine, number).unwrap();
    }
    machine.storage.map(FILE).unwrap().to_vec()
}

/// Makes the checksum fit, so that the parser behind it is reached.
fn with_sum(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some((head, covered)) = bytes.split_at_mut_checked(12) {
        head[8..].copy_from_slice(&crc32(covered).to_le_bytes());
    }
    bytes
}

#[test]
fn a_damaged_manifest_is_corruption() {
    let whole = manifest();
    for position in 0..whole.len() {
        let storage = SimStorage::new();
        let mut bytes = whole.clone();
        bytes[position] ^= 0x10;
        file(&storage, FILE, &bytes);
        let kind = Manifest::read(&storage).unwrap_err().kind();
        // A version that is not known is told from damage.
        let want = match (12..16).contains(&position) {
            true => ErrorKind::Unsupported,
            false => ErrorKind::Corruption,
        };
        assert_eq!(kind, want, "byte {position}");
        file(&storage, FILE, &whole[..position]);
        assert_eq!(
            Manifest::read(&storage).unwrap_err().kind(),
            ErrorKind::Corruption
        );
    }
}

proptest! {
    #[test]
    fn a_manifest_of_any_bytes_is_read_or_refused(
        edits in proptest::collection::vec((16..400_usize, any::<u8>()), 1..4),
        noise in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut edited = manifest();
        for (position, byte) in edits {
            let position = position % edited.len();
            edited[position.max(16)] = byte;
        }
        let mut noisy = edited[..16].to_vec();
        noisy.extend(noise);
        for bytes in [edited, noisy] {
            let storage = SimStorage::new();
            file(&storage, FILE, &with_sum(bytes));
            let _ = Manifest::read(&storage);
        }
    }
}

#[test]
fn another_segment_in_the_place_of_one_is_corruption() {
    let machine = Machine::new();
    let engine = machine.open().unwrap();
    for number in 1..3 {
        Step::Write(4, Buffered).run(&engine, number).unwrap();
        Step::Flush.run(&engine, number).unwrap();
    }
    let names = machine.storage.list("segments").unwrap();
    let path = |number: usize| format!("segments/{}", names[number]);
    drop(engine);
    let other = machine.storage.map(&path(1)).unwrap();
    let refuses = || {
        let engine = machine.open().unwrap();
        for error in [lines(&engine).unwrap_err(), engine.compact().unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Corruption, "{error}");
            assert!(error.message().contains(&path(0)), "{error}");
        }
        let [damaged] = engine.damaged_segments().try_into().unwrap();
        assert!(damaged.contains(&path(0)), "{damaged}");
        engine
    };
    file(&machine.storage, &path(0), &other);
    drop(refuses());
    machine.storage.remove(&path(0)).unwrap();
    // Writes, seals and rotations go on, and hide the damage no more than an opening does.
    let engine = refuses();
    Step::Write(4, Buffered).run(&engine, 4).unwrap();
    Step::Flush.run(&engine, 4).unwrap();
    drop(engine);
    assert_eq!(refuses().segment_reports().len(), 2);
}

#[test]
fn damage_in_one_segment_hides_nothing_else() {
    let machine = Machine::new();
    let engine = machine.open().unwrap();
    for number in 1..3 {
        Step::Write(4, Buffered).run(&engine, number).unwrap();
        Step::Flush.run(&engine, number).unwrap();
    }
    let names = machine.storage.list("segments").unwrap();
    let whole = lines(&engine).unwrap();
    drop(engine);
    machine
        .storage
        .damage(&format!("segments/{}", names[0]), 20)
        .unwrap();
    let engine = machine.open().unwrap();
    assert!(lines(&engine).is_err());
    let report = engine.verify(&mut |_| {}).unwrap();
    assert_eq!(report.damage.len(), 1);
    assert!(report.damage[0].file.contains(&names[0]));
    assert!(!whole.is_empty());
}

#[test]
fn damage_stops_compaction_in_the_background_and_nothing_else() {
    let machine = Machine::new();
    let engine = machine.open().unwrap();
    // One run more than need no compaction.
    for number in 1..6 {
        Step::Write(4, Buffered).run(&engine, number).unwrap();
        Step::Flush.run(&engine, number).unwrap();
    }
    let names = machine.storage.list("segments").unwrap();
    drop(engine);
    let path = format!("segments/{}", names[4]);
    machine.storage.damage(&path, 20).unwrap();
    let engine = machine.open().unwrap();
    let worker = Worker::start(&engine).unwrap();
    let start = Instant::now();
    while engine.compaction_stopped.lock().is_none() {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "compaction goes on"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(50));
    assert!(engine.compactor.is_running(), "retention goes on");
    drop(worker);
    Step::Write(4, Buffered).run(&engine, 6).unwrap();
    Step::Flush.run(&engine, 6).unwrap();
    assert_eq!(engine.segment_reports().len(), 6);
    let report = engine.verify(&mut |_| {}).unwrap();
    assert_eq!(report.damage.len(), 1);
    let stopped = report.problems.first().unwrap();
    assert!(stopped.contains(&path), "{stopped}");
    let error = engine.compact().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corruption);
    Step::Write(1, Buffered).run(&engine, 7).unwrap();
}
