//! What holds when not every shard takes part.

use annals::shards::ShardSet;
use annals::{Durability, ErrorKind, ImportMode, Interaction, Limits, WriteBatch};

use super::{Shards, builder, fill, records, user};
use crate::support::record::{Record, batch};
use crate::support::{folder, quiet, schema};

/// A user of the shard.
fn user_of(set: &ShardSet, shard: usize) -> String {
    let mut users = (0..).map(|number| format!("u{number}"));
    users.find(|user| set.shard_of(user) == shard).unwrap()
}

fn record(user: &str, event_type: &str) -> Interaction {
    Record {
        event_type: event_type.to_owned(),
        ..Record::new(user, "tea", 60)
    }
    .interaction()
}

/// A set in which each store takes two event types, beside the seven optional fields.
fn of_two_types(path: &std::path::Path) -> ShardSet {
    let limits = Limits::personalize().max_metadata_fields_and_event_types(9);
    let builder = ShardSet::builder().settings(quiet()).limits(limits);
    builder.create(path, &schema(), 3).unwrap()
}

#[test]
fn a_row_that_breaks_a_rule_leaves_nothing_behind() {
    let (_folder, set) = Shards::new(3);
    let mut records = records(0..50);
    records[49].timestamp = -1;
    let error = set
        .write(batch(&records), Durability::Buffered)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let says = format!("interaction 49 (user \"{}\"): ", user(49));
    assert!(error.message().starts_with(&says), "{error}");
    assert_eq!(set.snapshot().unwrap().sequences(), [0, 0, 0]);
    let none = set.write(WriteBatch::new(), Durability::Synced).unwrap();
    assert!(none.is_empty());
}

#[test]
fn a_shard_that_fails_is_named_with_those_that_did_not() {
    let folder = folder();
    let set = of_two_types(&folder.path().join("set"));
    let users: Vec<String> = (0..3).map(|shard| user_of(&set, shard)).collect();
    for event_type in ["a", "b"] {
        set.write(record(&users[1], event_type), Durability::Buffered)
            .unwrap();
    }
    let batch: WriteBatch = users.iter().map(|user| record(user, "c")).collect();
    let error = set.write(batch, Durability::Buffered).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let says = "shard 1 (these shards have their part: 0 as commit 1; the others have nothing): ";
    assert!(error.message().starts_with(says), "{error}");
    assert_eq!(set.snapshot().unwrap().sequences(), [1, 2, 0]);

    let error = set
        .write(record(&users[1], "d"), Durability::Buffered)
        .unwrap_err();
    let says = "shard 1 (no shard was changed): ";
    assert!(error.message().starts_with(says), "{error}");
}

#[test]
fn an_import_says_which_shards_have_their_rows() {
    let folder = folder();
    let set = of_two_types(&folder.path().join("set"));
    let users: Vec<String> = (0..3).map(|shard| user_of(&set, shard)).collect();
    let mut import = set.import(ImportMode::Incremental).unwrap();
    for user in &users {
        import.push(&record(user, "a")).unwrap();
    }
    // The quota fills up while the import is under way.
    for event_type in ["b", "c"] {
        set.write(record(&users[1], event_type), Durability::Buffered)
            .unwrap();
    }
    let error = import.commit().unwrap_err();
    let says = "shard 1 (these shards have their part: 0 as commit 1; the others have nothing): ";
    assert!(error.message().starts_with(says), "{error}");
    let rows = set.snapshot().unwrap();
    let rows = rows
        .shards()
        .iter()
        .map(|shard| shard.content().unwrap().rows);
    assert_eq!(rows.collect::<Vec<_>>(), [1, 2, 0]);
}

#[test]
fn a_full_import_replaces_in_every_shard() {
    let (_folder, set) = Shards::new(3);
    fill(&set);
    let empty = set.import(ImportMode::Full).unwrap();
    assert_eq!(empty.replaces(), 250);
    let error = empty.commit().unwrap_err();
    assert!(
        error.message().contains("would remove the 250 rows"),
        "{error}"
    );
    let mut import = set.import(ImportMode::Full).unwrap();
    import.push(&record("ada", "view")).unwrap();
    import.commit().unwrap();
    assert_eq!(set.snapshot().unwrap().content().unwrap().rows, 350 + 1);
    let mut import = set.import(ImportMode::Full).unwrap();
    import.allow_empty(true);
    import.commit().unwrap();
    assert_eq!(set.snapshot().unwrap().content().unwrap().rows, 350);
}

#[test]
fn processes_share_a_set_by_its_shards() {
    let made = Shards::with_rows(3);
    let first = builder().only([0]).open(&made.path).unwrap();
    let rest = builder().only([1, 2]).open(&made.path).unwrap();
    let of_first = user_of(&first, 0);
    let batch: WriteBatch = [&of_first, &user_of(&first, 2)]
        .into_iter()
        .map(|user| record(user, "view"))
        .collect();
    let before = first.store(0).unwrap().snapshot().sequence();
    let error = first
        .write(batch.clone(), Durability::Buffered)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error
            .message()
            .contains("shard 2 (shard-3) is not open here"),
        "{error}"
    );
    assert_eq!(first.store(0).unwrap().snapshot().sequence(), before);
    assert!(first.snapshot().is_err() && first.import(ImportMode::Full).is_err());
    for (shard, part) in first.route(batch) {
        let owner = if shard == 0 { &first } else { &rest };
        owner.write(part, Durability::Buffered).unwrap();
    }
    let error = builder()
        .only([0])
        .open(&made.path)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    let error = builder()
        .only([3])
        .open(&made.path)
        .map(|_| ())
        .unwrap_err();
    assert!(
        error.message().contains("no shard 3; they are 0 to 2"),
        "{error}"
    );
    let error = builder().only([]).open(&made.path).map(|_| ()).unwrap_err();
    assert!(
        error.message().contains("no shard is to be opened"),
        "{error}"
    );
    assert_eq!(made.snapshot().content().unwrap().rows, 602);
}

#[test]
fn processes_import_the_same_rows_each_into_its_own_shards() {
    let (whole, set) = Shards::new(3);
    let (parts, other) = Shards::new(3);
    drop(other);
    let read = |set: &ShardSet| {
        let mut import = set.import_own(ImportMode::Incremental).unwrap();
        for record in records(0..200) {
            import.push(&record.interaction()).unwrap();
        }
        assert_eq!(import.rows() + import.passed_over(), 200);
        import.commit().unwrap()
    };
    let commits = read(&set);
    assert_eq!(commits.len(), 3);
    for own in [vec![1], vec![0, 2]] {
        let set = builder().only(own.clone()).open(&parts.path).unwrap();
        let commits = read(&set);
        let shards: Vec<usize> = commits.iter().map(|one| one.shard).collect();
        assert_eq!(shards, own);
    }
    drop(set);
    assert_eq!(
        super::rows(&parts.snapshot()),
        super::rows(&whole.snapshot())
    );
}
