//! Examples: the leak guard, and negatives.

use std::collections::{BTreeMap, BTreeSet};

use annals::export::{Examples, Layout, Negatives, NegativesFrom, SameSecond, Selection};
use annals::{Durability, ErrorKind, Store};
use serde_json::Value as Json;

use super::model::exported;
use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

fn store(folder: &std::path::Path, records: &[Record]) -> Store {
    let store = create(&folder.join("store"), quiet());
    for records in records.chunks(5) {
        store.write(batch(records), Durability::Buffered).unwrap();
    }
    store
}

fn examples(how: Examples) -> Layout {
    Layout::Examples(how)
}

#[test]
fn a_plan_that_leaks_ends_the_export() {
    let folder = folder();
    let records = [
        Record::new("ada", "x", 30),
        Record::new("ada", "a", 60),
        Record::new("ada", "b", 60),
        Record::new("ada", "c", 60),
    ];
    let store = store(folder.path(), &records);
    let leaking = examples(Examples::default().same_second(SameSecond::All));
    let export = store.export().layout(leaking);
    let error = export.report().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(
        error.message().starts_with(
            "leak: user \"ada\": the history of the interaction at 60 holds one at 60, which is not before it"
        ),
        "{error}"
    );
    let (unguarded, _) = exported(&export.clone().without_leak_guard());
    assert_eq!(
        unguarded[2].1["HISTORY_ITEM_ID"],
        serde_json::json!(["x", "a", "c"])
    );
}

/// Negatives by target, from two batch sizes of threads and for two seeds.
fn negatives(store: &Store, from: NegativesFrom, seed: u64, threads: usize) -> Vec<(String, Json)> {
    let negatives = Negatives::new(3).seed(seed).from(from);
    let how = Examples::default().negatives(negatives);
    let (found, _) = exported(&store.export().layout(examples(how)).threads(threads));
    let user = |json: &Json| json["USER_ID"].as_str().unwrap().to_owned();
    found
        .iter()
        .map(|(_, json)| (user(json), json["NEGATIVES"].clone()))
        .collect()
}

fn texts(list: &Json) -> BTreeSet<String> {
    let list = list.as_array().unwrap();
    let texts: BTreeSet<String> = list
        .iter()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts.len(), list.len(), "one twice");
    texts
}

#[test]
fn negatives_are_never_consumed_and_the_same_for_the_same_seed() {
    let folder = folder();
    let mut records: Vec<Record> = (0..300)
        .map(|number| {
            let user = format!("user {}", number % 7);
            Record::numbered(&user, (number * 17 % 90) as i64, number * 31)
        })
        .collect();
    // One has consumed nearly everything.
    records.extend((0..95).map(|item| Record::new("glutton", &format!("item {item}"), item)));
    let store = store(folder.path(), &records);
    let mut consumed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for record in &records {
        consumed
            .entry(&record.user)
            .or_default()
            .insert(&record.item);
        all.insert(record.item.as_str());
    }
    let found = negatives(&store, NegativesFrom::Catalogue, 1, 1);
    assert_eq!(found.len(), records.len());
    for (user, drawn) in &found {
        let drawn = texts(drawn);
        let own = &consumed[user.as_str()];
        assert_eq!(drawn.len(), 3.min(all.len() - own.len()), "{user}");
        assert!(
            drawn
                .iter()
                .all(|item| !own.contains(item.as_str()) && all.contains(item.as_str()))
        );
    }
    assert_eq!(found, negatives(&store, NegativesFrom::Catalogue, 1, 3));
    assert_ne!(found, negatives(&store, NegativesFrom::Catalogue, 2, 1));
    store.compact().unwrap();
    assert_eq!(found, negatives(&store, NegativesFrom::Catalogue, 1, 1));

    // Each item that is left is about as likely.
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (user, drawn) in &found {
        if user == "user 0" {
            for item in texts(drawn) {
                *counts.entry(item).or_default() += 1;
            }
        }
    }
    assert!(counts.len() > 30, "{counts:?}");

    for (user, drawn) in negatives(&store, NegativesFrom::Impression, 1, 2) {
        let own = &consumed[user.as_str()];
        assert!(
            texts(&drawn)
                .iter()
                .all(|item| !own.contains(item.as_str()))
        );
    }
}

/// What a time range leaves out was consumed all the same.
#[test]
fn negatives_know_what_the_selection_leaves_out() {
    let folder = folder();
    let records = [
        Record::new("ada", "old", 1),
        Record::new("ada", "new", 100),
        Record::new("ben", "old", 100),
        Record::new("ben", "other", 100),
    ];
    let store = store(folder.path(), &records);
    let negatives = Negatives::new(5);
    let how = Examples::default().negatives(negatives);
    let selection = Selection::default().since(50);
    let export = store.export().selection(selection).layout(examples(how));
    let (found, report) = exported(&export);
    assert_eq!(found[0].1["ITEM_ID"], "new");
    assert_eq!(
        texts(&found[0].1["NEGATIVES"]),
        BTreeSet::from(["other".to_owned()])
    );
    assert_eq!(
        texts(&found[1].1["NEGATIVES"]),
        BTreeSet::from(["new".to_owned()])
    );
    assert_eq!(report.short_of_negatives, 3);
    assert_eq!(report.dropped.time, 1);
}
