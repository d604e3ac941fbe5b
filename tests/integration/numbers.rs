//! Numbers at the ends of their types.

use annals::{
    Durability, History, HistoryQuery, Interaction, Limits, Order, Schema, Store, Value, WriteBatch,
};

/// A score beside what is required.
pub(crate) const SCHEMA: &str = r#"{
    "type": "record", "name": "Interactions", "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "SCORE", "type": ["null", "long"]}
    ],
    "version": "1.0"
}"#;

/// More distinct values than a table of them is tried for, over the whole range of the type: there
/// is no code left for null unless they are tabled all the same.
#[test]
fn a_column_may_span_its_whole_type_and_have_nulls() {
    let folder = tempfile::tempdir().unwrap();
    let schema = Schema::parse(SCHEMA, &Limits::default()).unwrap();
    let store = Store::create(folder.path().join("store"), &schema).unwrap();
    let score = schema.position("SCORE").unwrap();
    let mut values = vec![Value::Long(i64::MIN), Value::Null, Value::Long(i64::MAX)];
    values.extend((0..70_000i64).map(|nth| Value::Long(nth * 7919)));
    let batch: WriteBatch = (0..)
        .zip(&values)
        .map(|(at, value)| Interaction::new("u", "i", at).with("SCORE", value.clone()))
        .collect();
    store.write(batch, Durability::Buffered).unwrap();
    store.flush().unwrap();

    let query = HistoryQuery::default().order(Order::OldestFirst);
    let mut history = History::new();
    store.history("u", &query, &mut history).unwrap();
    let read: Vec<Value> = history
        .iter()
        .map(|event| event.value(score).unwrap())
        .collect();
    assert!(read == values, "first: {:?}", read.get(..4));
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
}
