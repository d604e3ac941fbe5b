//! What a store should answer about events: rows, and what is known of sessions, ids and
//! recommendations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::operations::{Change, Event};
use crate::model::{
    Cell, Commit, Durability, HistoryQuery, Interaction, Order, Projection, Recommendation, Result,
    Row, ScanOrder, ScanQuery, SessionBatch, SessionEvent, UserRange, Value,
};
use crate::store::bulk::{BulkImport, ImportMode};
use crate::store::engine::{Engine, Snapshot};
use crate::store::read::{History, Unseen, value_at};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    User(String),
    Session(String),
}

#[derive(Clone, Debug)]
struct Stored {
    owner: Owner,
    timestamp: i64,
    sequence: u64,
    index: usize,
    item: String,
    impression: Vec<String>,
    source: Option<String>,
    recommendation: Option<String>,
    bulk: bool,
}

/// One row as it is shown: user, timestamp, item, impression, recommendation, source.
pub(super) type Line = (
    String,
    i64,
    String,
    Vec<String>,
    Option<String>,
    Option<String>,
);

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    rows: Vec<Stored>,
    ids: BTreeSet<String>,
    /// First and newest user of each session.
    sessions: BTreeMap<String, (String, String)>,
    recommendations: BTreeMap<String, (Vec<String>, Option<String>)>,
    pub(super) sequence: u64,
}

/// What a change answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) sequence: u64,
    pub(super) rows: u64,
    pub(super) duplicates: Vec<usize>,
}

impl Change {
    /// Makes the change.
    pub(super) fn run(&self, engine: &Arc<Engine>) -> Result<Answer> {
        let mut duplicates = Vec::new();
        let commit = match self {
            Self::Put {
                session,
                user,
                events,
            } => {
                let batch = batch(session, user.as_deref(), events);
                let done = engine.put_events(batch, Durability::Buffered)?;
                duplicates = done.duplicates;
                done.commit
            }
            Self::Record { id, items, source } => {
                let given = Recommendation {
                    id: id.clone(),
                    items: items.clone(),
                    source: source.clone(),
                };
                engine.record_recommendation(&given, Durability::Synced)?
            }
            Self::Write { user, at, items } => {
                let rows = items.iter().map(|item| Interaction::new(user, item, *at));
                engine.write(rows.collect(), Durability::Buffered)?
            }
            Self::Import {
                user,
                at,
                items,
                recommendation,
            } => import(engine, user, *at, items, recommendation.as_deref())?,
        };
        Ok(Answer {
            sequence: commit.sequence,
            rows: commit.rows,
            duplicates,
        })
    }
}

impl Model {
    /// Notes a change, and gives what the store should answer.
    pub(super) fn note(&mut self, change: &Change) -> Answer {
        let (mut rows, mut duplicates) = (0, Vec::new());
        match change {
            Change::Put {
                session,
                user,
                events,
            } => {
                duplicates = self.put(session, user.as_deref(), events);
                rows = events.len() - duplicates.len();
            }
            Change::Record { id, items, source } => self.record(id, items, source),
            Change::Write { user, at, items } => {
                self.add(user, *at, items, None, false);
                rows = items.len();
            }
            Change::Import {
                user,
                at,
                items,
                recommendation,
            } => {
                self.add(user, *at, items, recommendation.as_ref(), true);
                rows = items.len();
            }
        }
        Answer {
            sequence: self.sequence,
            rows: rows as u64,
            duplicates,
        }
    }

    fn record(&mut self, id: &str, items: &[String], source: &Option<String>) {
        if !self.recommendations.contains_key(id) {
            self.sequence += 1;
            let shown = (items.to_vec(), source.clone());
            self.recommendations.insert(id.to_owned(), shown);
        }
    }

    fn add(
        &mut self,
        user: &str,
        timestamp: i64,
        items: &[String],
        recommendation: Option<&String>,
        bulk: bool,
    ) {
        if items.is_empty() {
            return;
        }
        self.sequence += 1;
        for (index, item) in items.iter().enumerate() {
            self.rows.push(Stored {
                owner: Owner::User(user.to_owned()),
                timestamp,
                sequence: self.sequence,
                index,
                item: item.clone(),
                impression: Vec::new(),
                source: None,
                recommendation: recommendation.cloned(),
                bulk,
            });
        }
    }

    fn put(&mut self, session: &str, user: Option<&str>, events: &[Event]) -> Vec<usize> {
        let mut duplicates = Vec::new();
        let mut fresh = Vec::new();
        for (position, event) in events.iter().enumerate() {
            let known = event
                .id
                .as_ref()
                .is_some_and(|id| !self.ids.insert(id.clone()));
            match known {
                true => duplicates.push(position),
                false => fresh.push(event),
            }
        }
        if fresh.is_empty() {
            return duplicates;
        }
        self.sequence += 1;
        let known = self.sessions.get(session).cloned();
        let owner = match (user, &known) {
            (Some(user), _) => Owner::User(user.to_owned()),
            (None, Some((_, newest))) => Owner::User(newest.clone()),
            (None, None) => Owner::Session(session.to_owned()),
        };
        if let Some(user) = user {
            let first = known.map_or(user.to_owned(), |(first, _)| first);
            let users = (first, user.to_owned());
            self.sessions.insert(session.to_owned(), users);
        }
        for (index, event) in fresh.into_iter().enumerate() {
            self.rows.push(Stored {
                owner: owner.clone(),
                timestamp: event.at,
                sequence: self.sequence,
                index,
                item: event.item.clone(),
                impression: event.impression.clone(),
                source: event.source.clone(),
                recommendation: event.recommendation.clone(),
                bulk: false,
            });
        }
        duplicates
    }

    /// How many distinct users are shown.
    pub(super) fn users(&self) -> u64 {
        let users = self.rows.iter().map(|row| self.shown(&row.owner));
        users.collect::<BTreeSet<String>>().len() as u64
    }

    /// Every row as it is shown, in order.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut rows: Vec<(String, &Stored)> = self
            .rows
            .iter()
            .map(|row| (self.shown(&row.owner), row))
            .collect();
        rows.sort_by(|(a, x), (b, y)| {
            let key = |row: &Stored| (row.timestamp, row.sequence, row.index);
            (a, key(x)).cmp(&(b, key(y)))
        });
        rows.into_iter()
            .map(|(user, row)| {
                let shown = row.recommendation.as_ref().filter(|_| !row.bulk);
                let shown = shown.and_then(|id| self.recommendations.get(id));
                let (items, source) = shown.cloned().unwrap_or_default();
                let impression = match row.impression.is_empty() {
                    true => items,
                    false => row.impression.clone(),
                };
                (
                    user,
                    row.timestamp,
                    row.item.clone(),
                    impression,
                    row.recommendation.clone(),
                    row.source.clone().or(source),
                )
            })
            .collect()
    }

    fn shown(&self, owner: &Owner) -> String {
        match owner {
            Owner::User(user) => user.clone(),
            Owner::Session(session) => match self.sessions.get(session) {
                Some((first, _)) => first.clone(),
                None => session.clone(),
            },
        }
    }
}

pub(super) fn batch(session: &str, user: Option<&str>, events: &[Event]) -> SessionBatch {
    let event = |event: &Event| {
        let mut interaction = Interaction::new("ignored", &event.item, event.at);
        if !event.impression.is_empty() {
            interaction = interaction.impression(event.impression.clone());
        }
        SessionEvent {
            event_id: event.id.clone(),
            recommendation: event.recommendation.clone(),
            interaction: interaction.with("EVENT_ATTRIBUTION_SOURCE", event.source.clone()),
        }
    };
    SessionBatch {
        session: session.to_owned(),
        user: user.map(str::to_owned),
        events: events.iter().map(event).collect(),
    }
}

fn import(
    engine: &Arc<Engine>,
    user: &str,
    timestamp: i64,
    items: &[String],
    recommendation: Option<&str>,
) -> Result<Commit> {
    let mut import = BulkImport::new(engine.clone(), ImportMode::Incremental, 1 << 20)?;
    for item in items {
        let mut cells = [Cell::Null; 6];
        cells[1] = Cell::Text(item);
        cells[4] = recommendation.map_or(Cell::Null, Cell::Text);
        let row = Row {
            user,
            timestamp,
            cells: &cells,
        };
        import.push_row(&row)?;
    }
    import.commit()
}

/// Compares everything that a snapshot shows.
pub(super) fn assert_equals(snapshot: &Snapshot, model: &Model) {
    assert_eq!(snapshot.sequence(), model.sequence);
    let want = model.lines();
    let all = ScanQuery::default();
    assert_eq!(scan(snapshot, &all), want);
    let mut found = scan(
        snapshot,
        &ScanQuery {
            order: ScanOrder::Any,
            batch_rows: 2,
            ..all.clone()
        },
    );
    found.sort();
    let mut sorted = want.clone();
    sorted.sort();
    assert_eq!(found, sorted);
    assert_ranges(snapshot, &want);
    let impressions = ScanQuery {
        projection: Projection::names(["ITEM_ID", "IMPRESSION"]),
        ..all
    };
    let only = want.iter().cloned();
    let only: Vec<Line> = only
        .map(|(user, at, item, impression, _, _)| (user, at, item, impression, None, None))
        .collect();
    assert_eq!(scan(snapshot, &impressions), only);
    for user in ["a", "b", "c", "x", "nobody"] {
        assert_user(snapshot, user, &want);
    }
}

fn assert_ranges(snapshot: &Snapshot, want: &[Line]) {
    let mut found = Vec::new();
    for users in snapshot.user_ranges(3).unwrap() {
        found.extend(scan(
            snapshot,
            &ScanQuery {
                users,
                ..ScanQuery::default()
            },
        ));
    }
    assert_eq!(found, want);
    for (from, to) in [
        ("a", "b"),
        ("a\u{1}", "c"),
        ("b", "b\u{1}"),
        ("c", "z"),
        ("", "a\u{1}"),
    ] {
        let users = UserRange {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
        };
        let inside = want.iter().filter(|line| users.contains(&line.0)).cloned();
        let inside: Vec<Line> = inside.collect();
        let query = ScanQuery {
            users,
            ..ScanQuery::default()
        };
        assert_eq!(scan(snapshot, &query), inside, "{from:?} to {to:?}");
    }
}

fn assert_user(snapshot: &Snapshot, user: &str, lines: &[Line]) {
    let own: Vec<&Line> = lines.iter().filter(|line| line.0 == user).collect();
    let mut buffer = History::new();
    for limit in [usize::MAX, 2] {
        for order in [Order::OldestFirst, Order::NewestFirst] {
            for projection in [
                Projection::All,
                Projection::names(["ITEM_ID", "IMPRESSION"]),
            ] {
                let names_all = projection == Projection::All;
                let query = HistoryQuery {
                    limit: Some(limit),
                    order,
                    projection,
                    ..HistoryQuery::default()
                };
                snapshot.history(user, &query, &mut buffer).unwrap();
                let mut want: Vec<Line> = own.iter().map(|line| (*line).clone()).collect();
                if order == Order::NewestFirst {
                    want.reverse();
                }
                want.truncate(limit);
                if !names_all {
                    want.iter_mut()
                        .for_each(|line| (line.4, line.5) = (None, None));
                }
                assert_eq!(history(&buffer, user), want);
            }
        }
    }
    let candidates: Vec<String> = (0..8).map(|item| format!("item {item}")).collect();
    let mut buffer = Unseen::new();
    let found = snapshot
        .unseen(user, &candidates, &[], &mut buffer)
        .unwrap();
    let seen: BTreeSet<&str> = own.iter().map(|line| line.2.as_str()).collect();
    let want = candidates.iter().map(|item| !seen.contains(item.as_str()));
    assert_eq!(found, want.collect::<Vec<bool>>());
}

fn line(user: String, at: i64, value: impl Fn(usize) -> Value) -> Line {
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Null => None,
        other => panic!("{other:?} is not a text"),
    };
    let items = match value(3) {
        Value::Items(items) => items,
        _ => Vec::new(),
    };
    (
        user,
        at,
        text(value(1)).unwrap(),
        items,
        text(value(4)),
        text(value(5)),
    )
}

fn history(buffer: &History, user: &str) -> Vec<Line> {
    let events = buffer.iter();
    let lines = events.map(|event| {
        line(user.to_owned(), event.timestamp(), |field| {
            event.value(field).unwrap()
        })
    });
    lines.collect()
}

pub(super) fn scan(snapshot: &Snapshot, query: &ScanQuery) -> Vec<Line> {
    let mut lines = Vec::new();
    for batch in snapshot.scan(query).unwrap() {
        let batch = batch.unwrap();
        let ids = batch.user_ids.clone().unwrap();
        for row in 0..batch.rows() {
            let user = ids.get(batch.users[row]).unwrap().to_owned();
            let value = |field| value_at(snapshot.schema(), &batch, field, row).unwrap();
            lines.push(line(user, batch.timestamps[row], value));
        }
    }
    lines
}
