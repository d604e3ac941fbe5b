//! All partitions of a pin together are its scan, whatever happens to the store meanwhile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use annals::partitions::Partition;
use annals::query::UserRange;
use annals::{
    Deletion, Durability, ErrorKind, ImportMode, Projection, ScanQuery, Store, TimeRange,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::read::{self, Line};
use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

/// The rows of a partition, in their order.
fn rows(partition: &Partition, query: &ScanQuery) -> Vec<Line> {
    let scan = partition.scan(query).unwrap();
    let schema = scan.schema().clone();
    let batches = scan.map(|batch| read::lines(&schema, &batch.unwrap()));
    batches.flatten().collect()
}

/// The rows of all partitions, one behind the other. No user is in two.
fn all_rows(partitions: &[Partition], query: &ScanQuery) -> Vec<Line> {
    let mut found = Vec::new();
    let mut owners: BTreeMap<String, usize> = BTreeMap::new();
    for (position, partition) in partitions.iter().enumerate() {
        for row in rows(partition, query) {
            let owner = owners.entry(row[0].clone()).or_insert(position);
            assert_eq!(*owner, position, "{} is in two partitions", row[0]);
            found.push(row);
        }
    }
    found
}

/// The ranges follow each other and leave no user out.
fn assert_covers(partitions: &[Partition]) {
    let bounds = |of: fn(&UserRange) -> &Option<String>| {
        let bounds = partitions.iter().map(|one| of(&one.users).clone());
        bounds.collect::<Vec<_>>()
    };
    let (from, to) = (bounds(|users| &users.from), bounds(|users| &users.to));
    assert_eq!(from[0], None);
    assert_eq!(to[to.len() - 1], None);
    assert_eq!(from[1..], to[..to.len() - 1]);
    assert!(from[1..].is_sorted_by(|a, b| a < b), "{from:?}");
}

#[derive(Clone, Debug)]
enum Step {
    /// Rows of these users, one by one.
    Write(Vec<u8>),
    Import(Vec<u8>),
    Flush,
    Compact,
    Delete(u8),
    DeleteItem(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let users = || vec(0_u8..40, 0..60);
    let step = prop_oneof![
        4 => users().prop_map(Step::Write),
        3 => users().prop_map(Step::Import),
        2 => Just(Step::Flush),
        1 => Just(Step::Compact),
        2 => (0_u8..40).prop_map(Step::Delete),
        1 => (0_u8..97).prop_map(Step::DeleteItem),
    ];
    vec(step, 1..12)
}

/// Users in an order that is not that of the numbers, some the beginning of others.
fn user(number: u8) -> String {
    ["u", "\u{E9}", "user 1"][number as usize % 3].to_owned() + &number.to_string()
}

fn records(users: &[u8], number: &mut u64) -> Vec<Record> {
    let record = |of: &u8| {
        *number += 1;
        Record::numbered(&user(*of), (*number % 11) as i64, *number)
    };
    users.iter().map(record).collect()
}

fn apply(store: &Store, step: &Step, number: &mut u64) {
    match step {
        Step::Write(users) => {
            store
                .write(batch(&records(users, number)), Durability::Buffered)
                .unwrap();
        }
        Step::Import(users) => {
            let mut import = store.import(ImportMode::Incremental).unwrap();
            import.allow_empty(true);
            for record in records(users, number) {
                import.push(&record.interaction()).unwrap();
            }
            import.commit().unwrap();
        }
        Step::Flush => store.flush().unwrap(),
        Step::Compact => store.compact().unwrap(),
        Step::Delete(of) => {
            let deletion = Deletion::user(user(*of));
            store.delete(&deletion, Durability::Buffered).unwrap();
        }
        Step::DeleteItem(item) => {
            let deletion = Deletion::item(format!("item {item}"));
            store.delete(&deletion, Durability::Buffered).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn partitions_are_the_scan(
        before in steps(),
        after in steps(),
        parts in 1_usize..9,
        query in prop_oneof![
            Just(ScanQuery::default()),
            Just(ScanQuery::default().time(TimeRange::new(Some(2), Some(7)))),
            Just(ScanQuery::default().event_types(["view"])),
            Just(ScanQuery::default().users(UserRange::default().from("u2").to("user 12")).projection(Projection::names(["ITEM_ID"]))),
        ],
    ) {
        let folder = folder();
        let path = folder.path().join("store");
        let settings = quiet().generation_rows(50).memory_budget_bytes(1 << 20);
        let store = create(&path, settings);
        let mut number = 0;
        before.iter().for_each(|step| apply(&store, step, &mut number));
        let expected = read::scan(&store.snapshot(), &query);
        store.pin("part", None).unwrap();
        let partitions = Store::partitions(&path, "part", parts).unwrap();
        assert_covers(&partitions);
        prop_assert!(partitions.len() <= parts);
        after.iter().for_each(|step| apply(&store, step, &mut number));
        prop_assert_eq!(all_rows(&partitions, &query), expected);
    }
}

fn filled(path: &Path) -> Store {
    let store = create(path, quiet());
    let mut import = store.import(ImportMode::Full).unwrap();
    for number in 0..8_000_u64 {
        let record = Record::numbered(&format!("{:04}", number % 1000), 9, number);
        import.push(&record.interaction()).unwrap();
    }
    import.commit().unwrap();
    store
}

#[test]
fn partitions_are_of_about_as_many_rows() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = filled(&path);
    // Of rows that are not sealed, too: as many again, all of users of the upper half.
    for start in 0..8 {
        let late = (start * 1000..(start + 1) * 1000)
            .map(|number| Record::numbered(&format!("{:04}", 500 + number % 500), 10, number));
        let late: Vec<Record> = late.collect();
        store.write(batch(&late), Durability::Buffered).unwrap();
    }
    store.pin("part", None).unwrap();
    let partitions = Store::partitions(&path, "part", 4).unwrap();
    assert_eq!(partitions.len(), 4);
    for partition in &partitions {
        let found = rows(partition, &ScanQuery::default()).len() as u64;
        assert_eq!(found, partition.rows);
        assert!((3_500..=4_500).contains(&found), "{partition:?}");
        assert!(partition.bytes > found, "{partition:?}");
    }
    // Nothing but unsealed rows.
    let path = folder.path().join("hot");
    let store = create(&path, quiet());
    let records: Vec<Record> = (0..2_000)
        .map(|number| Record::numbered(&format!("{:04}", number % 500), 1, number))
        .collect();
    store.write(batch(&records), Durability::Buffered).unwrap();
    store.pin("part", None).unwrap();
    let partitions = Store::partitions(&path, "part", 5).unwrap();
    assert_eq!(partitions.len(), 5);
    assert!(
        partitions.iter().all(|one| (200..=600).contains(&one.rows)),
        "{partitions:?}"
    );
}

#[test]
fn a_partition_reads_its_own_part_of_the_files() {
    let folder = folder();
    let path = folder.path().join("store");
    drop(filled(&path));
    Store::builder().pin(&path, "part", None).unwrap();
    let partitions = Store::partitions(&path, "part", 8).unwrap();
    let query = ScanQuery::default().projection(Projection::names(["PRICE"]));
    let is_broken = |partition: &Partition| {
        let scan = partition.scan(&query);
        scan.and_then(|mut scan| scan.try_for_each(|batch| batch.map(drop)))
            .is_err()
    };
    let segments: Vec<PathBuf> = std::fs::read_dir(path.join("segments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(segments.len(), 1);
    let sound = std::fs::read(&segments[0]).unwrap();
    let mut broken = Vec::new();
    for place in (0..sound.len()).step_by(sound.len() / 40) {
        let mut damaged = sound.clone();
        damaged[place] ^= 1;
        std::fs::write(&segments[0], &damaged).unwrap();
        broken.push(partitions.iter().filter(|one| is_broken(one)).count());
    }
    // Where a part of the prices is damaged, who reads other users does not notice.
    assert!(
        broken.iter().any(|count| (1..=4).contains(count)),
        "{broken:?}"
    );
}

#[test]
fn what_is_gone_or_another_is_told() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = create(&path, quiet());
    store
        .write(Record::new("a", "i", 1).interaction(), Durability::Buffered)
        .unwrap();
    let missing = Store::partitions(&path, "part", 2).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    store.pin("part", None).unwrap();
    for parts in [0, usize::MAX] {
        let refused = Store::partitions(&path, "part", parts).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    }
    let partitions = Store::partitions(&path, "part", 2).unwrap();
    let json = serde_json::to_value(&partitions).unwrap();
    let expected = serde_json::json!([{
        "path": path, "snapshot": {"pin": "part", "sequence": 1}, "users": {}, "rows": 1,
        "bytes": partitions[0].bytes,
    }]);
    assert_eq!(json, expected);
    let open = partitions[0].open().unwrap();
    Store::unpin(&path, "part").unwrap();
    let gone = partitions[0].open().map(drop).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert!(
        gone.to_string().contains("it is gone; pin the store anew"),
        "{gone}"
    );
    // Who has it open goes on.
    assert_eq!(read::scan(&open.snapshot(), &ScanQuery::default()).len(), 1);
    store
        .write(Record::new("b", "i", 1).interaction(), Durability::Buffered)
        .unwrap();
    store.pin("part", None).unwrap();
    let other = partitions[0].open().map(drop).unwrap_err();
    assert_eq!(other.kind(), ErrorKind::InvalidInput);
    assert!(other.to_string().contains("of commit 2 now"), "{other}");
}
