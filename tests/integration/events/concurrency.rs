//! Requests recorded by two threads while two others read histories and filters of snapshots, under
//! seals and compactions: each snapshot agrees with a model.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use annals::events::{PutEvent, PutEvents};
use annals::filter::{FilterContext, FilterPlan, Filtered};
use annals::{Durability, History, HistoryQuery, Settings, Snapshot, Store};

use crate::support::{folder, schema};

const REQUESTS: usize = 300;
const SESSIONS: usize = 20;
const ITEMS: usize = 12;
const TYPES: [&str; 3] = ["view", "cart", "purchase"];

/// One event and what the model needs of it.
#[derive(Clone)]
struct Recorded {
    id: String,
    item: String,
    event_type: &'static str,
    at: i64,
}

struct Request {
    session: String,
    user: Option<String>,
    events: Vec<Recorded>,
}

/// The requests of a writer: sessions of its own, of which each third request tells the user (two
/// users share some sessions), and of which each fifth repeats an event that came before.
fn requests(writer: usize) -> Vec<Request> {
    let request = |number: usize| {
        let session = number * 7 % SESSIONS;
        let user =
            (number % 3 == 2).then(|| format!("user {writer}.{}", (session + number / 100) % 5));
        let event = |position: usize| {
            let repeats = number % 5 == 4 && position == 0;
            let told = if repeats { number - 3 } else { number };
            Recorded {
                id: format!("{writer}.{told}.{position}"),
                item: format!("item {}", (number * 5 + position * 3) % ITEMS),
                event_type: TYPES[(number + position) % 3],
                at: (number * 2 + position) as i64,
            }
        };
        Request {
            session: format!("session {writer}.{session}"),
            user,
            events: (0..2).map(event).collect(),
        }
    };
    (0..REQUESTS).map(request).collect()
}

fn write(store: &Store, requests: &[Request], begun: &AtomicUsize, done: &AtomicUsize) {
    for (number, request) in requests.iter().enumerate() {
        let event = |event: &Recorded| {
            PutEvent::new(event.event_type, event.at)
                .event_id(event.id.clone())
                .item_id(event.item.clone())
                .property("position", 1)
        };
        let mut asked = PutEvents::new(&request.session).events(request.events.iter().map(event));
        asked.user_id = request.user.as_deref().map(Into::into);
        begun.store(number + 1, Ordering::SeqCst);
        store.put_events(&asked, Durability::Buffered).unwrap();
        done.store(number + 1, Ordering::SeqCst);
    }
}

/// What a user's history holds after some requests, newest first, by the contract: an id counts
/// once; what a session did before it had a user is its first user's, what it does without one
/// later is that of the user who was told last.
fn expected(requests: &[Request], user: &str) -> Vec<Recorded> {
    let mut ids = BTreeSet::new();
    let mut users: HashMap<&str, &str> = HashMap::new();
    let mut rows: Vec<(Result<&str, &str>, &Recorded)> = Vec::new();
    let mut first: HashMap<&str, &str> = HashMap::new();
    for request in requests {
        let session = request.session.as_str();
        if let Some(user) = &request.user {
            users.insert(session, user);
            first.entry(session).or_insert(user);
        }
        let owner = users.get(session).copied().ok_or(session);
        let fresh = request.events.iter().filter(|event| ids.insert(&event.id));
        rows.extend(fresh.map(|event| (owner, event)));
    }
    let mut own: Vec<Recorded> = rows
        .into_iter()
        .filter(|(owner, _)| match owner {
            Ok(owner) => *owner == user,
            Err(session) => first.get(session).copied().unwrap_or(session) == user,
        })
        .map(|(_, event)| event.clone())
        .collect();
    own.sort_by_key(|event| std::cmp::Reverse(event.at));
    own
}

/// What was read of one snapshot.
struct Seen {
    history: Vec<(i64, String)>,
    kept: Vec<usize>,
}

fn look(snapshot: &Snapshot, user: &str, plan: &FilterPlan, candidates: &[String]) -> Seen {
    let (mut buffer, mut filtered) = (History::new(), Filtered::new());
    snapshot
        .history(user, &HistoryQuery::default(), &mut buffer)
        .unwrap();
    let history = buffer
        .iter()
        .map(|event| (event.timestamp(), event.item().unwrap().to_owned()))
        .collect();
    let kept = snapshot.filter(plan, user, candidates, &FilterContext::new(), &mut filtered);
    Seen {
        history,
        kept: kept.unwrap().to_vec(),
    }
}

/// Whether one state among those after so many requests explains all that was read.
fn explained(
    seen: &Seen,
    requests: &[Request],
    states: RangeInclusive<usize>,
    user: &str,
    candidates: &[String],
) -> bool {
    states.into_iter().any(|count| {
        let rows = expected(&requests[..count], user);
        let bought: BTreeSet<&str> = rows
            .iter()
            .filter(|row| row.event_type == "purchase")
            .map(|row| row.item.as_str())
            .collect();
        let kept = (0..candidates.len()).filter(|at| !bought.contains(candidates[*at].as_str()));
        let history = rows.iter().map(|row| (row.at, row.item.clone()));
        seen.history.iter().cloned().eq(history) && seen.kept.iter().copied().eq(kept)
    })
}

#[test]
fn snapshots_agree_with_a_model_while_events_are_recorded() {
    let folder = folder();
    let settings = Settings::default().generation_rows(40).max_runs(1);
    let store = Store::builder().settings(settings);
    let store = store.create(folder.path(), &schema()).unwrap();
    let expression = r#"EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Purchase")"#;
    let plan = FilterPlan::compile(expression, store.schema(), store.limits()).unwrap();
    let candidates: Vec<String> = (0..ITEMS).map(|item| format!("item {item}")).collect();
    let requests = [requests(0), requests(1)];
    let begun: [AtomicUsize; 2] = Default::default();
    let done: [AtomicUsize; 2] = Default::default();
    let over = AtomicBool::new(false);

    let check = |snapshot: &Snapshot, writer: usize, states: RangeInclusive<usize>, turn: usize| {
        let user = match turn % 4 {
            0 => format!("session {writer}.{}", turn % SESSIONS),
            _ => format!("user {writer}.{}", turn % 5),
        };
        let seen = look(snapshot, &user, &plan, &candidates);
        assert!(
            explained(&seen, &requests[writer], states.clone(), &user, &candidates),
            "{user} after {states:?} requests: {:?}, kept {:?}",
            seen.history,
            seen.kept
        );
    };
    let read = |reader: usize| {
        let mut turn = reader;
        let mut held: Option<(Snapshot, RangeInclusive<usize>, usize)> = None;
        while !over.load(Ordering::SeqCst) {
            let writer = turn % 2;
            let least = done[writer].load(Ordering::SeqCst);
            let snapshot = store.snapshot();
            let states = least..=begun[writer].load(Ordering::SeqCst);
            check(&snapshot, writer, states.clone(), turn / 2);
            if let Some((old, states, writer)) = &held {
                check(old, *writer, states.clone(), turn / 2);
            }
            if turn % 16 == reader {
                held = Some((snapshot, states, writer));
            }
            turn += 1;
        }
    };
    std::thread::scope(|scope| {
        let writers = [0, 1].map(|writer| {
            let (store, requests) = (&store, &requests[writer]);
            let (begun, done) = (&begun[writer], &done[writer]);
            scope.spawn(move || write(store, requests, begun, done))
        });
        scope.spawn(|| read(0));
        scope.spawn(|| read(1));
        for turn in 0.. {
            if writers.iter().all(|writer| writer.is_finished()) {
                break;
            }
            match turn % 4 {
                3 => store.compact().unwrap(),
                _ => store.flush().unwrap(),
            }
        }
        over.store(true, Ordering::SeqCst);
    });
    store.compact().unwrap();
    for (writer, turn) in (0..80).map(|turn| (turn % 2, turn / 2)) {
        check(&store.snapshot(), writer, REQUESTS..=REQUESTS, turn);
    }
}
