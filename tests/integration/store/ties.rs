//! Rows of one time in several tiers, and a buffer that goes between stores.

use annals::{
    Durability, History, HistoryQuery, ImportMode, Interaction, Limits, Order, Schema, Store,
};

use crate::support::record::Record;
use crate::support::{create, folder, quiet};

fn items(store: &Store, query: &HistoryQuery, history: &mut History) -> Vec<String> {
    store.history("ann", query, history).unwrap();
    let items = history.iter().map(|event| event.item().unwrap().to_owned());
    items.collect()
}

fn write(store: &Store, item: &str, at: i64) {
    let record = Record::new("ann", item, at).interaction();
    store.write(record, Durability::Buffered).unwrap();
}

/// What is imported later comes later, though its segment was there before that of the rows written
/// earlier.
#[test]
fn the_commit_decides_where_the_newest_row_of_a_tier_is_as_old_as_the_oldest_of_another() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    write(&store, "first", 10);
    write(&store, "later", 12);
    let mut import = store.import(ImportMode::Incremental).unwrap();
    for (item, at) in [("old", 3), ("second", 10)] {
        Record::new("ann", item, at).push_to(&mut import).unwrap();
    }
    import.commit().unwrap();
    let newest = ["later", "second", "first", "old"];
    let oldest = ["old", "first", "second", "later"];
    for _ in 0..2 {
        for limit in [None, Some(1), Some(2), Some(3), Some(9)] {
            let mut query = HistoryQuery::default().limit(limit);
            let most = limit.unwrap_or(4).min(4);
            assert_eq!(items(&store, &query, &mut History::new()), newest[..most]);
            query.order = Order::OldestFirst;
            assert_eq!(items(&store, &query, &mut History::new()), oldest[..most]);
        }
        store.flush().unwrap();
    }
}

/// Both stores have the same places under the same numbers, and their fields at other positions.
#[test]
fn a_history_buffer_goes_between_stores() {
    let folders = [folder(), folder(), folder()];
    let turned = r#"{"type": "record", "name": "Interactions",
        "namespace": "com.amazonaws.personalize.schema", "version": "1.0", "fields": [
        {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_TYPE", "type": "string"},
        {"name": "POSITION", "type": "int"}, {"name": "ITEM_ID", "type": "string"},
        {"name": "USER_ID", "type": "string"}]}"#;
    let turned = Schema::parse(turned, &Limits::unlimited()).unwrap();
    let stores = [
        create(folders[0].path(), quiet()),
        create(folders[1].path(), quiet()),
        Store::create(folders[2].path().join("store"), &turned).unwrap(),
    ];
    let query = HistoryQuery::default();
    let mut history = History::new();
    for flushed in [false, true] {
        for turn in [0, 1, 0, 2, 1, 2, 0] {
            let name = format!("item of {turn}");
            if !flushed {
                let row = Interaction::new("ann", &name, 5).event_type("view");
                let row = row.with("POSITION", 1);
                stores[turn].write(row, Durability::Buffered).unwrap();
            }
            let items = items(&stores[turn], &query, &mut history);
            assert!(!items.is_empty() && items.iter().all(|item| *item == name));
        }
        stores.iter().for_each(|store| store.flush().unwrap());
    }
}
