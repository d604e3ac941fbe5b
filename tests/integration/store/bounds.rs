//! What is too large is refused before anything is written.

use annals::{Durability, ErrorKind, Settings, WriteBatch};

use crate::support::model::Model;
use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet};

/// Settings with generations of so many bytes.
fn bytes(generation_bytes: u64) -> Settings {
    quiet().generation_bytes(generation_bytes)
}

/// Records that take at least so many bytes.
fn records(bytes: usize) -> Vec<Record> {
    let record = |number: usize| Record {
        item: format!("{number:01000}"),
        ..Record::new("ann", "", number as i64)
    };
    (0..bytes / 1000).map(record).collect()
}

#[test]
fn a_batch_larger_than_a_generation_is_refused_and_nothing_of_it_stays() {
    let folder = folder();
    let settings = bytes(1 << 20);
    let store = create(folder.path(), settings.clone());
    let mut model = Model::default();
    let small = records(10_000);
    store.write(batch(&small), Durability::Buffered).unwrap();
    model.write(&small);

    let mut large = records(1 << 21);
    large[7].event_type = "never seen".to_owned();
    let error = store.write(batch(&large), Durability::Synced).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        error.message(),
        "a commit of 2097 rows takes more than 1048576 bytes in the log; write them in several batches, \
         use a bulk import, or raise the setting generation_bytes"
    );
    model.assert_equals(&store.snapshot());

    // In pieces it is taken.
    for piece in large.chunks(500) {
        store.write(batch(piece), Durability::Buffered).unwrap();
        model.write(piece);
    }
    model.assert_equals(&store.snapshot());
    drop(store);
    let store = open(folder.path(), settings);
    model.assert_equals(&store.snapshot());
    drop(store);

    // And whole, where generations are larger.
    let store = open(folder.path(), bytes(4 << 20));
    store.write(batch(&large), Durability::Buffered).unwrap();
    model.write(&large);
    model.assert_equals(&store.snapshot());
}

#[test]
fn the_smallest_generations_take_commits_of_half_a_mebibyte() {
    let folder = folder();
    let store = create(folder.path(), bytes(1 << 10));
    let commit = store.write(batch(&records(400_000)), Durability::Buffered);
    assert_eq!(commit.unwrap().rows, 400);
    let one = Record {
        location: Some("x".repeat(600_000)),
        ..Record::new("ann", "tea", 1)
    };
    let error = store
        .write(WriteBatch::from(one.interaction()), Durability::Buffered)
        .unwrap_err();
    assert_eq!(
        error.message(),
        "a commit of 1 row takes more than 524288 bytes in the log; raise the setting generation_bytes"
    );
    assert_eq!(store.snapshot().sequence(), 1);
}

#[test]
fn every_setting_has_a_lower_and_an_upper_bound() {
    type Set = fn(&mut Settings, u64);
    let settings: [(&str, Set, u64, u64); 9] = [
        ("generation_rows", |s, v| s.generation_rows = v, 1, 1 << 26),
        (
            "generation_bytes",
            |s, v| s.generation_bytes = v,
            1 << 10,
            1 << 30,
        ),
        (
            "waiting_generations",
            |s, v| s.waiting_generations = v as usize,
            1,
            1 << 10,
        ),
        (
            "memory_budget_bytes",
            |s, v| s.memory_budget_bytes = v,
            1 << 20,
            1 << 44,
        ),
        ("max_runs", |s, v| s.max_runs = v as usize, 1, 1 << 10),
        ("threads", |s, v| s.threads = v as usize, 1, 1 << 10),
        (
            "event_id_retention_seconds",
            |s, v| s.event_id_retention_seconds = Some(v),
            1,
            10_000_000_000,
        ),
        (
            "recommendation_retention_seconds",
            |s, v| s.recommendation_retention_seconds = Some(v),
            1,
            10_000_000_000,
        ),
        (
            "session_retention_seconds",
            |s, v| s.session_retention_seconds = Some(v),
            1,
            10_000_000_000,
        ),
    ];
    let folder = folder();
    drop(create(folder.path(), quiet()));
    for (name, set, least, most) in settings {
        let with = |value| {
            let mut settings = quiet();
            set(&mut settings, value);
            settings
        };
        for value in [least, most] {
            with(value).validate().unwrap();
        }
        for value in [least - 1, most + 1, u64::MAX] {
            let opened = annals::Store::builder()
                .settings(with(value))
                .open(folder.path());
            let error = opened.map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let want = format!(
                "setting {name} is {value}; it must be at least {least} and at most {most}"
            );
            assert_eq!(error.message(), want);
        }
    }
}
