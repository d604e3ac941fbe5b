//! What is older than the rules of retention allow is deleted, by tombstones like any other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::engine::Engine;
use super::version::Version;
use crate::hot::{EncodedRows, Notes, Tombstone};
use crate::types::{
    Error, HashedKey, Result, Retention, TierQuery, TimeRange, UserRange, session_of,
};

/// Sessions that one commit drops.
const SESSIONS_AT_ONCE: usize = 10_000;

/// Seconds between two looks at what is too old, at most.
const LONGEST_BETWEEN: u64 = 60;
/// Of the shortest age one part in so many goes by between two looks.
const PARTS: u64 = 100;

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
        }
        self.writable()?
            .sync()
            .map_err(|error| self.poison(error))?;
        self.expire()
    }

    /// Whether it is time to look for what is too old.
    pub(super) fn expires_now(&self) -> bool {
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
        let next = retention.shortest().map_or(u64::MAX, |shortest| {
            now.saturating_add((shortest / PARTS).clamp(1, LONGEST_BETWEEN))
        });
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
            let sessions = self.version.load().sessions_before(before(age))?;
            for keys in sessions.chunks(SESSIONS_AT_ONCE) {
                self.append_expiry(|sequence| Tombstone {
                    sequence,
                    keys: keys.to_vec(),
                    item: None,
                    event_type: None,
                    time: TimeRange::ALL,
                })?;
            }
        }
        // Those that a later one has made needless.
        self.let_go_of_joins(|done, _| done > 0)
    }

    fn drop_before(&self, event_type: Option<String>, until: i64) -> Result<()> {
        let version = self.version.load_full();
        let hot = version
            .generations
            .iter()
            .filter_map(|hot| hot.timestamps());
        let oldest = hot.map(|(oldest, _)| oldest);
        let segments = version.segments();
        let sealed = segments.map(|live| live.segment.footer().timestamps[0]);
        if !oldest.chain(sealed).any(|oldest| oldest < until) {
            return Ok(());
        }
        self.append_expiry(|sequence| Tombstone {
            sequence,
            keys: Vec::new(),
            item: None,
            event_type,
            time: TimeRange::new(None, Some(until)),
        })
    }

    fn append_expiry(&self, tombstone: impl FnOnce(u64) -> Tombstone) -> Result<()> {
        let (_held, generation) = self.room(self.commit.lock())?;
        let registry = self.registry()?;
        let sequence = self.visible.load(Ordering::Acquire) + 1;
        let tombstone = tombstone(sequence);
        let mut notes = Notes::default();
        for earlier in self.version.load().joins.deletions.all() {
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
    /// The keys of sessions without a user whose last event came before `until`.
    fn sessions_before(&self, until: i64) -> Result<Vec<String>> {
        let mut keys: BTreeSet<String> = BTreeSet::new();
        for live in self.segments().filter(|live| live.entry.sessions > 0) {
            let ids = live.segment.user_ids();
            for code in 1..=ids.len() as u32 {
                let id = ids.get(code)?;
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
            let session = session_of(&key).unwrap_or_default();
            let linked = self.joins.links.of_session(session, u64::MAX).is_some();
            if !linked && self.newest_of(&key)?.is_some_and(|newest| newest < until) {
                old.push(key);
            }
        }
        Ok(old)
    }

    /// The newest timestamp of the rows under a key.
    fn newest_of(&self, key: &str) -> Result<Option<i64>> {
        let query = TierQuery::newest_time();
        let hashed = HashedKey::of(key);
        let mut columns = crate::types::Columns::default();
        for live in self.segments_of(key) {
            live.segment.history(hashed, &query, &mut columns)?;
        }
        for generation in &self.generations {
            generation.history(key, &query, &mut columns)?;
        }
        Ok(columns.timestamps.iter().max().copied())
    }
}
