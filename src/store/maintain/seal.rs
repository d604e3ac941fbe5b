//! A full generation becomes a segment.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::column::{Columns, Dictionary, Strings};
use crate::hot::Generation;
use crate::model::{Result, ScanQuery, TierQuery, UserRange, Work, always};
use crate::segment::Origin;
use crate::store::engine::Engine;
use crate::store::folder::SegmentEntry;
use crate::store::joins::LateJoin;
use crate::store::merge::{
    MemoryBudget, Merge, Owners, RunOf, RunWriter, Source, Unpublished, copy_run, finish_run,
};
use crate::store::write::waiting;

impl Engine {
    /// Seals every row written so far into segments, durably.
    pub(crate) fn flush(&self) -> Result<()> {
        let tier = self.writable()?;
        {
            let _commit = self.commit.lock();
            let active = self.version.load().generations.last().cloned();
            if active.is_some_and(|generation| generation.rows() > 0) {
                self.rotate(tier, false)?;
            }
        }
        self.seal_waiting()
    }

    /// Seals the generations that wait, oldest first.
    pub(in crate::store) fn seal_waiting(&self) -> Result<()> {
        let _sealing = self.sealing.lock();
        for generation in waiting(&self.version.load_full()) {
            // Writers that fill a generation meanwhile should find the next.
            self.prepare_next()?;
            self.seal(&generation)?;
            self.commit.notify_sealed();
            self.trim_joins()?;
            self.compactor.up();
        }
        Ok(())
    }

    /// Writes a generation that takes no more writes into a segment and publishes it. The commit
    /// is one edit of the manifest: before it the generation serves reads, after it the segment.
    fn seal(&self, generation: &Arc<Generation>) -> Result<()> {
        let id = generation.id();
        let tier = self.writable()?;
        let work = Work::begin("seal");
        let mut bytes = 0;
        let (sealed, mut files, deleted) = match generation.rows() {
            0 => (Vec::new(), None, 0),
            _ => {
                let (entries, files, deleted) = self.write_generation(generation)?;
                (entries, Some(files), deleted)
            }
        };
        let published = self.publish(
            |manifest| {
                manifest.generations.retain(|live| *live != id);
                manifest.removed.deleted = manifest.removed.deleted.max(deleted);
                for entry in sealed {
                    manifest.last_sequence = manifest.last_sequence.max(entry.sequences[1]);
                    manifest.segment_bytes_written += entry.file_bytes;
                    manifest.segment_bytes_ingested += entry.file_bytes;
                    bytes += entry.file_bytes;
                    manifest.segments.push(entry);
                }
                Ok(())
            },
            |current, manifest| {
                let others = current.generations.iter().filter(|live| live.id() != id);
                let others = others.cloned().collect();
                self.version_of(manifest, current, others)
            },
        );
        if let Some(files) = &mut files
            && self.keeps_files(&published)
        {
            files.keep();
        }
        published?;
        tier.retire(id)?;
        work.done(generation.rows(), bytes);
        Ok(())
    }

    /// The segments, their files, and the newest commit of which deletions were worked in.
    fn write_generation(
        &self,
        generation: &Arc<Generation>,
    ) -> Result<(Vec<SegmentEntry>, Unpublished, u64)> {
        let mut writer = RunWriter::new(self, Origin::Recorded, &always);
        let joined = self.visible.load(Ordering::Acquire);
        let joins = self.version.load().joins.clone();
        let query = TierQuery::everything(&self.schema);
        let late = LateJoin::new(&joins, &self.schema, joined, &query.asked);
        let concerns = |late: &LateJoin, (first, last)| late.concerns(Some([first, last]), 0);
        let sequences = generation.sequences();
        let late = late.filter(|late| sequences.is_some_and(|range| concerns(late, range)));
        let first = sequences.map_or(u64::MAX, |(first, _)| first);
        if late.is_some()
            || generation.holds_sessions() && !joins.links.is_empty()
            || joins.deletions.any_after(first)
        {
            let owners = Owners::stored(&self.schema, &joins, joined);
            let source = Source::of_generation(generation, &ScanQuery::default(), &owners);
            let budget = MemoryBudget::new(self.settings.memory_budget_bytes);
            let ahead = budget.pending_bytes();
            let merge = Merge::new(vec![source], query, &self.schema, late, ahead)?;
            copy_run(self, merge, &mut writer, budget)?;
        } else {
            writer.write(&self.columns_of(generation)?)?;
        }
        let (prepared, files) = writer.finish()?;
        self.make_registry_durable()?;
        let entries = finish_run(&*self.storage, prepared, RunOf::Commits { joined })?;
        let deleted = match joins.deletions.any_after(first) {
            true => joins.deletions.newest_upto(joined),
            false => 0,
        };
        Ok((entries, files, deleted))
    }

    /// The rows of a generation as a segment wants them.
    fn columns_of(&self, generation: &Generation) -> Result<Columns> {
        let mut columns = Columns::for_schema(&self.schema);
        let query = TierQuery::everything(&self.schema);
        let mut users = Dictionary::default();
        for user in generation.users(&UserRange::default()) {
            generation.history(&user, &query, &mut columns)?;
            users.push(&user)?;
            columns.users.resize(columns.rows(), users.len() as u32);
        }
        columns.user_ids = Some(Arc::new(users));
        for (field, slot) in columns.dictionaries.iter_mut().enumerate() {
            *slot = generation.dictionary(field);
        }
        Ok(columns)
    }
}
