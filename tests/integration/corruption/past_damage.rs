//! Damage of the log that commits stand behind: readers see what precedes it, writers are refused until
//! they are told to go on.

use std::path::{Path, PathBuf};

use annals::{Durability, ErrorKind, Interaction, ScanQuery, Store};

use super::answers::items;
use super::stores::copy_of;
use crate::support::{create, folder, quiet};

const COMMITS: u64 = 40;

/// A store whose process died behind so many commits of a row each.
fn died() -> tempfile::TempDir {
    let folder = folder();
    let path = folder.path().join("store");
    let store = create(&path, quiet());
    write(&store);
    copy_of(&path)
}

fn write(store: &Store) {
    for number in 0..COMMITS {
        let row = Interaction::new("user", format!("item {number}"), number as i64);
        store
            .write(
                row.event_type("view").with("POSITION", 1),
                Durability::Synced,
            )
            .unwrap();
    }
}

/// Changes a byte in the middle of the only log that holds anything; gives its path.
fn damage(store: &Path) -> PathBuf {
    let files = std::fs::read_dir(store.join("hot")).unwrap();
    let log = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "log"))
        .max_by_key(|path| path.metadata().unwrap().len())
        .unwrap();
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&log, bytes).unwrap();
    log
}

fn rows(store: &Store) -> u64 {
    items(store).unwrap().len() as u64
}

#[test]
fn readers_see_what_precedes_damage_and_writers_are_refused() {
    let store = died();
    let log = damage(store.path()).display().to_string();
    let reader = Store::open_read_only(store.path()).unwrap();
    let shown = rows(&reader);
    assert!((1..COMMITS - 1).contains(&shown), "{shown} rows");
    let report = reader.recovery_report().clone();
    assert!(report.damage.as_ref().unwrap().contains(&log), "{report:?}");
    assert_eq!(report.dropped_records, COMMITS - 1 - shown);
    assert_eq!(report.lost_rows, 0);
    let verified = Store::builder().verify(store.path(), &mut |_| {}).unwrap();
    assert!(verified.problems[0].contains(&log), "{verified:?}");

    let error = Store::open(store.path()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corruption);
    assert!(error.message().contains(&log), "{error}");
    // Nothing was changed by that.
    assert_eq!(rows(&Store::open_read_only(store.path()).unwrap()), shown);

    let writer = Store::builder().drop_damaged_log(true);
    let writer = writer.open(store.path()).unwrap();
    assert_eq!(rows(&writer), shown);
    let dropped = writer.recovery_report();
    assert_eq!(dropped.damage, report.damage);
    assert_eq!(dropped.dropped_records, report.dropped_records);
    drop(writer);
    let again = Store::open_read_only(store.path()).unwrap();
    assert_eq!(rows(&again), shown);
    assert_eq!(again.recovery_report().damage, None);
}

/// Whoever waits for a pipe waits for ever: the test ends because nobody does.
#[test]
fn a_pipe_in_the_place_of_a_file_is_refused() {
    let store = died();
    let writer = Store::builder().settings(quiet()).open(store.path());
    writer.unwrap().flush().unwrap();
    let segment = std::fs::read_dir(store.path().join("segments"));
    let segment = segment.unwrap().next().unwrap().unwrap().path();
    let others = ["MANIFEST", "ACCOUNT"].map(|name| store.path().join(name));
    for file in others.iter().chain([&segment]) {
        let kept = file.with_extension("kept");
        std::fs::rename(file, &kept).unwrap();
        let made = std::process::Command::new("mkfifo").arg(file).status();
        assert!(made.unwrap().success());
        // Without a segment the store opens, and all that is in it is refused.
        let refused = |opened: annals::Result<Store>| match opened {
            Ok(store) => store.scan(&ScanQuery::default()).err().unwrap(),
            Err(error) => error,
        };
        for error in [
            refused(Store::open_read_only(store.path())),
            refused(Store::open(store.path())),
        ] {
            assert_eq!(error.kind(), ErrorKind::Corruption);
            assert!(error.message().contains("it is no file"), "{error}");
        }
        std::fs::rename(&kept, file).unwrap();
    }
    Store::open(store.path()).unwrap();
}

#[test]
fn of_a_store_that_was_closed_nothing_may_be_missing_for_readers_either() {
    let store = died();
    write(&Store::open(store.path()).unwrap());
    damage(store.path());
    let error = Store::open_read_only(store.path()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corruption);
}
