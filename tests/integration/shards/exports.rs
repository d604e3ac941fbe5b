//! What is exported of a set is what is exported of one store with the same rows.

use std::ops::ControlFlow;

use annals::Durability;
use annals::export::{Examples, Form, Layout, Manifest, Negatives, Selection, Split, manifest_of};

use super::{Shards, fill_both, records};
use crate::export::model::exported;
use crate::support::record::batch;
use crate::support::{create, folder, quiet};

fn selections() -> Vec<Selection> {
    let all = Selection::default;
    vec![
        all(),
        all().newest(123),
        all().min_item_events(4).min_user_events(3).distinct(true),
        all().newest_per_user(5).since(2),
    ]
}

fn layouts() -> Vec<Layout> {
    let negatives = Negatives::new(3).seed(7);
    vec![
        Layout::Rows,
        Layout::Sequences {
            max_length: Some(8),
            min_length: 2,
        },
        Layout::Examples(Examples::default().negatives(negatives)),
        Layout::Impressions,
    ]
}

#[test]
fn a_set_exports_as_one_store() {
    for shards in [1, 2, 7] {
        let (_folder, set) = Shards::new(shards);
        let folder = folder();
        let one = create(&folder.path().join("one"), quiet());
        fill_both(&set, &one, &records(0..500));

        let snapshot = set.snapshot().unwrap();
        for selection in selections() {
            for layout in layouts() {
                let with = |export: annals::export::Export| {
                    let export = export.selection(selection.clone()).layout(layout.clone());
                    let (found, report) = exported(&export.threads(2));
                    let mut found: Vec<String> = found
                        .into_iter()
                        .map(|(_, record)| record.to_string())
                        .collect();
                    found.sort();
                    (found, report)
                };
                let ours = with(snapshot.export().unwrap());
                let theirs = with(one.export());
                assert_eq!(ours, theirs, "{shards} shards, {selection:?}, {layout:?}");
                assert!(!ours.0.is_empty());
            }
        }
        let first = Selection::default().limit(200);
        let (found, report) = exported(&snapshot.export().unwrap().selection(first));
        assert_eq!((found.len(), report.content.rows), (200, 200));
    }
}

#[test]
fn the_manifest_of_a_set_names_its_shards() {
    let (_folder, set) = Shards::new(3);
    set.write(batch(&records(0..200)), Durability::Buffered)
        .unwrap();
    let snapshot = set.snapshot().unwrap();
    let folder = folder();
    let path = folder.path().join("rows.parquet");
    let mut go_on = |_, _| ControlFlow::Continue(());
    let export = snapshot.export().unwrap();
    export.write_to(&path, Form::Parquet, &mut go_on).unwrap();
    let json = std::fs::read_to_string(manifest_of(&path)).unwrap();
    let manifest = Manifest::parse(&json).unwrap();
    assert!(!json.contains("\n  \"store\""), "{json}");
    let shards: Vec<(String, u64)> = snapshot
        .shards()
        .iter()
        .map(|shard| (shard.store_id().to_string(), shard.sequence()))
        .collect();
    let told = manifest.shards.iter();
    let told: Vec<(String, u64)> = told
        .map(|shard| (shard.store.clone(), shard.sequence))
        .collect();
    assert_eq!(told, shards);

    // It is made again after more was written, and refused for a part of the set.
    set.write(batch(&records(200..300)), Durability::Buffered)
        .unwrap();
    let now = set.snapshot().unwrap();
    assert_eq!(
        manifest.differences(now.shards()).unwrap(),
        Vec::<String>::new()
    );
    let error = manifest.differences(&now.shards()[..2]).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("the manifest is of the shards "),
        "{error}"
    );

    let split = now.export().unwrap().split(Split::LeaveLast(1));
    let manifest = split
        .write_to(folder.path().join("parts"), Form::Jsonl, &mut go_on)
        .unwrap();
    assert_eq!(manifest.parts.values().sum::<u64>(), 300);
    assert_eq!(
        manifest.differences(now.shards()).unwrap(),
        Vec::<String>::new()
    );
}
