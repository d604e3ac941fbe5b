//! The partitions of a set are those of its shards.

use annals::shards::ShardSet;
use annals::{ErrorKind, ScanQuery, Store};

use super::{Shards, builder, rows};
use crate::support::read::{self, Line};

#[test]
fn partitions_of_all_shards_are_the_scan_of_the_set() {
    for shards in [1, 2, 7] {
        let set = Shards::with_rows(shards);
        let pins = ShardSet::pin(&set.path, "part", None).unwrap();
        assert_eq!(pins.len(), shards);
        let expected = rows(&set.snapshot());
        for parts in [1, 5, 16] {
            let partitions = ShardSet::partitions(&set.path, "part", parts).unwrap();
            assert!(partitions.len() >= shards);
            assert!(partitions.len() <= parts + shards, "{}", partitions.len());
            let mut found: Vec<Line> = Vec::new();
            for partition in &partitions {
                let scan = partition.scan(&ScanQuery::default()).unwrap();
                let schema = scan.schema().clone();
                found.extend(scan.flat_map(|batch| read::lines(&schema, &batch.unwrap())));
            }
            found.sort();
            assert_eq!(found, expected);
            assert_eq!(partitions.iter().map(|one| one.rows).sum::<u64>(), 600);
        }
        ShardSet::unpin(&set.path, "part").unwrap();
        let gone = ShardSet::unpin(&set.path, "part").unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
    }
}

#[test]
fn a_pin_of_a_set_is_of_all_shards_or_of_none() {
    let set = Shards::with_rows(3);
    let last = set.path.join("shard-3");
    Store::builder().pin(&last, "part", None).unwrap();
    let refused = ShardSet::pin(&set.path, "part", None).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    assert!(refused.to_string().contains("shard-3"), "{refused}");
    assert_eq!(Store::pins(set.path.join("shard-1")).unwrap(), []);
    assert_eq!(Store::pins(&last).unwrap().len(), 1);
    let missing = ShardSet::partitions(&set.path, "part", 3).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(missing.to_string().contains("shard-1"), "{missing}");
}

#[test]
fn a_split_takes_the_pin_of_its_shard_along() {
    let set = Shards::with_rows(2);
    ShardSet::pin(&set.path, "part", None).unwrap();
    let partitions = ShardSet::partitions(&set.path, "part", 2).unwrap();
    builder().split(&set.path, 0).unwrap();
    let gone = partitions[0].open().map(drop).unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert!(gone.to_string().contains("pin the store anew"), "{gone}");
    partitions[1].open().unwrap();
}
