//! What lies in a store beside its data, damaged.

use std::path::Path;

use annals::{Deletion, Durability, ErrorKind, ImportMode, Store};

use crate::support::record::Record;
use crate::support::{create, folder, quiet};

/// A store with a lease, two pins, a receipt and a purge that has found something.
fn filled(path: &Path) {
    let store = create(path, quiet());
    let mut import = store.import(ImportMode::Incremental).unwrap();
    for number in 0..50 {
        let user = format!("user number {}", number % 7);
        let record = Record::numbered(&user, number as i64, number);
        record.push_to(&mut import).unwrap();
    }
    import.commit().unwrap();
    let delete = |user: &str| {
        let deletion = Deletion::user(user);
        store.delete(&deletion, Durability::Synced).unwrap();
    };
    delete("user number 1");
    drop(store);
    assert!(Store::builder().purge(path).unwrap().unwrap().is_clean());
    std::fs::write(path.join("notes"), "user number 2").unwrap();
    let store = Store::builder().settings(quiet()).open(path).unwrap();
    let deletion = Deletion::user("user number 2");
    store.delete(&deletion, Durability::Synced).unwrap();
    drop(store);
    assert!(!Store::builder().purge(path).unwrap().unwrap().is_clean());
    Store::builder().lease(path, "trainer", 2, None).unwrap();
    let store = Store::builder().settings(quiet()).open(path).unwrap();
    store.pin("long", None).unwrap();
    store.pin("short", None).unwrap();
}

fn problems(path: &Path) -> Vec<String> {
    let verified = Store::builder().verify(path, &mut |_| {});
    verified.unwrap().problems
}

/// Each byte of each small file, changed; each file cut, and each replaced by a link.
#[test]
fn damage_of_small_files_is_named_by_verify() {
    let folder = folder();
    let path = folder.path().join("store");
    filled(&path);
    assert_eq!(problems(&path), Vec::<String>::new());
    for file in [
        "leases/trainer.json",
        "pins/long.json",
        "purges/pending.json",
    ] {
        let place = path.join(file);
        let whole = std::fs::read(&place).unwrap();
        let assert_named = |how: &str| {
            let found = problems(&path);
            assert!(
                found.len() == 1 && found[0].contains(file),
                "{file}, {how}: {found:?}"
            );
        };
        for at in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&place, changed).unwrap();
            assert_named(&format!("byte {at}"));
        }
        std::fs::write(&place, &whole[..whole.len() - 1]).unwrap();
        assert_named("cut");
        std::fs::remove_file(&place).unwrap();
        std::os::unix::fs::symlink("/dev/null", &place).unwrap();
        assert_named("a link");
        std::fs::remove_file(&place).unwrap();
        std::fs::write(&place, &whole).unwrap();
    }
    let receipt = path.join("purges/0000000002.json");
    std::fs::write(&receipt, "x").unwrap();
    assert!(problems(&path)[0].contains("purges/0000000002.json: not a receipt"));
}

#[test]
fn a_damaged_pin_stays_is_named_and_can_be_released() {
    let folder = folder();
    let path = folder.path().join("store");
    filled(&path);
    std::fs::remove_file(path.join("pins/long/MANIFEST")).unwrap();
    std::fs::remove_file(path.join("pins/short.json")).unwrap();
    drop(Store::builder().settings(quiet()).open(&path).unwrap());
    let found = problems(&path);
    assert!(
        found[0].contains("pins/long: its MANIFEST is missing"),
        "{found:?}"
    );
    assert!(
        found[1].contains("pins/short.json: the file is missing"),
        "{found:?}"
    );
    let listed = Store::pins(&path).unwrap_err();
    assert_eq!(listed.kind(), ErrorKind::Corruption);
    let purge = Store::builder().purge(&path).unwrap_err();
    assert!(purge.message().contains("release the pin"), "{purge}");
    for name in ["long", "short"] {
        Store::unpin(&path, name).unwrap();
    }
    assert_eq!(Store::pins(&path).unwrap(), []);
    assert_eq!(problems(&path), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(path.join("pins")).unwrap().count(), 0);
}

#[test]
fn a_receipt_is_checked_against_pins_too() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = create(&path, quiet());
    let row = Record::numbered("user number 1", 1, 1).interaction();
    store.write(row, Durability::Synced).unwrap();
    store.flush().unwrap();
    store.pin("kept", None).unwrap();
    std::fs::rename(path.join("pins"), folder.path().join("aside")).unwrap();
    let deletion = Deletion::user("user number 1");
    store.delete(&deletion, Durability::Synced).unwrap();
    drop(store);
    let receipt = Store::builder().purge(&path).unwrap().unwrap();
    assert!(receipt.is_clean());
    let check = || Store::builder().check_purge(&path, &receipt).unwrap();
    assert_eq!(check(), []);
    std::fs::rename(folder.path().join("aside"), path.join("pins")).unwrap();
    let found = check();
    assert_eq!(found.len(), 1);
    assert!(
        found[0].file.starts_with("pins/kept/segments/"),
        "{found:?}"
    );
}
