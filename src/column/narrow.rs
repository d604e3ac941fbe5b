//! The rows of an import by column, each in the narrowest integers that hold it.
//!
//! Rows lie in pages, in the order of arrival: they grow without being copied, and take no more
//! memory than they fill.

use std::sync::Arc;

use super::{Column, DistinctNumbers, NumberColumn, Strings, no_such_code};
use crate::model::{Error, Result, Schema};

/// Values of a page.
const PAGE: usize = 1 << 16;

/// Values in pages.
#[derive(Default)]
pub(crate) struct Paged<T> {
    /// All but the last are full.
    pages: Vec<Vec<T>>,
}

impl<T: Copy + Default> Paged<T> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self.pages.split_last() {
            Some((last, full)) => full.len() * PAGE + last.len(),
            None => 0,
        }
    }

    /// The pages, in order.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &[T]> {
        self.pages.iter().map(Vec::as_slice)
    }

    /// Appends what `of` makes of each of `values`.
    pub(crate) fn extend<V>(&mut self, mut values: &[V], of: impl Fn(&V) -> T) {
        while !values.is_empty() {
            if self.pages.last().is_none_or(|page| page.len() == PAGE) {
                // The first page grows with the rows; whoever fills it will fill more.
                let room = if self.pages.is_empty() { 0 } else { PAGE };
                self.pages.push(Vec::with_capacity(room));
            }
            let Some(page) = self.pages.last_mut() else {
                return;
            };
            let (now, later) = values.split_at(values.len().min(PAGE - page.len()));
            page.extend(now.iter().map(&of));
            values = later;
        }
    }

    /// All of them, in order; each page is let go as the next is begun.
    pub(crate) fn into_values(self) -> impl Iterator<Item = T> {
        self.into_pages().flatten()
    }

    /// The pages, in order.
    pub(crate) fn into_pages(self) -> impl Iterator<Item = Vec<T>> {
        self.pages.into_iter()
    }

    /// The same values as another type; each page is let go as the next is made.
    fn converted<U: Copy + Default>(self, of: impl Fn(T) -> U) -> Paged<U> {
        let pages = self.pages.into_iter();
        let pages = pages.map(|page| page.into_iter().map(&of).collect());
        Paged {
            pages: pages.collect(),
        }
    }

    fn memory_bytes(&self) -> usize {
        self.pages.iter().map(Vec::capacity).sum::<usize>() * size_of::<T>()
    }
}

/// Does the same with the pages of codes of any width: `with_pages!(codes, pages => ...)`.
macro_rules! with_pages {
    ($codes:expr, $pages:ident => $body:expr) => {
        match $codes {
            $crate::column::Codes::U8($pages) => $body,
            $crate::column::Codes::U16($pages) => $body,
            $crate::column::Codes::U32($pages) => $body,
        }
    };
}
pub(crate) use with_pages;

/// Codes in as many bytes as the largest takes.
pub(crate) enum Codes {
    U8(Paged<u8>),
    U16(Paged<u16>),
    U32(Paged<u32>),
}

impl Default for Codes {
    fn default() -> Self {
        Self::U8(Paged::default())
    }
}

impl Codes {
    pub(crate) fn len(&self) -> usize {
        with_pages!(self, pages => pages.len())
    }

    /// Makes room for codes up to `most`.
    fn widen(&mut self, most: usize) {
        let (wide, wider) = (usize::from(u8::MAX), usize::from(u16::MAX));
        *self = match std::mem::take(self) {
            Self::U8(pages) if most > wider => Self::U32(pages.converted(u32::from)),
            Self::U8(pages) if most > wide => Self::U16(pages.converted(u16::from)),
            Self::U16(pages) if most > wider => Self::U32(pages.converted(u32::from)),
            same => same,
        };
    }

    /// Appends the new code of each old one; none of the new codes is above `most`.
    ///
    /// # Errors
    /// `Internal` when an old code has no new one.
    pub(crate) fn translate(&mut self, codes: &[u32], new: &[u32], most: usize) -> Result<()> {
        check_codes(codes, new.len().saturating_sub(1))?;
        self.widen(most);
        let code = |code: &u32| new.get(*code as usize).copied().unwrap_or(0);
        match self {
            Self::U8(pages) => pages.extend(codes, |old| code(old) as u8),
            Self::U16(pages) => pages.extend(codes, |old| code(old) as u16),
            Self::U32(pages) => pages.extend(codes, code),
        }
        Ok(())
    }

    /// Appends codes as they are; none is above `most`.
    ///
    /// # Errors
    /// `Internal` when one is.
    pub(crate) fn extend(&mut self, codes: &[u32], most: usize) -> Result<()> {
        check_codes(codes, most)?;
        self.widen(most);
        match self {
            Self::U8(pages) => pages.extend(codes, |code| *code as u8),
            Self::U16(pages) => pages.extend(codes, |code| *code as u16),
            Self::U32(pages) => pages.extend(codes, |code| *code),
        }
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        with_pages!(self, pages => pages.memory_bytes())
    }
}

/// Checks once, before they are looked up one by one, that none of the codes is above `most`.
fn check_codes(codes: &[u32], most: usize) -> Result<()> {
    match codes.iter().max() {
        Some(code) if *code as usize > most => Err(no_such_code(*code, most)),
        _ => Ok(()),
    }
}

/// Timestamps as distances from the first, or whole where one lies too far from it.
pub(crate) enum Timestamps {
    Near { first: i64, distances: Paged<i32> },
    Far(Paged<i64>),
}

impl Timestamps {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Near { distances, .. } => distances.len(),
            Self::Far(timestamps) => timestamps.len(),
        }
    }

    /// All of them, in the order of arrival.
    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = i64> + '_> {
        match self {
            Self::Near { first, distances } => {
                let distances = distances.pages().flatten();
                Box::new(distances.map(|distance| first.wrapping_add((*distance).into())))
            }
            Self::Far(timestamps) => Box::new(timestamps.pages().flatten().copied()),
        }
    }

    fn extend(&mut self, timestamps: &[i64]) {
        if let Self::Near { first, distances } = self {
            if distances.len() == 0 {
                *first = timestamps.first().copied().unwrap_or(0);
            }
            let first = *first;
            let near = |at: &i64| {
                at.checked_sub(first)
                    .is_some_and(|d| i32::try_from(d).is_ok())
            };
            if timestamps.iter().all(near) {
                distances.extend(timestamps, |at| at.wrapping_sub(first) as i32);
                return;
            }
            let distances = std::mem::take(distances);
            let whole = |distance: i32| first.wrapping_add(distance.into());
            *self = Self::Far(distances.converted(whole));
        }
        if let Self::Far(all) = self {
            all.extend(timestamps, |at| *at);
        }
    }

    fn memory_bytes(&self) -> usize {
        match self {
            Self::Near { distances, .. } => distances.memory_bytes(),
            Self::Far(timestamps) => timestamps.memory_bytes(),
        }
    }
}

impl Default for Timestamps {
    fn default() -> Self {
        Self::Near {
            first: 0,
            distances: Paged::default(),
        }
    }
}

/// Numbers as codes of the distinct ones, or as bits where these are too many.
pub(crate) enum NarrowNumbers {
    /// Code 0 is null.
    Distinct(DistinctNumbers, Codes),
    /// Bits, which are 0 where null, and whether each row has a value.
    Many(Paged<u64>, Paged<bool>),
}

impl Default for NarrowNumbers {
    fn default() -> Self {
        Self::Distinct(DistinctNumbers::default(), Codes::default())
    }
}

impl NarrowNumbers {
    /// Adds the values of a column. `scratch` is memory that is used again.
    pub(crate) fn append(&mut self, from: &NumberColumn, scratch: &mut Vec<u32>) -> Result<()> {
        if let Self::Distinct(distinct, codes) = self {
            if distinct.codes_of(from, DistinctNumbers::MAX, scratch) {
                return codes.extend(scratch, distinct.len());
            }
            let (all, valid) = with_pages!(codes, pages => numbers_of(pages, distinct));
            *self = Self::Many(all, valid);
        }
        if let Self::Many(bits, valid) = self {
            bits.extend(&from.bits, |bits| *bits);
            match from.valid.is_empty() {
                true => valid.extend(&from.bits, |_| true),
                false => valid.extend(&from.valid, |valid| *valid),
            }
        }
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        match self {
            Self::Distinct(distinct, codes) => distinct.memory_bytes() + codes.memory_bytes(),
            Self::Many(bits, valid) => bits.memory_bytes() + valid.memory_bytes(),
        }
    }
}

/// The numbers that codes stand for, and whether each is one.
fn numbers_of<T: Copy + Default + Into<u32>>(
    codes: &Paged<T>,
    distinct: &DistinctNumbers,
) -> (Paged<u64>, Paged<bool>) {
    let (mut bits, mut valid) = (Paged::default(), Paged::default());
    for page in codes.pages() {
        bits.extend(page, |code| distinct.get((*code).into()).unwrap_or(0));
        valid.extend(page, |code| (*code).into() != 0);
    }
    (bits, valid)
}

/// Lists of item codes.
#[derive(Default)]
pub(crate) struct NarrowLists {
    /// Where each row's list ends in `items`.
    pub(crate) ends: Paged<u32>,
    /// Item codes, list behind list. An empty range is null.
    pub(crate) items: Codes,
}

impl NarrowLists {
    /// Adds lists whose items get new codes, none above `most`.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 items in all.
    pub(crate) fn append(
        &mut self,
        from: &super::ListColumn,
        new: &[u32],
        most: usize,
    ) -> Result<()> {
        let base = self.base_of(from)?;
        self.items.translate(&from.items, new, most)?;
        self.ends.extend(&from.ends, |end| base + end);
        Ok(())
    }

    /// Adds lists as they are; none of their items is above `most`.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 items in all.
    pub(crate) fn extend(&mut self, from: &super::ListColumn, most: usize) -> Result<()> {
        let base = self.base_of(from)?;
        self.items.extend(&from.items, most)?;
        self.ends.extend(&from.ends, |end| base + end);
        Ok(())
    }

    /// Where the items of further lists begin.
    fn base_of(&self, from: &super::ListColumn) -> Result<u32> {
        u32::try_from(self.items.len())
            .ok()
            .filter(|base| base.checked_add(from.items.len() as u32).is_some())
            .ok_or_else(|| Error::invalid("more than 2^32 impression items in one set of columns"))
    }
}

/// A column of an import.
#[derive(Default)]
pub(crate) enum NarrowColumn {
    /// Carried elsewhere (the user, the timestamp).
    #[default]
    Absent,
    /// Codes of a dictionary, from 1; 0 is null.
    Strings(Codes),
    /// Numbers and booleans.
    Numbers(NarrowNumbers),
    /// Impressions: codes of the item dictionary.
    Lists(NarrowLists),
}

impl NarrowColumn {
    /// Bytes of memory taken.
    pub(crate) fn memory_bytes(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Strings(codes) => codes.memory_bytes(),
            Self::Numbers(numbers) => numbers.memory_bytes(),
            Self::Lists(lists) => lists.ends.memory_bytes() + lists.items.memory_bytes(),
        }
    }
}

/// Rows in the order of arrival, with the dictionaries that their codes belong to.
#[derive(Default)]
pub(crate) struct NarrowRows {
    /// A code of `user_ids` a row.
    pub(crate) users: Codes,
    pub(crate) timestamps: Timestamps,
    /// One column for each schema field, by position.
    pub(crate) fields: Vec<NarrowColumn>,
    /// The strings of `users`.
    pub(crate) user_ids: Option<Arc<dyn Strings>>,
    /// The strings of each string field, by position; impressions use the item field's.
    pub(crate) dictionaries: Vec<Option<Arc<dyn Strings>>>,
    /// Whether the timestamps rise.
    pub(super) in_time_order: InTimeOrder,
}

impl NarrowRows {
    /// No rows, with a column for every field of the schema.
    pub(crate) fn for_schema(schema: &Schema) -> Self {
        let fields = 0..schema.fields().len();
        let fields = fields.map(|id| match Column::for_field(schema, id) {
            Column::Absent => NarrowColumn::Absent,
            Column::Strings(_) => NarrowColumn::Strings(Codes::default()),
            Column::Numbers(_) => NarrowColumn::Numbers(NarrowNumbers::default()),
            Column::Lists(_) => NarrowColumn::Lists(NarrowLists::default()),
        });
        Self {
            fields: fields.collect(),
            ..Self::default()
        }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// Items of the column of lists.
    pub(crate) fn list_items(&self) -> usize {
        let lists = self.fields.iter().map(|column| match column {
            NarrowColumn::Lists(lists) => lists.items.len(),
            _ => 0,
        });
        lists.max().unwrap_or(0)
    }

    /// Whether no timestamp is below one before it.
    pub(crate) fn are_in_time_order(&self) -> bool {
        self.in_time_order.so_far
    }

    pub(super) fn extend_timestamps(&mut self, timestamps: &[i64]) {
        self.in_time_order.look_at(timestamps);
        self.timestamps.extend(timestamps);
    }

    /// Bytes of memory taken, dictionaries aside.
    pub(crate) fn memory_bytes(&self) -> usize {
        let fields = self.fields.iter().map(NarrowColumn::memory_bytes);
        self.users.memory_bytes() + self.timestamps.memory_bytes() + fields.sum::<usize>()
    }
}

pub(super) struct InTimeOrder {
    so_far: bool,
    last: i64,
}

impl Default for InTimeOrder {
    fn default() -> Self {
        Self {
            so_far: true,
            last: i64::MIN,
        }
    }
}

impl InTimeOrder {
    fn look_at(&mut self, timestamps: &[i64]) {
        let follows = timestamps.first().is_none_or(|first| *first >= self.last);
        self.so_far = self.so_far && follows && timestamps.is_sorted();
        self.last = timestamps.last().copied().unwrap_or(self.last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ErrorKind;

    #[test]
    fn a_code_without_a_new_one_is_no_null() {
        for wide in [2, 300, 70_000] {
            let new: Vec<u32> = (0..=wide).rev().collect();
            let mut codes = Codes::default();
            codes.translate(&[0, wide], &new, wide as usize).unwrap();
            let error = codes.translate(&[wide + 1], &new, wide as usize);
            assert_eq!(error.unwrap_err().kind(), ErrorKind::Internal);
            let error = codes.extend(&[wide + 1], wide as usize);
            assert_eq!(error.unwrap_err().kind(), ErrorKind::Internal);
            let found = with_pages!(&codes, pages => {
                pages.pages().flatten().map(|code| u64::from(*code)).collect::<Vec<_>>()
            });
            assert_eq!(found, [u64::from(wide), 0]);
        }
    }
}
