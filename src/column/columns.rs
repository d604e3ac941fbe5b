//! Rows by column: what flows up from the tiers, and down into segments.

use std::ops::Range;
use std::sync::Arc;

use super::Strings;
use crate::model::{DataType, Error, Result, Role, Schema};

#[cfg(test)]
mod tests;

/// A column of numbers as bits (see [`Cell`](crate::model::Cell)).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberColumn {
    /// One value a row; 0 where null.
    pub bits: Vec<u64>,
    /// One flag a row, or nothing when every row has a value.
    pub valid: Vec<bool>,
}

impl NumberColumn {
    /// Adds a value or a null.
    pub fn push(&mut self, value: Option<u64>) {
        if value.is_none() && self.valid.is_empty() {
            self.valid.resize(self.bits.len(), true);
        }
        if value.is_none() || !self.valid.is_empty() {
            self.valid.push(value.is_some());
        }
        self.bits.push(value.unwrap_or(0));
    }

    /// Adds values and whether each is one; the bits of a null must be 0.
    pub(crate) fn extend(
        &mut self,
        bits: impl Iterator<Item = u64>,
        valid: impl Iterator<Item = bool> + Clone,
    ) {
        let before = self.bits.len();
        self.bits.extend(bits);
        if self.valid.is_empty() && valid.clone().all(|valid| valid) {
            return;
        }
        self.valid.resize(before, true);
        self.valid.extend(valid);
    }

    fn append_rows(&mut self, from: &Self, rows: &[u32]) -> Result<()> {
        if !from.valid.is_empty() && self.valid.is_empty() {
            self.valid.resize(self.bits.len(), true);
        }
        pick(&from.bits, rows, &mut self.bits)?;
        if !from.valid.is_empty() {
            pick(&from.valid, rows, &mut self.valid)?;
        } else if !self.valid.is_empty() {
            self.valid.resize(self.bits.len(), true);
        }
        Ok(())
    }

    fn append_range(&mut self, from: &Self, rows: Range<usize>) -> Result<()> {
        if !from.valid.is_empty() || !self.valid.is_empty() {
            self.valid.resize(self.bits.len(), true);
            extend(&mut self.valid, &from.valid, rows.clone())?;
        }
        extend(&mut self.bits, &from.bits, rows)?;
        if !self.valid.is_empty() {
            self.valid.resize(self.bits.len(), true);
        }
        Ok(())
    }

    fn truncate(&mut self, rows: usize) {
        self.bits.truncate(rows);
        self.valid.truncate(rows);
    }

    /// The value of a row; `None` where null or beyond the end.
    pub fn get(&self, row: usize) -> Option<u64> {
        match self.valid.get(row) {
            Some(false) => None,
            _ => self.bits.get(row).copied(),
        }
    }
}

/// A column of lists of item codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListColumn {
    /// Where each row's list ends in `items`.
    pub ends: Vec<u32>,
    /// Item codes, list behind list. No list is empty; an empty range is null.
    pub items: Vec<u32>,
}

impl ListColumn {
    /// The list of a row; empty where null.
    pub fn get(&self, row: usize) -> &[u32] {
        let start = self.start_of(row);
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.items.get(start as usize..end as usize).unwrap_or(&[])
    }

    /// Where the list of a row begins in `items`.
    pub(crate) fn start_of(&self, row: usize) -> u32 {
        let before = row.checked_sub(1).and_then(|before| self.ends.get(before));
        before.copied().unwrap_or(0)
    }

    /// Adds a list; an empty one is null.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 items in all.
    #[inline]
    pub fn push(&mut self, items: &[u32]) -> Result<()> {
        self.items.extend_from_slice(items);
        self.close()
    }

    /// Ends a list whose items were added to `items`.
    #[inline]
    pub(crate) fn close(&mut self) -> Result<()> {
        let end = self.reach(self.items.len())?;
        self.ends.push(end);
        Ok(())
    }

    /// The end of a list that reaches so far.
    pub(crate) fn reach(&self, items: usize) -> Result<u32> {
        u32::try_from(items)
            .map_err(|_| Error::invalid("more than 2^32 impression items in one set of columns"))
    }

    fn append_rows(&mut self, from: &Self, rows: &[u32]) -> Result<()> {
        let items = from.ends.last().map_or(0, |end| *end as usize);
        if !are_within(rows, from.ends.len()) || items > from.items.len() {
            return Err(too_short());
        }
        self.ends.reserve(rows.len());
        self.items
            .reserve(rows.len() * from.items.len() / from.ends.len().max(1));
        for row in rows {
            let list = from.get(*row as usize);
            if !list.is_empty() {
                self.items.extend_from_slice(list);
            }
            self.close()?;
        }
        Ok(())
    }

    fn append_range(&mut self, from: &Self, rows: Range<usize>) -> Result<()> {
        let first = from.start_of(rows.start);
        let ends = from.ends.get(rows).ok_or_else(too_short)?;
        let last = ends.last().copied().unwrap_or(first);
        let shift = self.items.len();
        let items = from.items.get(first as usize..last as usize);
        self.items.extend_from_slice(items.ok_or_else(too_short)?);
        self.reach(self.items.len())?;
        // Below the end, which fits.
        let moved = ends
            .iter()
            .map(|end| shift as u32 + (end.wrapping_sub(first)));
        self.ends.extend(moved);
        Ok(())
    }

    fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows);
        let items = self.ends.last().copied().unwrap_or(0);
        self.items.truncate(items as usize);
    }
}

/// One field's values, a row each.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Column {
    /// Not asked for, or carried elsewhere (the user, the timestamp).
    #[default]
    Absent,
    /// Codes of a dictionary, from 1; 0 is null.
    Strings(Vec<u32>),
    /// Numbers and booleans.
    Numbers(NumberColumn),
    /// Impressions: codes of the item dictionary.
    Lists(ListColumn),
}

impl Column {
    /// The empty column that holds a field's values.
    pub(crate) fn for_field(schema: &Schema, field: usize) -> Self {
        match schema.fields().get(field) {
            None => Self::Absent,
            Some(field) => match (field.role(), field.data_type()) {
                (Role::User | Role::Timestamp, _) => Self::Absent,
                (Role::Impression, _) => Self::Lists(ListColumn::default()),
                (_, DataType::String) => Self::Strings(Vec::new()),
                _ => Self::Numbers(NumberColumn::default()),
            },
        }
    }

    pub(crate) fn clear(&mut self) {
        match self {
            Self::Absent => {}
            Self::Strings(codes) => codes.clear(),
            Self::Numbers(numbers) => {
                numbers.bits.clear();
                numbers.valid.clear();
            }
            Self::Lists(lists) => {
                lists.ends.clear();
                lists.items.clear();
            }
        }
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Self::Absent => {}
            Self::Strings(codes) => codes.truncate(rows),
            Self::Numbers(numbers) => numbers.truncate(rows),
            Self::Lists(lists) => lists.truncate(rows),
        }
    }

    pub(crate) fn append_range(&mut self, from: &Self, rows: Range<usize>) -> Result<()> {
        match (self, from) {
            (Self::Absent, _) => Ok(()),
            (Self::Strings(codes), Self::Strings(from)) => extend(codes, from, rows),
            (Self::Numbers(numbers), Self::Numbers(from)) => numbers.append_range(from, rows),
            (Self::Lists(lists), Self::Lists(from)) => lists.append_range(from, rows),
            _ => Err(other_kind()),
        }
    }

    pub(crate) fn append_rows(&mut self, from: &Self, rows: &[u32]) -> Result<()> {
        match (self, from) {
            (Self::Absent, _) => Ok(()),
            (Self::Strings(codes), Self::Strings(from)) => pick(from, rows, codes),
            (Self::Numbers(numbers), Self::Numbers(from)) => numbers.append_rows(from, rows),
            (Self::Lists(lists), Self::Lists(from)) => lists.append_rows(from, rows),
            _ => Err(other_kind()),
        }
    }

    /// Appends so many rows without a value.
    pub(crate) fn append_nulls(&mut self, rows: usize) -> Result<()> {
        match self {
            Self::Absent => {}
            Self::Strings(codes) => codes.resize(codes.len() + rows, 0),
            Self::Numbers(numbers) => {
                let bits = std::iter::repeat_n(0, rows);
                numbers.extend(bits, std::iter::repeat_n(false, rows));
            }
            Self::Lists(lists) => {
                for _ in 0..rows {
                    lists.close()?;
                }
            }
        }
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Strings(codes) => codes.capacity() * 4,
            Self::Numbers(numbers) => numbers.bits.capacity() * 8 + numbers.valid.capacity(),
            Self::Lists(lists) => (lists.ends.capacity() + lists.items.capacity()) * 4,
        }
    }
}

/// Appends the values at `rows`; an empty column stays empty.
fn pick<T: Copy + Default>(from: &[T], rows: &[u32], out: &mut Vec<T>) -> Result<()> {
    if from.is_empty() {
        return Ok(());
    }
    if !are_within(rows, from.len()) {
        return Err(too_short());
    }
    // Not `filter_map`, which cannot say how many values come.
    let value = |row: &u32| from.get(*row as usize).copied().unwrap_or_default();
    out.extend(rows.iter().map(value));
    Ok(())
}

/// Appends a range of values; an empty column stays empty.
fn extend<T: Copy>(out: &mut Vec<T>, from: &[T], rows: Range<usize>) -> Result<()> {
    if !from.is_empty() {
        out.extend_from_slice(from.get(rows).ok_or_else(too_short)?);
    }
    Ok(())
}

/// Whether there are `len` rows or more where these are asked for.
fn are_within(rows: &[u32], len: usize) -> bool {
    rows.iter().max().is_none_or(|row| (*row as usize) < len)
}

fn too_short() -> Error {
    Error::internal("a column that lacks rows of its batch")
}

fn other_kind() -> Error {
    Error::internal("columns of one field that are of two kinds")
}

/// Rows by column, with the dictionaries that their codes belong to.
#[derive(Clone, Default)]
pub struct Columns {
    /// A code of `user_ids` a row.
    pub users: Vec<u32>,
    /// Epoch seconds, one a row.
    pub timestamps: Vec<i64>,
    /// Sequence numbers of the rows' commits, one a row; empty where not asked for, or where all
    /// rows are of one commit that has no number yet.
    pub sequences: Vec<u64>,
    /// Whether each row was recorded one by one, and not imported in bulk; empty where not asked for.
    pub recorded: Vec<bool>,
    /// One column for each schema field, by position.
    pub fields: Vec<Column>,
    /// The strings of `users`.
    pub user_ids: Option<Arc<dyn Strings>>,
    /// The strings of each string field, by position; impressions use the item field's.
    pub dictionaries: Vec<Option<Arc<dyn Strings>>>,
}

impl Columns {
    /// No rows, with a column for every field of the schema.
    pub fn for_schema(schema: &Schema) -> Self {
        let fields = schema.fields().len();
        Self {
            fields: (0..fields)
                .map(|id| Column::for_field(schema, id))
                .collect(),
            dictionaries: vec![None; fields],
            ..Self::default()
        }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.timestamps.len()
    }

    /// The strings of `users`.
    ///
    /// # Errors
    /// `Internal` where they are not there.
    pub(crate) fn ids(&self) -> Result<&dyn Strings> {
        let ids = self.user_ids.as_deref();
        ids.ok_or_else(|| Error::internal("a batch without user ids"))
    }

    /// Removes every row and keeps the memory and the dictionaries.
    pub fn clear(&mut self) {
        self.users.clear();
        self.timestamps.clear();
        self.sequences.clear();
        self.recorded.clear();
        self.fields.iter_mut().for_each(Column::clear);
    }

    /// Removes the rows from `rows` on.
    pub fn truncate(&mut self, rows: usize) {
        self.users.truncate(rows);
        self.timestamps.truncate(rows);
        self.sequences.truncate(rows);
        self.recorded.truncate(rows);
        self.fields
            .iter_mut()
            .for_each(|column| column.truncate(rows));
    }

    /// The same columns, less those whose flag is not set.
    pub(crate) fn asked_only(mut self, asked: &[bool]) -> Self {
        let asked = asked.iter().copied().chain(std::iter::repeat(false));
        for (column, asked) in self.fields.iter_mut().zip(asked) {
            if !asked {
                *column = Column::Absent;
            }
        }
        self
    }

    /// Appends a range of the rows of `from`, users aside; `from` has the same columns and
    /// dictionaries.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 impression items; `Internal` when `from` has other columns or lacks
    /// rows.
    pub(crate) fn append_range(&mut self, from: &Self, rows: Range<usize>) -> Result<()> {
        extend(&mut self.timestamps, &from.timestamps, rows.clone())?;
        extend(&mut self.sequences, &from.sequences, rows.clone())?;
        extend(&mut self.recorded, &from.recorded, rows.clone())?;
        for (column, from) in self.fields.iter_mut().zip(&from.fields) {
            column.append_range(from, rows.clone())?;
        }
        Ok(())
    }

    /// Appends the rows of `from` at `rows`, users aside; `from` has the same columns and
    /// dictionaries, and all rows are in it.
    ///
    /// # Errors
    /// As [`Columns::append_range`].
    pub(crate) fn append_rows(&mut self, from: &Self, rows: &[u32]) -> Result<()> {
        pick(&from.timestamps, rows, &mut self.timestamps)?;
        pick(&from.sequences, rows, &mut self.sequences)?;
        pick(&from.recorded, rows, &mut self.recorded)?;
        for (column, from) in self.fields.iter_mut().zip(&from.fields) {
            column.append_rows(from, rows)?;
        }
        Ok(())
    }

    /// Bytes of memory the rows take, dictionaries aside.
    pub fn memory_bytes(&self) -> usize {
        self.users.capacity() * 4
            + self.timestamps.capacity() * 8
            + self.sequences.capacity() * 8
            + self.recorded.capacity()
            + self.fields.iter().map(Column::memory_bytes).sum::<usize>()
    }
}
