//! Many runs into one: fewer places to look for a user.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::MutexGuard;

use crate::model::{Proceed, Result, ScanQuery, TierQuery, Work, always};
use crate::segment::Origin;
use crate::store::engine::{Engine, LiveSegment, Run, Version};
use crate::store::folder::SegmentEntry;
use crate::store::joins::LateJoin;
use crate::store::merge::{
    MemoryBudget, Merge, Owners, RunOf, RunWriter, Source, copy_run, finish_run,
};

impl Engine {
    /// Seals what was written and merges all runs of each origin into one, with everything worked in
    /// that came after its rows.
    pub(crate) fn compact(&self) -> Result<()> {
        self.flush()?;
        let _compacting = self.compacting.lock();
        self.version.load().check_is_whole()?;
        for origin in [Origin::Bulk, Origin::Recorded] {
            let version = self.version.load_full();
            let runs: Vec<&Run> = runs_of(&version, origin).collect();
            if runs.len() > 1 || version.any_lacks(&runs, u64::MAX) {
                self.merge_runs(&runs, &always)?;
            }
        }
        Ok(())
    }

    /// Rewrites each run of which rows lack something of commits up to `upto`, or have something that one of them deleted.
    pub(in crate::store) fn rewrite_lacking(&self, upto: u64) -> Result<()> {
        let _compacting = self.compacting.lock();
        loop {
            let version = self.version.load_full();
            let mut runs = version.runs.iter();
            let lacking = runs.find(|run| version.any_lacks(&[run], upto));
            match lacking {
                Some(run) => self.merge_runs(&[run], &always)?,
                None => return Ok(()),
            }
        }
    }

    /// Rewrites each run of which a good part is too old.
    ///
    /// # Errors
    /// What `proceed` gives.
    pub(super) fn rewrite_expired(&self, proceed: Proceed<'_>) -> Result<()> {
        let _compacting = self.compacting.lock();
        loop {
            let version = self.version.load_full();
            let expired = version
                .runs
                .iter()
                .find(|run| version.expired_part(run) >= EXPIRED_PART);
            match expired {
                Some(run) => self.merge_runs(&[run], proceed)?,
                None => return Ok(()),
            }
        }
    }

    /// Merges recorded runs of about the same size, and runs of an origin that has more of them than
    /// the settings allow.
    ///
    /// # Errors
    /// What `proceed` gives; a merge that it ended has changed nothing, and comes again.
    pub(in crate::store) fn compact_if_needed(&self, proceed: Proceed<'_>) -> Result<()> {
        let mut compacting = self.compacting.lock();
        for origin in [Origin::Bulk, Origin::Recorded] {
            loop {
                let version = self.version.load_full();
                let runs: Vec<&Run> = runs_of(&version, origin).collect();
                let picked = pick(&runs, origin, self.settings.max_runs);
                if picked.is_empty() {
                    break;
                }
                self.writable()?;
                self.merge_runs(picked, proceed)?;
                // Beside writers there may always be more; who waits, such as a purge, has its turn.
                MutexGuard::bump(&mut compacting);
            }
        }
        Ok(())
    }

    /// Writes one run with the rows of `runs` and publishes it in their place.
    fn merge_runs(&self, runs: &[&Run], proceed: Proceed<'_>) -> Result<()> {
        let Some(first) = runs.first() else {
            return Ok(());
        };
        let work = Work::begin("compaction");
        // A merged run would take the place of one that has a part of it lost.
        self.version.load().check_is_whole()?;
        let query = ScanQuery::default();
        let joined = self.visible.load(Ordering::Acquire);
        let joins = self.version.load().joins.clone();
        let owners = Owners::stored(&self.schema, &joins, joined);
        let mut sources = Vec::new();
        for run in runs {
            sources.extend(Source::of_run(run, &query, &owners)?);
        }
        let everything = TierQuery::everything(&self.schema);
        let late = LateJoin::new(&joins, &self.schema, joined, &everything.asked);
        let budget = MemoryBudget::new(self.settings.memory_budget_bytes);
        let ahead = budget.pending_bytes();
        let merge = Merge::new(sources, everything, &self.schema, late, ahead)?;
        let mut writer = RunWriter::new(self, first.origin, proceed);
        copy_run(self, merge, &mut writer, budget)?;
        let (prepared, mut files) = writer.finish()?;
        proceed()?;
        self.make_registry_durable()?;
        let run_of = RunOf::Commits { joined };
        let entries = finish_run(&*self.storage, prepared, run_of)?;
        // What was known before can no longer be told.
        let deleted = joins.deletions.newest_upto(joined);
        let rows = entries.iter().map(|entry| entry.rows).sum();
        let bytes = entries.iter().map(|entry| entry.file_bytes).sum();
        let merged: Vec<u64> = runs.iter().map(|run| run.id).collect();
        let replaced: Vec<Arc<LiveSegment>> = runs
            .iter()
            .flat_map(|run| run.segments.iter().cloned())
            .collect();
        let published = self.publish_merged(&merged, entries, deleted);
        if !matches!(published, Ok(false)) && self.keeps_files(&published) {
            files.keep();
        }
        if published? {
            replaced.iter().for_each(|live| live.retire());
            self.trim_joins()?;
        }
        work.done(rows, bytes);
        Ok(())
    }

    /// Puts `entries` in the place of the runs `merged`; `false` when an import has replaced one
    /// of them meanwhile, so that the work is to be thrown away.
    fn publish_merged(
        &self,
        merged: &[u64],
        entries: Vec<SegmentEntry>,
        deleted: u64,
    ) -> Result<bool> {
        let mut current = true;
        self.publish(
            |manifest| {
                let is_input = |entry: &SegmentEntry| merged.contains(&entry.run);
                current = merged
                    .iter()
                    .all(|run| manifest.segments.iter().any(|entry| entry.run == *run));
                let place = manifest.segments.iter().position(is_input);
                if let (true, Some(place)) = (current, place) {
                    let bytes: u64 = entries.iter().map(|entry| entry.file_bytes).sum();
                    manifest.segment_bytes_written += bytes;
                    manifest.segments.splice(place..place, entries);
                    manifest.segments.retain(|entry| !is_input(entry));
                    manifest.removed.deleted = manifest.removed.deleted.max(deleted);
                }
                Ok(())
            },
            |version, manifest| self.version_of(manifest, version, version.generations.clone()),
        )?;
        Ok(current)
    }
}

/// A run of which this part is too old is rewritten.
const EXPIRED_PART: f64 = 0.25;

impl Version {
    /// The part of a run's time that is too old whatever the event type, and lies in segments that do
    /// not know it yet.
    fn expired_part(&self, run: &Run) -> f64 {
        let [first, last] = run.timestamps();
        let tombstones = self.joins.deletions.all();
        let plain = tombstones.iter().filter(|one| {
            let lacks = |live: &Arc<LiveSegment>| live.entry.lacks_deletion(one.sequence);
            one.is_expiry() && one.event_type.is_none() && run.segments.iter().all(lacks)
        });
        match plain.filter_map(|one| one.time.until).max() {
            Some(until) if until > last => 1.0,
            Some(until) if until > first => (until - first) as f64 / (last - first).max(1) as f64,
            _ => 0.0,
        }
    }
}

fn runs_of(version: &Version, origin: Origin) -> impl Iterator<Item = &Run> {
    version.runs.iter().filter(move |run| run.origin == origin)
}

/// The runs to be merged: the newest ones, as far back as each is at most twice as large as those
/// after it together, so that a row is rewritten a number of times that grows with the logarithm of
/// the rows. Those of an import, which are large, only where there are too many; and where there are,
/// the two newest at least.
fn pick<'a, 'b>(runs: &'b [&'a Run], origin: Origin, max_runs: usize) -> &'b [&'a Run] {
    let too_many = runs.len() > max_runs;
    if !too_many && origin == Origin::Bulk {
        return &[];
    }
    let mut rows = 0_u64;
    let alike = runs.iter().rev().take_while(|run| {
        let is_alike = rows == 0 || run.rows() <= rows.saturating_mul(2);
        rows += run.rows();
        is_alike
    });
    let count = match alike.count() {
        0 | 1 if too_many => 2,
        0 | 1 => 0,
        count => count,
    };
    runs.get(runs.len().saturating_sub(count)..)
        .unwrap_or_default()
}
