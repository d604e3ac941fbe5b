//! Deletions of events: sessions, recommendations and impressions, whatever is sealed and compacted when.

use annals::events::{PutEvent, PutEvents, Recommendation};
use annals::query::Unseen;
use annals::{Deletion, Durability, ErrorKind, HistoryQuery, Limits, ScanQuery};

use super::Tracker;

/// One commit of a plan.
enum Step {
    /// Session, user, id, item, items shown, recommendation.
    Event(
        &'static str,
        Option<&'static str>,
        &'static str,
        &'static [&'static str],
        Option<&'static str>,
    ),
    Recommend(&'static str, &'static [&'static str]),
    Delete(Deletion),
}

use Step::{Delete, Event, Recommend};

fn apply(tracker: &Tracker, number: usize, step: &Step) {
    match step {
        Event(session, user, item, shown, recommendation) => {
            let mut event = PutEvent::new("view", number as i64)
                .event_id(format!("event {number}"))
                .item_id(*item)
                .impression(shown.iter().copied());
            event.recommendation_id = recommendation.map(Into::into);
            let mut request = PutEvents::new(*session).event(event);
            request.user_id = user.map(Into::into);
            tracker.put(&request).unwrap();
        }
        Recommend(id, items) => {
            let shown = Recommendation::new(*id, items.iter().copied());
            let store = &tracker.store;
            store
                .record_recommendation(&shown, Durability::Buffered)
                .unwrap();
        }
        Delete(deletion) => {
            let before = tracker.store.snapshot().sequence();
            let commit = tracker
                .store
                .delete(deletion, Durability::Buffered)
                .unwrap();
            assert_eq!((commit.sequence, commit.rows), (before + 1, 0));
        }
    }
}

/// User, item and impression of each row.
fn shown(tracker: &Tracker) -> Vec<String> {
    let rows = tracker.rows();
    let short = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{} {} {}", cells[0], cells[1], cells[5])
    };
    rows.lines().skip(1).map(short).collect()
}

/// Runs the plan with a seal or a compaction at each place, and with none: all show `want`.
#[track_caller]
fn check(plan: &[Step], want: &[&str]) {
    for place in 0..=plan.len() {
        for seals_only in [true, false] {
            let tracker = Tracker::with_limits(Limits::unlimited());
            for (number, step) in plan.iter().enumerate() {
                if place == number {
                    match seals_only {
                        true => tracker.store.flush().unwrap(),
                        false => tracker.store.compact().unwrap(),
                    }
                }
                apply(&tracker, number, step);
            }
            let at = format!("before step {place}, compacted: {}", !seals_only);
            assert_eq!(shown(&tracker), want, "{at}");
            tracker.store.compact().unwrap();
            assert_eq!(shown(&tracker), want, "{at}, and compacted");
            assert!(tracker.store.verify(&mut |_| {}).unwrap().is_sound());
        }
    }
}

#[test]
fn a_user_goes_with_the_sessions_that_are_theirs_by_then() {
    check(
        &[
            Event("s", None, "a", &[], None),
            Event("t", None, "b", &[], None),
            Event("s", Some("ann"), "c", &[], None),
            Event("u", Some("bob"), "d", &[], None),
            Delete(Deletion::user("ann")),
            // Ann's only now.
            Event("t", Some("ann"), "e", &[], None),
            Event("s", None, "f", &[], None),
        ],
        &["ann b ", "ann e ", "ann f ", "bob d "],
    );
}

#[test]
fn a_session_without_a_user_is_deleted_by_its_name() {
    check(
        &[
            Event("s", None, "a", &[], None),
            Event("t", None, "b", &[], None),
            Event("v", Some("s"), "c", &[], None),
            Delete(Deletion::user("s")),
            Event("s", None, "d", &[], None),
            Delete(Deletion::user("t").since(1).until(2)),
        ],
        &["s d "],
    );
}

#[test]
fn an_item_is_taken_out_of_impressions_and_recommendations() {
    check(
        &[
            Event("s", Some("ann"), "a", &["tea", "cake"], None),
            Recommend("r", &["tea", "jam"]),
            Event("s", Some("ann"), "b", &[], Some("r")),
            Event("s", Some("ann"), "tea", &["cake"], None),
            Delete(Deletion::item("tea")),
            Event("s", Some("ann"), "c", &[], Some("r")),
            Event("s", Some("ann"), "tea", &["tea"], None),
        ],
        &["ann a cake", "ann b jam", "ann c jam", "ann tea tea"],
    );
}

#[test]
fn late_records_and_deletions_of_items_come_in_the_order_of_their_commits() {
    // Emptied before the record came: filled.
    check(
        &[
            Event("s", Some("ann"), "a", &["tea"], Some("r")),
            Delete(Deletion::item("tea")),
            Recommend("r", &["tea", "jam"]),
        ],
        &["ann a tea|jam"],
    );
    // Emptied behind it: not.
    check(
        &[
            Event("s", Some("ann"), "a", &["tea"], Some("r")),
            Recommend("r", &["jam"]),
            Delete(Deletion::item("tea")),
        ],
        &["ann a "],
    );
    // The record loses its item, too.
    check(
        &[
            Event("s", Some("ann"), "a", &[], Some("r")),
            Recommend("r", &["tea", "jam"]),
            Delete(Deletion::item("tea")),
        ],
        &["ann a jam"],
    );
}

#[test]
fn parts_of_a_user_are_deleted() {
    check(
        &[
            Event("s", Some("ann"), "a", &[], None),
            Event("s", Some("ann"), "b", &[], None),
            Event("s", Some("ann"), "a", &["b"], None),
            Event("s", Some("bob"), "a", &[], None),
            Delete(Deletion::user("ann").with_item("a").until(2)),
            Delete(Deletion::users(["bob", "nobody"]).since(4)),
            Event("s", Some("ann"), "a", &[], None),
        ],
        &["ann b ", "ann a b", "ann a ", "bob a "],
    );
}

/// Also what is asked about single users, and by snapshots that are older.
#[test]
fn reads_of_every_kind_leave_out_what_was_deleted() {
    let tracker = Tracker::with_limits(Limits::unlimited());
    for (number, item) in ["a", "b", "c"].into_iter().enumerate() {
        apply(&tracker, number, &Event("s", Some("ann"), item, &[], None));
    }
    let before = tracker.store.snapshot();
    tracker.store.flush().unwrap();
    let deletions = [Deletion::item("c"), Deletion::user("ann").with_item("a")];
    for deletion in &deletions {
        tracker.store.delete(deletion, Durability::Synced).unwrap();
    }
    let after = tracker.store.snapshot();
    let mut buffer = Unseen::new();
    let candidates = ["a", "b", "c"];
    let unseen = after.unseen("ann", &candidates, &[], &mut buffer).unwrap();
    assert_eq!(unseen, [true, false, true]);
    let unseen = before.unseen("ann", &candidates, &[], &mut buffer).unwrap();
    assert_eq!(unseen, [false; 3]);
    // The newest that are left, as many as are asked for.
    let history = after.newest("ann", 1).unwrap();
    assert_eq!(history.get(0).unwrap().item().unwrap(), "b");
    assert_eq!(history.len(), 1);
    assert_eq!(before.newest("ann", 9).unwrap().len(), 3);
    let rows = |snapshot: &annals::Snapshot| -> usize {
        let scan = snapshot.scan(&ScanQuery::default()).unwrap();
        scan.map(|batch| batch.unwrap().rows()).sum()
    };
    assert_eq!((rows(&before), rows(&after)), (3, 1));
    let users = |snapshot: &annals::Snapshot| snapshot.users(Default::default()).unwrap().count();
    let last = Deletion::user("ann");
    tracker.store.delete(&last, Durability::Buffered).unwrap();
    assert_eq!(users(&after), 1);
    assert_eq!(users(&tracker.store.snapshot()), 0);
    let query = HistoryQuery::default();
    let mut history = annals::History::new();
    tracker.store.history("ann", &query, &mut history).unwrap();
    assert!(history.is_empty());
}

#[test]
fn deletions_that_mean_nothing_are_refused() {
    let tracker = Tracker::with_limits(Limits::unlimited());
    for (deletion, says) in [
        (Deletion::users(Vec::<String>::new()), "without users"),
        (Deletion::user(""), "no id is empty"),
        (Deletion::user("a\0"), "U+0000"),
        (Deletion::item(""), "no id is empty"),
        (
            Deletion::user("a").since(5).until(5),
            "since must be before",
        ),
        (Deletion::item("a").since(5), "no time range"),
    ] {
        let error = tracker.store.delete(&deletion, Durability::Buffered);
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(tracker.store.snapshot().sequence(), 0);
}
