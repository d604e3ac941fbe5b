//! What is remembered for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::model::batch;
use super::operations::Event;
use super::{SCHEMA, small};
use crate::store::tests::fixture::Machine;
use crate::types::{Clock, Durability, Recommendation, ScanQuery, Settings};

fn event(id: &str, recommendation: Option<&str>) -> Event {
    Event {
        id: Some(id.to_owned()),
        recommendation: recommendation.map(str::to_owned),
        item: "tea".to_owned(),
        at: 1,
        impression: Vec::new(),
        source: None,
    }
}

#[test]
fn ids_and_recommendations_are_forgotten_after_their_retention() {
    let machine = Machine::with_schema(SCHEMA);
    let now = Arc::new(AtomicU64::new(1000));
    let settings = Settings {
        event_id_retention_seconds: Some(100),
        recommendation_retention_seconds: Some(100),
        ..small()
    };
    let told = now.clone();
    let clock = Clock::new(move || told.load(Relaxed));
    let open = || machine.open_as(settings.clone(), clock.clone()).unwrap();
    let mut engine = open();
    let shown = Recommendation {
        id: "r".to_owned(),
        items: vec!["cake".to_owned()],
        source: None,
    };
    engine
        .record_recommendation(&shown, Durability::Buffered)
        .unwrap();
    let another = |seconds: u64| Recommendation {
        id: format!("another {seconds}"),
        ..shown.clone()
    };
    let mut put = |seconds: u64, id: &str| {
        now.store(1000 + seconds, Relaxed);
        let shown = another(seconds);
        engine
            .record_recommendation(&shown, Durability::Buffered)
            .unwrap();
        let events = [event(id, Some("r"))];
        let done = engine.put_events(batch("s", None, &events), Durability::Buffered);
        let duplicates = done.unwrap().duplicates.len();
        engine.compact().unwrap();
        engine = open();
        duplicates
    };
    assert_eq!(put(0, "first"), 0);
    assert_eq!(put(99, "second"), 0);
    assert_eq!(put(150, "first"), 1);
    // The second came in the first period, and is remembered for 100 seconds from then.
    assert_eq!(put(199, "second"), 1);
    assert_eq!(put(200, "third"), 0);
    assert_eq!(put(300, "fourth"), 0);
    assert_eq!(put(400, "fifth"), 0);
    assert_eq!(put(401, "first"), 0);
    let lines = super::model::scan(&engine.snapshot(), &ScanQuery::default());
    let with = |line: &&super::model::Line| line.3 == ["cake"];
    assert_eq!(lines.len(), 6);
    // Those of the first 300 seconds.
    assert_eq!(lines.iter().filter(with).count(), 3);
}

#[test]
fn a_retention_of_nothing_is_refused() {
    for settings in [
        Settings {
            event_id_retention_seconds: Some(0),
            ..small()
        },
        Settings {
            recommendation_retention_seconds: Some(0),
            ..small()
        },
    ] {
        let error = settings.validate().unwrap_err();
        assert!(
            error.message().contains("retention_seconds is 0"),
            "{error}"
        );
    }
}
