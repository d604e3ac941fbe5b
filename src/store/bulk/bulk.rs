//! Bulk import: sort, spill beyond the budget, publish all or nothing.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::import_batch::ImportBatch;
use super::sort::sort;
use super::spilled::{SpilledRun, next_group};
use crate::column::{ColumnsBuilder, Dictionary, NarrowBuilder, RowSizes, Strings};
use crate::model::{
    Cell, Commit, Error, Interaction, Result, Role, Row, ScanQuery, Settings, TierQuery, Work,
    always,
};
use crate::segment::{Ordered, Origin};
use crate::store::engine::{CountedMemory, Engine, LiveSegment};
use crate::store::folder::SegmentEntry;
use crate::store::merge::{
    InPieces, MemoryBudget, Merge, RunOf, RunWriter, Source, copy_run, finish_run,
    give_back_free_pages,
};

/// What a bulk import does to earlier bulk data. Source: the import modes of the interactions
/// dataset contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImportMode {
    /// Replaces all earlier bulk data; rows that were recorded one by one stay.
    Full,
    /// Adds to what is there.
    #[default]
    Incremental,
}

/// A bulk import in progress. Rows are collected, sorted, and spilled to disk beyond the memory
/// budget; nothing is visible before [`BulkImport::commit`], and dropping it leaves no trace.
///
/// The whole import is one commit with one sequence number. Memory: that of the settings
/// ([`Settings::memory_budget_bytes`](crate::Settings::memory_budget_bytes)); its batches take part of
/// it, rows wait in a part of the rest, and a third is left to what an allocator keeps.
pub struct BulkImport {
    // Dropped first: the engine's lock keeps other writers from the files until they are gone.
    spilled: Vec<SpilledRun>,
    engine: Arc<Engine>,
    mode: ImportMode,
    /// Rows that were pushed and are not among `collected` yet.
    pending: ColumnsBuilder,
    /// About how many bytes they take.
    pending_bytes: usize,
    collected: NarrowBuilder,
    budget: MemoryBudget,
    /// Bytes of memory that the batches take.
    batch_bytes: Arc<AtomicUsize>,
    /// Those of the rows with the batches.
    memory: CountedMemory,
    /// Those there will be when the import is published.
    event_types: BTreeSet<String>,
    event_type: Option<usize>,
    allows_empty: bool,
    /// The event types of `pending` that are among them.
    noted: usize,
    rows: u64,
}

/// Bytes that a value takes of a row that was read ahead, about.
const CELL_BYTES: usize = 5;

/// Rows of a run that are read ahead, at most.
const MOST_AHEAD_ROWS: usize = 1 << 16;

/// Rows that are pushed before they are collected, unless they are wide.
const PENDING_ROWS: usize = 1 << 14;

/// Bytes that a pushed row takes beside its strings, about.
const ROW_BYTES: usize = 64;

impl BulkImport {
    pub(crate) fn new(engine: Arc<Engine>, mode: ImportMode, memory_budget: u64) -> Result<Self> {
        engine.writable()?;
        Ok(Self {
            mode,
            pending: ColumnsBuilder::new(&engine.validator),
            pending_bytes: 0,
            collected: NarrowBuilder::new(&engine.validator),
            budget: MemoryBudget::new(memory_budget),
            batch_bytes: Arc::default(),
            memory: CountedMemory::new(engine.work_memory.clone()),
            spilled: Vec::new(),
            event_types: engine.event_types_beside(mode)?,
            event_type: engine.schema.position_of(Role::EventType),
            noted: 0,
            rows: 0,
            allows_empty: false,
            engine,
        })
    }

    /// Adds an interaction, checked as a write checks it. Interactions may come in any order; those of one
    /// user and timestamp keep the order they are added in. [`BulkImport::push_row`] is quicker.
    ///
    /// # Errors
    /// As [`BulkImport::push_row`].
    pub fn push(&mut self, interaction: &Interaction) -> Result<()> {
        let engine = self.engine.clone();
        let mut joined = Cow::Borrowed(interaction);
        if interaction.has_lists() {
            engine.validator.join_lists(joined.to_mut())?;
        }
        let mut cells = Vec::with_capacity(engine.schema.fields().len());
        engine.validator.append_cells(&joined, &mut cells)?;
        self.push_row(&joined.row(&cells))
    }

    /// Adds a row after checking it against schema and limits. Rows may come in any order; those
    /// of one user and timestamp keep the order they are added in.
    ///
    /// # Errors
    /// `InvalidInput` when the row breaks a rule (it is then not added, and more can be); any
    /// other kind ends the import.
    pub fn push_row(&mut self, row: &Row<'_>) -> Result<()> {
        self.pending.push(row)?;
        if let Err(error) = self.note_event_types(None) {
            self.pending.pop();
            return Err(error);
        }
        self.rows += 1;
        self.pending_bytes += ROW_BYTES + string_bytes(row);
        let many = self.pending.rows() >= PENDING_ROWS;
        if many || self.pending_bytes >= self.budget.pending_bytes() {
            self.collect_pending()?;
        }
        Ok(())
    }

    /// An empty batch for rows of this import.
    pub fn batch(&self) -> ImportBatch {
        ImportBatch::new(&self.engine.validator, self.batch_bytes.clone())
    }

    /// Adds the rows of a batch behind those added before, and empties the batch for the next ones.
    ///
    /// # Errors
    /// `InvalidInput` when the batch brings more event types than their quota, or is not of this
    /// store: none of its rows is then added, and it stays as it is. Any other kind ends the import.
    pub fn append(&mut self, batch: &mut ImportBatch) -> Result<()> {
        self.check_store(batch)?;
        self.note_event_types(Some(&batch.builder))?;
        self.collect_pending()?;
        self.make_room(batch.builder.sizes())?;
        self.collected.append(&batch.builder)?;
        batch.count_memory();
        self.rows += batch.rows() as u64;
        batch.builder.clear();
        self.check_memory()
    }

    /// Whether the import would take a batch now; nothing is added.
    ///
    /// # Errors
    /// `InvalidInput` as [`BulkImport::append`].
    pub(crate) fn check(&self, batch: &ImportBatch) -> Result<()> {
        self.check_store(batch)?;
        let names = self.event_types_in(&batch.builder);
        names.map_or(Ok(()), |names| self.fresh_event_types(names, 0).map(drop))
    }

    fn check_store(&self, batch: &ImportBatch) -> Result<()> {
        if batch.builder.is_of(&self.engine.validator) {
            return Ok(());
        }
        Err(Error::invalid(
            "a batch of another store; make it by the import that takes it",
        ))
    }

    /// Whether a FULL import of no rows may remove the earlier bulk data. Default: it may not, and
    /// committing it is an error.
    pub fn allow_empty(&mut self, allow: bool) {
        self.allows_empty = allow;
    }

    /// The rows of earlier bulk data that committing now would remove: none unless it is FULL.
    pub fn replaces(&self) -> u64 {
        if self.mode == ImportMode::Incremental {
            return 0;
        }
        let manifest = self.engine.manifest.lock();
        let bulk = manifest.segments.iter();
        let bulk = bulk.filter(|entry| entry.origin == Origin::Bulk);
        bulk.map(|entry| entry.rows).sum()
    }

    /// The settings it goes by.
    pub fn settings(&self) -> &Settings {
        &self.engine.settings
    }

    /// Rows added so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Puts the rows that were pushed behind those that are collected.
    fn collect_pending(&mut self) -> Result<()> {
        if self.pending.rows() == 0 {
            return Ok(());
        }
        self.make_room(self.pending.sizes())?;
        self.collected.append(&self.pending)?;
        self.pending.clear();
        self.pending_bytes = 0;
        self.noted = 0;
        self.check_memory()
    }

    /// Spills what is collected where a run could not take so much more.
    fn make_room(&mut self, more: RowSizes) -> Result<()> {
        let full = self.collected.sizes().with(more).reaches(self.engine.most);
        if full && self.collected.rows() > 0 {
            self.spill()?;
        }
        Ok(())
    }

    fn check_memory(&mut self) -> Result<()> {
        let batches = self.batch_bytes.load(Ordering::Relaxed) + self.pending.memory_bytes();
        let strings = self.collected.strings();
        let collected = self.collected.memory_bytes();
        self.memory.set(batches + collected);
        let full = collected >= self.budget.unsorted_bytes(batches, strings);
        if full && self.collected.rows() > 0 {
            self.spill()?;
        }
        Ok(())
    }

    fn event_types_in<'a>(&self, builder: &'a ColumnsBuilder) -> Option<&'a Dictionary> {
        builder.strings(self.event_type?)
    }

    /// Checks the quota of event types with those that `batch` or the last row brings, and notes
    /// them.
    fn note_event_types(&mut self, batch: Option<&ColumnsBuilder>) -> Result<()> {
        let known = if batch.is_some() { 0 } else { self.noted };
        let Some(names) = self.event_types_in(batch.unwrap_or(&self.pending)) else {
            return Ok(());
        };
        if names.len() == known {
            return Ok(());
        }
        let count = names.len();
        let fresh = self.fresh_event_types(names, known)?;
        let fresh: Vec<String> = fresh.into_iter().map(str::to_owned).collect();
        self.event_types.extend(fresh);
        if batch.is_none() {
            self.noted = count;
        }
        Ok(())
    }

    /// The event types behind the first `known` that are not there yet, checked against their quota.
    fn fresh_event_types<'n>(&self, names: &'n Dictionary, known: usize) -> Result<Vec<&'n str>> {
        let mut fresh = Vec::new();
        for code in known as u32 + 1..=names.len() as u32 {
            let name = names.get(code)?;
            if !self.event_types.contains(name) {
                fresh.push(name);
            }
        }
        if !fresh.is_empty() {
            let distinct = self.event_types.len() + fresh.len();
            self.engine.check_event_types(&fresh, distinct)?;
        }
        Ok(fresh)
    }

    /// The collected rows with their order; none are left.
    fn take_ordered(&mut self) -> Result<Ordered> {
        let fresh = NarrowBuilder::new(&self.engine.validator);
        let collected = std::mem::replace(&mut self.collected, fresh);
        sort(collected.finish(), self.engine.settings.threads)
    }

    /// Sorts the rows in memory and writes them to a temporary segment.
    fn spill(&mut self) -> Result<()> {
        let ordered = self.take_ordered()?;
        let mut writer = RunWriter::temporary(&self.engine);
        writer.write_ordered(ordered)?;
        self.spilled.push(SpilledRun::finish(writer)?);
        Ok(())
    }

    /// Publishes the rows, durably and at once. With no rows a FULL import removes the earlier
    /// bulk data, where that is allowed ([`BulkImport::allow_empty`]); an INCREMENTAL one does nothing.
    ///
    /// # Errors
    /// `InvalidInput` for a FULL import of no rows that is not allowed, and when event types that were recorded meanwhile leave no room in the quota;
    /// `Poisoned`; `Io`. The store is then as it was; where the manifest could not be written, it
    /// takes no more writes.
    pub fn commit(self) -> Result<Commit> {
        let budget = self.budget;
        self.commit_within(budget)
    }

    /// The same where other imports are committed before and after it, not meanwhile: its merge takes up to so many
    /// bytes of memory, or what it may take by itself.
    ///
    /// # Errors
    /// As [`BulkImport::commit`].
    pub(crate) fn commit_within_bytes(self, memory_budget: u64) -> Result<Commit> {
        let budget = MemoryBudget::new(memory_budget).max(self.budget);
        self.commit_within(budget)
    }

    /// Spills the rows that wait in memory, if any were before, and gives the bytes that rows take then.
    ///
    /// # Errors
    /// `Io`; the import cannot go on then.
    pub(crate) fn make_way(&mut self) -> Result<u64> {
        self.collect_pending()?;
        if !self.spilled.is_empty() && self.collected.rows() > 0 {
            self.spill()?;
        }
        Ok(self.collected.memory_bytes() as u64)
    }

    fn commit_within(mut self, budget: MemoryBudget) -> Result<Commit> {
        self.check_rows()?;
        let work = Work::begin("import");
        let engine = self.engine.clone();
        let mut writer = RunWriter::new(&engine, Origin::Bulk, &always);
        self.collect_pending()?;
        if self.spilled.is_empty() {
            if self.collected.rows() > 0 {
                writer.write_ordered(self.take_ordered()?)?;
            }
        } else {
            if self.collected.rows() > 0 {
                self.spill()?;
            }
            // Of all the rows that were in memory none is left, and a merge needs as much again.
            give_back_free_pages();
            self.merge(&mut writer, budget)?;
        }
        self.publish(writer, work)
    }

    fn check_rows(&self) -> Result<()> {
        if self.mode == ImportMode::Incremental || self.rows > 0 || self.allows_empty {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "a FULL import of no rows would remove the {} rows of bulk data that are there; import \
             rows, or let it be empty (BulkImport::allow_empty, --allow-empty)",
            self.replaces()
        )))
    }

    /// Merges the spilled runs into segments of the budget's size: first some of them into longer runs, while
    /// all of them would take too much of it.
    fn merge(&mut self, writer: &mut RunWriter<'_>, budget: MemoryBudget) -> Result<()> {
        let engine = self.engine.clone();
        while let Some(group) = next_group(&self.spilled, budget.merge_bytes()) {
            let runs = self.spilled.get(group.clone());
            let runs = runs.ok_or_else(|| Error::internal("a group of runs that there are not"))?;
            let mut longer = RunWriter::temporary(&engine);
            engine.merge_spilled(runs, &mut longer, budget)?;
            let longer = SpilledRun::finish(longer)?;
            // Those that went in are dropped, and their files removed.
            self.spilled.splice(group, [longer]);
        }
        engine.merge_spilled(&self.spilled, writer, budget)?;
        self.spilled.clear();
        Ok(())
    }

    fn publish(self, writer: RunWriter<'_>, work: Work) -> Result<Commit> {
        let engine = self.engine.clone();
        let (prepared, mut files) = writer.finish()?;
        let _commit = engine.commit.lock();
        engine.writable()?;
        let event_types = self.event_types_then()?;
        if prepared.is_empty() && self.mode == ImportMode::Incremental {
            let sequence = engine.visible.load(Ordering::Acquire);
            work.done(0, 0);
            return Ok(Commit { sequence, rows: 0 });
        }
        let sequence = engine.visible.load(Ordering::Acquire) + 1;
        let entries = finish_run(&*engine.storage, prepared, RunOf::Import(sequence))?;
        let bytes = entries.iter().map(|entry| entry.file_bytes).sum();
        // The import is durable at once; commits before it must not be lost behind it.
        let tier = engine.writable()?;
        tier.sync().map_err(|error| engine.poison(error))?;
        let published = engine.publish_bulk(self.mode, entries, sequence);
        if engine.keeps_files(&published) {
            files.keep();
        }
        let replaced = published?;
        engine.visible.store(sequence, Ordering::Release);
        for live in replaced {
            live.retire();
        }
        *engine.event_types.write() = event_types;
        engine.compactor.up();
        work.done(self.rows, bytes);
        Ok(Commit {
            sequence,
            rows: self.rows,
        })
    }
}

fn string_bytes(row: &Row<'_>) -> usize {
    let cells = row.cells.iter().map(|cell| match cell {
        Cell::Text(text) => text.len(),
        _ => 0,
    });
    row.user.len() + cells.sum::<usize>()
}

impl BulkImport {
    /// The event types there will be once this import is published, checked against their quota:
    /// more may have been recorded since it began.
    fn event_types_then(&self) -> Result<BTreeSet<String>> {
        let mut then = self.engine.event_types_beside(self.mode)?;
        let own = self.event_types.iter().map(String::as_str);
        let fresh: Vec<&str> = own.filter(|name| !then.contains(*name)).collect();
        let distinct = then.len() + fresh.len();
        if !fresh.is_empty() {
            self.engine.check_event_types(&fresh, distinct)?;
        }
        then.extend(fresh.into_iter().map(str::to_owned));
        Ok(then)
    }
}

impl Engine {
    /// The event types that stay beside those of an import.
    pub(super) fn event_types_beside(&self, mode: ImportMode) -> Result<BTreeSet<String>> {
        match mode {
            ImportMode::Incremental => Ok(self.event_types.read().clone()),
            ImportMode::Full => self.event_types_of(Some(Origin::Recorded)),
        }
    }

    /// One edit: the import's segments come, and with FULL the earlier bulk ones go. Gives those.
    fn publish_bulk(
        &self,
        mode: ImportMode,
        entries: Vec<SegmentEntry>,
        sequence: u64,
    ) -> Result<Vec<Arc<LiveSegment>>> {
        let mut replaced = Vec::new();
        self.publish(
            |manifest| {
                if mode == ImportMode::Full {
                    let before = manifest.segments.len();
                    manifest
                        .segments
                        .retain(|entry| entry.origin != Origin::Bulk);
                    if manifest.segments.len() < before {
                        manifest.removed.replaced = sequence;
                    }
                }
                manifest.last_sequence = sequence;
                let bytes: u64 = entries.iter().map(|entry| entry.file_bytes).sum();
                manifest.segment_bytes_written += bytes;
                manifest.segment_bytes_ingested += bytes;
                manifest.segments.extend(entries);
                Ok(())
            },
            |current, manifest| {
                let kept = |live: &&Arc<LiveSegment>| {
                    manifest
                        .segments
                        .iter()
                        .any(|entry| entry.id == live.entry.id)
                };
                replaced.extend(current.segments().filter(|live| !kept(live)).cloned());
                let generations = current.generations.clone();
                let mut version = self.version_of(manifest, current, generations)?;
                version.floor = sequence;
                Ok(version)
            },
        )?;
        Ok(replaced)
    }

    /// Merges runs of an import.
    fn merge_spilled(
        self: &Arc<Self>,
        runs: &[SpilledRun],
        writer: &mut RunWriter<'_>,
        budget: MemoryBudget,
    ) -> Result<()> {
        let all = ScanQuery::default();
        let source = |run: &SpilledRun| {
            let segments = run.segments().iter().map(|path| self.open_run(path));
            Source::of_segments(segments.collect::<Result<Vec<_>>>()?.into_iter(), &all)
        };
        let sources = runs.iter().map(source).collect::<Result<_>>()?;
        let query = TierQuery {
            sequences: false,
            ..TierQuery::everything(&self.schema)
        };
        let engine = self.clone();
        let ahead = budget.pending_bytes();
        let row_bytes = self.schema.fields().len() * CELL_BYTES;
        let pieces = InPieces {
            open: Box::new(move |segment| engine.open_run(segment.name())),
            most_bytes: budget.whole_dictionary_bytes(),
            most_text_bytes: self.most.text_bytes / 2,
            ahead_rows: (ahead / runs.len().max(1) / row_bytes).min(MOST_AHEAD_ROWS),
            whole: true,
        };
        let merge = Merge::in_pieces(sources, query, &self.schema, pieces, ahead)?;
        copy_run(self, merge, writer, budget)
    }
}
