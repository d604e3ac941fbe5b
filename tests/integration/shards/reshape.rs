//! Splits and merges.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use annals::shards::ShardSet;
use annals::{Deletion, Durability, ErrorKind, Limits, Retention, Store};

use super::{Shards, builder, fill, histories, rows};
use crate::support::record::Record;

#[test]
fn splits_and_merges_keep_every_row() {
    let made = Shards::with_rows(2);
    let before = made.snapshot();
    let (content, rows_before, histories_before) =
        (before.content().unwrap(), rows(&before), histories(&before));
    let steps: [(&str, usize, &[&str]); 6] = [
        ("split", 0, &["shard-2", "shard-3", "shard-4"]),
        ("split", 2, &["shard-3", "shard-4", "shard-5", "shard-6"]),
        ("merge", 1, &["shard-3", "shard-6", "shard-7"]),
        ("split", 1, &["shard-3", "shard-6", "shard-8", "shard-9"]),
        ("merge", 0, &["shard-10", "shard-6", "shard-9"]),
        ("merge", 1, &["shard-10", "shard-11"]),
    ];
    for (edit, (what, shard, folders)) in (2..).zip(steps) {
        let at = before.map().seed();
        let done = match what {
            "split" => builder().split(&made.path, shard),
            _ => builder().merge(&made.path, shard, shard + 1),
        };
        let done = done.unwrap();
        let mut expected: Vec<String> = folders.iter().map(|name| (*name).to_owned()).collect();
        expected.push("shards.json".to_owned());
        assert_eq!(made.names(), expected);
        let after = made.snapshot();
        assert_eq!((after.map().edit(), after.map().seed()), (edit, at));
        assert_eq!(**after.map(), done.map);
        assert_eq!(after.content().unwrap(), content, "{what} {shard}");
        assert_eq!(rows(&after), rows_before, "{what} {shard}");
        assert_eq!(histories(&after), histories_before, "{what} {shard}");
        assert!(done.rows > 0);
        let report = ShardSet::builder().verify(&made.path, &mut |_| {}).unwrap();
        assert!(report.is_sound());
    }
    // The first reader goes on with what it had.
    assert_eq!(rows(&before), rows_before);
    // And what comes later is written to the new shards.
    let set = made.open();
    fill(&set);
    assert_eq!(set.snapshot().unwrap().content().unwrap().rows, 1200);
}

#[test]
fn a_shard_that_is_written_to_is_not_changed() {
    let made = Shards::with_rows(3);
    let set = builder().only([1]).open(&made.path).unwrap();
    let before = made.names();
    let errors = [
        builder().split(&made.path, 1).unwrap_err(),
        builder().merge(&made.path, 0, 1).unwrap_err(),
        builder().merge(&made.path, 1, 2).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    }
    assert_eq!(made.names(), before);
    // The others are.
    assert!(set.is_current().unwrap());
    builder().split(&made.path, 2).unwrap();
    assert!(!set.is_current().unwrap());
    assert_eq!(
        set.snapshot().map(|_| ()).unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    let error = builder().split(&made.path, 9).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = builder().merge(&made.path, 0, 2).unwrap_err();
    assert!(
        error.message().contains("0 and 2 are no neighbours"),
        "{error}"
    );
    let error = builder().merge(&made.path, 3, 4).unwrap_err();
    assert!(
        error.message().contains("no shard 4; they are 0 to 3"),
        "{error}"
    );
}

/// Rules stay, deleted rows and their bytes do not, receipts are kept.
#[test]
fn what_a_shard_goes_by_comes_along() {
    let made = Shards::with_rows(1);
    let limits = {
        let set = made.open();
        let store = set.store(0).unwrap();
        let retention = Retention::default().max_age_seconds(9_000_000_000);
        store.set_retention(&retention).unwrap();
        set.delete(&Deletion::user("user 1"), Durability::Synced)
            .unwrap();
        store.limits().clone()
    };
    assert_ne!(limits, Limits::personalize());
    let folder = made.path.join("shard-1");
    Store::builder().purge(&folder).unwrap().unwrap();
    let content = made.snapshot().content().unwrap();
    builder().split(&made.path, 0).unwrap();
    assert_eq!(made.snapshot().content().unwrap(), content);
    assert_eq!(super::names(&made.path.join("purges")), ["shard-1"]);
    let set = made.open();
    for store in set.stores().unwrap() {
        assert_eq!(store.retention().max_age_seconds, Some(9_000_000_000));
        assert_eq!(store.limits(), &limits);
        assert_eq!(store.schema().fields(), set.schema().fields());
    }
    drop(set);
    // A merge of shards with different rules would give some users other ones.
    let set = made.open();
    set.store(0)
        .unwrap()
        .set_retention(&Retention::default())
        .unwrap();
    drop(set);
    let error = builder().merge(&made.path, 0, 1).unwrap_err();
    assert!(
        error
            .message()
            .contains("differ in schema, limits or rules"),
        "{error}"
    );
}

/// A change that was cut short before it was published, and one behind that.
#[test]
fn what_an_interrupted_change_left_goes_with_the_next() {
    let made = Shards::with_rows(2);
    let content = made.snapshot().content().unwrap();
    Store::create(made.path.join("shard-3"), &crate::support::schema()).unwrap();
    std::fs::create_dir(made.path.join("shard-4")).unwrap();
    std::fs::create_dir(made.path.join("shard-9.removed")).unwrap();
    std::fs::create_dir_all(made.path.join("shard-8/purges")).unwrap();
    std::fs::write(made.path.join("shard-8/purges/1.json"), "{}").unwrap();
    std::fs::create_dir(made.path.join("mine")).unwrap();
    std::fs::write(made.path.join("shards.json.new"), "half").unwrap();
    let report = ShardSet::builder().verify(&made.path, &mut |_| {}).unwrap();
    assert!(report.is_sound());
    assert_eq!(
        report.unnamed,
        ["shard-3", "shard-4", "shard-8", "shard-9.removed"]
    );
    drop(made.open());
    builder().split(&made.path, 0).unwrap();
    assert_eq!(
        made.names(),
        [
            "mine",
            "purges",
            "shard-2",
            "shard-3",
            "shard-4",
            "shards.json"
        ]
    );
    assert!(made.path.join("purges/shard-8/1.json").is_file());
    assert_eq!(made.snapshot().content().unwrap(), content);
}

/// A file of an earlier moment would have the newer shards removed.
#[test]
fn an_earlier_file_removes_nothing() {
    let made = Shards::with_rows(2);
    let file = made.path.join("shards.json");
    let earlier = std::fs::read(&file).unwrap();
    builder().split(&made.path, 0).unwrap();
    let newer = std::fs::read(&file).unwrap();
    std::fs::write(&file, earlier).unwrap();
    let names = made.names();
    for shard in [0, 1] {
        assert_eq!(
            builder().split(&made.path, shard).unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }
    assert_eq!(made.names(), names);
    std::fs::write(&file, newer).unwrap();
    assert_eq!(made.snapshot().content().unwrap().rows, 600);
}

#[test]
fn damage_is_not_copied() {
    let made = Shards::with_rows(1);
    drop(made.open());
    std::fs::create_dir(made.path.join("shard-1/quarantine")).unwrap();
    let error = builder().split(&made.path, 0).unwrap_err();
    assert!(
        error.message().contains("move that folder away first"),
        "{error}"
    );
    std::fs::remove_dir(made.path.join("shard-1/quarantine")).unwrap();
    let segments = made.path.join("shard-1/segments");
    let segment = std::fs::read_dir(segments)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let sound = std::fs::read(&segment).unwrap();
    let mut bytes = sound.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let error = builder().split(&made.path, 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corruption);
    assert_eq!(made.names(), ["shard-1", "shards.json"]);
    std::fs::write(&segment, sound).unwrap();
    builder().split(&made.path, 0).unwrap();
}

/// Rows that fill more than one write, and values of every length.
#[test]
fn wide_rows_are_copied_in_pieces() {
    let (made, set) = Shards::new(1);
    for number in 0..60 {
        let mut record = Record::numbered("ada", number, number as u64);
        record.location = Some("x".repeat(9000 + number as usize));
        record.impression = (0..25).map(|item| format!("item {item}")).collect();
        set.write(record.interaction(), Durability::Buffered)
            .unwrap();
    }
    drop(set);
    let before = made.snapshot();
    builder().split(&made.path, 0).unwrap();
    let after = made.snapshot();
    assert_eq!(rows(&after), rows(&before));
    assert_eq!(after.content().unwrap(), before.content().unwrap());
}

/// Whoever opens the set meanwhile finds all rows, in the shards of before or of after.
#[test]
fn readers_open_while_shards_change() {
    let made = Shards::with_rows(2);
    let content = made.snapshot().content().unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut edits = BTreeSet::new();
            while !done.load(Ordering::Acquire) {
                let snapshot = made.snapshot();
                assert_eq!(snapshot.content().unwrap(), content);
                edits.insert(snapshot.map().edit());
            }
            edits
        });
        for _ in 0..4 {
            builder().split(&made.path, 1).unwrap();
            builder().merge(&made.path, 0, 1).unwrap();
        }
        done.store(true, Ordering::Release);
        assert!(!reading.join().unwrap().is_empty());
    });
    assert_eq!(made.snapshot().map().edit(), 9);
    assert_eq!(made.names().len(), 3);
}
