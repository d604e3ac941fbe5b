//! Scans that pass over rows: what is wanted always comes, and what is passed over was wanted by nobody.

use annals::events::{PutEvent, PutEvents, Recommendation};
use annals::query::{Hint, ScanOrder};
use annals::{
    Durability, ErrorKind, ImportMode, Interaction, Limits, ScanQuery, Schema, Store, Value,
};

use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, read};

fn hinted(hints: impl IntoIterator<Item = Hint>) -> ScanQuery {
    ScanQuery::default().hints(hints)
}

fn count(store: &Store, query: &ScanQuery) -> usize {
    read::scan(&store.snapshot(), query).len()
}

/// 5,000 rows of 500 users. Purchases, places and dear things are of few users each, who are neighbours.
fn records() -> Vec<Record> {
    let record = |row: u64| Record {
        event_type: match row {
            2_100..2_120 => "Purchase",
            _ => "view",
        }
        .to_owned(),
        location: (row >= 3_100).then(|| format!("place {}", row / 1_000)),
        price: match row {
            4_990.. => Some(1e6),
            _ => Some(row as f64 % 50.0),
        },
        session: (row < 900).then_some(row as i64),
        member: Some(row >= 4_200),
        ..Record::new(
            &format!("user {:03}", row / 10),
            &format!("item {}", row % 97),
            row as i64,
        )
    };
    (0..5_000).map(record).collect()
}

#[test]
fn spans_without_what_is_wanted_are_passed_over() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let mut import = store.import(ImportMode::Full).unwrap();
    records()
        .iter()
        .for_each(|record| record.push_to(&mut import).unwrap());
    import.commit().unwrap();
    let span = 1_024;
    let last = 5_000 - 4 * span;
    for (hint, rows) in [
        (Hint::equal("EVENT_TYPE", "Purchase"), span),
        (Hint::equal("EVENT_TYPE", "purchase"), 0),
        (Hint::one_of("EVENT_TYPE", ["Purchase", "view"]), 5_000),
        (Hint::at_most("EVENT_TYPE", "R"), span),
        (Hint::one_of("EVENT_TYPE", Vec::<String>::new()), 0),
        (Hint::equal("LOCATION", "place 4"), span + last),
        (Hint::not_null("LOCATION"), span + last),
        (Hint::null("LOCATION"), 4 * span),
        (Hint::at_least("PRICE", 100.5), last),
        (Hint::at_least("PRICE", 1_000_001), 0),
        (Hint::between("PRICE", -7.0, -0.5), 0),
        (Hint::at_most("PRICE", -0.0), 5_000),
        (Hint::at_least("SESSION", 899_i64), span),
        (Hint::equal("SESSION", 1_000), 0),
        (Hint::null("SESSION"), 5_000),
        (Hint::equal("MEMBER", true), last),
        (Hint::not_null("EVENT_VALUE"), 0),
        (Hint::equal("ITEM_ID", "no item"), 5_000),
        (Hint::null("ITEM_ID"), 0),
        (Hint::null("IMPRESSION"), 5_000),
    ] {
        for order in [ScanOrder::UserTime, ScanOrder::Any] {
            let query = hinted([hint.clone()]).order(order);
            assert_eq!(count(&store, &query), rows, "{hint:?}");
        }
    }
    let both = [Hint::not_null("LOCATION"), Hint::at_least("PRICE", 60.0)];
    assert_eq!(count(&store, &hinted(both)), last);
    let neither = [Hint::not_null("LOCATION"), Hint::not_null("SESSION")];
    assert_eq!(count(&store, &hinted(neither)), 0);
    // Event types are matched exactly, in any case of letters.
    let types = ScanQuery::default().event_types(["PURCHASE"]);
    assert_eq!(count(&store, &types), 20);
    let none = types.hints([Hint::not_null("SESSION")]);
    assert_eq!(count(&store, &none), 0);
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
}

#[test]
fn hints_that_fit_no_field_are_refused() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    store
        .write(
            batch(&[Record::new("ann", "item 1", 1)]),
            Durability::Buffered,
        )
        .unwrap();
    for hint in [
        Hint::null("NONE"),
        Hint::equal("POSITION", 1.0),
        Hint::equal("POSITION", "1"),
        Hint::equal("EVENT_TYPE", 1),
        Hint::equal("MEMBER", 1),
        Hint::equal("PRICE", true),
        Hint::equal("PRICE", f64::NAN),
        Hint::equal("PRICE", (1_i64 << 53) + 1),
        Hint::equal("PRICE", Value::Null),
        Hint::between("EVENT_TYPE", "a", 1),
    ] {
        let refused = store.scan(&hinted([hint.clone()])).err();
        let error = refused.unwrap_or_else(|| panic!("{hint:?}"));
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{hint:?}");
    }
    assert_eq!(count(&store, &hinted([Hint::equal("POSITION", 7)])), 1);
}

fn schema(fields: &str) -> Schema {
    let json = format!(
        r#"{{"type": "record", "name": "Interactions", "version": "1.0", "fields": [
        {{"name": "USER_ID", "type": "string"}}, {{"name": "ITEM_ID", "type": "string"}},
        {{"name": "TIMESTAMP", "type": "long"}}{fields}]}}"#
    );
    Schema::parse(&json, &Limits::unlimited()).unwrap()
}

#[test]
fn columns_of_an_earlier_schema_are_passed_over_as_what_they_became() {
    let folder = folder();
    let path = folder.path().join("store");
    let before =
        r#", {"name": "COUNT", "type": "int"}, {"name": "SCORE", "type": ["null", "float"]}"#;
    let after = r#", {"name": "SCORE", "type": ["null", "double"]}, {"name": "NOTE", "type": ["null", "string"]},
        {"name": "COUNT", "type": ["null", "long"]}, {"name": "FLAG", "type": ["null", "boolean"]}"#;
    let builder = || {
        Store::builder()
            .settings(quiet())
            .limits(Limits::unlimited())
    };
    let store = builder().create(&path, &schema(before)).unwrap();
    for at in 0..10 {
        let row = Interaction::new("ann", "item", at).with("COUNT", at as i32);
        let row = row.with("SCORE", 0.1_f32);
        store.write(row, Durability::Buffered).unwrap();
    }
    store.flush().unwrap();
    drop(store);
    builder().evolve(&path, &schema(after)).unwrap();
    let store = open(&path, quiet());
    let row = Interaction::new("bob", "item", 10).with("COUNT", 1_i64 << 40);
    let row = row
        .with("SCORE", 0.1)
        .with("NOTE", "new")
        .with("FLAG", true);
    store.write(row, Durability::Buffered).unwrap();
    store.flush().unwrap();
    for (hint, rows) in [
        (Hint::null("NOTE"), 10),
        (Hint::not_null("NOTE"), 1),
        (Hint::equal("NOTE", "new"), 1),
        (Hint::equal("FLAG", true), 1),
        (Hint::equal("SCORE", 0.1_f32), 10),
        (Hint::equal("SCORE", 0.1), 1),
        (Hint::between("SCORE", 0.1, 0.2), 11),
        (Hint::at_least("COUNT", 10_i64), 1),
        (Hint::at_most("COUNT", -1), 0),
        (Hint::at_most("COUNT", 9), 10),
    ] {
        assert_eq!(count(&store, &hinted([hint.clone()])), rows, "{hint:?}");
    }
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
}

/// A late record fills sources that are null where they lie.
#[test]
fn what_is_filled_in_late_is_not_passed_over() {
    let folder = folder();
    let fields = r#", {"name": "EVENT_TYPE", "type": "string"},
        {"name": "RECOMMENDATION_ID", "type": ["null", "string"]},
        {"name": "IMPRESSION", "type": ["null", "string"]},
        {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["null", "string"]}"#;
    let store = Store::builder().settings(quiet());
    let store = store.create(folder.path(), &schema(fields)).unwrap();
    let event = PutEvent::new("view", 5)
        .item_id("item")
        .recommendation_id("shown");
    let request = PutEvents::new("session").user_id("ann").event(event);
    store.put_events(&request, Durability::Buffered).unwrap();
    store.flush().unwrap();
    let source = |text: &str| hinted([Hint::equal("EVENT_ATTRIBUTION_SOURCE", text)]);
    assert_eq!(count(&store, &source("home")), 0);
    let early = store.snapshot();
    let shown = Recommendation::new("shown", ["other"]).source("home");
    store
        .record_recommendation(&shown, Durability::Buffered)
        .unwrap();
    let narrow = source("home").projection(annals::Projection::names(["ITEM_ID"]));
    for _ in 0..2 {
        assert_eq!(count(&store, &source("home")), 1);
        assert_eq!(count(&store, &narrow), 1);
        store.compact().unwrap();
    }
    drop(early);
}
