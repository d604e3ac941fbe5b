//! Readers that follow a set.

use annals::shards::ShardSet;
use annals::{Durability, ErrorKind};

use super::{Shards, builder, histories, records, rows};
use crate::support::folder;
use crate::support::record::batch;

#[test]
fn a_reader_goes_on_through_writes_splits_and_merges() {
    let made = Shards::with_rows(2);
    let mut reader = ShardSet::open_reader(&made.path).unwrap();
    let before = reader.snapshot();
    assert_eq!(
        before.content().unwrap(),
        made.snapshot().content().unwrap()
    );
    assert!(!reader.refresh().unwrap());
    let set = made.open();
    set.write(batch(&records(600..650)), Durability::Buffered)
        .unwrap();
    assert!(reader.refresh().unwrap());
    assert_eq!(reader.snapshot().content().unwrap().rows, 650);
    drop(set);
    for (shards, reshape) in [(3, "split"), (2, "merge")] {
        match reshape {
            "split" => builder().split(&made.path, 0).unwrap(),
            _ => builder().merge(&made.path, 0, 1).unwrap(),
        };
        let held = reader.snapshot();
        assert!(reader.refresh().unwrap(), "{reshape}");
        assert_eq!(
            (reader.map().len(), reader.stores().len()),
            (shards, shards)
        );
        assert_eq!(rows(&reader.snapshot()), rows(&held), "{reshape}");
        assert_eq!(histories(&reader.snapshot()), histories(&held), "{reshape}");
    }
    assert_eq!(before.content().unwrap().rows, 600);
}

#[test]
fn there_is_no_reader_of_what_is_no_set() {
    let folder = folder();
    let error = ShardSet::open_reader(folder.path())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // A shard that is another store than the set has there.
    let (one, other) = (Shards::with_rows(1), Shards::with_rows(1));
    let (mine, theirs) = (one.path.join("shard-1"), other.path.join("shard-1"));
    std::fs::remove_dir_all(&mine).unwrap();
    std::fs::rename(theirs, mine).unwrap();
    let error = ShardSet::open_reader(&one.path).map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corruption, "{error}");
}
