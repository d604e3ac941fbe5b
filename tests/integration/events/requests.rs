//! Requests as clients send them, and as a host writes them.

use std::borrow::Cow;
use std::sync::Arc;

use annals::columns::Validator;
use annals::events::{PutEvent, PutEvents};
use annals::import::put_events_of_json;
use annals::{Limits, Schema, Value};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::{Tracker, fixtures};

const SMALL: &str = r#"{"type": "record", "name": "Interactions", "fields": [
    {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"}]}"#;

/// Each `NAME.json` is recorded unchanged, and read as the rows of `NAME.csv`.
#[test]
fn requests_of_clients_go_in_unchanged() {
    let mut seen = 0;
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let rows = path.with_extension("csv");
        if path.extension().is_none_or(|end| end != "json") || !rows.exists() {
            continue;
        }
        let tracker = Tracker::new();
        let json = std::fs::read_to_string(&path).unwrap();
        let done = tracker.put_json(&json);
        let done = done.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let want = std::fs::read_to_string(rows).unwrap();
        assert_eq!(tracker.rows(), want, "{}", path.display());
        assert_eq!(done.commit.sequence, 1);
        assert_eq!(done.commit.rows as usize, want.lines().count() - 1);
        assert_eq!(done.duplicates, [0usize; 0]);
        seen += 1;
    }
    assert!(seen >= 9, "{seen} requests");
}

/// Every kind of value, and every parameter.
fn typed() -> PutEvents<'static> {
    PutEvents::new("s-1")
        .tracking_id("t")
        .user_id("ada")
        .events([
            PutEvent::new("click", 60)
                .event_id("e1")
                .event_value(4.5)
                .item_id("tea")
                .impression(["tea", "cake"])
                .recommendation_id("r1")
                .attribution_source("thumb")
                .property("numRatings", 13)
                .property("DEVICE", "phone")
                .property("member", true)
                .property("discount", 0.25),
            PutEvent::new("view", 90)
                .property("itemId", "cake")
                .property("eventValue", "2")
                .property("numRatings", "12"),
        ])
}

#[test]
fn a_typed_request_is_the_same_as_its_json() {
    let json = r#"{"trackingId": "t", "userId": "ada", "sessionId": "s-1", "eventList": [
        {"eventId": "e1", "eventType": "click", "eventValue": 4.5, "itemId": "tea",
         "impression": ["tea", "cake"], "recommendationId": "r1",
         "metricAttribution": {"eventAttributionSource": "thumb"}, "sentAt": 60,
         "properties": "{\"numRatings\": 13, \"DEVICE\": \"phone\", \"member\": true, \"discount\": 0.25}"},
        {"eventType": "view", "sentAt": 90,
         "properties": "{\"itemId\": \"cake\", \"eventValue\": \"2\", \"numRatings\": \"12\"}"}]}"#;
    let (of_json, of_host) = (Tracker::new(), Tracker::new());
    of_json.put_json(json).unwrap();
    of_host.put(&typed()).unwrap();
    assert_eq!(of_host.rows(), of_json.rows());
    assert_eq!(
        of_host.rows().lines().skip(1).collect::<Vec<_>>(),
        [
            "ada,tea,60,click,4.5,tea|cake,r1,thumb,phone,13,0.25,true",
            "ada,cake,90,view,2.0,,,,,12,,",
        ]
    );
}

#[test]
fn text_without_escapes_is_borrowed() {
    let tracker = Tracker::new();
    let json = r#"{"sessionId": "s", "userId": "\u0061da",
        "eventList": [{"eventType": "view", "itemId": "tea", "sentAt": 1}]}"#;
    let request = put_events_of_json(json, tracker.store.validator()).unwrap();
    assert!(matches!(request.session_id, Cow::Borrowed("s")));
    assert!(matches!(
        request.events[0].item_id,
        Some(Cow::Borrowed("tea"))
    ));
    assert_eq!(request.user_id.as_deref(), Some("ada"));
}

/// A parameter of the request that the schema has no field for is checked, and not kept.
#[test]
fn a_small_schema_keeps_what_it_has_fields_for() {
    let tracker = Tracker::of(SMALL, Limits::personalize());
    let mut request = typed();
    request.events[0].properties.clear();
    request.events[1].properties.truncate(2);
    tracker.put(&request).unwrap();
    assert_eq!(
        tracker.rows(),
        "USER_ID,ITEM_ID,TIMESTAMP\nada,tea,60\nada,cake,90\n"
    );
    request.events[1].properties[1].1 = "much".into();
    let error = tracker.put(&request).unwrap_err().to_string();
    assert!(error.contains("properties.eventValue"), "{error}");
}

#[test]
fn unknown_names_are_passed_over_when_asked() {
    let tracker = Tracker::new();
    let json = r#"{"sessionId": "s", "region": "eu", "eventList": [{"eventType": "view",
        "itemId": "tea", "sentAt": 1, "os": {"name": "x"}, "metricAttribution":
        {"eventAttributionSource": "thumb", "more": 1},
        "properties": {"colour": "red", "timestamp": 5, "device": "phone"}}]}"#;
    let mut request = put_events_of_json(json, tracker.store.validator()).unwrap();
    assert_eq!(request.unknown, ["region"]);
    assert_eq!(request.events[0].unknown, ["os", "more"]);
    tracker.put(&request).unwrap_err();
    request.ignore_unknown = true;
    tracker.put(&request).unwrap();
    assert!(
        tracker
            .rows()
            .ends_with("\ns,tea,1,view,,,,thumb,phone,,,\n")
    );
}

fn text() -> impl Strategy<Value = Cow<'static, str>> {
    ".{1,12}".prop_map(Cow::Owned)
}

fn property() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(Value::Long),
        (-1e30..1e30f64).prop_map(Value::Double),
        text().prop_map(|text| Value::String(text.into_owned())),
    ]
}

prop_compose! {
    fn event()(
        (event_id, event_type, event_value) in (of(text()), text(), of(-1e30..1e30f64)),
        (item_id, impression) in (of(text()), vec(text(), 0..4)),
        (recommendation_id, attribution_source) in (of(text()), of(text())),
        sent_at in 0..i64::MAX,
        properties in vec((text(), property()), 0..4),
    ) -> PutEvent<'static> {
        let mut event = PutEvent::new(event_type, sent_at)
            .event_value(event_value)
            .impression(impression);
        event.event_id = event_id;
        event.item_id = item_id;
        event.recommendation_id = recommendation_id;
        event.attribution_source = attribution_source;
        event.properties = properties;
        event
    }
}

/// Entries as they stand, repeated names included.
fn object(properties: &[(Cow<'_, str>, Value)]) -> String {
    let entries = properties.iter().map(|(name, value)| {
        let value = match value {
            Value::String(text) => serde_json::json!(text),
            Value::Long(number) => serde_json::json!(number),
            Value::Double(number) => serde_json::json!(number),
            Value::Boolean(flag) => serde_json::json!(flag),
            _ => serde_json::Value::Null,
        };
        format!("{}: {value}", serde_json::json!(name))
    });
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}

fn json_of(request: &PutEvents<'_>) -> String {
    let events = request.events.iter().map(|event| {
        let impression = Some(&event.impression).filter(|items| !items.is_empty());
        let attribution = event.attribution_source.as_ref();
        serde_json::json!({
            "eventId": event.event_id, "eventType": event.event_type, "itemId": event.item_id,
            "eventValue": event.event_value, "impression": impression,
            "recommendationId": event.recommendation_id, "sentAt": event.sent_at,
            "metricAttribution":
                attribution.map(|source| serde_json::json!({"eventAttributionSource": source})),
            "properties": object(&event.properties),
        })
    });
    serde_json::json!({
        "trackingId": request.tracking_id, "userId": request.user_id,
        "sessionId": request.session_id, "eventList": events.collect::<Vec<_>>(),
    })
    .to_string()
}

proptest! {
    #[test]
    fn json_reads_back_as_the_request_it_was_made_of(
        (tracking_id, user_id, session_id) in (of(text()), of(text()), text()),
        events in vec(event(), 1..4),
    ) {
        let mut request = PutEvents::new(session_id).events(events);
        request.tracking_id = tracking_id;
        request.user_id = user_id;
        let schema = Schema::parse(SMALL, &Limits::unlimited()).unwrap();
        let validator = Validator::new(Arc::new(schema), Limits::unlimited());
        let json = json_of(&request);
        let read = put_events_of_json(&json, &validator);
        prop_assert_eq!(read.map_err(|error| error.to_string()), Ok(request));
    }
}
