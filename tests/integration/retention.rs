//! Rules on how long interactions are kept: what is too old is gone, whatever tier it lies in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use annals::events::{PutEvent, PutEvents};
use annals::query::Unseen;
use annals::{
    Durability, ErrorKind, HistoryQuery, ImportMode, Interaction, Limits, Retention, ScanQuery,
    Settings, Snapshot, Store,
};

use crate::support::{folder, quiet, schema};

/// A store whose clock stands where it is put.
struct Timed {
    store: Store,
    now: Arc<AtomicU64>,
    folder: tempfile::TempDir,
}

impl Timed {
    fn new(settings: Settings) -> Self {
        let (folder, now) = (folder(), Arc::new(AtomicU64::new(1000)));
        let builder = Self::builder(&now, settings).limits(Limits::unlimited());
        let store = builder
            .create(folder.path().join("store"), &schema())
            .unwrap();
        Self { store, now, folder }
    }

    fn builder(now: &Arc<AtomicU64>, settings: Settings) -> annals::StoreBuilder {
        let clock = now.clone();
        Store::builder()
            .settings(settings)
            .clock(move || clock.load(Ordering::SeqCst))
    }

    fn row(user: &str, at: i64, event_type: &str) -> Interaction {
        Interaction::new(user, format!("item {at}"), at)
            .event_type(event_type)
            .with("POSITION", 1)
    }

    /// Rows of two users at the times 0, 10, ..., 990, a third of them in each tier: every fifth is a
    /// purchase.
    fn fill(&self) {
        let all = (0..100).map(|number| {
            let event_type = if number % 5 == 0 { "purchase" } else { "view" };
            Self::row(["ann", "bob"][number as usize % 2], number * 10, event_type)
        });
        let rows: Vec<Interaction> = all.collect();
        let mut import = self.store.import(ImportMode::Full).unwrap();
        rows.iter()
            .step_by(3)
            .for_each(|row| import.push(row).unwrap());
        import.commit().unwrap();
        let write = |first: usize| {
            for row in rows.iter().skip(first).step_by(3) {
                self.store.write(row.clone(), Durability::Buffered).unwrap();
            }
        };
        write(1);
        self.store.flush().unwrap();
        write(2);
    }
}

/// The times of all rows, in order; each read says the same.
fn times(snapshot: &Snapshot) -> Vec<i64> {
    let mut scanned = Vec::new();
    for batch in snapshot.scan(&ScanQuery::default()).unwrap() {
        scanned.extend(batch.unwrap().timestamps);
    }
    scanned.sort();
    let mut read = Vec::new();
    for user in ["ann", "bob"] {
        let mut history = annals::History::new();
        let query = HistoryQuery::default();
        snapshot.history(user, &query, &mut history).unwrap();
        let all: Vec<i64> = history.iter().map(|event| event.timestamp()).collect();
        assert!(all.is_sorted_by(|a, b| a > b));
        for limit in [1, 3, 1000] {
            let newest = snapshot.newest(user, limit).unwrap();
            let newest: Vec<i64> = newest.iter().map(|event| event.timestamp()).collect();
            assert_eq!(newest, all[..all.len().min(limit)]);
        }
        let items: Vec<String> = (0..100)
            .map(|number| format!("item {}", number * 10))
            .collect();
        let mut buffer = Unseen::new();
        let unseen = snapshot.unseen(user, &items, &[], &mut buffer).unwrap();
        for (number, unseen) in unseen.iter().enumerate() {
            assert_eq!(*unseen, !all.contains(&(number as i64 * 10)));
        }
        read.extend(all);
    }
    read.sort();
    assert_eq!(read, scanned);
    scanned
}

fn aged(seconds: u64) -> Retention {
    Retention::default().max_age_seconds(seconds)
}

#[test]
fn what_is_older_than_a_rule_allows_is_gone_at_once_and_for_good() {
    let timed = Timed::new(quiet());
    timed.fill();
    let before = timed.store.snapshot();
    timed.store.set_retention(&aged(300)).unwrap();
    let from = |first: i64| {
        (first / 10..100)
            .map(|number| number * 10)
            .collect::<Vec<_>>()
    };
    assert_eq!(times(&timed.store.snapshot()), from(700));
    assert_eq!(times(&before).len(), 100);
    // Time goes by; the host asks for it.
    timed.now.store(1205, Ordering::SeqCst);
    assert_eq!(times(&timed.store.snapshot()), from(700));
    timed.store.expire().unwrap();
    assert_eq!(times(&timed.store.snapshot()), from(910));
    timed.store.compact().unwrap();
    assert_eq!(times(&timed.store.snapshot()), from(910));
    let rows: u64 = timed
        .store
        .segments()
        .iter()
        .map(|segment| segment.rows)
        .sum();
    assert_eq!(rows, 9);
    // Rules stay with the store, and loosening them brings nothing back.
    let Timed { store, now, folder } = timed;
    drop(store);
    let path = folder.path().join("store");
    let store = Timed::builder(&now, quiet()).open(&path).unwrap();
    assert_eq!(store.retention(), aged(300));
    store.set_retention(&Retention::default()).unwrap();
    assert!(store.retention().is_for_ever());
    assert_eq!(times(&store.snapshot()), from(910));
    store
        .write(Timed::row("ann", 5, "view"), Durability::Buffered)
        .unwrap();
    store.expire().unwrap();
    assert_eq!(times(&store.snapshot()).len(), 10);
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
    let reader = Store::open_read_only(&path).unwrap();
    assert_eq!(times(&reader.snapshot()).len(), 10);
}

#[test]
fn event_types_have_ages_of_their_own() {
    let timed = Timed::new(quiet());
    timed.fill();
    let retention = aged(900).max_age_seconds_of("VIEW", 200);
    timed.store.set_retention(&retention).unwrap();
    let want: Vec<i64> = (0..100)
        .filter(|number| number % 5 == 0 && *number >= 10 || *number >= 80)
        .map(|number| number * 10)
        .collect();
    assert_eq!(times(&timed.store.snapshot()), want);
    timed.store.compact().unwrap();
    assert_eq!(times(&timed.store.snapshot()), want);
    let types = HistoryQuery::default().event_types(["view"]);
    let mut history = annals::History::new();
    timed.store.history("ann", &types, &mut history).unwrap();
    assert!(history.iter().all(|event| event.timestamp() >= 800));
}

#[test]
fn sessions_that_never_became_a_users_go_once_their_last_event_is_old() {
    let timed = Timed::new(quiet());
    event(&timed, "old", None, 100);
    event(&timed, "lasting", None, 100);
    event(&timed, "known", None, 100);
    timed.store.flush().unwrap();
    event(&timed, "lasting", None, 950);
    event(&timed, "known", Some("ann"), 110);
    let retention = Retention::default().session_seconds(500);
    timed.store.set_retention(&retention).unwrap();
    let users = || -> Vec<String> {
        let snapshot = timed.store.snapshot();
        let users = snapshot.users(Default::default()).unwrap();
        users.map(|user| user.unwrap()).collect()
    };
    assert_eq!(users(), ["ann", "lasting"]);
    timed.store.compact().unwrap();
    assert_eq!(users(), ["ann", "lasting"]);
    timed.now.store(1451, Ordering::SeqCst);
    timed.store.expire().unwrap();
    assert_eq!(users(), ["ann"]);
    // Nothing of them waits for a purge.
    timed.store.compact().unwrap();
    timed.store.expire().unwrap();
    let (path, folder) = (timed.folder.path().join("store"), &timed.folder);
    drop(timed.store);
    assert_eq!(Store::builder().purge(path).unwrap(), None, "{folder:?}");
}

/// Nor is anything committed where nothing becomes too old, though rows of other event types are.
#[test]
fn what_is_dropped_is_not_dropped_again() {
    let timed = Timed::new(quiet());
    timed.fill();
    let retention = Retention::default().max_age_seconds_of("view", 5);
    timed.store.set_retention(&retention).unwrap();
    for step in 0..4 {
        timed.now.fetch_add(10, Ordering::SeqCst);
        let before = timed.store.snapshot();
        timed.store.expire().unwrap();
        let after = timed.store.snapshot();
        assert_eq!(times(&after).len(), 20, "the purchases");
        match step {
            0 => {}
            _ => assert_eq!(after.sequence(), before.sequence(), "step {step}"),
        }
        if step == 2 {
            timed
                .store
                .write(Timed::row("ann", 5, "view"), Durability::Buffered)
                .unwrap();
            timed.store.expire().unwrap();
            assert_eq!(times(&timed.store.snapshot()).len(), 20);
        }
    }
}

/// Each session once, though its rows lie where they did; and by the events that are left.
#[test]
fn sessions_are_dropped_once_and_by_what_is_left_of_them() {
    let timed = Timed::new(quiet());
    let event = |session: &str, item: &str, at: i64| {
        let event = PutEvent::new("view", at).item_id(item);
        let request = PutEvents::new(session).event(event.property("position", 1));
        timed
            .store
            .put_events(&request, Durability::Buffered)
            .unwrap();
    };
    event("old", "tea", 100);
    timed.store.flush().unwrap();
    event("old", "tea", 110);
    event("left", "tea", 100);
    event("left", "gone", 990);
    timed
        .store
        .delete(&annals::Deletion::item("gone"), Durability::Buffered)
        .unwrap();
    let retention = Retention::default().session_seconds(500);
    timed.store.set_retention(&retention).unwrap();
    let snapshot = timed.store.snapshot();
    assert_eq!(snapshot.users(Default::default()).unwrap().count(), 0);
    for _ in 0..3 {
        timed.now.fetch_add(10, Ordering::SeqCst);
        timed.store.expire().unwrap();
    }
    assert_eq!(timed.store.snapshot().sequence(), snapshot.sequence());
}

/// Seals, rewrites and drops by itself.
#[test]
fn a_background_thread_drops_what_becomes_too_old() {
    let timed = Timed::new(Settings::default().generation_rows(20));
    timed.store.set_retention(&aged(300)).unwrap();
    timed.fill();
    timed.now.store(1500, Ordering::SeqCst);
    let began = Instant::now();
    let left = || times(&timed.store.snapshot()).len();
    let sealed = || -> u64 {
        timed
            .store
            .segments()
            .iter()
            .map(|segment| segment.rows)
            .sum()
    };
    while left() > 0 || sealed() > 0 {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{} rows are left, {} sealed",
            left(),
            sealed()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(timed.store.verify(&mut |_| {}).unwrap().is_sound());
}

fn newest(count: u32) -> Retention {
    Retention::default().newest_of_user(count)
}

#[test]
fn the_newest_of_each_user_alone_are_kept() {
    let timed = Timed::new(quiet());
    timed.fill();
    let before = timed.store.snapshot();
    timed.store.set_retention(&newest(7)).unwrap();
    let from = |first: i64, last: i64| {
        (first / 10..last / 10)
            .map(|number| number * 10)
            .collect::<Vec<_>>()
    };
    assert_eq!(times(&timed.store.snapshot()), from(860, 1000));
    assert_eq!(times(&before).len(), 100);
    // One more, and a late one that is not among them.
    for at in [1000, 850] {
        let row = Timed::row("ann", at, "view");
        timed.store.write(row, Durability::Buffered).unwrap();
    }
    timed.store.maintain().unwrap();
    let mut left = from(870, 1000);
    left.push(1000);
    assert_eq!(times(&timed.store.snapshot()), left);
    // Of the same second all stay.
    for _ in 0..9 {
        let row = Timed::row("bob", 1100, "view");
        timed.store.write(row, Durability::Buffered).unwrap();
    }
    timed.store.expire().unwrap();
    let of_bob = |store: &Store| store.snapshot().newest("bob", 100).unwrap().len();
    assert_eq!(of_bob(&timed.store), 9);
    timed.store.compact().unwrap();
    let segments = timed.store.segments();
    assert_eq!(segments.iter().map(|one| one.rows).sum::<u64>(), 16);
    let Timed { store, now, folder } = timed;
    drop(store);
    let path = folder.path().join("store");
    let reader = Store::open_read_only(&path).unwrap();
    assert_eq!(of_bob(&reader), 9);
    assert_eq!(reader.retention(), newest(7));
    let store = Timed::builder(&now, quiet()).open(&path).unwrap();
    assert_eq!(of_bob(&store), 9);
    assert!(store.verify(&mut |_| {}).unwrap().is_sound());
}

fn event(timed: &Timed, session: &str, user: Option<&str>, at: i64) {
    let event = PutEvent::new("view", at).item_id("tea");
    let mut request = PutEvents::new(session).event(event.property("position", 1));
    request.user_id = user.map(Into::into);
    timed
        .store
        .put_events(&request, Durability::Buffered)
        .unwrap();
}

#[test]
fn sessions_of_a_user_count_among_the_newest_of_the_user() {
    let timed = Timed::new(quiet());
    event(&timed, "known", None, 100);
    timed.store.flush().unwrap();
    event(&timed, "known", None, 200);
    event(&timed, "other", None, 300);
    event(&timed, "known", Some("ann"), 400);
    event(&timed, "later", Some("ann"), 500);
    timed.store.set_retention(&newest(2)).unwrap();
    let left = || times_of(&timed.store, &["ann", "other"]);
    assert_eq!(left(), [500, 400, 300]);
    timed.store.compact().unwrap();
    assert_eq!(left(), [500, 400, 300]);
    // What has no user yet is a user of its own, until it gets one.
    event(&timed, "other", Some("ann"), 600);
    assert_eq!(left(), [600, 500, 400, 300]);
    timed.store.expire().unwrap();
    assert_eq!(left(), [600, 500]);
}

fn times_of(store: &Store, users: &[&str]) -> Vec<i64> {
    let newest = |user: &&str| store.snapshot().newest(user, 100).unwrap();
    let times = |history: annals::History| -> Vec<i64> {
        history.iter().map(|event| event.timestamp()).collect()
    };
    users.iter().flat_map(|user| times(newest(user))).collect()
}

#[test]
fn rules_out_of_their_range_are_refused() {
    let timed = Timed::new(quiet());
    let of = |event_type: &str, seconds: u64| {
        Retention::default().max_age_seconds_of(event_type, seconds)
    };
    for (retention, says) in [
        (
            aged(0),
            "the greatest age is 0 seconds; it must be at least 1",
        ),
        (aged(u64::MAX), "at most 10000000000"),
        (of("view", 0), "of event type \"view\" is 0 seconds"),
        (of("", 9), "an event type without a name"),
        (
            newest(0),
            "the newest 0 of each user; it must be at least 1",
        ),
    ] {
        let error = timed.store.set_retention(&retention).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(says), "{error}");
    }
    assert!(timed.store.retention().is_for_ever());
}
