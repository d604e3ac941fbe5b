//! The folder of a set: what it is made of, and what is refused.

use annals::shards::{MOST_SHARDS, ShardSet};
use annals::{Durability, ErrorKind, Interaction, Schema, Store};

use super::{Shards, builder, names};
use crate::support::{folder, schema};

#[test]
fn a_set_is_made_whole_or_not_at_all() {
    let folder = folder();
    let path = folder.path().join("a/set");
    let create = |shards| builder().create(&path, &schema(), shards).map(|_| ());
    for shards in [0, MOST_SHARDS + 1] {
        assert_eq!(create(shards).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(!path.exists());
    }
    // What breaks a limit in the making of the stores.
    let wide: Vec<String> = (0..40)
        .map(|field| format!(r#"{{"name": "F{field}", "type": ["null", "string"]}}"#))
        .collect();
    let wide = crate::support::SCHEMA.replace(
        r#"{"name": "MEMBER""#,
        &format!("{}, {{\"name\": \"MEMBER\"", wide.join(", ")),
    );
    let wide = Schema::parse(&wide, &annals::Limits::unlimited()).unwrap();
    let refused = ShardSet::create(&path, &wide, 2).map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    assert_eq!(names(&path), ["CREATING"]);

    // As a making that was cut short left it.
    Store::create(path.join("shard-1"), &schema()).unwrap();
    create(3).unwrap();
    assert_eq!(
        names(&path),
        ["shard-1", "shard-2", "shard-3", "shards.json"]
    );
    assert_eq!(create(3).unwrap_err().kind(), ErrorKind::AlreadyExists);
    let other = folder.path().join("a");
    let refused = builder()
        .create(&other, &schema(), 1)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    assert_eq!(names(&other), ["set"]);
    let none = builder().open(&other).map(|_| ()).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::NotFound);
    assert!(
        none.message()
            .contains("no set of shards here (no file shards.json)"),
        "{none}"
    );
}

#[test]
fn a_damaged_file_is_named_with_its_rule() {
    let made = Shards::with_rows(2);
    let file = made.path.join("shards.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let refused = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let error = builder().open(&made.path).map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corruption);
        assert_eq!(
            builder().split(&made.path, 0).unwrap_err().kind(),
            ErrorKind::Corruption
        );
        error.message().to_owned()
    };
    let error = refused(&text.replace("7fffffffffffffff", "7ffffffffffffffe"));
    assert!(
        error.contains("set: shards.json: no shard has the hashes 7fffffffffffffff"),
        "{error}"
    );
    refused(&text[..text.len() - 1]);
    refused("");
    refused(&" ".repeat(2 << 20));
    std::fs::write(&file, &text).unwrap();
    assert_eq!(made.snapshot().content().unwrap().rows, 600);
}

#[test]
fn another_store_in_the_place_of_a_shard_is_refused() {
    let made = Shards::with_rows(2);
    let of = |name: &str| made.path.join(name);
    std::fs::rename(of("shard-1"), of("aside")).unwrap();
    let missing = builder()
        .open_read_only(&made.path)
        .map(|_| ())
        .unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    std::fs::rename(of("shard-2"), of("shard-1")).unwrap();
    std::fs::rename(of("aside"), of("shard-2")).unwrap();
    for refused in [
        builder().open(&made.path).map(|_| ()).unwrap_err(),
        builder().split(&made.path, 0).map(|_| ()).unwrap_err(),
    ] {
        assert_eq!(refused.kind(), ErrorKind::Corruption);
        assert!(
            refused.message().contains("but shards.json names"),
            "{refused}"
        );
    }
    let report = ShardSet::builder().verify(&made.path, &mut |_| {}).unwrap();
    assert!(!report.is_sound());
    assert!(
        report
            .shards
            .iter()
            .all(|shard| shard.wrong_store.is_some() && shard.strays > 0)
    );
}

#[test]
fn a_user_in_the_wrong_shard_is_found() {
    let made = Shards::with_rows(2);
    let sound = ShardSet::builder().verify(&made.path, &mut |_| {}).unwrap();
    assert!(sound.is_sound() && sound.unnamed.is_empty());
    assert_eq!(sound.shards.len(), 2);
    let set = made.open();
    let wrong = set.store(1 - set.shard_of("ada")).unwrap();
    let record = crate::support::record::Record::new("ada", "tea", 60);
    let record: Interaction = record.interaction();
    wrong.write(record, Durability::Synced).unwrap();
    let shard = 1 - set.shard_of("ada");
    drop(set);
    let report = ShardSet::builder().verify(&made.path, &mut |_| {}).unwrap();
    assert!(!report.is_sound());
    assert_eq!(report.shards[shard].strays, 1);
    assert_eq!(report.shards[shard].first_stray.as_deref(), Some("ada"));
    let refused = builder().split(&made.path, shard).unwrap_err();
    assert!(
        refused.message().contains("user \"ada\" of hash"),
        "{refused}"
    );
    assert_eq!(made.names(), ["shard-1", "shard-2", "shards.json"]);
}

#[test]
fn shards_of_two_schemas_are_refused() {
    let made = Shards::with_rows(2);
    let wider = crate::support::SCHEMA.replace(
        r#"{"name": "MEMBER""#,
        r#"{"name": "COLOUR", "type": ["null", "string"]}, {"name": "MEMBER""#,
    );
    let wider = Schema::parse(&wider, &annals::Limits::unlimited()).unwrap();
    let evolve = |name: &str| {
        Store::builder()
            .evolve(made.path.join(name), &wider)
            .unwrap()
    };
    evolve("shard-2");
    let refused = builder().open(&made.path).map(|_| ()).unwrap_err();
    assert!(
        refused
            .message()
            .contains("shard-1 and shard-2 have different schemas"),
        "{refused}"
    );
    evolve("shard-1");
    assert_eq!(made.open().schema().fields().len(), 12);
    // And what an earlier schema wrote is copied.
    builder().split(&made.path, 0).unwrap();
    assert_eq!(made.snapshot().content().unwrap().rows, 600);
}
