//! What is readable at one moment: immutable; the engine swaps in the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::joins::Joins;
use super::manifest::SegmentEntry;
use crate::hot::Generation;
use crate::io::Storage;
use crate::segment::{Origin, Segment};
use crate::types::{HashedKey, Result};

/// An open segment; its file goes when nobody reads it any more, once it is obsolete.
pub(crate) struct LiveSegment {
    pub entry: SegmentEntry,
    pub segment: Arc<Segment>,
    storage: Arc<dyn Storage>,
    obsolete: AtomicBool,
}

impl LiveSegment {
    pub(crate) fn new(
        entry: SegmentEntry,
        segment: Arc<Segment>,
        storage: Arc<dyn Storage>,
    ) -> Arc<Self> {
        Arc::new(Self {
            entry,
            segment,
            storage,
            obsolete: AtomicBool::new(false),
        })
    }

    /// Marks the file for removal, when the last version that lists it is dropped.
    pub(crate) fn retire(&self) {
        self.obsolete.store(true, Ordering::Release);
    }
}

impl Drop for LiveSegment {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Acquire) {
            // A file that stays behind is removed at the next opening.
            let _ = self.storage.remove(&SegmentEntry::path_of(self.entry.id));
        }
    }
}

/// Segments that do not overlap in users, sorted by user. Only a user with more rows than a
/// segment holds stands in two neighbours.
#[derive(Clone)]
pub(crate) struct Run {
    pub id: u64,
    pub origin: Origin,
    pub segments: Vec<Arc<LiveSegment>>,
    /// Whether a run that stands before it in its version has rows as new as its oldest.
    pub overlaps_older: bool,
}

impl Run {
    /// The segments that may hold a user: the only one there is, or those whose range of users
    /// has it.
    #[inline]
    pub(crate) fn of_user(&self, user: &str) -> &[Arc<LiveSegment>] {
        match self.segments.as_slice() {
            [_] => &self.segments,
            _ => self.in_range(user),
        }
    }

    fn in_range(&self, user: &str) -> &[Arc<LiveSegment>] {
        let first = self
            .segments
            .partition_point(|live| live.segment.footer().users[1].as_str() < user);
        let segments = self.segments.get(first..).unwrap_or_default();
        let begins = |live: &&Arc<LiveSegment>| live.segment.footer().users[0].as_str() <= user;
        let count = segments.iter().take_while(begins).count();
        segments.get(..count).unwrap_or_default()
    }

    /// Says that a user is about to be looked for. Of more than one segment that may hold it only
    /// the first is told.
    fn prefetch_user(&self, user: HashedKey<'_>) {
        if let Some(live) = self.of_user(user.text).first() {
            live.segment.prefetch_user(user);
        }
    }

    /// The oldest and the newest timestamp.
    fn timestamps(&self) -> [i64; 2] {
        let ranges = self.segments.iter();
        let ranges = ranges.map(|live| live.segment.footer().timestamps);
        ranges.fold([i64::MAX, i64::MIN], |all, range| {
            [all[0].min(range[0]), all[1].max(range[1])]
        })
    }

    /// The user of a row, counted over all segments of the run.
    pub(crate) fn user_at(&self, row: u64) -> Result<Option<String>> {
        let mut before = row;
        for live in &self.segments {
            if before < live.entry.rows {
                return live.segment.user_at(before as usize).map(Some);
            }
            before -= live.entry.rows;
        }
        Ok(None)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.segments.iter().map(|live| live.entry.rows).sum()
    }
}

/// An immutable list of runs and generations.
#[derive(Clone, Default)]
pub(crate) struct Version {
    /// Runs, oldest data first.
    pub runs: Vec<Run>,
    /// Generations, oldest first; the last takes the writes.
    pub generations: Vec<Arc<Generation>>,
    /// The newest commit when it was made, or the bulk import that it brought: a snapshot of this
    /// version sees at least so far.
    pub floor: u64,
    /// What some of its rows lack.
    pub joins: Arc<Joins>,
    /// Whether any segment holds rows of sessions.
    sessions: bool,
    /// Tells versions of the process apart.
    pub(super) number: u64,
}

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

impl Version {
    /// Groups segments, in the manifest's order, into runs.
    pub(crate) fn new(
        segments: Vec<Arc<LiveSegment>>,
        generations: Vec<Arc<Generation>>,
        floor: u64,
        joins: Arc<Joins>,
    ) -> Self {
        let sessions = segments.iter().any(|live| live.entry.sessions > 0);
        let mut runs: Vec<Run> = Vec::new();
        for live in segments {
            match runs.last_mut() {
                Some(run) if run.id == live.entry.run => run.segments.push(live),
                _ => runs.push(Run {
                    id: live.entry.run,
                    origin: live.entry.origin,
                    segments: vec![live],
                    overlaps_older: false,
                }),
            }
        }
        let mut newest = i64::MIN;
        for run in &mut runs {
            Segment::share_items(run.segments.iter().map(|live| &*live.segment));
            let [first, last] = run.timestamps();
            run.overlaps_older = first <= newest;
            newest = newest.max(last);
        }
        Self {
            runs,
            generations,
            floor,
            joins,
            sessions,
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The same rows with other joins.
    pub(super) fn with_joins(&self, joins: Arc<Joins>) -> Self {
        Self {
            joins,
            ..self.clone()
        }
    }

    /// Whether any rows lie under the key of a session.
    pub(super) fn holds_sessions(&self) -> bool {
        self.sessions || self.generations.iter().any(|hot| hot.holds_sessions())
    }

    /// The segments that may hold a user, oldest data first.
    pub(crate) fn segments_of<'a>(
        &'a self,
        user: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<LiveSegment>> + 'a {
        self.runs.iter().flat_map(move |run| run.of_user(user))
    }

    /// Says that a user is about to be looked for in all runs.
    #[inline]
    pub(crate) fn prefetch_user(&self, user: HashedKey<'_>) {
        self.runs.iter().for_each(|run| run.prefetch_user(user));
    }

    pub(crate) fn segments(&self) -> impl Iterator<Item = &Arc<LiveSegment>> {
        self.runs.iter().flat_map(|run| &run.segments)
    }
}
