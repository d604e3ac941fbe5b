//! Record batches of what a selection took.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;

use super::arranging::{
    Batches, Chunk, Extra, Lists, MAX_ITEMS, MAX_RECORDS, PartKey, Shown, no_items,
};
use super::blocks::Block;
use super::layout::{ArrowLists, Examples, Layout};
use super::negatives::{Catalogue, Drawing};
use super::plan::Plan;
use super::select::{Kept, KeptUser, codes_of};
use super::split::{SplitPart, SplitPlace};
use super::windows::{Timeline, Windows};
use crate::column::{Column, Columns};
use crate::model::{Error, Result, Role};

/// A batch, and where it goes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExportBatch {
    /// Where it goes, of a split or partitioned export.
    pub place: SplitPlace,
    /// The records.
    pub batch: RecordBatch,
}

/// Takes batches as they are made; `false` when no more are wanted.
pub(super) type Give<'a> = dyn FnMut(ExportBatch) -> Result<bool> + 'a;

/// Makes record batches, block by block.
pub(super) struct Records {
    plan: Arc<Plan>,
    catalogue: Option<Arc<Catalogue>>,
    drawing: Option<Drawing>,
    batches: Batches,
    windows: Windows,
    parts: Vec<SplitPart>,
    pub(super) counts: RecordCounts,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RecordCounts {
    pub(super) records: u64,
    /// Targets with fewer negatives than asked for.
    pub(super) short_of_negatives: u64,
    /// Events about an item that is not in their impression.
    pub(super) not_shown: u64,
}

impl Records {
    pub(super) fn new(plan: &Arc<Plan>, catalogue: Option<Arc<Catalogue>>) -> Self {
        let schema = &plan.schema;
        let impression = schema.position_of(Role::Impression);
        let drawing = plan.layout.negatives();
        Self {
            drawing: drawing.map(|how| Drawing::new(how, schema.item(), impression)),
            catalogue,
            batches: Batches::new(plan),
            windows: Windows::default(),
            parts: Vec::new(),
            counts: RecordCounts::default(),
            plan: plan.clone(),
        }
    }

    /// Makes the records of a block; `false` when no more are wanted.
    pub(super) fn of_block(
        &mut self,
        block: &Block<'_>,
        kept: &Kept,
        give: &mut Give<'_>,
    ) -> Result<bool> {
        let plan = self.plan.clone();
        self.split(block.columns, kept)?;
        match &plan.layout {
            Layout::Rows => self.rows(block.columns, kept, give),
            Layout::Sequences {
                max_length,
                min_length,
            } => self.sequences(block.columns, kept, (*max_length, *min_length), give),
            Layout::Examples(examples) => self.examples(block.columns, kept, examples, give),
            Layout::Impressions => self.impressions(block.columns, kept, give),
        }
    }

    /// Finds the part of each row that was taken.
    fn split(&mut self, columns: &Columns, kept: &Kept) -> Result<()> {
        self.parts.clear();
        let Some(split) = &self.plan.split else {
            return Ok(());
        };
        for user in &kept.users {
            let rows = rows_of(kept, user)?;
            let times = rows.iter().map(|row| time_of(columns, *row));
            split.parts_of(user_of(columns, user)?, times, &mut self.parts);
        }
        Ok(())
    }

    /// Where a row that was taken goes.
    fn key(&self, columns: &Columns, user: &str, nth: usize, row: u32) -> Result<PartKey> {
        let partition = self.plan.partition.as_ref();
        let partition = partition.map(|by| by.number(user, time_of(columns, row)));
        Ok((self.parts.get(nth).copied(), partition.transpose()?))
    }

    fn has_one_place(&self) -> bool {
        self.plan.split.is_none() && self.plan.partition.is_none()
    }

    fn rows(&mut self, columns: &Columns, kept: &Kept, give: &mut Give<'_>) -> Result<bool> {
        if self.has_one_place() {
            return self.rows_of_place(columns, (None, None), &kept.rows, &kept.weights, give);
        }
        let mut places: BTreeMap<PartKey, (Vec<u32>, Vec<f64>)> = BTreeMap::new();
        for user in &kept.users {
            let id = user_of(columns, user)?;
            for nth in user.kept.clone() {
                let row = kept.rows.get(nth).copied().unwrap_or(0);
                let key = self.key(columns, id, nth, row)?;
                let (rows, weights) = places.entry(key).or_default();
                rows.push(row);
                weights.extend(kept.weights.get(nth));
            }
        }
        for (key, (rows, weights)) in places {
            if !self.rows_of_place(columns, key, &rows, &weights, give)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn rows_of_place(
        &mut self,
        columns: &Columns,
        key: PartKey,
        rows: &[u32],
        weights: &[f64],
        give: &mut Give<'_>,
    ) -> Result<bool> {
        let mut weights = weights;
        for rows in rows.chunks(MAX_RECORDS) {
            let (own, later) = weights.split_at(rows.len().min(weights.len()));
            weights = later;
            let chunk = Chunk {
                rows,
                weights: own,
                ..Chunk::new(columns, key)
            };
            if !self.give(&chunk, give)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn sequences(
        &mut self,
        columns: &Columns,
        kept: &Kept,
        (max_length, min_length): (Option<u64>, u64),
        give: &mut Give<'_>,
    ) -> Result<bool> {
        let most = max_length.and_then(|most| usize::try_from(most).ok());
        let most = most.unwrap_or(usize::MAX);
        if self.has_one_place() {
            return self.sequences_of_place(columns, kept, (most, min_length), give);
        }
        let mut places: BTreeMap<PartKey, Lists> = BTreeMap::new();
        for user in &kept.users {
            let id = user_of(columns, user)?;
            let mut parts: BTreeMap<PartKey, Vec<usize>> = BTreeMap::new();
            for nth in user.kept.clone() {
                let row = kept.rows.get(nth).copied().unwrap_or(0);
                let key = self.key(columns, id, nth, row)?;
                parts.entry(key).or_default().push(nth);
            }
            for (key, members) in parts {
                if (members.len() as u64) < min_length {
                    continue;
                }
                let first = members.len().saturating_sub(most);
                let members = members.get(first..).unwrap_or_default();
                let lists = places.entry(key).or_default();
                lists.rows.push(user.all.start as u32);
                let rows = members.iter().map(|nth| kept.rows.get(*nth).copied());
                let rows: Vec<u32> = rows.flatten().collect();
                let weights = members.iter().map(|nth| kept.weights.get(*nth).copied());
                lists.item_weights.extend(weights.flatten());
                lists.whole(self.plan.lists, &rows)?;
                if lists.is_full() && !self.give_lists(columns, key, lists, give)? {
                    return Ok(false);
                }
            }
        }
        for (key, mut lists) in places {
            if !self.give_lists(columns, key, &mut lists, give)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn sequences_of_place(
        &mut self,
        columns: &Columns,
        kept: &Kept,
        (most, min_length): (usize, u64),
        give: &mut Give<'_>,
    ) -> Result<bool> {
        let key = (None, None);
        let mut lists = Lists::default();
        for user in &kept.users {
            let first = user.kept.len().saturating_sub(most);
            let members = user.kept.start + first..user.kept.end;
            if (user.kept.len() as u64) < min_length {
                continue;
            }
            lists.rows.push(user.all.start as u32);
            let rows = kept.rows.get(members.clone()).ok_or_else(no_items)?;
            let weights = kept.weights.get(members).unwrap_or_default();
            lists.item_weights.extend_from_slice(weights);
            lists.whole(self.plan.lists, rows)?;
            if lists.is_full() && !self.give_lists(columns, key, &mut lists, give)? {
                return Ok(false);
            }
        }
        self.give_lists(columns, key, &mut lists, give)
    }

    fn examples(
        &mut self,
        columns: &Columns,
        kept: &Kept,
        examples: &Examples,
        give: &mut Give<'_>,
    ) -> Result<bool> {
        let mut places: BTreeMap<PartKey, Lists> = BTreeMap::new();
        let (mut times, mut sequences) = (Vec::new(), Vec::new());
        for user in &kept.users {
            let id = user_of(columns, user)?;
            let rows = rows_of(kept, user)?;
            times.clear();
            times.extend(rows.iter().map(|row| time_of(columns, *row)));
            sequences.clear();
            if examples.as_known {
                let commit = |row: &u32| columns.sequences.get(*row as usize).copied();
                sequences.extend(rows.iter().filter_map(commit));
            }
            self.turn_drawing(id, columns, user)?;
            let timeline = Timeline {
                user: id,
                times: &times,
                sequences: &sequences,
            };
            self.windows.begin(timeline, examples);
            for target in 0..rows.len() {
                self.windows.add(timeline, target, examples);
                let is_last = target + 1 == rows.len();
                if !is_last && self.windows.members.len() < MAX_ITEMS {
                    continue;
                }
                if self.plan.guard {
                    self.windows.guard(timeline, examples)?;
                }
                if !self.take_windows(columns, kept, user, id, &mut places, give)? {
                    return Ok(false);
                }
            }
        }
        for (key, mut lists) in places {
            if !self.give_lists(columns, key, &mut lists, give)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds the targets of the windows to the lists of their places.
    fn take_windows(
        &mut self,
        columns: &Columns,
        kept: &Kept,
        user: &KeptUser,
        id: &str,
        places: &mut BTreeMap<PartKey, Lists>,
        give: &mut Give<'_>,
    ) -> Result<bool> {
        let rows = rows_of(kept, user)?;
        let windows = std::mem::take(&mut self.windows);
        for (target, members) in &windows.targets {
            let nth = user.kept.start + *target as usize;
            let row = kept.rows.get(nth).copied().unwrap_or(0);
            let key = self.key(columns, id, nth, row)?;
            let lists = places.entry(key).or_default();
            lists.rows.push(row);
            lists.weights.extend(kept.weights.get(nth));
            let members = windows.members.get(members.clone()).unwrap_or_default();
            match self.plan.lists {
                ArrowLists::Plain => {
                    lists.add(rows, members)?;
                    lists.close()?;
                }
                ArrowLists::View => lists.view(user.kept.start, rows, range_of(members)?)?,
            }
            self.draw(columns, row, *target as usize, lists)?;
            if lists.is_full() && !self.give_lists(columns, key, lists, give)? {
                self.windows = windows;
                return Ok(false);
            }
        }
        self.windows = windows;
        self.windows.clear();
        Ok(true)
    }

    fn turn_drawing(&mut self, id: &str, columns: &Columns, user: &KeptUser) -> Result<()> {
        if let (Some(drawing), Some(catalogue)) = (&mut self.drawing, &self.catalogue) {
            let all = user.all.clone();
            drawing.turn_to(id, columns, all, &self.plan.learned, catalogue)?;
        }
        Ok(())
    }

    fn draw(&mut self, columns: &Columns, row: u32, nth: usize, lists: &mut Lists) -> Result<()> {
        let (Some(drawing), Some(catalogue)) = (&mut self.drawing, &self.catalogue) else {
            return Ok(());
        };
        let negatives = &mut lists.negatives;
        let drawn = drawing.draw(columns, row as usize, nth, catalogue);
        let mut count = 0;
        let item = self.plan.schema.item();
        drawn.each(columns, item, &self.plan.learned, catalogue, |text| {
            negatives.texts.push_str(text);
            negatives.ends.push(negatives.texts.len());
            count += 1;
        })?;
        negatives.counts.push(count);
        let wanted = self
            .plan
            .layout
            .negatives()
            .map_or(0, |how| how.count as usize);
        self.counts.short_of_negatives += u64::from(count < wanted);
        Ok(())
    }

    fn impressions(&mut self, columns: &Columns, kept: &Kept, give: &mut Give<'_>) -> Result<bool> {
        let field = self.plan.schema.position_of(Role::Impression);
        let lists = match field.and_then(|field| columns.fields.get(field)) {
            Some(Column::Lists(lists)) => lists,
            _ => return Err(Error::internal("impressions that were not read")),
        };
        let items = codes_of(columns, self.plan.schema.item())?;
        let mut places: BTreeMap<PartKey, Shown> = BTreeMap::new();
        for user in &kept.users {
            let id = user_of(columns, user)?;
            for nth in user.kept.clone() {
                let row = kept.rows.get(nth).copied().unwrap_or(0);
                let list = lists.get(row as usize);
                if list.is_empty() {
                    continue;
                }
                let item = items.get(row as usize);
                self.counts.not_shown += u64::from(!list.iter().any(|shown| Some(shown) == item));
                let key = self.key(columns, id, nth, row)?;
                let shown = places.entry(key).or_default();
                for (position, code) in (1..).zip(list) {
                    shown.rows.push(row);
                    shown.weights.extend(kept.weights.get(nth));
                    shown.codes.push(*code);
                    shown.positions.push(position);
                }
                if shown.rows.len() >= MAX_RECORDS {
                    let shown = std::mem::take(shown);
                    if !self.give_shown(columns, key, shown, give)? {
                        return Ok(false);
                    }
                }
            }
        }
        for (key, shown) in places {
            if !shown.rows.is_empty() && !self.give_shown(columns, key, shown, give)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn give_shown(
        &mut self,
        columns: &Columns,
        key: PartKey,
        shown: Shown,
        give: &mut Give<'_>,
    ) -> Result<bool> {
        let chunk = Chunk {
            rows: &shown.rows,
            weights: &shown.weights,
            extra: Extra {
                shown: shown.codes,
                positions: shown.positions,
                negatives: None,
            },
            ..Chunk::new(columns, key)
        };
        self.give(&chunk, give)
    }

    fn give_lists(
        &mut self,
        columns: &Columns,
        key: PartKey,
        lists: &mut Lists,
        give: &mut Give<'_>,
    ) -> Result<bool> {
        let lists = std::mem::take(lists);
        if lists.rows.is_empty() {
            return Ok(true);
        }
        let chunk = Chunk {
            rows: &lists.rows,
            weights: &lists.weights,
            items: &lists.items,
            item_weights: &lists.item_weights,
            ends: &lists.ends,
            views: (&lists.starts, &lists.sizes),
            extra: Extra {
                negatives: self
                    .drawing
                    .is_some()
                    .then(|| lists.negatives.array(self.plan.strings)),
                ..Extra::default()
            },
            ..Chunk::new(columns, key)
        };
        self.give(&chunk, give)
    }

    fn give(&mut self, chunk: &Chunk<'_>, give: &mut Give<'_>) -> Result<bool> {
        let batch = self.batches.of(chunk)?;
        self.counts.records += chunk.rows.len() as u64;
        let (part, partition) = chunk.key;
        let by = self.plan.partition.as_ref().zip(partition);
        give(ExportBatch {
            place: SplitPlace {
                part,
                partition: by.map(|(by, number)| by.value(number)),
            },
            batch,
        })
    }
}

pub(super) fn user_of<'a>(columns: &'a Columns, user: &KeptUser) -> Result<&'a str> {
    let code = columns.users.get(user.all.start).copied();
    columns.ids()?.get(code.unwrap_or(0))
}

/// The range of positions that follow each other.
fn range_of(positions: &[u32]) -> Result<Range<usize>> {
    let (Some(first), Some(last)) = (positions.first(), positions.last()) else {
        return Ok(0..0);
    };
    let range = *first as usize..*last as usize + 1;
    match range.len() == positions.len() {
        true => Ok(range),
        false => Err(Error::internal(
            "a view of interactions that do not follow each other",
        )),
    }
}

fn rows_of<'a>(kept: &'a Kept, user: &KeptUser) -> Result<&'a [u32]> {
    let rows: Range<usize> = user.kept.clone();
    kept.rows.get(rows).ok_or_else(no_items)
}

fn time_of(columns: &Columns, row: u32) -> i64 {
    columns.timestamps.get(row as usize).copied().unwrap_or(0)
}
