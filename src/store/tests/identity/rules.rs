//! What sessions, users and recommendations may be called.

use super::{SCHEMA, small};
use crate::model::{
    Durability, ErrorKind, Interaction, Recommendation, SessionBatch, SessionEvent,
};
use crate::store::tests::fixture::Machine;

fn put(session: &str, user: Option<&str>) -> Result<(), String> {
    let machine = Machine::with_schema(SCHEMA);
    let engine = machine.open_with(small()).unwrap();
    let event = SessionEvent {
        event_id: None,
        recommendation: None,
        interaction: Interaction::new("", "tea", 1),
    };
    let batch = SessionBatch {
        session: session.to_owned(),
        user: user.map(str::to_owned),
        events: vec![event],
    };
    let done = engine.put_events(batch, Durability::Buffered);
    done.map(drop).map_err(|error| {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(engine.snapshot().sequence(), 0);
        error.message().to_owned()
    })
}

#[test]
fn ids_that_a_key_could_not_tell_apart_are_refused() {
    put("s", None).unwrap();
    put("s", Some("ann")).unwrap();
    for (session, user, rule) in [
        ("", None, "session id: value \"\": must not be empty"),
        ("s\0", None, "session id: value \"s\\0\": holds U+0000"),
        (
            "s\0",
            Some("ann"),
            "session id: value \"s\\0\": holds U+0000",
        ),
        (
            "s",
            Some("ann\0"),
            "field USER_ID: value \"ann\\0\": holds U+0000",
        ),
    ] {
        let error = put(session, user).unwrap_err();
        assert!(error.contains(rule), "{error}");
    }
}

#[test]
fn a_recommendation_that_could_not_be_an_impression_is_refused() {
    let machine = Machine::with_schema(SCHEMA);
    let engine = machine.open_with(small()).unwrap();
    for (id, items, rule) in [
        (
            "",
            vec!["tea"],
            "recommendation id: value \"\": must not be empty",
        ),
        ("r", vec![], "recommendation \"r\": has no items"),
        (
            "r",
            vec!["tea", ""],
            "item id: value \"\": must not be empty",
        ),
        ("r", vec!["tea|cake"], "must not hold a bar"),
    ] {
        let given = Recommendation {
            id: id.to_owned(),
            items: items.into_iter().map(str::to_owned).collect(),
            source: None,
        };
        let refused = engine.record_recommendation(&given, Durability::Buffered);
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(rule), "{error}");
    }
    assert_eq!(engine.snapshot().sequence(), 0);
}
