//! What is remembered for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::model::batch;
use super::operations::Event;
use super::{SCHEMA, small};
use crate::hot::{Log, Table, TableKind};
use crate::model::{Clock, Durability, Recommendation, ScanQuery, Settings};
use crate::store::engine::Engine;
use crate::store::tests::fixture::Machine;

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

/// Sessions that events are put into as time goes on; the store is opened anew before each.
struct Sessions {
    machine: Machine,
    clock: Clock,
    now: Arc<AtomicU64>,
    compacts: bool,
}

impl Sessions {
    fn new(compacts: bool) -> Self {
        let now = Arc::new(AtomicU64::new(0));
        let told = now.clone();
        Self {
            machine: Machine::with_schema(SCHEMA),
            clock: Clock::new(move || told.load(Relaxed)),
            now,
            compacts,
        }
    }

    fn open(&self) -> Arc<Engine> {
        let settings = Settings {
            session_retention_seconds: Some(100),
            ..small()
        };
        self.machine.open_as(settings, self.clock.clone()).unwrap()
    }

    /// Puts an event, and tells whose its item is then.
    fn put(&self, seconds: u64, session: &str, user: Option<&str>) -> String {
        self.now.store(1000 + seconds, Relaxed);
        let engine = self.open();
        let item = format!("{session} at {seconds}");
        let one = Event {
            item: item.clone(),
            ..event("", None)
        };
        let one = Event { id: None, ..one };
        let batch = batch(session, user, &[one]);
        engine.put_events(batch, Durability::Buffered).unwrap();
        if self.compacts {
            engine.compact().unwrap();
        }
        self.owner_of(&item)
    }

    fn owner_of(&self, item: &str) -> String {
        let lines = super::model::scan(&self.open().snapshot(), &ScanQuery::default());
        let mut owners = lines.into_iter().filter(|line| line.2 == item);
        let owner = owners.next().unwrap().0;
        assert!(owners.next().is_none());
        owner
    }

    /// Sessions that are remembered.
    fn noted(&self) -> usize {
        let tables = self.machine.log.tables().unwrap();
        let tables = tables
            .into_iter()
            .filter(|table| table.kind == TableKind::Sessions);
        let entries = tables.map(|table| {
            let mut count = 0;
            let visit = &mut |_: &[u8], _: &[u8]| {
                count += 1;
                Ok(())
            };
            self.machine.log.replay_table(table, visit).unwrap();
            count
        });
        entries.sum()
    }
}

#[test]
fn the_user_of_a_session_is_forgotten_when_its_events_have_ended() {
    let sessions = Sessions::new(true);
    assert_eq!(sessions.put(0, "s", None), "s");
    assert_eq!(sessions.put(1, "s", Some("ann")), "ann");
    assert_eq!(sessions.owner_of("s at 0"), "ann");
    assert_eq!(sessions.put(50, "s", None), "ann");
    // Each event has it remembered on: the next period begins, and the one after that.
    assert_eq!(sessions.put(150, "s", None), "ann");
    assert_eq!(sessions.put(250, "other", Some("x")), "x");
    assert_eq!(sessions.put(300, "s", None), "ann");
    for (turn, seconds) in [400, 500, 600].into_iter().enumerate() {
        let passer = format!("passer {turn}");
        assert_eq!(sessions.put(seconds, &passer, Some("y")), "y");
    }
    assert_eq!(sessions.noted(), 2);
    assert_eq!(sessions.put(601, "s", None), "s");
    assert_eq!(sessions.put(602, "s", Some("bob")), "bob");
    assert_eq!(sessions.owner_of("s at 601"), "bob");
    for item in ["s at 0", "s at 1", "s at 300"] {
        assert_eq!(sessions.owner_of(item), "ann");
    }
}

/// Nothing is compacted: the link of the session's first user is still needed.
#[test]
fn the_user_of_a_session_is_known_while_earlier_rows_wait_for_it() {
    let sessions = Sessions::new(false);
    assert_eq!(sessions.put(0, "s", None), "s");
    assert_eq!(sessions.put(1, "s", Some("ann")), "ann");
    for seconds in [150, 300, 450] {
        let passer = format!("passer at {seconds}");
        assert_eq!(sessions.put(seconds, &passer, Some("y")), "y");
    }
    assert_eq!(sessions.noted(), 2);
    assert_eq!(sessions.put(451, "s", None), "ann");
    assert_eq!(sessions.owner_of("s at 0"), "ann");
    sessions.open().compact().unwrap();
    assert_eq!(sessions.owner_of("s at 451"), "ann");
}

#[test]
fn without_a_retention_no_session_is_forgotten() {
    let machine = Machine::with_schema(SCHEMA);
    let engine = machine.open_with(small()).unwrap();
    for session in 0..50 {
        let events = [event(&session.to_string(), None)];
        let batch = batch(&session.to_string(), Some("ann"), &events);
        engine.put_events(batch, Durability::Buffered).unwrap();
    }
    assert!(
        machine
            .log
            .tables()
            .unwrap()
            .contains(&Table::only(TableKind::Sessions))
    );
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
        Settings {
            session_retention_seconds: Some(0),
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
