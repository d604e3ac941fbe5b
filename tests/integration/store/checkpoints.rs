//! Copies of a store, also of one that is written to.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use annals::copies::{Checkpoint, Sharing};
use annals::events::{PutEvent, PutEvents};
use annals::{Durability, ErrorKind, ImportMode, ScanQuery, Settings, Store};

use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, read};

fn rows(store: &Store) -> Vec<Vec<String>> {
    read::scan(&store.snapshot(), &ScanQuery::default())
}

fn records(from: u64, count: u64) -> Vec<Record> {
    let one = |number| Record::numbered(&format!("user {}", number % 7), number as i64, number);
    (from..from + count).map(one).collect()
}

/// A store with segments of imports and of seals, and rows and events in the hot tier.
fn filled(path: &Path) -> Store {
    let store = create(path, quiet());
    let mut import = store.import(ImportMode::Incremental).unwrap();
    for record in records(0, 300) {
        record.push_to(&mut import).unwrap();
    }
    import.commit().unwrap();
    store
        .write(batch(&records(300, 20)), Durability::Synced)
        .unwrap();
    store.flush().unwrap();
    store
        .write(batch(&records(320, 20)), Durability::Buffered)
        .unwrap();
    store.put_events(&request(1), Durability::Buffered).unwrap();
    store
}

fn request(event: u32) -> PutEvents<'static> {
    PutEvents::new("session").events([PutEvent::new("view", 7)
        .event_id(format!("event {event}"))
        .item_id("tea")
        .property("position", annals::Value::Int(1))])
}

/// The paths of all files of a store, with their inodes.
fn inodes(store: &Path, folder: &str) -> Vec<(String, u64)> {
    let entries = std::fs::read_dir(store.join(folder)).unwrap();
    let mut found: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, entry.metadata().unwrap().ino())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_checkpoint_is_the_store_at_that_moment_and_goes_its_own_way() {
    let folder = folder();
    let (path, copy) = (folder.path().join("store"), folder.path().join("copy"));
    let store = filled(&path);
    let before = rows(&store);
    let made = store.checkpoint(&copy).unwrap();
    assert_eq!(made.segments, 2);
    assert!(made.linked_bytes > 0 && made.copied_bytes > 0, "{made:?}");
    assert_eq!(inodes(&path, "segments"), inodes(&copy, "segments"));

    // What happens to the original does not show.
    store
        .write(batch(&records(400, 5)), Durability::Synced)
        .unwrap();
    store.flush().unwrap();
    store.compact().unwrap();
    drop(store);
    std::fs::remove_dir_all(&path).unwrap();

    let verified = Store::builder().verify(&copy, &mut |_| {}).unwrap();
    assert!(verified.is_sound(), "{verified:?}");
    assert_eq!(rows(&Store::open_read_only(&copy).unwrap()), before);
    let copied = open(&copy, quiet());
    assert_eq!(rows(&copied), before);
    // What the hot tier remembers beside rows came along.
    let again = copied.put_events(&request(1), Durability::Synced).unwrap();
    assert_eq!(again.commit.rows, 0, "{again:?}");
    copied
        .write(batch(&records(500, 5)), Durability::Synced)
        .unwrap();
    copied.flush().unwrap();
    copied.compact().unwrap();
    let more = rows(&copied);
    assert_eq!(more.len(), before.len() + 5);
    drop(copied);
    assert_eq!(rows(&open(&copy, quiet())), more);
}

#[test]
fn files_of_a_copy_are_not_taken_for_those_of_the_original() {
    let folder = folder();
    let (path, copy) = (folder.path().join("store"), folder.path().join("copy"));
    filled(&path).checkpoint(&copy).unwrap();
    for name in ["ACCOUNT", "MANIFEST"] {
        let own = std::fs::read(copy.join(name)).unwrap();
        std::fs::copy(path.join(name), copy.join(name)).unwrap();
        let error = Store::open_read_only(&copy).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corruption, "{name}");
        assert!(error.message().contains("put that one back"), "{error}");
        std::fs::write(copy.join(name), own).unwrap();
    }
    Store::open_read_only(&copy).unwrap();
}

#[test]
fn a_copy_shares_what_it_is_told_to() {
    let folder = folder();
    let [path, first, second] = ["store", "first", "second"].map(|name| folder.path().join(name));
    let store = filled(&path);
    let copied = |to: &Path, sharing: &Sharing| -> Checkpoint {
        Store::builder().checkpoint(&path, to, sharing).unwrap()
    };
    let whole = copied(&first, &Sharing::Copy);
    assert_eq!(whole.linked_bytes, 0);
    let own = inodes(&path, "segments");
    let apart = inodes(&first, "segments");
    assert!(
        own.iter()
            .zip(&apart)
            .all(|(a, b)| a.0 == b.0 && a.1 != b.1)
    );

    store
        .write(batch(&records(400, 5)), Durability::Synced)
        .unwrap();
    store.flush().unwrap();
    let after = copied(&second, &Sharing::LinkTo(first.clone()));
    assert_eq!(after.segments, 3);
    let shared = inodes(&second, "segments");
    assert_eq!(shared[..2], apart[..]);
    assert!(
        inodes(&path, "segments")
            .iter()
            .all(|one| !shared.contains(one))
    );
    assert_eq!(rows(&open(&second, quiet())), rows(&store));
}

#[test]
fn a_copy_is_not_made_over_anything_and_leaves_nothing_where_it_fails() {
    let folder = folder();
    let [path, taken, new] = ["store", "taken", "new"].map(|name| folder.path().join(name));
    let store = filled(&path);
    std::fs::create_dir(&taken).unwrap();
    std::fs::write(taken.join("mine"), "mine").unwrap();
    let refused = store.checkpoint(&taken).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    assert_eq!(inodes(folder.path(), "taken").len(), 1);
    let inside = store.checkpoint(path.join("segments/copy")).err().unwrap();
    assert_eq!(inside.kind(), ErrorKind::InvalidInput);

    let (segment, _) = inodes(&path, "segments").remove(1);
    std::fs::remove_file(path.join("segments").join(segment)).unwrap();
    let error = store.checkpoint(&new).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corruption, "{error}");
    assert!(!new.exists());
    let missing = Store::builder().checkpoint(&new, &taken, &Sharing::Link);
    assert_eq!(missing.err().unwrap().kind(), ErrorKind::NotFound);
}

/// Commits of one row each, numbered, with seals and compactions, while the store is copied.
fn copied_while_written(copy: impl Fn(&Path, &Path) -> bool) {
    const COMMITS: u64 = 1500;
    let folder = folder();
    let path = folder.path().join("store");
    let settings = Settings::default().generation_rows(40).max_runs(2);
    let store = create(&path, settings);
    let (acknowledged, done) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..COMMITS {
                let row = Record::numbered("user", number as i64, number);
                store.write(batch(&[row]), Durability::Buffered).unwrap();
                acknowledged.store(number + 1, Ordering::Release);
            }
            done.store(true, Ordering::Release);
        });
        for number in 0.. {
            let to = folder.path().join(number.to_string());
            let before = acknowledged.load(Ordering::Acquire);
            if copy(&path, &to) {
                let copied = Store::builder().settings(quiet()).open(&to).unwrap();
                let found = rows(&copied).len() as u64;
                assert!((before..=COMMITS).contains(&found), "{found} of {before}");
                assert_eq!(copied.snapshot().sequence(), found);
            }
            let _ = std::fs::remove_dir_all(&to);
            if done.load(Ordering::Acquire) {
                break;
            }
        }
    });
}

#[test]
fn a_checkpoint_of_a_store_that_is_written_to_is_a_prefix_of_its_commits() {
    copied_while_written(|from, to| {
        let made = Store::builder().checkpoint(from, to, &Sharing::Link);
        made.map(|_| true).unwrap()
    });
}

#[test]
fn a_plain_copy_of_a_store_that_is_written_to_is_a_prefix_or_refused() {
    copied_while_written(|from, to| {
        // Files that go meanwhile are said to be missing.
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .args([from, to])
            .output();
        assert!(copied.is_ok());
        let read = Store::open_read_only(to);
        let written = Store::builder().settings(quiet()).open(to);
        for opened in [read, written] {
            // A copy without one of its segments opens, and a scan says what is lost.
            let counted = opened.and_then(|store| {
                let snapshot = store.snapshot();
                let mut found = 0;
                for batch in snapshot.scan(&ScanQuery::default())? {
                    found += batch?.rows() as u64;
                }
                Ok((snapshot.sequence(), found))
            });
            match counted {
                Ok((sequence, found)) => assert_eq!(sequence, found),
                Err(error) => assert!(
                    matches!(error.kind(), ErrorKind::Corruption | ErrorKind::NotFound),
                    "{error:?}"
                ),
            }
        }
        false
    });
}
