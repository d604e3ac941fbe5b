//! What is readable at one moment: immutable; the engine swaps in the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::live_segment::LiveSegment;
use super::lost_segment::LostSegment;
use super::run::Run;
use crate::hot::Generation;
use crate::model::{HashedKey, Process};
use crate::store::folder::Removed;
use crate::store::joins::Joins;

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
    /// The newest commits that removed rows of earlier ones.
    pub removed: Removed,
    /// What some of its rows lack.
    pub joins: Arc<Joins>,
    /// Segments that are listed and do not open.
    pub(in crate::store) lost: Arc<[LostSegment]>,
    /// Whether any segment holds rows of sessions.
    sessions: bool,
    /// The process that made it.
    pub(in crate::store) process: Process,
    /// Tells versions of the process apart.
    pub(in crate::store) number: u64,
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
        let runs = segments.chunk_by(|a, b| a.entry.run == b.entry.run);
        let mut runs: Vec<Run> = runs.filter_map(|run| Run::new(run.to_vec())).collect();
        let mut newest = i64::MIN;
        for run in &mut runs {
            let [first, last] = run.timestamps();
            run.overlaps_older = first <= newest;
            newest = newest.max(last);
        }
        Self {
            runs,
            generations,
            floor,
            removed: Removed::default(),
            joins,
            lost: Arc::default(),
            sessions,
            process: Process::this(),
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The same, of which some commit removed rows.
    pub(in crate::store) fn after_removing(self, removed: Removed) -> Self {
        Self { removed, ..self }
    }

    /// The same rows with other joins, for readers of all commits up to `floor`: what was let go of may be
    /// missed by readers of earlier ones.
    pub(in crate::store) fn with_joins(&self, joins: Arc<Joins>, floor: u64) -> Self {
        Self {
            joins,
            floor,
            ..self.clone()
        }
    }

    /// Whether any rows lie under the key of a session.
    pub(in crate::store) fn holds_sessions(&self) -> bool {
        self.sessions || self.generations.iter().any(|hot| hot.holds_sessions())
    }

    /// The segments that may hold a user, oldest data first.
    pub(crate) fn segments_of<'a>(
        &'a self,
        user: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<LiveSegment>> + 'a {
        self.runs.iter().flat_map(move |run| run.of_user(user))
    }

    /// Whether any rows lie under a key, also those that a deletion hides.
    pub(in crate::store) fn holds_key(&self, key: &str) -> crate::model::Result<bool> {
        if self.generations.iter().any(|hot| hot.contains(key)) {
            return Ok(true);
        }
        for live in self.segments_of(key) {
            if live.segment.has_user(key)? {
                return Ok(true);
            }
        }
        Ok(false)
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
