//! What is older than the rules of retention allow is deleted, by tombstones like any other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::column::Columns;
use crate::hot::{EncodedRows, Notes, Tombstone};
use crate::model::{
    Error, HashedKey, Result, Retention, Schema, TierQuery, TimeRange, UserRange, session_of,
};
use crate::store::engine::{Engine, Version};
use crate::store::merge::{Held, Mask};
use crate::text::TextRoom;

/// Sessions that one commit drops.
const SESSIONS_AT_ONCE: usize = 1000;

impl Engine {
    /// The rules that hold.
    pub(crate) fn retention(&self) -> Retention {
        self.retention.lock().clone()
    }

    /// Has other rules hold from now on, durably, and drops what they do not keep.
    pub(crate) fn set_retention(&self, retention: &Retention) -> Result<()> {
        retention.validate()?;
        let json = serde_json::to_vec(retention)
            .map_err(|_| Error::internal("rules of retention that are no JSON"))?;
        {
            let tier = self.writable()?;
            let _commit = self.commit.lock();
            let mut notes = Notes::default();
            self.registry()?.note_retention(&json, &mut notes)?;
            self.append_notes(tier, &mut notes, 1)?;
            *self.retention.lock() = retention.clone();
            self.newest_swept.store(0, Ordering::Release);
        }
        self.writable()?
            .sync()
            .map_err(|error| self.poison(error))?;
        self.expire()
    }

    /// Whether it is time to look for what is too old.
    pub(in crate::store) fn expires_now(&self) -> bool {
        let next = self.next_expiry.load(Ordering::Relaxed);
        next != u64::MAX
            && self
                .registry()
                .is_ok_and(|registry| registry.now_seconds() >= next)
    }

    /// Drops what is older than the rules allow.
    pub(crate) fn expire(&self) -> Result<()> {
        let retention = self.retention();
        let now = self.registry()?.now_seconds();
        let again = retention.looks_again();
        let next = again.map_or(u64::MAX, |seconds| now.saturating_add(seconds));
        self.next_expiry.store(next, Ordering::Relaxed);
        let before = |age: u64| {
            i64::try_from(now)
                .unwrap_or(i64::MAX)
                .saturating_sub_unsigned(age)
        };
        let of_all = retention.max_age_seconds.map(|age| (None, age));
        let of_types = retention.max_age_seconds_of.iter();
        let of_types = of_types.map(|(event_type, age)| (Some(event_type.clone()), *age));
        for (event_type, age) in of_all.into_iter().chain(of_types) {
            self.drop_before(event_type, before(age))?;
        }
        if let Some(age) = retention.session_seconds {
            self.drop_sessions(before(age))?;
        }
        if let Some(count) = retention.newest_of_user {
            self.drop_beyond_newest(count as usize)?;
        }
        // Those that a later one has made needless.
        self.let_go_of_joins(|done, _| done > 0)?;
        Ok(())
    }

    fn drop_before(&self, event_type: Option<String>, until: i64) -> Result<()> {
        if !self.version.load().has_before(&event_type, until) {
            return Ok(());
        }
        self.append_expiry(|sequence| {
            Ok(Some(Tombstone {
                sequence,
                keys: Vec::new(),
                item: None,
                event_type,
                time: TimeRange::new(None, Some(until)),
                by_retention: true,
            }))
        })
    }

    fn drop_sessions(&self, until: i64) -> Result<()> {
        let visible = self.visible.load(Ordering::Acquire);
        let version = self.version.load_full();
        let old = version.sessions_before(&self.schema, until, visible)?;
        for keys in old.chunks(SESSIONS_AT_ONCE) {
            self.append_expiry(|sequence| {
                // Events may have come meanwhile, and users.
                let version = self.version.load_full();
                let mut keys = keys.to_vec();
                let mut failed = None;
                keys.retain(|key| {
                    let is_old = version.is_old_session(&self.schema, key, until, sequence - 1);
                    is_old.unwrap_or_else(|error| {
                        failed = Some(error);
                        false
                    })
                });
                if let Some(error) = failed {
                    return Err(error);
                }
                Ok((!keys.is_empty()).then_some(Tombstone {
                    sequence,
                    keys,
                    item: None,
                    event_type: None,
                    time: TimeRange::ALL,
                    by_retention: true,
                }))
            })?;
        }
        Ok(())
    }

    /// Commits a tombstone, if any, that is made while nobody else commits; it is told its number.
    pub(in crate::store) fn append_expiry(
        &self,
        tombstone: impl FnOnce(u64) -> Result<Option<Tombstone>>,
    ) -> Result<()> {
        let (_held, generation) = self.room(self.commit.lock())?;
        let registry = self.registry()?;
        let sequence = self.visible.load(Ordering::Acquire) + 1;
        let Some(tombstone) = tombstone(sequence)? else {
            return Ok(());
        };
        let mut notes = Notes::default();
        for earlier in self.version.load().joins.deletions.like(&tombstone) {
            if earlier.is_superseded_by(&tombstone) {
                registry.forget_tombstone(&earlier, &mut notes);
            }
        }
        registry.note_tombstone(&tombstone, &mut notes)?;
        registry.note_commit(sequence, &mut notes)?;
        let no_rows = EncodedRows::default();
        self.apply(&generation, no_rows, &notes, sequence, || {
            let version = self.version.load();
            version.joins.deletions.add(Arc::new(tombstone));
        })
    }
}

impl Version {
    /// Whether rows from before a time may lie anywhere that the newest tombstone of their event type does
    /// not hide.
    fn has_before(&self, event_type: &Option<String>, until: i64) -> bool {
        let tombstones = self.joins.deletions.all();
        let alike = |one: &&Arc<Tombstone>| one.is_expiry() && one.event_type == *event_type;
        let known = tombstones.iter().rfind(alike);
        let has = |[oldest, newest]: [i64; 2], last: u64| {
            let known = known.filter(|one| last < one.sequence);
            let since = known.and_then(|one| one.time.until).unwrap_or(i64::MIN);
            oldest < until && since < until && since <= newest
        };
        let mut hot = self.generations.iter();
        let mut segments = self.segments();
        hot.any(|hot| {
            let rows = hot.timestamps().zip(hot.sequences());
            rows.is_some_and(|((oldest, newest), (_, last))| has([oldest, newest], last))
        }) || segments.any(|live| has(live.segment.footer().timestamps, live.entry.sequences[1]))
    }
}

impl Version {
    /// The keys of sessions without a user whose last event came before `until`.
    fn sessions_before(&self, schema: &Schema, until: i64, visible: u64) -> Result<Vec<String>> {
        let mut keys: BTreeSet<String> = BTreeSet::new();
        for live in self.segments().filter(|live| live.entry.sessions > 0) {
            let ids = live.segment.user_ids();
            let mut room = TextRoom::default();
            for code in 1..=ids.len() as u32 {
                let id = ids.read(code, &mut room)?;
                if session_of(id).is_some() {
                    keys.insert(id.to_owned());
                }
            }
        }
        for generation in self.generations.iter().filter(|hot| hot.holds_sessions()) {
            let users = generation.users(&UserRange::default());
            let sessions = users.iter().filter(|user| session_of(user).is_some());
            keys.extend(sessions.map(|user| user.to_string()));
        }
        let mut old = Vec::new();
        for key in keys {
            if self.is_old_session(schema, &key, until, visible)? {
                old.push(key);
            }
        }
        Ok(old)
    }

    /// Whether a session has no user, and its last event, of those that were not deleted, came before
    /// `until`.
    fn is_old_session(&self, schema: &Schema, key: &str, until: i64, visible: u64) -> Result<bool> {
        let session = session_of(key).unwrap_or_default();
        if self.joins.links.of_session(session, u64::MAX).is_some() {
            return Ok(false);
        }
        let newest = self.newest_of(schema, key, visible)?;
        Ok(newest.is_some_and(|newest| newest < until))
    }

    /// The newest timestamp of the rows under a key that were not deleted.
    fn newest_of(&self, schema: &Schema, key: &str, visible: u64) -> Result<Option<i64>> {
        let query = TierQuery {
            asked: vec![false; schema.fields().len()],
            ..TierQuery::newest_time()
        };
        let hashed = HashedKey::of(key);
        let deletions = &self.joins.deletions;
        let mut newest: Option<i64> = None;
        for live in self.segments_of(key) {
            let mut columns = Columns::for_schema(schema).asked_only(&query.asked);
            let segment = &live.segment;
            match Mask::of(deletions, hashed, || Held::of_segment(live), visible) {
                None => segment.history(hashed, &query, &mut columns)?,
                Some(mask) => mask.read(
                    schema,
                    &query,
                    &mut columns,
                    |query, out| segment.history(hashed, query, out),
                    |field| segment.dictionary(field),
                )?,
            }
            newest = newest.max(columns.timestamps.iter().max().copied());
        }
        for generation in &self.generations {
            let mut columns = Columns::for_schema(schema).asked_only(&query.asked);
            match Mask::of(
                deletions,
                hashed,
                || Held::of_generation(generation),
                visible,
            ) {
                None => generation.history(key, &query, &mut columns)?,
                Some(mask) => mask.read(
                    schema,
                    &query,
                    &mut columns,
                    |query, out| generation.history(key, query, out),
                    |field| generation.dictionary(field),
                )?,
            }
            newest = newest.max(columns.timestamps.iter().max().copied());
        }
        Ok(newest)
    }
}
