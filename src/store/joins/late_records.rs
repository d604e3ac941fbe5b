//! Recommendations that were recorded after events that name them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Acquire, Ordering::Release};

use parking_lot::RwLock;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use crate::hot::LateRecord;

/// Late records, only ever added to. A reader passes over those of commits above its own.
pub(crate) struct LateRecords {
    count: AtomicUsize,
    /// First and last commit of the events that any of them concerns.
    first: AtomicU64,
    last: AtomicU64,
    known: RwLock<RecordsById>,
}

#[derive(Default)]
struct RecordsById {
    all: Vec<Arc<LateRecord>>,
    of_id: HashMap<String, Vec<Arc<LateRecord>>, Xxh3DefaultBuilder>,
}

impl Default for LateRecords {
    fn default() -> Self {
        Self {
            count: AtomicUsize::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
            known: RwLock::default(),
        }
    }
}

impl LateRecords {
    pub(in crate::store) fn add(&self, late: Arc<LateRecord>) {
        let mut known = self.known.write();
        self.first.fetch_min(late.awaited[0], Release);
        self.last.fetch_max(late.awaited[1], Release);
        let of_id = known.of_id.entry(late.id.clone()).or_default();
        of_id.push(late.clone());
        known.all.push(late);
        self.count.store(known.all.len(), Release);
    }

    pub(in crate::store) fn is_empty(&self) -> bool {
        self.count.load(Acquire) == 0
    }

    /// All of them, in the order of adding.
    pub(in crate::store) fn all(&self) -> Vec<Arc<LateRecord>> {
        match self.is_empty() {
            true => Vec::new(),
            false => self.known.read().all.clone(),
        }
    }

    /// Whether any may concern rows of these commits, first and last.
    pub(super) fn may_concern(&self, sequences: [u64; 2]) -> bool {
        !self.is_empty()
            && sequences[0] <= self.last.load(Acquire)
            && sequences[1] >= self.first.load(Acquire)
    }

    /// The record that an event of the commit `sequence` waited for, where it came behind `joined` and up to
    /// the commit `visible`.
    pub(in crate::store) fn of(
        &self,
        id: &str,
        sequence: u64,
        [joined, visible]: [u64; 2],
    ) -> Option<Arc<LateRecord>> {
        let known = self.known.read();
        let mut records = known.of_id.get(id)?.iter();
        let found = records.find(|late| {
            (joined + 1..=visible).contains(&late.sequence)
                && (late.awaited[0]..=late.awaited[1]).contains(&sequence)
        });
        found.cloned()
    }
}
