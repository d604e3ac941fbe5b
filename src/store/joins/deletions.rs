//! What was deleted, while rows that it hides still lie in segments or generations.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicU64, AtomicUsize, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};

use parking_lot::RwLock;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use crate::column::Strings;
use crate::hot::Tombstone;
use crate::model::{HashedKey, Result};
use crate::segment::item_hash;
use crate::store::folder::SegmentEntry;

/// Tombstones, only ever added to. A reader passes over those of commits above its own.
pub(crate) struct Deletions {
    count: AtomicUsize,
    /// The newest that names keys, the newest of an item for everybody, and the newest of a time; 0 for none.
    newest_of_keys: AtomicU64,
    newest_of_items: AtomicU64,
    newest_of_times: AtomicU64,
    /// A set of hashes of keys: most keys that no tombstone names are not in it.
    filter: [AtomicU64; FILTER_WORDS],
    known: RwLock<KnownDeletions>,
}

/// 8 KiB: of a thousand keys that nothing was deleted of, 15 are taken for others where a thousand are
/// named.
const FILTER_WORDS: usize = 1024;

#[derive(Default)]
struct KnownDeletions {
    all: Vec<Arc<Tombstone>>,
    of_key: HashMap<String, Vec<Arc<Tombstone>>, Xxh3DefaultBuilder>,
    items: Arc<DeletedItems>,
    /// Of everybody's rows of a time.
    times: Vec<Arc<Tombstone>>,
}

/// Items that were deleted for everybody.
#[derive(Clone, Default)]
pub(in crate::store) struct DeletedItems {
    /// By the hash of the item, its id and the commit.
    of_hash: HashMap<u32, Vec<(String, u64)>, Xxh3DefaultBuilder>,
}

impl DeletedItems {
    fn add(&mut self, item: &str, sequence: u64) {
        let of_hash = self.of_hash.entry(item_hash(item)).or_default();
        of_hash.push((item.to_owned(), sequence));
    }

    /// The newest commit after `after` and up to `visible` that deleted the item with a code, so that rows
    /// of commits before it are hidden.
    pub(in crate::store) fn deleted(
        &self,
        items: &dyn Strings,
        code: u32,
        [after, visible]: [u64; 2],
    ) -> Result<Option<u64>> {
        if code == 0 {
            return Ok(None);
        }
        let Some(alike) = self.of_hash.get(&items.hash(code)?) else {
            return Ok(None);
        };
        let item = items.get(code)?;
        Ok(newest(alike, item, [after, visible]))
    }

    /// The same of an item by its id.
    pub(in crate::store) fn deleted_id(&self, item: &str, range: [u64; 2]) -> Option<u64> {
        newest(self.of_hash.get(&item_hash(item))?, item, range)
    }
}

fn newest(alike: &[(String, u64)], item: &str, [after, visible]: [u64; 2]) -> Option<u64> {
    let same = alike.iter().filter(|(id, _)| id == item);
    let commits = same.map(|(_, sequence)| *sequence);
    commits
        .filter(|sequence| (after + 1..=visible).contains(sequence))
        .max()
}

impl Default for Deletions {
    fn default() -> Self {
        Self {
            count: AtomicUsize::new(0),
            newest_of_keys: AtomicU64::new(0),
            newest_of_items: AtomicU64::new(0),
            newest_of_times: AtomicU64::new(0),
            filter: std::array::from_fn(|_| AtomicU64::new(0)),
            known: RwLock::default(),
        }
    }
}

impl Deletions {
    pub(in crate::store) fn add(&self, tombstone: Arc<Tombstone>) {
        let mut known = self.known.write();
        for key in &tombstone.keys {
            let (word, bit) = place_of(HashedKey::of(key).hash);
            if let Some(word) = self.filter.get(word) {
                word.fetch_or(bit, Relaxed);
            }
            let of_key = known.of_key.entry(key.clone()).or_default();
            of_key.push(tombstone.clone());
        }
        let newest = if let Some(item) = tombstone.item_for_everybody() {
            Arc::make_mut(&mut known.items).add(item, tombstone.sequence);
            &self.newest_of_items
        } else if tombstone.is_expiry() {
            known.times.push(tombstone.clone());
            &self.newest_of_times
        } else {
            &self.newest_of_keys
        };
        newest.fetch_max(tombstone.sequence, Release);
        known.all.push(tombstone);
        self.count.store(known.all.len(), Release);
    }

    pub(in crate::store) fn is_empty(&self) -> bool {
        self.count.load(Acquire) == 0
    }

    /// All of them, in the order of adding.
    pub(in crate::store) fn all(&self) -> Vec<Arc<Tombstone>> {
        match self.is_empty() {
            true => Vec::new(),
            false => self.known.read().all.clone(),
        }
    }

    /// Those among which are all that it may make needless, or be made needless by.
    pub(in crate::store) fn like(&self, tombstone: &Tombstone) -> Vec<Arc<Tombstone>> {
        let known = self.known.read();
        match tombstone.keys.first() {
            None => known.times.clone(),
            Some(key) => known.of_key.get(key).cloned().unwrap_or_default(),
        }
    }

    /// Whether anything of a commit behind `joined` was deleted.
    pub(in crate::store) fn any_after(&self, joined: u64) -> bool {
        let newest = [
            &self.newest_of_keys,
            &self.newest_of_items,
            &self.newest_of_times,
        ];
        newest.iter().any(|newest| newest.load(Acquire) > joined)
    }

    /// The newest commit up to `last` that deleted anything; 0 for none.
    pub(in crate::store) fn newest_upto(&self, last: u64) -> u64 {
        let commits = self.all().into_iter().map(|one| one.sequence);
        commits.filter(|commit| *commit <= last).max().unwrap_or(0)
    }

    /// Whether any item was deleted for everybody by a commit behind `joined`.
    pub(super) fn any_item_after(&self, joined: u64) -> bool {
        self.newest_of_items.load(Acquire) > joined
    }

    /// Whether rows were deleted by their time alone by a commit behind `joined`.
    pub(in crate::store) fn any_time_after(&self, joined: u64) -> bool {
        self.newest_of_times.load(Acquire) > joined
    }

    /// Whether a tombstone may name the key. Cost: one word of a table of 8 KiB.
    #[inline]
    pub(in crate::store) fn may_name(&self, key: HashedKey<'_>) -> bool {
        let (word, bit) = place_of(key.hash);
        let word = self.filter.get(word);
        word.is_some_and(|word| word.load(Relaxed) & bit != 0)
    }

    /// The tombstones that name a key, of commits behind `after` and up to `visible`.
    pub(in crate::store) fn of_key(
        &self,
        key: HashedKey<'_>,
        [after, visible]: [u64; 2],
    ) -> Vec<Arc<Tombstone>> {
        if self.newest_of_keys.load(Acquire) <= after || !self.may_name(key) {
            return Vec::new();
        }
        let known = self.known.read();
        let of_key = known.of_key.get(key.text).into_iter().flatten();
        let within = |one: &&Arc<Tombstone>| (after + 1..=visible).contains(&one.sequence);
        of_key.filter(within).cloned().collect()
    }

    /// Those of everybody's rows of a time that concern rows from `oldest` on, of commits behind `after` and
    /// up to `visible`.
    pub(in crate::store) fn of_times(
        &self,
        oldest: i64,
        [after, visible]: [u64; 2],
    ) -> Vec<Arc<Tombstone>> {
        if self.newest_of_times.load(Acquire) <= after {
            return Vec::new();
        }
        let known = self.known.read();
        let concerns = |one: &&Arc<Tombstone>| {
            (after + 1..=visible).contains(&one.sequence)
                && one.time.until.is_none_or(|until| oldest < until)
        };
        known.times.iter().filter(concerns).cloned().collect()
    }

    /// The items that were deleted for everybody, where a commit behind `joined` did so.
    pub(in crate::store) fn items_after(&self, joined: u64) -> Option<Arc<DeletedItems>> {
        let any = self.any_item_after(joined);
        any.then(|| self.known.read().items.clone())
    }

    /// The keys from `from` to before `to` that tombstones behind `after` and up to `visible` name, in order.
    pub(in crate::store) fn keys(&self, [after, visible]: [u64; 2]) -> Vec<String> {
        if self.newest_of_keys.load(Acquire) <= after {
            return Vec::new();
        }
        let known = self.known.read();
        let within = |one: &&Arc<Tombstone>| (after + 1..=visible).contains(&one.sequence);
        let named = known.all.iter().filter(within);
        let mut keys: Vec<String> = named.flat_map(|one| one.keys.iter().cloned()).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

/// The items of a recommendation of the commit `sequence` that no commit behind it deleted for everybody.
pub(in crate::store) fn left_of<'a>(
    items: &'a [String],
    sequence: u64,
    deletions: &Deletions,
) -> Vec<&'a str> {
    let deleted = deletions.items_after(sequence);
    let is_left = |item: &&str| {
        let deleted = deleted.as_ref();
        deleted.is_none_or(|deleted| deleted.deleted_id(item, [sequence, u64::MAX]).is_none())
    };
    items.iter().map(String::as_str).filter(is_left).collect()
}

fn place_of(hash: u64) -> (usize, u64) {
    let bit = hash as usize % (FILTER_WORDS * 64);
    (bit / 64, 1 << (bit % 64))
}

impl SegmentEntry {
    /// Whether rows may lie here that a deletion of the commit `sequence` hides.
    pub(in crate::store) fn lacks_deletion(&self, sequence: u64) -> bool {
        self.joined < sequence && self.sequences[0] < sequence
    }
}
