//! Partitions of a pinned store, and of a set of shards.

use annals::partitions::Partition;
use annals::{ScanQuery, Store};

use crate::support::Folder;

fn listed(folder: &Folder, line: &[&str]) -> Vec<Partition> {
    let json = folder
        .run(&[&["partitions"], line, &["--format", "json"]].concat())
        .ok();
    serde_json::from_str(&json).unwrap()
}

fn rows(partitions: &[Partition]) -> usize {
    let rows = |one: &Partition| -> usize {
        let scan = one.scan(&ScanQuery::default()).unwrap();
        scan.map(|batch| batch.unwrap().rows()).sum()
    };
    partitions.iter().map(rows).sum()
}

#[test]
fn partitions_are_listed_and_stay_as_they_were() {
    let folder = Folder::with_rows();
    let missing = folder
        .run(&["partitions", "store", "--pin", "training"])
        .fails(1);
    assert!(
        missing.contains("there is no pin of this name"),
        "{missing}"
    );
    folder.run(&["pin", "store", "training"]).ok();
    let partitions = listed(&folder, &["store", "--parts", "4", "--pin", "training"]);
    assert_eq!(partitions.len(), 2);
    assert_eq!(partitions[0].users.to, partitions[1].users.from);
    folder.run(&["delete", "store", "--user", "a"]).ok();
    folder.run(&["compact", "store"]).ok();
    assert_eq!(rows(&partitions), 4);
    let again = listed(&folder, &["store", "--parts", "4", "--pin", "training"]);
    assert_eq!(again, partitions);

    let table = folder
        .run(&["partitions", "store", "--pin", "training"])
        .ok();
    assert!(
        table.contains("before user") && table.contains("training"),
        "{table}"
    );

    folder.run(&["pin", "store", "training", "--release"]).ok();
    let gone = partitions[0]
        .scan(&ScanQuery::default())
        .map(drop)
        .unwrap_err();
    assert!(
        gone.to_string().contains("it is gone; pin the store anew"),
        "{gone}"
    );
    folder.run(&["pin", "store", "training"]).ok();
    let other = partitions[0]
        .scan(&ScanQuery::default())
        .map(drop)
        .unwrap_err();
    assert!(
        other
            .to_string()
            .contains("but the pin of this name is of commit"),
        "{other}"
    );
    folder
        .run(&["partitions", "store", "--parts", "0"])
        .fails(3);
    assert_eq!(Store::pins(folder.path("store")).unwrap().len(), 1);
}

#[test]
fn a_pin_that_nobody_named_expires() {
    let folder = Folder::with_rows();
    for number in 1..=2 {
        let partitions = listed(&folder, &["store"]);
        let name = format!("partitions-{number}");
        assert!(partitions.iter().all(|one| one.snapshot.pin == name));
        let pins = Store::pins(folder.path("store")).unwrap();
        let pin = pins.iter().find(|pin| pin.name == name).unwrap();
        assert_eq!(pin.expires_seconds, Some(pin.made_seconds + 86_400));
    }
}

#[test]
fn a_set_has_the_partitions_of_its_shards() {
    let folder = Folder::with_rows();
    let init = [
        "shard",
        "init",
        "set",
        "--schema",
        "schema.json",
        "--shards",
        "3",
    ];
    folder.run(&init).ok();
    folder.run(&["shard", "import", "set", "rows.csv"]).ok();
    folder.run(&["pin", "set", "monday", "--for", "7d"]).ok();
    let pins = folder.run(&["pin", "set", "--format", "json"]).ok();
    let pins: serde_json::Value = serde_json::from_str(&pins).unwrap();
    assert_eq!(pins.as_array().unwrap().len(), 3);
    let partitions = listed(&folder, &["set", "--parts", "3", "--pin", "monday"]);
    assert_eq!(rows(&partitions), 4);
    let mut shards: Vec<_> = partitions.iter().map(|one| one.path.clone()).collect();
    shards.dedup();
    let expected = (1..=3).map(|shard| folder.path(&format!("set/shard-{shard}")));
    assert_eq!(shards, expected.collect::<Vec<_>>());
    folder.run(&["pin", "set", "monday", "--release"]).ok();
    assert_eq!(folder.run(&["pin", "set"]).ok(), "no pins\n");
}
