//! Many runs into one: fewer places to look for a user.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::bulk::copy_run;
use super::engine::Engine;
use super::late::LateJoin;
use super::manifest::SegmentEntry;
use super::merge::Merge;
use super::owners::Owners;
use super::run_writer::{RunOf, RunWriter, finish_run};
use super::source::Source;
use super::version::{LiveSegment, Run, Version};
use crate::segment::Origin;
use crate::types::{Result, ScanQuery, TierQuery};

impl Engine {
    /// Seals what was written and merges all runs of each origin into one, with everything worked in
    /// that came after its rows.
    pub(crate) fn compact(&self) -> Result<()> {
        self.flush()?;
        let _compacting = self.compacting.lock();
        for origin in [Origin::Bulk, Origin::Recorded] {
            let version = self.version.load_full();
            let runs: Vec<&Run> = runs_of(&version, origin).collect();
            if runs.len() > 1 || version.any_lacks(&runs) {
                self.merge_runs(&runs)?;
            }
        }
        Ok(())
    }

    /// Merges runs where an origin has more of them than the settings allow.
    pub(super) fn compact_if_needed(&self) -> Result<()> {
        let _compacting = self.compacting.lock();
        for origin in [Origin::Bulk, Origin::Recorded] {
            loop {
                let version = self.version.load_full();
                let runs: Vec<&Run> = runs_of(&version, origin).collect();
                if runs.len() <= self.settings.max_runs {
                    break;
                }
                self.writable()?;
                self.merge_runs(pick(&runs))?;
            }
        }
        Ok(())
    }

    /// Writes one run with the rows of `runs` and publishes it in their place.
    fn merge_runs(&self, runs: &[&Run]) -> Result<()> {
        let Some(first) = runs.first() else {
            return Ok(());
        };
        let query = ScanQuery::default();
        let joined = self.visible.load(Ordering::Acquire);
        let joins = self.version.load().joins.clone();
        let owners = Owners::stored(&joins, joined);
        let mut sources = Vec::new();
        for run in runs {
            sources.extend(Source::of_run(run, &query, &owners)?);
        }
        let everything = TierQuery::everything(&self.schema);
        let late = LateJoin::new(&joins, &self.schema, joined, &everything.asked);
        let merge = Merge::new(sources, everything, &self.schema, late);
        let mut writer = RunWriter::new(self, first.origin);
        let budget = (self.settings.memory_budget_bytes / 2) as usize;
        copy_run(self, merge, &mut writer, budget)?;
        let (prepared, mut files) = writer.finish()?;
        self.make_registry_durable()?;
        let run_of = RunOf::Commits { joined };
        let entries = finish_run(&*self.storage, prepared, run_of)?;
        let merged: Vec<u64> = runs.iter().map(|run| run.id).collect();
        let replaced: Vec<Arc<LiveSegment>> = runs
            .iter()
            .flat_map(|run| run.segments.iter().cloned())
            .collect();
        let published = self.publish_merged(&merged, entries);
        if !matches!(published, Ok(false)) && self.keeps_files(&published) {
            files.keep();
        }
        if published? {
            replaced.iter().for_each(|live| live.retire());
            self.trim_joins()?;
        }
        Ok(())
    }

    /// Puts `entries` in the place of the runs `merged`; `false` when an import has replaced one
    /// of them meanwhile, so that the work is to be thrown away.
    fn publish_merged(&self, merged: &[u64], entries: Vec<SegmentEntry>) -> Result<bool> {
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
                }
                Ok(())
            },
            |version, manifest| {
                self.version_of(
                    manifest,
                    version,
                    version.generations.clone(),
                    version.floor,
                )
            },
        )?;
        Ok(current)
    }
}

fn runs_of(version: &Version, origin: Origin) -> impl Iterator<Item = &Run> {
    version.runs.iter().filter(move |run| run.origin == origin)
}

/// The newest runs, as far back as each is not much larger than those after it together: so a row
/// is rewritten a number of times that grows with the logarithm of the rows.
fn pick<'a, 'b>(runs: &'b [&'a Run]) -> &'b [&'a Run] {
    let mut start = runs.len().saturating_sub(2);
    let mut rows: u64 = runs.iter().skip(start).map(|run| run.rows()).sum();
    while let Some(older) = start.checked_sub(1).and_then(|index| runs.get(index)) {
        if older.rows() > rows.saturating_mul(2) {
            break;
        }
        rows += older.rows();
        start -= 1;
    }
    runs.get(start..).unwrap_or(runs)
}
