//! The keys that sessions lie under are nobody's business.

use std::fmt::Debug;

use annals::filter::{FilterContext, FilterPlan};
use annals::query::{Interacted, Unseen, UserRange};
use annals::{ErrorKind, History, HistoryQuery, Limits, Result, ScanQuery};

use super::Tracker;

/// The key of the session `s`.
const KEY: &str = "s\0";

#[track_caller]
fn assert_refused<T: Debug>(result: Result<T>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    let rule = r#"user id "s\0": holds U+0000, which no user's id does; leave it out"#;
    assert!(error.message().ends_with(rule), "{error}");
}

/// A store with rows of a session, in memory or in a segment.
fn each_tier(check: impl Fn(&Tracker)) {
    let tracker = Tracker::new();
    let request = r#"{"sessionId": "s", "eventList": [
        {"eventType": "view", "itemId": "tea", "sentAt": 1}]}"#;
    tracker.put_json(request).unwrap();
    check(&tracker);
    tracker.store.flush().unwrap();
    check(&tracker);
}

#[test]
fn a_history_of_a_key_is_refused() {
    each_tier(|tracker| {
        let (query, mut history) = (HistoryQuery::default(), History::new());
        tracker.store.history("s", &query, &mut history).unwrap();
        assert_eq!(history.len(), 1);
        assert_refused(tracker.store.history(KEY, &query, &mut history));
        assert!(history.is_empty());
        let snapshot = tracker.store.snapshot();
        assert_refused(snapshot.history(KEY, &query, &mut history));
    });
}

#[test]
fn candidates_are_not_held_against_a_key() {
    each_tier(|tracker| {
        let snapshot = tracker.store.snapshot();
        let unseen = tracker.store.unseen("s", &["tea"], &[]).unwrap();
        assert_eq!(unseen, [false]);
        assert_refused(tracker.store.unseen(KEY, &["tea"], &[]));
        let mut buffer = Unseen::new();
        assert_refused(snapshot.unseen(KEY, &["tea"], &[], &mut buffer));
        assert_refused(snapshot.unseen_among_newest(KEY, &["tea"], &[], 1, &mut buffer));
        let (query, mut buffer) = (HistoryQuery::default(), Interacted::new());
        assert_refused(snapshot.interacted(KEY, &["tea"], &query, |_| Ok(true), &mut buffer));
    });
}

#[test]
fn no_filter_is_about_a_key() {
    each_tier(|tracker| {
        let (store, context) = (&tracker.store, FilterContext::new());
        for expression in [
            "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\")",
            "EXCLUDE ItemID WHERE Interactions.TIMESTAMP > 0",
        ] {
            let plan = FilterPlan::compile(expression, store.schema(), &Limits::personalize());
            let plan = plan.unwrap();
            let kept = store.filter(&plan, "s", &["tea"], &context).unwrap();
            assert!(kept.is_empty());
            assert_refused(store.filter(&plan, KEY, &["tea"], &context));
            assert_refused(store.explain(&plan, KEY, "tea", &context));
        }
    });
}

#[test]
fn no_scan_begins_or_ends_at_a_key() {
    each_tier(|tracker| {
        let key = || Some(KEY.to_owned());
        for (from, to) in [(key(), None), (None, key()), (key(), key())] {
            let query = ScanQuery::default().users(UserRange::new(from, to));
            assert_refused(tracker.store.scan(&query).map(drop));
        }
    });
}
