//! Schemas and events to write.

use std::sync::Arc;

use proptest::prelude::*;

use crate::hot::Tier;
use crate::hot::log::{Holdings, MemoryLog, Notes, OnDamage};
use crate::hot::mirror::Generation;
use crate::model::{Cell, Limits, Row, Schema, bits_of_f32};

/// A schema of the three required fields and these, each a name and an Avro type.
pub(in crate::hot) fn schema(fields: &[(&str, &str)]) -> Schema {
    let required = [
        ("USER_ID", r#""string""#),
        ("ITEM_ID", r#""string""#),
        ("TIMESTAMP", r#""long""#),
    ];
    let fields: Vec<String> = required
        .iter()
        .chain(fields)
        .map(|(name, avro)| format!(r#"{{"name": "{name}", "type": {avro}}}"#))
        .collect();
    let json = format!(
        r#"{{"type": "record", "name": "Interactions",
            "namespace": "com.amazonaws.personalize.schema",
            "fields": [{}], "version": "1.0"}}"#,
        fields.join(", ")
    );
    Schema::parse(&json, &Limits::default()).unwrap()
}

pub(super) fn full_schema() -> Arc<Schema> {
    Arc::new(schema(&[
        ("EVENT_TYPE", r#""string""#),
        ("EVENT_VALUE", r#"["null", "float"]"#),
        ("LOCATION", r#"["null", "string"]"#),
        ("SESSION", r#"["null", "long"]"#),
        ("IMPRESSION", r#"["null", "string"]"#),
    ]))
}

/// A row to write.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) user: String,
    pub(super) timestamp: i64,
    pub(super) item: String,
    pub(super) event_type: String,
    pub(super) value: Option<f32>,
    pub(super) location: Option<String>,
    pub(super) session: Option<i64>,
    pub(super) impression: Vec<String>,
}

impl Event {
    /// The cells of `full_schema`; `joined` is the impression as it is written.
    fn cells<'a>(&'a self, joined: &'a str) -> [Cell<'a>; 8] {
        let impression = Some(joined).filter(|joined| !joined.is_empty());
        [
            Cell::Null,
            Cell::Text(&self.item),
            Cell::Null,
            Cell::Text(&self.event_type),
            self.value
                .map_or(Cell::Null, |value| Cell::Bits(bits_of_f32(value))),
            self.location.as_deref().map_or(Cell::Null, Cell::Text),
            self.session.map_or(Cell::Null, Cell::of_i64),
            impression.map_or(Cell::Null, Cell::Text),
        ]
    }
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

fn event() -> impl Strategy<Value = Event> {
    let who = (word(&["u", "v", "w\0", "ü"]), -2_i64..6);
    let what = (
        word(&["i1", "i2", "i3", "ü"]),
        word(&["view", "VIEW", "Purchase"]),
    );
    let context = (
        prop::option::of(prop_oneof![Just(0.0_f32), -10.0_f32..10.0]),
        prop::option::of(word(&["", "home", "work"])),
        prop::option::of(prop_oneof![any::<i64>(), -1_i64..2]),
        prop::collection::vec(word(&["i1", "i4", "i5"]), 0..4),
    );
    (who, what, context).prop_map(|((user, timestamp), (item, event_type), context)| {
        let (value, location, session, impression) = context;
        Event {
            user,
            timestamp,
            item,
            event_type,
            value,
            location,
            session,
            impression,
        }
    })
}

/// Commits of a few rows each.
pub(super) fn commits() -> impl Strategy<Value = Vec<Vec<Event>>> {
    prop::collection::vec(prop::collection::vec(event(), 1..4), 1..40)
}

/// Writes the rows of one commit.
pub(super) fn append(tier: &Tier, generation: &Generation, rows: &[Event], sequence: u64) {
    append_with(tier, generation, rows, &Notes::default(), sequence);
}

/// The same, with notes.
pub(super) fn append_with(
    tier: &Tier,
    generation: &Generation,
    rows: &[Event],
    notes: &Notes,
    sequence: u64,
) {
    let joined: Vec<String> = rows
        .iter()
        .map(|event| event.impression.join("|"))
        .collect();
    let cells: Vec<_> = rows
        .iter()
        .zip(&joined)
        .map(|(event, joined)| event.cells(joined))
        .collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .zip(&cells)
        .map(|(event, cells)| Row {
            user: &event.user,
            timestamp: event.timestamp,
            cells,
        })
        .collect();
    let rows = tier.encode(&rows, u64::MAX).unwrap();
    tier.append(generation, rows, notes, sequence).unwrap();
}

pub(super) fn memory_tier() -> (Arc<MemoryLog>, Tier) {
    let log = Arc::new(MemoryLog::default());
    let tier = Tier::open(
        Arc::<MemoryLog>::clone(&log),
        full_schema(),
        Holdings::default(),
        OnDamage::Refuse,
    );
    (log, tier)
}

/// Commits of one row each, of five users in turn, at timestamps and with items from 0.
pub(super) fn numbered(count: usize) -> Vec<Vec<Event>> {
    let event = |number: usize| Event {
        user: format!("u{}", number % 5),
        timestamp: number as i64,
        item: format!("i{number}"),
        event_type: "view".to_owned(),
        value: Some(1.5),
        location: None,
        session: None,
        impression: vec!["shown".to_owned(), "hidden".to_owned()],
    };
    (0..count).map(|number| vec![event(number)]).collect()
}
