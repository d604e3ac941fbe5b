//! Readers of their own beside a writer that seals: what came after the rows that it concerns is
//! either worked into them or still joined, whenever a reader comes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use annals::events::{PutEvent, PutEvents, Recommendation};
use annals::{Durability, ErrorKind, History, HistoryQuery, Schema, Settings, Store};

use super::fixtures;
use crate::support::folder;

const SESSIONS: u64 = 300;

/// An event of a session that names a recommendation, then its user, then the recommendation. The last
/// commit has no row.
fn record(store: &Store, number: u64) {
    let event = |when: &str| {
        PutEvent::new("view", number as i64)
            .event_id(format!("{number} {when}"))
            .item_id("item")
    };
    let request = |event| PutEvents::new(format!("session {number}")).event(event);
    let first = request(event("before").recommendation_id(format!("shown {number}")));
    let second = request(event("after")).user_id(format!("user {number}"));
    for request in [first, second] {
        store.put_events(&request, Durability::Buffered).unwrap();
    }
    let shown = Recommendation::new(format!("shown {number}"), ["other item"]).source("home");
    store
        .record_recommendation(&shown, Durability::Buffered)
        .unwrap();
}

/// Sources of the events of a user, oldest first.
fn sources(store: &Store, number: u64, buffer: &mut History) -> Vec<String> {
    let snapshot = store.snapshot();
    let source = snapshot
        .schema()
        .position("EVENT_ATTRIBUTION_SOURCE")
        .unwrap();
    snapshot
        .history(&format!("user {number}"), &HistoryQuery::default(), buffer)
        .unwrap();
    let sources = buffer
        .iter()
        .map(|event| format!("{:?}", event.value(source)));
    sources.collect()
}

#[test]
fn a_reader_joins_all_that_was_acknowledged_before_it_opened() {
    let folder = folder();
    let settings = Settings::default().generation_rows(8).max_runs(2);
    let json = std::fs::read_to_string(fixtures().join("schema.json")).unwrap();
    let schema = Schema::parse(&json, &annals::Limits::personalize()).unwrap();
    let store = Store::builder().settings(settings);
    let store = store.create(folder.path(), &schema).unwrap();
    let acknowledged = AtomicU64::new(0);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let (mut opened, mut buffer) = (0, History::new());
            while !over.load(Ordering::Acquire) || opened == 0 {
                let before = acknowledged.load(Ordering::Acquire);
                let reader = match Store::open_read_only(folder.path()) {
                    Ok(reader) => reader,
                    Err(error) if error.kind() == ErrorKind::Locked => continue,
                    Err(error) => panic!("{}", error.full_message()),
                };
                for number in 0..before {
                    let found = sources(&reader, number, &mut buffer);
                    assert_eq!(
                        found,
                        ["Ok(Null)", "Ok(String(\"home\"))"],
                        "user {number} of {before} at commit {}",
                        reader.snapshot().sequence()
                    );
                }
                opened += 1;
            }
        });
        let writing = scope.spawn(|| {
            for number in 0..SESSIONS {
                record(&store, number);
                acknowledged.store(number + 1, Ordering::Release);
            }
        });
        let result = writing.join();
        over.store(true, Ordering::Release);
        result.unwrap();
        reading.join().unwrap();
    });
}
