//! Each rule of the contract on real-time events: what breaks it, and the message.

use annals::events::{PutEvent, PutEvents};
use annals::{ErrorKind, Limits};

use super::Tracker;

/// A request with these entries before its only event.
fn request(entries: &str) -> String {
    let event = r#"{"eventType": "view", "itemId": "tea", "sentAt": 1}"#;
    format!(r#"{{{entries}"eventList": [{event}]}}"#)
}

/// A request whose second event, `e2`, has these entries beside an id.
fn events(entries: &str) -> String {
    let first = r#"{"eventType": "view", "itemId": "tea", "sentAt": 1}"#;
    format!(r#"{{"sessionId": "s", "eventList": [{first}, {{"eventId": "e2"{entries}}}]}}"#)
}

/// The same, with all that is required.
fn event(entries: &str) -> String {
    events(&format!(
        r#", "eventType": "view", "itemId": "cake", "sentAt": 2, {entries}"#
    ))
}

#[track_caller]
fn refused(json: &str, field: Option<&str>, message: &str) {
    let error = Tracker::new().refusal(json);
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), message);
    assert_eq!(error.field(), field);
}

#[track_caller]
fn refused_event(json: &str, field: &str, rule: &str) {
    let message = format!("eventList[1] (eventId \"e2\"): field {field}: {rule}");
    refused(json, Some(field), &message);
}

fn long(chars: usize) -> String {
    "\u{E4}".repeat(chars)
}

const EMPTY: &str =
    "value \"\": must not be empty; give a value, or leave it out where it is optional";

fn too_long(chars: usize, max: usize, limit: &str) -> String {
    let shown = match chars {
        0..=60 => long(chars),
        _ => long(60) + "…",
    };
    format!(
        "value \"{shown}\": {chars} characters; shorten it to {max} or lift the limit {limit} (annals limits STORE --set {limit}=NUMBER, or --set at annals init)"
    )
}

#[test]
fn a_request_is_one_object_of_known_keys() {
    let message = "column 12: not valid JSON (EOF while parsing an object); write one object";
    refused("{\"sessionId\"", None, message);
    refused(
        "[]",
        Some("request"),
        "field request: value [...]: must be an object",
    );
    let twice = r#"{"sessionId": "s", "sessionId": "s", "eventList": []}"#;
    let message = "field sessionId: is given twice; give it once";
    refused(twice, Some("sessionId"), message);
    let message = "field sesionId: a PutEvents request has no such field; correct the name, or \
                   let unknown fields be ignored (--ignore-unknown)";
    let json = request(r#""sessionId": "s", "sesionId": "s", "#);
    refused(&json, Some("sesionId"), message);
}

#[test]
fn ids_of_a_request_have_1_to_256_characters() {
    for name in ["trackingId", "userId", "sessionId"] {
        let with = |value: &str| {
            let session = match name {
                "sessionId" => "",
                _ => r#""sessionId": "s", "#,
            };
            request(&format!(r#""{name}": {value}, {session}"#))
        };
        let message = |rule: &str| format!("field {name}: {rule}");
        refused(&with("\"\""), Some(name), &message(EMPTY));
        let json = with(&format!("\"{}\"", long(257)));
        let rule = too_long(257, 256, "max_id_chars");
        refused(&json, Some(name), &message(&rule));
        let rule = "value 7: must be a string; write the value in quotes";
        refused(&with("7"), Some(name), &message(rule));
        let json = with(&format!("\"{}\"", long(256)));
        Tracker::new().put_json(&json).unwrap();
    }
    let message = "field sessionId: is missing or null; give a value";
    refused(&request(""), Some("sessionId"), message);
}

#[test]
fn a_request_holds_1_to_10_events() {
    let with = |events: &str| format!(r#"{{"sessionId": "s", "eventList": {events}}}"#);
    let many = |count: usize| {
        let event = r#"{"eventType": "view", "itemId": "tea", "sentAt": 1}"#;
        with(&format!("[{}]", vec![event; count].join(",")))
    };
    for (json, rule) in [
        (
            r#"{"sessionId": "s"}"#.to_owned(),
            "is missing or null; give a value",
        ),
        (with("{}"), "value {...}: must be a list"),
        (many(0), "holds no event; give 1 or more"),
        (
            many(11),
            "holds 11 events; give 1 to 10 or lift the limit max_request_events (annals limits STORE --set max_request_events=NUMBER, or --set at annals init)",
        ),
    ] {
        refused(
            &json,
            Some("eventList"),
            &format!("field eventList: {rule}"),
        );
    }
    assert_eq!(Tracker::new().put_json(&many(10)).unwrap().commit.rows, 10);
    let message = "field eventList[0]: value \"x\": must be an object: an event";
    refused(&with("[\"x\"]"), Some("eventList[0]"), message);
}

#[test]
fn an_event_says_what_where_and_when() {
    let missing = "is missing or null; give a value";
    let item_and_time = r#", "itemId": "tea", "sentAt": 1"#;
    refused_event(&events(item_and_time), "eventType", missing);
    let item_and_type = r#", "itemId": "tea", "eventType": "view""#;
    refused_event(&events(item_and_type), "sentAt", missing);
    let no_item = events(r#", "eventType": "view", "sentAt": 1, "properties": "{}""#);
    let rule = "is missing; give it in the event or in its properties, or let events without an \
                item be passed over (--ignore-unknown)";
    refused_event(&no_item, "itemId", rule);
    let twice = event(r#""sentAt": 3"#);
    refused_event(&twice, "sentAt", "is given twice; give it once");
    let rule = "a PutEvents request has no such field; correct the name, or let unknown fields \
                be ignored (--ignore-unknown)";
    refused_event(&event(r#""itemid": "tea""#), "itemid", rule);
}

#[test]
fn parameters_of_an_event_have_their_lengths() {
    for (name, max, limit) in [
        ("eventId", 256, "max_id_chars"),
        ("eventType", 256, "max_event_type_chars"),
        ("itemId", 256, "max_id_chars"),
        ("recommendationId", 40, "max_recommendation_id_chars"),
    ] {
        let with = |value: &str| {
            let required = [("eventType", "view"), ("itemId", "tea")];
            let others = required.iter().filter(|(other, _)| *other != name);
            let others: String = others
                .map(|(name, value)| format!(r#""{name}": "{value}", "#))
                .collect();
            format!(
                r#"{{"sessionId": "s", "eventList": [{{{others}"sentAt": 1, "{name}": {value}}}]}}"#
            )
        };
        let check = |value: &str, rule: &str| {
            let error = Tracker::new().refusal(&with(value));
            assert_eq!(error.field(), Some(name));
            let message = error.to_string();
            assert!(message.starts_with("eventList[0]"), "{message}");
            let ends = format!(": field {name}: {rule}");
            assert!(message.ends_with(&ends), "{message}");
        };
        match name {
            // Its field may be null.
            "recommendationId" => Tracker::new().put_json(&with("\"\"")).map(drop).unwrap(),
            _ => check("\"\"", EMPTY),
        }
        let rule = too_long(max + 1, max, limit);
        check(&format!("\"{}\"", long(max + 1)), &rule);
        check(
            "{}",
            "value {...}: must be a string; write the value in quotes",
        );
        let most = with(&format!("\"{}\"", long(max)));
        Tracker::new().put_json(&most).unwrap();
    }
}

#[test]
fn times_are_seconds_as_number_or_text() {
    for (value, seconds) in [
        ("0", 0i64),
        ("1700000000", 1_700_000_000),
        ("\"1700000000\"", 1_700_000_000),
        ("1700000000.999", 1_700_000_000),
        ("\"1700000000.5\"", 1_700_000_000),
        ("1.7e9", 1_700_000_000),
        // Doubles round these up.
        ("1704164645.999999999", 1_704_164_645),
        ("\"1704164645.999999999\"", 1_704_164_645),
        ("17041646459999999999e-10", 1_704_164_645),
        ("9007199254740993", 9_007_199_254_740_993),
        ("9007199254740993.0", 9_007_199_254_740_993),
    ] {
        let tracker = Tracker::new();
        tracker.put_json(&events_at(value)).unwrap();
        let want = format!("\ns,tea,{seconds},view,");
        assert!(tracker.rows().contains(&want), "{}", tracker.rows());
    }
    let format = "must be a number of seconds; write dates as Unix epoch seconds";
    let negative = "must be 0 or more; write Unix epoch seconds";
    for (value, shown, rule) in [
        (
            "\"2023-11-14T22:13:20Z\"",
            "\"2023-11-14T22:13:20Z\"",
            format,
        ),
        ("\"\"", "\"\"", format),
        ("\"nan\"", "\"nan\"", format),
        ("1e300", "1e300", format),
        ("true", "true", format),
        ("-1", "-1", negative),
        ("-0.5", "-0.5", negative),
        ("\"-0.5\"", "\"-0.5\"", negative),
    ] {
        let error = Tracker::new().refusal(&events_at(value)).to_string();
        let begins = format!("eventList[0]: field sentAt: value {shown}");
        assert!(
            error.starts_with(&begins) && error.ends_with(rule),
            "{error}"
        );
    }
}

fn events_at(sent_at: &str) -> String {
    let event = format!(r#"{{"eventType": "view", "itemId": "tea", "sentAt": {sent_at}}}"#);
    format!(r#"{{"sessionId": "s", "eventList": [{event}]}}"#)
}

#[test]
fn event_values_are_finite_numbers() {
    let finite = "must be a finite number within the range of float; NaN and infinity are none; write a \
                  number, or leave it out";
    for (value, rule) in [
        (
            "\"much\"",
            "value \"much\": must be a number; write digits".to_owned(),
        ),
        (
            "[1]",
            "value [...]: must be a number; write digits".to_owned(),
        ),
        ("1e39", format!("value \"1e39\": {finite}")),
        ("\"nan\"", format!("value \"nan\": {finite}")),
        ("\"Infinity\"", format!("value \"Infinity\": {finite}")),
    ] {
        refused_event(
            &event(&format!(r#""eventValue": {value}"#)),
            "eventValue",
            &rule,
        );
    }
}

#[test]
fn an_impression_has_1_to_25_items() {
    let with = |items: &[String]| event(&format!(r#""impression": {items:?}"#));
    let items = |count: usize| vec!["i".to_owned(); count];
    let empty = "holds no item; give 1 or more, or leave it out";
    refused_event(&with(&[]), "impression", empty);
    let many = "holds 26 items; give 1 to 25 or lift the limit max_impression_items (annals limits STORE --set max_impression_items=NUMBER, or --set at annals init)";
    refused_event(&with(&items(26)), "impression", many);
    refused_event(&with(&[String::new()]), "impression", EMPTY);
    let rule = too_long(257, 256, "max_id_chars");
    refused_event(&with(&[long(257)]), "impression", &rule);
    let rule = "value 7: must be a string; write the value in quotes";
    refused_event(&event(r#""impression": [7]"#), "impression", rule);
    let rule = "value \"a|b\": must be a list";
    refused_event(&event(r#""impression": "a|b""#), "impression", rule);
    let rule = "value \"a|b\": must not hold a bar, which separates the items of an impression; \
                correct the id";
    refused_event(&with(&["a|b".to_owned()]), "impression", rule);
    Tracker::new().put_json(&with(&items(25))).unwrap();
}

#[test]
fn an_attribution_is_an_object_with_a_source() {
    let with = |value: &str| event(&format!(r#""metricAttribution": {value}"#));
    let rule = "value \"x\": must be an object";
    refused_event(&with("\"x\""), "metricAttribution", rule);
    let source = "eventAttributionSource";
    let given = |source: &str| with(&format!(r#"{{"eventAttributionSource": "{source}"}}"#));
    Tracker::new().put_json(&given(&"~ ".repeat(512))).unwrap();
    let rule = "must be printable ASCII; spell it without other characters";
    refused_event(
        &given("caf\u{e9}"),
        source,
        &format!("value \"caf\u{e9}\": {rule}"),
    );
    let rule = "value \"  \": must not be blank; give a source, or leave it out";
    refused_event(&given("  "), source, rule);
    let error = Tracker::new()
        .refusal(&given(&"x".repeat(1025)))
        .to_string();
    let rule = "1025 characters; shorten it to 1024 or lift the limit max_attribution_source_chars";
    assert!(error.contains(rule), "{error}");
    let rule = "is missing or null; give a value";
    refused_event(&with("{}"), source, rule);
    // Its field may be null.
    Tracker::new().put_json(&given("")).unwrap();
}

#[test]
fn properties_are_an_object_in_json() {
    let with = |value: &str| event(&format!(r#""properties": {value}"#));
    for (value, rule) in [
        ("7", "value 7: must be an object"),
        ("\"[]\"", "value [...]: must be an object"),
        (
            "\"\"",
            "value \"\": EOF while parsing a value; write an object in JSON, as text",
        ),
        (
            "\"{'device': 'tv'}\"",
            "value \"{'device': 'tv'}\": column 2: key must be a string; write an object in JSON, \
             as text",
        ),
    ] {
        refused_event(&with(value), "properties", rule);
    }
    let text = |chars: usize| {
        let device = long(chars - r#"{"device":""}"#.len());
        with(&format!(r#""{{\"device\":\"{device}\"}}""#))
    };
    let rule = "1025 characters of JSON; shorten them to 1024 or lift the limit \
                max_properties_chars (annals limits STORE --set max_properties_chars=NUMBER, or --set at annals init)";
    refused_event(&text(1025), "properties", rule);
    // Longer than a cell of the service's files, and kept all the same.
    Tracker::new().put_json(&text(1024)).unwrap();
    let object = |chars: usize| {
        let device = long(chars - r#"{"device":""}"#.len());
        with(&format!(r#"{{"device": "{device}"}}"#))
    };
    refused_event(&object(1025), "properties", rule);
}

#[test]
fn properties_are_fields_of_the_schema() {
    let with = |value: &str| event(&format!(r#""properties": {value}"#));
    let known = "no such property; it may be itemId, eventValue, DEVICE, NUM_RATINGS, DISCOUNT, \
                 MEMBER; correct the name, or let unknown fields be ignored (--ignore-unknown)";
    let whole = "must be a whole number from -2147483648 to 2147483647; write digits, or declare \
                 the field long, float or double";
    for (value, field, rule) in [
        (
            r#"{"colour": "red"}"#,
            "properties.colour",
            known.to_owned(),
        ),
        (
            r#"{"eventType": "x"}"#,
            "properties.eventType",
            known.to_owned(),
        ),
        (
            r#"{"numRatings": 1, "NUM_RATINGS": 1}"#,
            "properties.NUM_RATINGS",
            "is given twice; give it once".to_owned(),
        ),
        (
            r#"{"device": {"os": 1}}"#,
            "properties.device",
            "value {...}: must be a string, a number or a boolean".to_owned(),
        ),
        (
            r#"{"numRatings": 1.5}"#,
            "NUM_RATINGS",
            format!("value \"1.5\": {whole}"),
        ),
        (
            r#"{"numRatings": "many"}"#,
            "NUM_RATINGS",
            format!("value \"many\": {whole}"),
        ),
        (
            r#"{"member": "yes"}"#,
            "MEMBER",
            "value \"yes\": must be a boolean; write true or false, in lower case".to_owned(),
        ),
        (
            r#"{"device": 1.5}"#,
            "DEVICE",
            "value \"1.5\": must be a string; write text".to_owned(),
        ),
        (
            r#"{"itemId": "coffee"}"#,
            "properties.itemId",
            "value \"coffee\": differs from the event's own; give it once".to_owned(),
        ),
        (
            r#"{"itemId": true}"#,
            "properties.itemId",
            "value \"true\": must be a string; write an item id in quotes".to_owned(),
        ),
        (
            r#"{"eventValue": "much"}"#,
            "properties.eventValue",
            "value \"much\": must be a finite number within the range of float; NaN and infinity are none; write a \
                  number, or leave it out"
                .to_owned(),
        ),
    ] {
        refused_event(&with(value), field, &rule);
    }
    let tracker = Tracker::new();
    let same = r#"{"itemId": "cake", "device": 7, "numRatings": 3.0}"#;
    tracker.put_json(&with(same)).unwrap();
    assert!(tracker.rows().contains("\ns,cake,2,view,,,,,7,3,,\n"));
}

#[test]
fn an_event_takes_at_most_10_kilobytes() {
    let id = |bytes: usize| long(bytes / 2);
    let with = |spaces: usize| event(&format!("{}\"eventValue\": 1", " ".repeat(spaces)));
    Tracker::new().put_json(&with(10_000)).unwrap();
    let error = Tracker::new().refusal(&with(10_240)).to_string();
    let message = "eventList[1] (eventId \"e2\"): the event takes 10326 bytes of JSON; shorten it \
                   to 10240 or lift the limit max_event_bytes (annals limits STORE --set max_event_bytes=NUMBER, or --set at annals init)";
    assert_eq!(error, message);
    let typed = |items: usize| {
        let event = PutEvent::new("view", 0).item_id("tea");
        PutEvents::new("s").event(event.impression(vec![id(500); items]))
    };
    let tracker = Tracker::new();
    tracker.put(&typed(20)).unwrap();
    let error = tracker.put(&typed(21)).unwrap_err().to_string();
    let message = "eventList[0]: the event takes 10624 bytes of JSON; shorten it to 10240 or lift \
                   the limit max_event_bytes (annals limits STORE --set max_event_bytes=NUMBER, or --set at annals init)";
    assert_eq!(error, message);
}

#[test]
fn fields_that_must_have_a_value_are_asked_for() {
    let schema = |name: &str, kind: &str| {
        format!(
            r#"{{"type": "record", "name": "Interactions", "fields": [
            {{"name": "USER_ID", "type": "string"}}, {{"name": "ITEM_ID", "type": "string"}},
            {{"name": "TIMESTAMP", "type": "long"}}, {{"name": "{name}", "type": "{kind}"}}]}}"#
        )
    };
    for (name, kind, how) in [
        (
            "EVENT_VALUE",
            "float",
            "eventValue in the event or in its properties",
        ),
        ("IMPRESSION", "string", "impression in the event"),
        (
            "RECOMMENDATION_ID",
            "string",
            "recommendationId in the event",
        ),
        (
            "EVENT_ATTRIBUTION_SOURCE",
            "string",
            "metricAttribution in the event",
        ),
        ("NUM_RATINGS", "int", "numRatings in the event's properties"),
        (
            "device_Type_",
            "string",
            "deviceType in the event's properties",
        ),
    ] {
        let tracker = Tracker::of(&schema(name, kind), Limits::personalize());
        let error = tracker.refusal(&events_at("1"));
        assert_eq!(
            error.to_string(),
            format!(
                "eventList[0]: field {name}: is missing, and the field is not nullable; give {how}"
            )
        );
        assert_eq!(error.field(), Some(name));
    }
}

#[test]
fn reserved_names_are_no_values() {
    let rule = "value \"EVENT_TYPE\": a reserved field name must not be a value; rename it or \
                lift the limit refuse_reserved_values (annals limits STORE --set refuse_reserved_values=false, or --set at annals init)";
    let json = events(r#", "itemId": "i", "sentAt": 1, "eventType": "EVENT_TYPE""#);
    refused_event(&json, "EVENT_TYPE", rule);
}

#[test]
fn one_bad_event_refuses_the_whole_request() {
    let tracker = Tracker::new();
    let event = |item: &'static str| PutEvent::new("view", 0).item_id(item);
    let mut request = PutEvents::new("s").events([event("a"), event("b"), event("")]);
    let error = tracker.put(&request).unwrap_err();
    assert_eq!(error.field(), Some("itemId"));
    assert_eq!(tracker.rows().lines().count(), 1);
    request.events.pop();
    assert_eq!(tracker.put(&request).unwrap().commit.rows, 2);
    assert_eq!(tracker.rows().lines().count(), 3);
}

#[test]
fn a_lifted_limit_lets_more_pass() {
    let tracker = Tracker::with_limits(Limits::unlimited());
    let event = format!(
        r#"{{"eventType": "view", "itemId": "{}", "sentAt": 1, "recommendationId": "{}",
            "impression": [{}], "properties": "{{\"device\": \"{}\"}}"}}"#,
        long(3000),
        long(300),
        vec!["\"i\""; 500].join(","),
        long(9000),
    );
    let json = format!(
        r#"{{"sessionId": "s", "eventList": [{}]}}"#,
        vec![event.as_str(); 30].join(",")
    );
    assert_eq!(tracker.put_json(&json).unwrap().commit.rows, 30);
}
