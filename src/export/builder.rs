//! Exports of a snapshot as Arrow record batches.

use std::sync::Arc;

use arrow_schema::Schema as ArrowSchema;
use serde::{Deserialize, Serialize};

use super::arrow::ArrowStrings;
use super::blocks::{Block, UserBlocks};
use super::content::{Content, RowHashes};
use super::dropped::Dropped;
use super::layout::{ArrowLists, Layout, OutColumns, SameSecond};
use super::learn::{Wanted, count_rows, learn};
use super::learned::Learned;
use super::negatives::Catalogue;
use super::plan::Plan;
use super::records::{ExportBatch, RecordCounts, Records};
use super::select::{Selector, UpTo};
use super::selection::{Rules, Selection};
use super::split::{Partition, Split};
use super::threads::{Ordered, Tell};
use crate::api::{Change, Snapshot, Store};
use crate::model::{Error, Origins, Result, ScanOrder, Schema, TimeRange, UserRange};

/// Rows of the ranges of users that threads work on, about.
const PIECE_ROWS: u64 = 1 << 17;
/// Ranges, at most: beginning one has a price, whatever its size.
const MAX_PIECES: u64 = 256;

/// An export of one snapshot, or of one of each shard of a set, to be set up.
///
/// Of a set, what comes in the order of users comes shard after shard, in each in that order.
///
/// ```
/// use annals::export::{Examples, Layout, Selection, Split};
/// # use annals::{Error, Store};
/// # fn examples(store: &Store) -> Result<u64, Error> {
/// let selection = Selection::default().min_user_events(5);
/// let mut batches = store
///     .export()
///     .selection(selection)
///     .layout(Layout::Examples(Examples::default().history(20)))
///     .split(Split::Time(1_700_000_000, None))
///     .batches()?;
/// for batch in &mut batches {
///     let batch = batch?;
///     println!("{:?}: {} examples", batch.place.part, batch.batch.num_rows());
/// }
/// # Ok(batches.report()?.records)
/// # }
/// ```
#[derive(Clone)]
pub struct Export {
    /// Of one store, or of each shard of a set: no user is in two.
    pub(super) snapshots: Vec<Snapshot>,
    schema: Arc<Schema>,
    pub(super) selection: Selection,
    pub(super) layout: Layout,
    pub(super) split: Option<Split>,
    pub(super) partition: Option<Partition>,
    strings: ArrowStrings,
    pub(super) lists: ArrowLists,
    pub(super) order: ScanOrder,
    pub(super) threads: usize,
    pub(super) guard: bool,
    digests: bool,
    times: bool,
    /// What is to be done to earlier rows, of an export of changes.
    pub(super) steps: Vec<Change>,
}

/// What an export took and made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExportReport {
    /// Interactions of the snapshot.
    pub stored: u64,
    /// What each rule left out.
    pub dropped: Dropped,
    /// The interactions that were taken: of the fields that come out, whatever the layout.
    pub content: Content,
    /// Records that were made.
    pub records: u64,
    /// Targets with fewer negatives than were asked for.
    pub short_of_negatives: u64,
    /// Events about an item that is not in their impression.
    pub not_shown: u64,
}

impl Store {
    /// Sets up an export of the store as it is now.
    pub fn export(&self) -> Export {
        self.snapshot().export()
    }

    /// A digest of all interactions; see [`Snapshot::content`].
    ///
    /// # Errors
    /// As [`Snapshot::content`].
    pub fn content(&self) -> Result<Content> {
        self.snapshot().content()
    }
}

impl Snapshot {
    /// Sets up an export of the snapshot.
    pub fn export(&self) -> Export {
        Export::of(self, &[])
    }

    /// A digest of all interactions, which an export of all of them has, too. Cost: all columns are read.
    ///
    /// # Errors
    /// `Corruption`.
    pub fn content(&self) -> Result<Content> {
        self.export().report().map(|report| report.content)
    }
}

impl Export {
    /// Of snapshots that have no user in common.
    pub(crate) fn of(first: &Snapshot, others: &[Snapshot]) -> Self {
        Self {
            schema: first.schema().clone(),
            snapshots: std::iter::once(first).chain(others).cloned().collect(),
            selection: Selection::default(),
            layout: Layout::Rows,
            split: None,
            partition: None,
            strings: ArrowStrings::Plain,
            lists: ArrowLists::Plain,
            order: ScanOrder::UserTime,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            guard: true,
            digests: true,
            times: false,
            steps: Vec::new(),
        }
    }

    /// Which interactions. Default: all.
    #[must_use]
    pub fn selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// What one record is. Default: an interaction.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Splits the records into parts. Default: one part.
    #[must_use]
    pub fn split(mut self, split: Split) -> Self {
        self.split = Some(split);
        self
    }

    /// Adds a column that says into which partition a record goes. Default: none.
    #[must_use]
    pub fn partition(mut self, partition: Partition) -> Self {
        self.partition = Some(partition);
        self
    }

    /// How strings come. Default: plain, which every reader takes.
    #[must_use]
    pub fn strings(mut self, strings: ArrowStrings) -> Self {
        self.strings = strings;
        self
    }

    /// The order of rows. Default: by user, then timestamp, then arrival; no other is possible but for
    /// the layout of rows under rules that judge each row alone.
    #[must_use]
    pub fn order(mut self, order: ScanOrder) -> Self {
        self.order = order;
        self
    }

    /// How lists come. Default: plain.
    #[must_use]
    pub fn lists(mut self, lists: ArrowLists) -> Self {
        self.lists = lists;
        self
    }

    /// Threads that make batches. Default: the cores there are.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Leaves out the check that no history holds what came at or after its target.
    #[must_use]
    pub fn without_leak_guard(mut self) -> Self {
        self.guard = false;
        self
    }

    /// Leaves out the digest of what is taken, which takes a share of the time.
    #[must_use]
    pub fn without_digest(mut self) -> Self {
        self.digests = false;
        self
    }

    /// Finds the first and the last timestamp ahead, with one more scan ([`ExportBatches::times`]).
    #[must_use]
    pub fn with_times(mut self) -> Self {
        self.times = true;
        self
    }

    /// The schema of the store.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn check(&self) -> Result<()> {
        let json = self.schema.json();
        let other = |snapshot: &Snapshot| snapshot.schema().json() != json;
        if let Some(shard) = self.snapshots.iter().position(other) {
            return Err(Error::invalid(format!(
                "the shards 0 and {shard} have different schemas; give each shard the newer one (annals schema evolve)"
            )));
        }
        if let Some(split) = &self.split {
            split.check()?;
        }
        if let Some(partition) = &self.partition {
            partition.check()?;
        }
        let is_sequences = matches!(self.layout, Layout::Sequences { .. });
        if is_sequences && self.partition == Some(Partition::Month) {
            return Err(Error::invalid(
                "partition by month: a sequence is of several months; partition it by user-hash",
            ));
        }
        match &self.layout {
            Layout::Sequences {
                max_length: Some(0),
                ..
            } => return Err(Error::invalid("max_length is 0; it must be at least 1")),
            Layout::Examples(examples) if examples.history == 0 => {
                return Err(Error::invalid("history is 0; it must be at least 1"));
            }
            Layout::Examples(examples)
                if self.lists == ArrowLists::View
                    && (examples.as_known || examples.same_second == SameSecond::All) =>
            {
                return Err(Error::invalid(
                    "lists view: as_known and same_second all leave interactions out of the middle of a history, and a view \
                     is of those that follow each other; take plain lists",
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks the plan, reads ahead what its rules have to know, and begins. Memory: a few batches a
    /// thread, the rows of the users that threads work on, and where the selection counts items or
    /// negatives are drawn the distinct items.
    ///
    /// # Errors
    /// `InvalidInput` for a plan that cannot be, naming the option; `Corruption`, `Io`.
    pub fn batches(&self) -> Result<ExportBatches> {
        let schema = &self.schema;
        let (rules, columns) = self.checked()?;
        let needed = rules.needed(schema);
        let mut read: Vec<bool> = needed
            .iter()
            .zip(&columns.fields)
            .map(|(a, b)| *a || *b)
            .collect();
        self.layout.needed(schema, &mut read);
        self.begin_reading(rules, columns, read)
    }

    /// The Arrow schema of the batches. Nothing is read.
    ///
    /// # Errors
    /// `InvalidInput` as [`Export::batches`].
    pub fn arrow_schema(&self) -> Result<Arc<ArrowSchema>> {
        Ok(self.checked()?.1.schema)
    }

    /// The rules of the selection, and what comes out.
    fn checked(&self) -> Result<(Arc<Rules>, OutColumns)> {
        self.check()?;
        let schema = &self.schema;
        let rules = Arc::new(self.selection.rules(schema)?);
        if self.order == ScanOrder::Any && !(rules.are_of_rows() && self.layout == Layout::Rows) {
            return Err(Error::invalid(
                "order any: the layout and the rules of the selection need all of a user's rows together; leave the \
                 order out",
            ));
        }
        let columns = self.layout.columns(
            schema,
            self.selection.asked(schema)?,
            (self.strings, self.lists),
            self.selection.has_weights(),
        )?;
        Ok((rules, columns))
    }

    /// Reads ahead what the rules have to know, and begins.
    fn begin_reading(
        &self,
        rules: Arc<Rules>,
        columns: OutColumns,
        read: Vec<bool>,
    ) -> Result<ExportBatches> {
        let wanted = Wanted {
            items: self.layout.negatives().is_some(),
            times: self.times,
        };
        let learned = learn(&self.snapshots, &rules, wanted)?;
        let catalogue = match wanted.items {
            true => {
                let least = self.selection.min_item_events.unwrap_or(0);
                Some(Arc::new(Catalogue::new(&learned, least)?))
            }
            false => None,
        };
        let plan = Arc::new(Plan {
            schema: self.schema.clone(),
            rules,
            learned,
            layout: self.layout.clone(),
            split: self.split,
            partition: self.partition,
            strings: self.strings,
            lists: self.lists,
            columns,
            read,
            guard: self.guard,
            order: self.order,
            digests: self.digests,
        });
        self.begin(plan, catalogue)
    }

    fn begin(&self, plan: Arc<Plan>, catalogue: Option<Arc<Catalogue>>) -> Result<ExportBatches> {
        let selection = &plan.rules.selection;
        let stored = count_rows(&self.snapshots, TimeRange::ALL, Origins::All)?;
        let mut report = ExportReport {
            stored,
            ..ExportReport::default()
        };
        let query = plan.query();
        let mut total = stored;
        if query.origins != Origins::All {
            let of_origin = count_rows(&self.snapshots, TimeRange::ALL, query.origins)?;
            report.dropped.origin = total - of_origin;
            total = of_origin;
        }
        if query.time != TimeRange::ALL {
            let in_time = count_rows(&self.snapshots, query.time, query.origins)?;
            report.dropped.time = total - in_time;
            total = in_time;
        }
        let alone = selection.limit.is_some() || self.order == ScanOrder::Any;
        let parts = match alone {
            true => 1,
            false => {
                let each = total / self.snapshots.len().max(1) as u64;
                (each / PIECE_ROWS).clamp(1, MAX_PIECES) as usize
            }
        };
        let mut pieces = Vec::new();
        for snapshot in &self.snapshots {
            let ranges = snapshot.user_ranges(parts)?.into_iter();
            pieces.extend(ranges.map(|users| Piece {
                snapshot: snapshot.clone(),
                users,
            }));
        }
        let make = || {
            let mut worker = Worker::new(&plan, catalogue.clone());
            move |piece: Piece, tell: &Tell<Told>| worker.work(piece, tell)
        };
        // Where rows are counted up to a limit, one thread counts them.
        let threads = if alone { 1 } else { self.threads };
        Ok(ExportBatches {
            schema: plan.columns.schema.clone(),
            times: plan.learned.times,
            told: Ordered::new(pieces, threads, make)?,
            report,
            looked_at: 0,
            total,
            ended: false,
        })
    }

    /// Makes every record and lets go of it: the counts and the digest alone.
    ///
    /// # Errors
    /// As [`Export::batches`], and those of making the records.
    pub fn report(&self) -> Result<ExportReport> {
        let mut batches = self.batches()?;
        for batch in &mut batches {
            batch?;
        }
        batches.report()
    }
}

/// A part of the users.
struct Piece {
    snapshot: Snapshot,
    users: UserRange,
}

/// What a thread tells.
enum Told {
    Batch(ExportBatch),
    /// Rows that were looked at.
    Progress(u64),
    /// Of a whole piece.
    Piece(Box<PieceReport>),
}

#[derive(Default)]
struct PieceReport {
    dropped: Dropped,
    content: Content,
    counts: RecordCounts,
}

/// The record batches of an [`Export`], in order. Dropping it ends the export.
pub struct ExportBatches {
    schema: Arc<ArrowSchema>,
    times: Option<(i64, i64)>,
    told: Ordered<Piece, Told>,
    report: ExportReport,
    looked_at: u64,
    total: u64,
    ended: bool,
}

impl ExportBatches {
    /// The schema of the batches.
    pub fn schema(&self) -> &Arc<ArrowSchema> {
        &self.schema
    }

    /// Rows that were looked at, and that there are to look at.
    pub fn progress(&self) -> (u64, u64) {
        (self.looked_at.min(self.total), self.total)
    }

    /// The first and the last timestamp that is taken, where that was asked for and any is.
    pub fn times(&self) -> Option<(i64, i64)> {
        self.times
    }

    /// What was taken and made, once all batches were given.
    ///
    /// # Errors
    /// `InvalidInput` before the last batch was given.
    pub fn report(&self) -> Result<ExportReport> {
        match self.ended {
            true => Ok(self.report.clone()),
            false => Err(Error::invalid(
                "the report of an export is asked for before its last batch was taken",
            )),
        }
    }
}

impl Iterator for ExportBatches {
    type Item = Result<ExportBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.told.next() {
                None => {
                    self.ended = true;
                    return None;
                }
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(Told::Batch(batch))) => return Some(Ok(batch)),
                Some(Ok(Told::Progress(rows))) => self.looked_at += rows,
                Some(Ok(Told::Piece(piece))) => {
                    self.report.dropped.add(&piece.dropped);
                    self.report.content = self.report.content.plus(piece.content);
                    self.report.records += piece.counts.records;
                    self.report.short_of_negatives += piece.counts.short_of_negatives;
                    self.report.not_shown += piece.counts.not_shown;
                }
            }
        }
    }
}

/// What one thread works with.
struct Worker {
    plan: Arc<Plan>,
    selector: Selector,
    hashes: Option<RowHashes>,
    content: Content,
    records: Records,
}

impl Worker {
    fn new(plan: &Arc<Plan>, catalogue: Option<Arc<Catalogue>>) -> Self {
        let schema = &plan.schema;
        let learned: &Arc<Learned> = &plan.learned;
        let hashes = || RowHashes::new(schema, &plan.columns.fields);
        Self {
            selector: Selector::new(schema, &plan.rules, learned, UpTo::All),
            hashes: plan.digests.then(hashes),
            content: Content::default(),
            records: Records::new(plan, catalogue),
            plan: plan.clone(),
        }
    }

    fn work(&mut self, piece: Piece, tell: &Tell<Told>) -> Result<()> {
        let mut query = self.plan.query();
        query.users = piece.users;
        let mut scan = piece.snapshot.scan(&query)?;
        if self.plan.needs_users_together() {
            let mut blocks = UserBlocks::new(scan);
            while let Some(block) = blocks.next()? {
                if !self.block(&block, tell)? {
                    break;
                }
            }
        } else {
            let mut batch = scan.new_batch();
            while scan.read(&mut batch)? {
                let block = Block {
                    columns: &batch,
                    rows: 0..batch.rows(),
                };
                if !self.block(&block, tell)? {
                    break;
                }
            }
        }
        tell.tell(Told::Piece(Box::new(PieceReport {
            dropped: std::mem::take(&mut self.selector.dropped),
            content: std::mem::take(&mut self.content),
            counts: std::mem::take(&mut self.records.counts),
        })));
        Ok(())
    }

    /// Makes the records of a block; `false` when no more are wanted.
    fn block(&mut self, block: &Block<'_>, tell: &Tell<Told>) -> Result<bool> {
        let kept = self.selector.select(block)?;
        if let Some(hashes) = &mut self.hashes {
            hashes.turn_to(block.columns);
            for row in &kept.rows {
                let recorded = block.columns.recorded.get(*row as usize).copied();
                let recorded = recorded.ok_or_else(|| Error::internal("rows without origins"))?;
                let hash = hashes.of(block.columns, *row as usize, Some(recorded))?;
                self.content = self.content.plus(Content {
                    rows: 1,
                    digest: hash,
                });
            }
        }
        let mut give = |batch| Ok(tell.tell(Told::Batch(batch)));
        let more = self.records.of_block(block, kept, &mut give)?;
        let more = more && tell.tell(Told::Progress(block.rows.len() as u64));
        Ok(more && !self.selector.is_full())
    }
}
