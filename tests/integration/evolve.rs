//! Schemas that change: what was written before is read under the new one, in every tier.

use annals::query::value_at;
use annals::{
    Durability, ErrorKind, HistoryQuery, ImportMode, Interaction, Limits, ScanQuery, Schema, Store,
    Value,
};

use crate::support::{folder, open, quiet};

fn schema(fields: &str) -> Schema {
    let json = format!(
        r#"{{"type": "record", "name": "Interactions", "fields": [{fields}], "version": "1.0"}}"#
    );
    Schema::parse(&json, &Limits::unlimited()).unwrap()
}

const BEFORE: &str = r#"
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "COUNT", "type": "int"},
    {"name": "SCORE", "type": ["null", "float"]},
    {"name": "PLACE", "type": "string"}"#;

/// Fields in another order, wider, nullable, categorical, and new ones of every kind.
const AFTER: &str = r#"
    {"name": "PLACE", "type": ["null", "string"], "categorical": true},
    {"name": "EVENT_VALUE", "type": ["null", "float"]},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "IMPRESSION", "type": ["null", "string"]},
    {"name": "SCORE", "type": ["null", "double"]},
    {"name": "USER_ID", "type": "string"},
    {"name": "NOTE", "type": ["null", "string"]},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "FLAG", "type": ["null", "boolean"]},
    {"name": "COUNT", "type": ["null", "long"]}"#;

fn old(user: &str, at: i64) -> Interaction {
    let row = Interaction::new(user, format!("item {at}"), at);
    let row = row.with("COUNT", at as i32 - 3).with("PLACE", "here");
    match at % 2 {
        0 => row.with("SCORE", 0.1_f32),
        _ => row,
    }
}

fn new(user: &str, at: i64) -> Interaction {
    Interaction::new(user, format!("item {at}"), at)
        .with("COUNT", 1_i64 << 40)
        .with("SCORE", 0.1_f64)
        .with("NOTE", "new")
        .with("FLAG", true)
        .with(
            "IMPRESSION",
            Value::Items(vec!["item 1".to_owned(), "other".to_owned()]),
        )
}

/// The lines of all rows: by field of the new schema.
fn lines(store: &Store) -> Vec<Vec<String>> {
    let schema = store.schema();
    let mut lines = Vec::new();
    for batch in store.scan(&ScanQuery::default()).unwrap() {
        let batch = batch.unwrap();
        lines.extend((0..batch.rows()).map(|row| {
            (0..schema.fields().len())
                .map(|field| format!("{:?}", value_at(schema, &batch, field, row).unwrap()))
                .collect::<Vec<String>>()
        }));
    }
    lines
}

fn text(value: impl Into<Value>) -> String {
    format!("{:?}", value.into())
}

/// What an old row is under the new schema.
fn evolved(user: &str, at: i64) -> Vec<String> {
    let null = text(Value::Null);
    let score = match at % 2 {
        0 => text(f64::from(0.1_f32)),
        _ => null.clone(),
    };
    vec![
        text("here"),
        null.clone(),
        text(format!("item {at}").as_str()),
        null.clone(),
        score,
        text(user),
        null.clone(),
        text(at),
        null,
        text(at - 3),
    ]
}

#[test]
fn what_was_written_before_is_read_under_the_new_schema() {
    let folder = folder();
    let path = folder.path().join("store");
    let builder = || {
        Store::builder()
            .settings(quiet())
            .limits(Limits::unlimited())
    };
    let store = builder().create(&path, &schema(BEFORE)).unwrap();
    let mut import = store.import(ImportMode::Full).unwrap();
    for at in 0..200 {
        import.push(&old("ann", at)).unwrap();
    }
    import.commit().unwrap();
    for at in 200..220 {
        store.write(old("bob", at), Durability::Buffered).unwrap();
    }
    store.flush().unwrap();
    for at in 220..230 {
        store.write(old("cid", at), Durability::Buffered).unwrap();
    }
    drop(store);
    let reader = Store::open_reader(&path).unwrap();
    builder().evolve(&path, &schema(AFTER)).unwrap();
    assert_eq!(reader.snapshot().schema().fields().len(), 6);
    reader.refresh().unwrap();
    assert_eq!(reader.snapshot().schema().fields().len(), 10);

    let users = |at: i64| match at {
        0..200 => "ann",
        200..220 => "bob",
        _ => "cid",
    };
    let want: Vec<Vec<String>> = (0..230).map(|at| evolved(users(at), at)).collect();
    let store = open(&path, quiet());
    assert_eq!(lines(&store), want);
    assert_eq!(lines(&reader.store()), want);
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
    assert!(!store.stats().unwrap().columns.is_empty());
    // Rows of the old schema still fit, and those of the new one stand beside the others.
    store.write(old("bob", 300), Durability::Buffered).unwrap();
    store.write(new("bob", 301), Durability::Buffered).unwrap();
    let history = store.newest("bob", 3).unwrap();
    let note = store.schema().position("NOTE").unwrap();
    let notes: Vec<Value> = history
        .iter()
        .map(|event| event.value(note).unwrap())
        .collect();
    assert_eq!(
        notes,
        [Value::String("new".to_owned()), Value::Null, Value::Null]
    );
    let query = HistoryQuery::default().event_types(["view"]);
    let mut none = annals::History::new();
    store.history("bob", &query, &mut none).unwrap();
    assert!(none.is_empty());
    let before = lines(&store);
    assert_eq!(before.len(), 232);
    store.compact().unwrap();
    assert_eq!(lines(&store), before);
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
    drop(store);
    assert_eq!(lines(&open(&path, quiet())), before);
    // The same again is nothing.
    builder().evolve(&path, &schema(AFTER)).unwrap();
}

#[test]
fn other_changes_are_refused_and_change_nothing() {
    let folder = folder();
    let path = folder.path().join("store");
    let store = Store::create(&path, &schema(BEFORE)).unwrap();
    store.write(old("ann", 1), Durability::Buffered).unwrap();
    drop(store);
    for (from, to, says) in [
        (
            r#"{"name": "PLACE", "type": "string"}"#,
            r#"{"name": "SPOT", "type": "string"}"#,
            "field PLACE: missing in the new schema",
        ),
        (
            r#""type": "int""#,
            r#""type": "string""#,
            "field COUNT: its type is int, and string",
        ),
        (
            r#""type": "int""#,
            r#""type": "double""#,
            "field COUNT: its type is int, and double",
        ),
        (
            r#"["null", "float"]"#,
            r#""float""#,
            "field SCORE: nullable; it stays so",
        ),
        (
            r#"{"name": "PLACE", "type": "string"}"#,
            r#"{"name": "PLACE", "type": "string"}, {"name": "SIZE", "type": "int"}"#,
            "field SIZE: new, and not nullable",
        ),
    ] {
        let next = schema(&BEFORE.replace(from, to));
        let error = Store::builder().evolve(&path, &next).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(says), "{error}");
    }
    // Limits of the store hold, too.
    let many: String = (0..40)
        .map(|number| format!(r#", {{"name": "M{number}", "type": ["null", "int"]}}"#))
        .collect();
    let error = Store::builder().evolve(&path, &schema(&format!("{BEFORE}{many}")));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.schema().fields().len(), 6);
    let error = Store::builder().evolve(&path, &schema(AFTER)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
}
