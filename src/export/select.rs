//! The rows of a block that a selection takes.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::blocks::Block;
use super::content::RowHashes;
use super::dropped::Dropped;
use super::learned::Learned;
use super::per_code::PerCode;
use super::selection::{Rules, Sessions};
use crate::column::{Column, Columns, NumberColumn};
use crate::model::{DataType, Error, FieldId, Result, Schema, session_of};

/// Which rules are left to be applied to what a scan gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UpTo {
    /// Those that tell which items count: up to `distinct`.
    Distinct,
    /// All but the newest of the store and what follows.
    Users,
    /// All.
    All,
}

/// Applies a selection, block by block.
pub(super) struct Selector {
    rules: Arc<Rules>,
    learned: Arc<Learned>,
    upto: UpTo,
    item: FieldId,
    value_type: DataType,
    /// Which rule takes an event type, from 1; 0 for none.
    event_types: PerCode<u8>,
    /// Whether an item has interactions enough.
    items: PerCode<bool>,
    hashes: Option<RowHashes>,
    seen: HashSet<u128>,
    pub(super) dropped: Dropped,
    /// Rows that were looked at.
    pub(super) looked_at: u64,
    taken: u64,
    kept: Kept,
}

/// The rows of a block that are taken.
#[derive(Default)]
pub(super) struct Kept {
    /// Their positions in the block's columns, in order.
    pub(super) rows: Vec<u32>,
    /// The weight of each, where the selection has weights.
    pub(super) weights: Vec<f64>,
    /// The users with any, in order.
    pub(super) users: Vec<KeptUser>,
}

/// The rows of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptUser {
    /// Those of [`Kept::rows`] that are taken.
    pub(super) kept: Range<usize>,
    /// All that the block has, as positions in its columns.
    pub(super) all: Range<usize>,
}

impl Selector {
    pub(super) fn new(
        schema: &Schema,
        rules: &Arc<Rules>,
        learned: &Arc<Learned>,
        upto: UpTo,
    ) -> Self {
        let value_type = rules
            .event_value
            .and_then(|field| schema.fields().get(field));
        let every = vec![true; schema.fields().len()];
        Self {
            item: schema.item(),
            value_type: value_type.map_or(DataType::Float, |field| field.data_type()),
            event_types: PerCode::default(),
            items: PerCode::default(),
            hashes: (rules.selection.distinct).then(|| RowHashes::new(schema, &every)),
            seen: HashSet::new(),
            dropped: Dropped::default(),
            looked_at: 0,
            taken: 0,
            kept: Kept::default(),
            rules: rules.clone(),
            learned: learned.clone(),
            upto,
        }
    }

    /// The rows of a block that are taken. Rows of one user that follow each other are one user's, so a
    /// block of a scan in another order has some users more than once.
    pub(super) fn select(&mut self, block: &Block<'_>) -> Result<&Kept> {
        let columns = block.columns;
        self.turn_to(columns)?;
        let mut kept = std::mem::take(&mut self.kept);
        kept.rows.clear();
        kept.weights.clear();
        kept.users.clear();
        let users = columns
            .users
            .get(block.rows.clone())
            .ok_or_else(too_short)?;
        let mut start = block.rows.start;
        for run in users.chunk_by(|a, b| a == b) {
            let all = start..start + run.len();
            start = all.end;
            let before = kept.rows.len();
            self.select_user(columns, all.clone(), &mut kept)?;
            if kept.rows.len() > before {
                let kept_rows = before..kept.rows.len();
                kept.users.push(KeptUser {
                    kept: kept_rows,
                    all,
                });
            }
        }
        self.looked_at += block.rows.len() as u64;
        if self.rules.selection.has_weights() {
            self.weigh(columns, &mut kept)?;
        }
        self.kept = kept;
        Ok(&self.kept)
    }

    fn turn_to(&mut self, columns: &Columns) -> Result<()> {
        if !self.rules.selection.events.is_empty() {
            let field = self.rules.event_type.unwrap_or(0);
            self.event_types.turn_to(dictionary(columns, field)?);
        }
        if self.learned.items.is_some() && self.upto != UpTo::Distinct {
            self.items.turn_to(dictionary(columns, self.item)?);
        }
        if let Some(hashes) = &mut self.hashes {
            hashes.turn_to(columns);
        }
        Ok(())
    }

    fn select_user(
        &mut self,
        columns: &Columns,
        rows: Range<usize>,
        kept: &mut Kept,
    ) -> Result<()> {
        let rules = self.rules.clone();
        let selection = &rules.selection;
        let first = kept.rows.len();
        self.take_rows(columns, rows.clone(), &mut kept.rows)?;
        if selection.sessions == Sessions::Drop && kept.rows.len() > first {
            let user = columns.users.get(rows.start).copied().unwrap_or(0);
            if session_of(columns.ids()?.get(user)?).is_some() {
                self.dropped.sessions += (kept.rows.len() - first) as u64;
                kept.rows.truncate(first);
            }
        }
        if selection.distinct {
            self.dropped.distinct += self.drop_equal(columns, first, &mut kept.rows)?;
        }
        if self.upto == UpTo::Distinct {
            return Ok(());
        }
        if let Some(least) = selection.min_item_events {
            let codes = codes_of(columns, self.item)?;
            let learned = self.learned.clone();
            let items = &mut self.items;
            let enough = |row: u32| {
                let code = codes.get(row as usize).copied().ok_or_else(too_short)?;
                items.get(code, |text| Ok(learned.count_of(text) >= least))
            };
            self.dropped.min_item_events += retain(&mut kept.rows, first, enough)?;
        }
        let left = (kept.rows.len() - first) as u64;
        if selection.min_user_events.is_some_and(|least| left < least) {
            self.dropped.min_user_events += left;
            kept.rows.truncate(first);
        }
        if self.upto == UpTo::Users {
            return Ok(());
        }
        if let Some(cutoff) = &self.learned.newest
            && kept.rows.len() > first
        {
            let user = columns.users.get(rows.start).copied().unwrap_or(0);
            let mut room = cutoff.room_of(columns.ids()?.get(user)?);
            let times = &columns.timestamps;
            self.dropped.newest += retain(&mut kept.rows, first, |row| {
                let at = times.get(row as usize).copied().ok_or_else(too_short)?;
                Ok(match at.cmp(&cutoff.second) {
                    std::cmp::Ordering::Greater => true,
                    std::cmp::Ordering::Less => false,
                    std::cmp::Ordering::Equal => match room.checked_sub(1) {
                        Some(less) => {
                            room = less;
                            true
                        }
                        None => false,
                    },
                })
            })?;
        }
        if let Some(most) = selection.newest_per_user {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let too_many = (kept.rows.len() - first).saturating_sub(most);
            kept.rows.drain(first..first + too_many);
            self.dropped.newest_per_user += too_many as u64;
        }
        if let Some(most) = selection.limit {
            let left = most.saturating_sub(self.taken);
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            let too_many = (kept.rows.len() - first).saturating_sub(left);
            kept.rows.truncate(kept.rows.len() - too_many);
            self.dropped.limit += too_many as u64;
            self.taken += (kept.rows.len() - first) as u64;
        }
        Ok(())
    }

    /// Whether no more row can be taken.
    pub(super) fn is_full(&self) -> bool {
        let limit = self.rules.selection.limit;
        limit.is_some_and(|most| self.taken >= most)
    }

    /// Adds the rows that pass what is asked of each row alone.
    fn take_rows(
        &mut self,
        columns: &Columns,
        rows: Range<usize>,
        out: &mut Vec<u32>,
    ) -> Result<()> {
        let rules = self.rules.clone();
        let selection = &rules.selection;
        let first = out.len();
        out.extend(rows.start as u32..rows.end as u32);
        if selection.origin != crate::model::Origins::All {
            let recorded = columns.recorded.as_slice();
            self.dropped.origin += retain(out, first, |row| {
                let recorded = recorded.get(row as usize).copied().ok_or_else(too_short)?;
                Ok(selection.origin.contain(recorded))
            })?;
        }
        let time = selection.time();
        if time != crate::model::TimeRange::ALL {
            let times = columns.timestamps.as_slice();
            self.dropped.time += retain(out, first, |row| {
                let at = times.get(row as usize).copied().ok_or_else(too_short)?;
                Ok(time.contains(at))
            })?;
        }
        if rules.are_of_commits() {
            let upto = selection.upto.unwrap_or(u64::MAX);
            let sequences = columns.sequences.as_slice();
            self.dropped.after += retain(out, first, |row| {
                let sequence = sequences.get(row as usize).copied().ok_or_else(too_short)?;
                Ok(sequence > selection.after && sequence <= upto)
            })?;
        }
        if !selection.events.is_empty() {
            let codes = codes_of(columns, rules.event_type.unwrap_or(0))?;
            let values = numbers_of(columns, rules.event_value);
            let value_type = self.value_type;
            let event_types = &mut self.event_types;
            self.dropped.events += retain(out, first, |row| {
                let code = codes.get(row as usize).copied().ok_or_else(too_short)?;
                let rule = rule_of(event_types, &rules, code)?;
                let Some(rule) = rule else { return Ok(false) };
                Ok(rule.at_least.is_none_or(|least| {
                    let bits = values.and_then(|values| values.get(row as usize));
                    bits.is_some_and(|bits| Rules::value(value_type, bits) >= least)
                }))
            })?;
        }
        Ok(())
    }

    /// Removes rows that are equal to an earlier one of the user, and tells how many.
    fn drop_equal(&mut self, columns: &Columns, first: usize, rows: &mut Vec<u32>) -> Result<u64> {
        let Some(hashes) = &mut self.hashes else {
            return Ok(0);
        };
        let times = &columns.timestamps;
        let seen = &mut self.seen;
        seen.clear();
        let mut last = None;
        retain(rows, first, |row| {
            // Equal rows have equal timestamps, and those follow each other.
            let at = times.get(row as usize).copied();
            if last != at {
                seen.clear();
                last = at;
            }
            Ok(seen.insert(hashes.of(columns, row as usize, None)?))
        })
    }

    fn weigh(&mut self, columns: &Columns, kept: &mut Kept) -> Result<()> {
        let codes = codes_of(columns, self.rules.event_type.unwrap_or(0))?;
        for row in &kept.rows {
            let code = codes.get(*row as usize).copied().ok_or_else(too_short)?;
            let rule = rule_of(&mut self.event_types, &self.rules, code)?;
            kept.weights
                .push(rule.and_then(|rule| rule.weight).unwrap_or(1.0));
        }
        Ok(())
    }
}

/// The rule that takes an event type.
fn rule_of<'a>(
    event_types: &mut PerCode<u8>,
    rules: &'a Rules,
    code: u32,
) -> Result<Option<&'a super::selection::EventRule>> {
    let events = &rules.selection.events;
    let of = |text: &str| {
        let mut rules = events.iter();
        let nth = rules.position(|rule| rule.event_type.eq_ignore_ascii_case(text));
        Ok(nth.map_or(0, |nth| nth as u8 + 1))
    };
    let nth = match code {
        0 => 0,
        code => event_types.get(code, of)?,
    };
    Ok(usize::from(nth)
        .checked_sub(1)
        .and_then(|nth| events.get(nth)))
}

/// Keeps those rows from `first` on that pass, and tells how many did not.
fn retain(
    rows: &mut Vec<u32>,
    first: usize,
    mut passes: impl FnMut(u32) -> Result<bool>,
) -> Result<u64> {
    let mut end = first;
    for at in first..rows.len() {
        let row = rows.get(at).copied().unwrap_or(0);
        if passes(row)? {
            if let Some(slot) = rows.get_mut(end) {
                *slot = row;
            }
            end += 1;
        }
    }
    let dropped = rows.len() - end;
    rows.truncate(end);
    Ok(dropped as u64)
}

/// The codes of a string field.
pub(super) fn codes_of(columns: &Columns, field: FieldId) -> Result<&[u32]> {
    match columns.fields.get(field) {
        Some(Column::Strings(codes)) => Ok(codes),
        _ => Err(Error::internal("a string column that was not read")),
    }
}

fn numbers_of(columns: &Columns, field: Option<FieldId>) -> Option<&NumberColumn> {
    match columns.fields.get(field?) {
        Some(Column::Numbers(numbers)) => Some(numbers),
        _ => None,
    }
}

pub(super) fn dictionary(
    columns: &Columns,
    field: FieldId,
) -> Result<&Arc<dyn crate::column::Strings>> {
    let strings = columns.dictionaries.get(field).and_then(Option::as_ref);
    strings.ok_or_else(|| Error::internal("codes without a dictionary"))
}

fn too_short() -> Error {
    Error::internal("columns of different lengths")
}
