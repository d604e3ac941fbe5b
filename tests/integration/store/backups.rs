//! Backups in one folder, and what is restored from them.

use std::path::{Path, PathBuf};

use annals::backup::Backups;
use annals::{Durability, ErrorKind, ScanQuery, Store};

use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, read};

fn rows(path: &Path) -> Vec<Vec<String>> {
    let store = Store::open_read_only(path).unwrap();
    read::scan(&store.snapshot(), &ScanQuery::default())
}

/// Writes a segment more, and some rows that are not sealed.
fn write(store: &Store, round: u64) {
    let records = |from: u64| -> Vec<Record> {
        let numbers = (from..from + 40).map(|number| round * 100 + number);
        numbers
            .map(|n| Record::numbered(&format!("user {}", n % 5), n as i64, n))
            .collect()
    };
    store.write(batch(&records(0)), Durability::Synced).unwrap();
    store.flush().unwrap();
    store
        .write(batch(&records(40)), Durability::Buffered)
        .unwrap();
}

struct Place {
    folder: tempfile::TempDir,
    backups: Backups,
}

impl Place {
    fn new() -> Self {
        let folder = folder();
        let backups = Backups::new(folder.path().join("backups"));
        Self { folder, backups }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

#[test]
fn each_backup_is_the_store_at_its_moment_and_costs_what_is_new() {
    let place = Place::new();
    let path = place.path("store");
    assert_eq!(place.backups.numbers().unwrap(), [0; 0]);
    let mut states = Vec::new();
    for round in 0..4 {
        let store = match round {
            0 => create(&path, quiet()),
            _ => open(&path, quiet()),
        };
        write(&store, round);
        let made = place.backups.make(&path).unwrap();
        assert_eq!(made.number, round + 1);
        let segments: Vec<u64> = store.segments().iter().map(|one| one.file_bytes).collect();
        let shared: u64 = segments[..round as usize].iter().sum();
        assert_eq!(made.checkpoint.linked_bytes, shared);
        drop(store);
        states.push(rows(&path));
    }
    std::fs::remove_dir_all(&path).unwrap();
    for (number, state) in (1..).zip(&states) {
        assert_eq!(&rows(&place.backups.path(number)), state);
        let to = place.path(&format!("restored {number}"));
        let restored = place
            .backups
            .restore(Some(number), &to, &mut |_| {})
            .unwrap();
        assert_eq!(restored.number, number);
        assert_eq!(&rows(&to), state);
        write(&open(&to, quiet()), 9);
        assert_eq!(rows(&to).len(), state.len() + 80);
    }
    assert_eq!(place.backups.keep(2).unwrap(), [1, 2]);
    assert_eq!(place.backups.numbers().unwrap(), [3, 4]);
    let to = place.path("newest");
    assert_eq!(
        place
            .backups
            .restore(None, &to, &mut |_| {})
            .unwrap()
            .number,
        4
    );
    assert_eq!(rows(&to), states[3]);
    let gone = place
        .backups
        .restore(Some(1), place.path("gone"), &mut |_| {});
    let gone = gone.err().unwrap();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert!(gone.message().contains("they are 3 to 4"), "{gone}");
}

#[test]
fn a_damaged_backup_is_not_restored_and_leaves_nothing() {
    let place = Place::new();
    let path = place.path("store");
    write(&create(&path, quiet()), 1);
    let made = place.backups.make(&path).unwrap();
    for folder in ["segments", "hot"] {
        let files = std::fs::read_dir(made.path.join(folder)).unwrap();
        let file = files
            .map(|file| file.unwrap().path())
            .max_by_key(|path| path.metadata().unwrap().len());
        let file = file.unwrap();
        let whole = std::fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        damaged[whole.len() / 3] ^= 4;
        std::fs::write(&file, damaged).unwrap();
        let to = place.path("restored");
        let error = place.backups.restore(None, &to, &mut |_| {}).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corruption, "{folder}");
        assert!(!to.exists());
        std::fs::write(&file, whole).unwrap();
    }
    place
        .backups
        .restore(None, place.path("restored"), &mut |_| {})
        .unwrap();
}

#[test]
fn backups_of_two_stores_are_kept_apart() {
    let place = Place::new();
    let [first, second] = ["first", "second"].map(|name| place.path(name));
    for path in [&first, &second] {
        write(&create(path, quiet()), 1);
    }
    place.backups.make(&first).unwrap();
    let error = place.backups.make(&second).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let names = [&first, &second].map(|path| Store::id_of(path).unwrap().to_string());
    assert!(
        names.iter().all(|name| error.message().contains(name)),
        "{error}"
    );
    // A copy of a store is that store.
    Store::open_read_only(&first)
        .unwrap()
        .checkpoint(place.path("copy"))
        .unwrap();
    assert_eq!(place.backups.make(place.path("copy")).unwrap().number, 2);
}
