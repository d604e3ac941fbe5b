//! A session's events follow it to the shard of its user.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_128;

use crate::Store;
use crate::column::Columns;
use crate::model::{
    Deletion, Durability, Error, PutEvent, PutEvents, Result, Role, ScanQuery, Schema, UserRange,
    Value, session_of,
};
use crate::query::{Scan, value_at};

/// Events of a request, where the store's limits say nothing.
const REQUEST_EVENTS: usize = 10;

/// What became of a session's events without a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// So many went over.
    Events(u64),
    /// They stay, since a user has the session's name.
    Stays,
}

/// Moves what a session did without a user from one shard to that of its user: writes it there, synced, and then deletes it
/// here. When that is cut off in between, it is moved again with the next call, and what has come is left out, by event ids made
/// of the place that a row had.
///
/// Nobody may write events of the session without a user meanwhile.
///
/// # Errors
/// Those of the reads and writes; `InvalidInput` where the other shard does not take an event. Nothing is deleted then.
pub(super) fn move_session(
    from: &Store,
    to: &Store,
    session: &str,
    user: &str,
    durability: Durability,
) -> Result<Moved> {
    // By their keys, rows of a user are told from those of the session of the same name.
    let mut scan = scan_of(from, session, true)?;
    while let Some(columns) = scan.next_batch()? {
        for code in columns
            .users
            .chunk_by(|a, b| a == b)
            .filter_map(|run| run.first())
        {
            if session_of(columns.ids()?.get(*code)?).is_none() {
                return Ok(Moved::Stays);
            }
        }
    }
    let mut scan = scan_of(from, session, false)?;
    let mut over = MovedEvents {
        to,
        session,
        user,
        source: xxh3_128(format!("{} {session}", from.id()).as_bytes()),
        seen: HashMap::new(),
        waiting: Vec::new(),
        moved: 0,
    };
    while let Some(columns) = scan.next_batch()? {
        for row in 0..columns.rows() {
            over.add(&columns, row)?;
        }
    }
    let moved = over.finish()?;
    from.delete(&Deletion::user(session), durability)?;
    Ok(Moved::Events(moved))
}

/// The rows of exactly this name, by the keys that they are stored under or as they are shown.
fn scan_of(store: &Store, name: &str, session_keys: bool) -> Result<Scan> {
    store.scan(&ScanQuery {
        users: UserRange {
            from: Some(name.to_owned()),
            // A session's key is its id and U+0000, which no id holds.
            to: Some(format!("{name}\u{1}")),
        },
        session_keys,
        arrival: true,
        ..ScanQuery::default()
    })
}

/// Events on their way.
struct MovedEvents<'a> {
    to: &'a Store,
    session: &'a str,
    user: &'a str,
    source: u128,
    /// Rows of each commit and second so far.
    seen: HashMap<(u64, i64), u32>,
    waiting: Vec<PutEvent<'static>>,
    moved: u64,
}

impl MovedEvents<'_> {
    fn add(&mut self, columns: &Columns, row: usize) -> Result<()> {
        let at = columns.timestamps.get(row).copied();
        let commit = columns.sequences.get(row).copied();
        let (at, commit) = at.zip(commit).ok_or_else(too_short)?;
        let nth = self.seen.entry((commit, at)).or_default();
        let id = format!("moved {:032x} {commit} {at} {nth}", self.source);
        *nth += 1;
        let mut event = event_of(self.to.schema(), columns, row)?;
        event.sent_at = at;
        event.event_id = Some(id.into());
        // What a recommendation gave is longer than what a request may have; it is known in every shard.
        let most = self.to.limits().max_impression_items;
        let is_too_long = most.is_some_and(|most| event.impression.len() > most);
        if is_too_long && event.recommendation_id.is_some() {
            event.impression.clear();
        }
        self.waiting.push(event);
        let most = self.to.limits().max_request_events;
        match self.waiting.len() >= most.unwrap_or(REQUEST_EVENTS) {
            true => self.send(Durability::Buffered),
            false => Ok(()),
        }
    }

    fn send(&mut self, durability: Durability) -> Result<()> {
        let events = std::mem::take(&mut self.waiting);
        let count = events.len() as u64;
        if events.is_empty() {
            return Ok(());
        }
        let request = PutEvents {
            session_id: self.session.into(),
            user_id: Some(self.user.into()),
            events,
            ..PutEvents::default()
        };
        let done = self.to.put_events(&request, durability)?;
        self.moved += count - done.duplicates.len() as u64;
        Ok(())
    }

    /// Sees to it that all of it is on disk.
    fn finish(mut self) -> Result<u64> {
        self.send(Durability::Buffered)?;
        let nothing = crate::model::WriteBatch::new();
        self.to.write(nothing, Durability::Synced)?;
        Ok(self.moved)
    }
}

/// The event that a row was.
fn event_of(schema: &Schema, columns: &Columns, row: usize) -> Result<PutEvent<'static>> {
    let mut event = PutEvent::default();
    for (id, field) in schema.fields().iter().enumerate() {
        let value = value_at(schema, columns, id, row)?;
        match (field.role(), value) {
            (Role::User | Role::Timestamp, _) | (_, Value::Null) => {}
            (Role::Item, Value::String(item)) => event.item_id = Some(item.into()),
            (Role::EventType, Value::String(text)) => event.event_type = text.into(),
            (Role::EventValue, Value::Float(value)) => event.event_value = Some(value.into()),
            (Role::EventValue, Value::Double(value)) => event.event_value = Some(value),
            (Role::Impression, Value::Items(items)) => {
                event.impression = items.into_iter().map(Into::into).collect();
            }
            (Role::RecommendationId, Value::String(id)) => {
                event.recommendation_id = Some(id.into())
            }
            (Role::AttributionSource, Value::String(source)) => {
                event.attribution_source = Some(source.into());
            }
            (Role::Metadata, value) => {
                event
                    .properties
                    .push((field.name().to_owned().into(), value));
            }
            (_, value) => {
                return Err(Error::internal(format!(
                    "a value of another kind than its field {}: {value:?}",
                    field.name()
                )));
            }
        }
    }
    Ok(event)
}

fn too_short() -> Error {
    Error::internal("a scan without what was asked for")
}
