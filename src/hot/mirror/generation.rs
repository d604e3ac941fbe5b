//! The mirror of a live generation: its rows in memory, by user.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicU64, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use hashbrown::HashTable;
use parking_lot::{MappedRwLockReadGuard, Mutex, RwLock, RwLockReadGuard};
use xxhash_rust::xxh3::xxh3_64;

use super::layout::{Layout, Words};
use super::row_columns::SortKey;
use super::strings::SharedDictionary;
use super::user_rows::UserRows;
use super::view::EventFilter;
use crate::column::{Column, Columns, Strings};
use crate::model::{
    DataType, Error, FieldId, HashedKey, Result, Role, Row, Schema, TierQuery, UserRange,
    session_of,
};

const SHARDS: usize = 64;

/// The rows of one generation. One writer at a time adds rows while any number of readers read.
///
/// A reader sees the rows of commits up to its query's `visible`; what is added meanwhile carries
/// a higher sequence number.
pub(crate) struct Generation {
    id: u64,
    schema: Arc<Schema>,
    layout: Layout,
    /// One for each string field, by position; the impression field shares the item field's.
    dictionaries: Vec<Option<Arc<SharedDictionary>>>,
    shards: Box<[Shard]>,
    /// Whether there is any row.
    filled: AtomicBool,
    /// Whether a row lies under the key of a session.
    sessions: AtomicBool,
    writing: Writing,
}

/// What changes with each row, in cache lines of its own: readers would wait for it.
#[repr(align(128))]
struct Writing {
    scratch: Mutex<Words>,
    rows: AtomicU64,
    row_bytes: AtomicUsize,
    log_bytes: AtomicUsize,
    first_sequence: AtomicU64,
    last_sequence: AtomicU64,
    min_timestamp: AtomicI64,
    max_timestamp: AtomicI64,
}

impl Writing {
    /// Counts a row that was added. Writers take turns: between a load and its store nothing comes.
    fn count(&self, timestamp: i64, sequence: u64) {
        if sequence < self.first_sequence.load(Relaxed) {
            self.first_sequence.store(sequence, Relaxed);
        }
        if sequence > self.last_sequence.load(Relaxed) {
            self.last_sequence.store(sequence, Relaxed);
        }
        if timestamp < self.min_timestamp.load(Relaxed) {
            self.min_timestamp.store(timestamp, Relaxed);
        }
        if timestamp > self.max_timestamp.load(Relaxed) {
            self.max_timestamp.store(timestamp, Relaxed);
        }
        let rows = self.rows.load(Relaxed);
        self.rows.store(rows + 1, Release);
    }

    /// Counts memory that rows take now and took before, in the same way.
    fn count_bytes(&self, now: usize, before: usize) {
        let row_bytes = self.row_bytes.load(Relaxed);
        self.row_bytes.store(row_bytes + now - before, Relaxed);
    }
}

/// Aligned so that a writer's lock does not slow readers of the neighbours.
#[repr(align(64))]
#[derive(Default)]
struct Shard(RwLock<HashTable<UserRows>>);

/// A user's rows in a generation, a part of which is locked against writing for as long as they are
/// held.
pub(crate) struct HeldRows<'a> {
    generation: &'a Generation,
    rows: MappedRwLockReadGuard<'a, UserRows>,
}

impl HeldRows<'_> {
    /// See [`Generation::history`].
    pub(crate) fn history(&self, query: &TierQuery, out: &mut Columns) -> Result<()> {
        let filter = self.generation.filter(&query.event_types);
        let layout = &self.generation.layout;
        self.rows.history(layout, query, &filter, out)?;
        if query.copies_text {
            self.generation.prefetch_strings(out);
        }
        Ok(())
    }

    /// Asks for the memory of the rows that a query takes.
    #[inline]
    pub(crate) fn prefetch(&self, query: &TierQuery) {
        self.rows.prefetch(&self.generation.layout, query);
    }
}

impl Generation {
    /// An empty generation.
    pub(crate) fn new(id: u64, schema: Arc<Schema>) -> Self {
        Self {
            id,
            layout: Layout::new(&schema),
            dictionaries: dictionaries(&schema),
            schema,
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            filled: AtomicBool::new(false),
            sessions: AtomicBool::new(false),
            writing: Writing {
                scratch: Mutex::default(),
                rows: AtomicU64::new(0),
                row_bytes: AtomicUsize::new(0),
                log_bytes: AtomicUsize::new(0),
                first_sequence: AtomicU64::new(u64::MAX),
                last_sequence: AtomicU64::new(0),
                min_timestamp: AtomicI64::new(i64::MAX),
                max_timestamp: AtomicI64::new(i64::MIN),
            },
        }
    }

    /// The number that the log and the manifest know it by.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.writing.rows.load(Acquire)
    }

    /// Bytes of memory that the rows take here and in the log, about. Cost: a few loads.
    pub(crate) fn memory_bytes(&self) -> usize {
        let strings: usize = self
            .dictionaries
            .iter()
            .zip(self.schema.fields())
            .filter(|(_, field)| field.role() != Role::Impression)
            .filter_map(|(dictionary, _)| Some(dictionary.as_ref()?.memory_bytes()))
            .sum();
        strings + self.writing.row_bytes.load(Relaxed) + self.writing.log_bytes.load(Relaxed)
    }

    /// Adds to the memory that the log holds for this generation.
    pub(in crate::hot) fn add_log_bytes(&self, bytes: usize) {
        self.writing.log_bytes.fetch_add(bytes, Relaxed);
    }

    /// The lowest and the highest sequence number; `None` when empty.
    pub(crate) fn sequences(&self) -> Option<(u64, u64)> {
        (self.rows() > 0).then(|| {
            (
                self.writing.first_sequence.load(Relaxed),
                self.writing.last_sequence.load(Relaxed),
            )
        })
    }

    /// The lowest and the highest timestamp; `None` when empty.
    pub(crate) fn timestamps(&self) -> Option<(i64, i64)> {
        (self.rows() > 0).then(|| {
            (
                self.writing.min_timestamp.load(Relaxed),
                self.writing.max_timestamp.load(Relaxed),
            )
        })
    }

    /// The strings of a field's codes; for impressions the item field's. `None` for fields that
    /// are not strings, the user and beyond the schema.
    pub(crate) fn dictionary(&self, field: FieldId) -> Option<Arc<dyn Strings>> {
        let dictionary = self.dictionaries.get(field)?.clone()?;
        Some(dictionary)
    }

    /// Adds a row, the `index`-th of the commit `sequence`, whose cells fit their fields. Callers take
    /// turns.
    ///
    /// # Errors
    /// `InvalidInput` when a dictionary or the user's rows have reached what 32 bits count. The row
    /// is then not added.
    pub(crate) fn insert(&self, row: &Row<'_>, sequence: u64, index: u32) -> Result<()> {
        let mut words = self.writing.scratch.lock();
        words.fill(&self.layout, &self.dictionaries, row)?;
        let key = SortKey {
            timestamp: row.timestamp,
            sequence,
            index,
        };
        self.insert_words(row.user, key, &mut words)?;
        self.writing.count(row.timestamp, sequence);
        Ok(())
    }

    fn insert_words(&self, user: &str, key: SortKey, words: &mut Words) -> Result<()> {
        let hash = xxh3_64(user.as_bytes());
        let shard = self.shard(hash);
        let shard = shard.ok_or_else(|| Error::internal("a user without a shard"))?;
        // Stored once: readers have it in their caches.
        if !self.filled.load(Relaxed) {
            self.filled.store(true, Release);
        }
        let mut users = shard.write();
        if let Some(rows) = users.find_mut(hash, |rows| rows.user.bytes() == user.as_bytes()) {
            let before = rows.memory_bytes();
            rows.insert(key, words)?;
            self.writing.count_bytes(rows.memory_bytes(), before);
        } else {
            if session_of(user).is_some() {
                self.sessions.store(true, Release);
            }
            let mut rows = UserRows::new(user, hash);
            rows.insert(key, words)?;
            let before = users.allocation_size();
            let own = rows.memory_bytes();
            users.insert_unique(hash, rows, |rows| rows.hash);
            self.writing
                .count_bytes(own + users.allocation_size(), before);
        }
        Ok(())
    }

    /// Whether any row lies under the key of a session.
    pub(crate) fn holds_sessions(&self) -> bool {
        self.sessions.load(Acquire)
    }

    /// Whether the user has any row.
    pub(crate) fn contains(&self, user: &str) -> bool {
        self.rows_of(HashedKey::of(user)).is_some()
    }

    /// The user's rows, where there are any. Cost: a probe; nothing where the generation is empty.
    pub(crate) fn rows_of(&self, user: HashedKey<'_>) -> Option<HeldRows<'_>> {
        if !self.filled.load(Acquire) {
            return None;
        }
        let users = self.shard(user.hash)?.read();
        let rows = RwLockReadGuard::try_map(users, |users| find(users, user.hash, user.text));
        let rows = rows.ok()?;
        Some(HeldRows {
            generation: self,
            rows,
        })
    }

    /// Appends the user's rows that match to `out`, by rising timestamp, sequence and position in
    /// the commit: the columns that are asked for and not absent in `out`, timestamps, and
    /// sequences if asked for. `out.users` is left alone.
    ///
    /// Cost: a probe, the rows given, and for a filter or an older snapshot the rows skipped; no
    /// allocation but the growth of `out`, one for a filter by event types, and two where many rows came
    /// late.
    ///
    /// # Errors
    /// `InvalidInput` when `out` has columns of other types, or grows past 2^32 impression items.
    pub(crate) fn history(&self, user: &str, query: &TierQuery, out: &mut Columns) -> Result<()> {
        match self.rows_of(HashedKey::of(user)) {
            Some(rows) => {
                rows.prefetch(query);
                rows.history(query, out)
            }
            None => Ok(()),
        }
    }

    /// Calls `visit` with the item id of each of the user's rows up to `visible` that has one of
    /// the event types (empty for all). A part of the generation is locked against writing
    /// meanwhile.
    ///
    /// # Errors
    /// None that a generation can cause by itself.
    pub(crate) fn seen_items(
        &self,
        user: HashedKey<'_>,
        event_types: &[String],
        visible: u64,
        visit: &mut dyn FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        let (Some(held), Some(items)) = (self.rows_of(user), self.strings(self.schema.item()))
        else {
            return Ok(());
        };
        let filter = self.filter(event_types);
        held.rows
            .items(&self.layout, &filter, visible, &mut |code| match code {
                0 => Ok(()),
                code => visit(items.get(code)?),
            })
    }

    /// The users of the range that have rows at this moment, in the order of their UTF-8 bytes.
    pub(crate) fn users(&self, range: &UserRange) -> Vec<Arc<str>> {
        let mut found = Vec::new();
        for Shard(users) in &self.shards {
            let users = users.read();
            let users = users.iter().map(|rows| rows.user.get());
            found.extend(users.filter(|user| range.contains(user)).map(Arc::from));
        }
        found.sort_unstable();
        found
    }

    /// Calls `visit` with each user and the number of their rows at this moment, in no order. A part of the
    /// generation is locked against writing meanwhile.
    pub(crate) fn each_user(&self, visit: &mut dyn FnMut(&str, u64)) {
        for Shard(users) in &self.shards {
            for rows in users.read().iter() {
                visit(rows.user.get(), rows.len() as u64);
            }
        }
    }

    /// So many users or more, where there are as many, with the number of their rows: those whose hashes are alike,
    /// which tells nothing of their order.
    pub(crate) fn some_users(&self, least: usize) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        for Shard(users) in &self.shards {
            if found.len() >= least {
                break;
            }
            let users = users.read();
            let users = users
                .iter()
                .map(|rows| (rows.user.get().to_owned(), rows.len() as u64));
            found.extend(users);
        }
        found
    }

    /// The bits in the middle of the hash: the table uses both ends.
    fn shard(&self, hash: u64) -> Option<&RwLock<HashTable<UserRows>>> {
        let shard = self.shards.get((hash >> 40) as usize % SHARDS)?;
        Some(&shard.0)
    }

    /// Says that the strings of these columns, which are its own, are about to be copied.
    fn prefetch_strings(&self, columns: &Columns) {
        for (dictionary, column) in self.dictionaries.iter().zip(&columns.fields) {
            if let (Some(dictionary), Column::Strings(codes)) = (dictionary, column) {
                dictionary.prefetch(codes);
            }
        }
    }

    fn strings(&self, field: FieldId) -> Option<&SharedDictionary> {
        self.dictionaries.get(field)?.as_deref()
    }

    /// The event types as codes. Cost: a comparison for each distinct event type.
    fn filter(&self, event_types: &[String]) -> EventFilter {
        if event_types.is_empty() {
            return EventFilter::All;
        }
        let field = self.schema.position_of(Role::EventType);
        match (
            self.layout.event_type(),
            field.and_then(|id| self.strings(id)),
        ) {
            (Some(word), Some(strings)) => {
                let asked = |text: &str| event_types.iter().any(|t| t.eq_ignore_ascii_case(text));
                let matching = strings.iter().filter(|(_, text)| asked(text));
                EventFilter::Codes(word, matching.map(|(code, _)| code).collect())
            }
            _ => EventFilter::Codes(0, Vec::new()),
        }
    }
}

fn find<'a>(users: &'a HashTable<UserRows>, hash: u64, user: &str) -> Option<&'a UserRows> {
    users.find(hash, |rows| rows.user.bytes() == user.as_bytes())
}

fn dictionaries(schema: &Schema) -> Vec<Option<Arc<SharedDictionary>>> {
    let items = Arc::new(SharedDictionary::default());
    schema
        .fields()
        .iter()
        .map(|field| match (field.role(), field.data_type()) {
            (Role::User | Role::Timestamp, _) => None,
            (Role::Item | Role::Impression, _) => Some(Arc::clone(&items)),
            (_, DataType::String) => Some(Arc::new(SharedDictionary::default())),
            _ => None,
        })
        .collect()
}
