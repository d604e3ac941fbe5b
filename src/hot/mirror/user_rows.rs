//! One user's rows in the mirror.

use std::ops::Range;

use super::layout::{CellPlace, Layout, Words, flag_word, is_set};
use super::row_chunks::RowChunks;
use super::row_columns::{RowColumns, SortKey, joined};
use super::text::Text;
use super::view::{EventFilter, Picked, View};
use crate::column::{Column, Columns};
use crate::model::{Error, Result, TierQuery, prefetch};

/// Rows whose memory is asked for at once; of more the processor sees by itself what comes next.
const PREFETCHED_ROWS: usize = 128;

/// A user's rows, sorted.
pub(super) struct UserRows {
    pub(super) user: Text,
    pub(in crate::hot) hash: u64,
    rows: RowChunks,
    /// Each list's length and then its item codes.
    lists: Vec<u32>,
    pub(super) newest_sequence: u64,
}

impl UserRows {
    pub(in crate::hot) fn new(user: &str, hash: u64) -> Self {
        Self {
            user: user.into(),
            hash,
            rows: RowChunks::default(),
            lists: Vec::new(),
            newest_sequence: 0,
        }
    }

    pub(in crate::hot) fn len(&self) -> usize {
        self.rows.all().map(RowColumns::len).sum()
    }

    /// Bytes that the rows take beside the struct itself.
    pub(in crate::hot) fn memory_bytes(&self) -> usize {
        // The allocator keeps about 16 bytes for each allocation.
        const ALLOCATIONS: usize = 2 * 16;
        self.user.allocated_bytes()
            + self.rows.allocated_bytes()
            + self.lists.capacity() * 4
            + ALLOCATIONS
    }

    /// Adds a row. Cost: constant when it is the user's newest, else see [`RowChunks::insert`].
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 rows or list items of one user.
    pub(in crate::hot) fn insert(&mut self, key: SortKey, row: &mut Words) -> Result<()> {
        if let Some(word) = row.list_word {
            let end = u32::try_from(self.lists.len() + row.list.len() + 2);
            end.map_err(|_| Error::invalid("one user's lists do not fit a generation"))?;
            if let Some(place) = row.words.get_mut(word) {
                *place = self.lists.len() as u32 + 1;
            }
        }
        self.rows.insert(key, &row.words)?;
        if row.list_word.is_some() {
            self.lists.push(row.list.len() as u32);
            self.lists.extend_from_slice(&row.list);
        }
        self.newest_sequence = self.newest_sequence.max(key.sequence);
        Ok(())
    }

    /// Asks for the memory of the rows at the end that a query counts from.
    #[inline]
    pub(in crate::hot) fn prefetch(&self, layout: &Layout, query: &TierQuery) {
        let found = self.rows.newest();
        let count = query.limit.min(PREFETCHED_ROWS).min(found.len());
        let rows = match query.newest {
            true => found.len() - count..found.len(),
            false => 0..count,
        };
        let cells = |word| prefetch(found.cells(word).get(rows.clone()).unwrap_or_default());
        let keys = |keys: &[_]| prefetch(keys.get(rows.clone()).unwrap_or_default());
        keys(found.timestamps());
        if query.sequences {
            keys(found.sequences());
        }
        for (asked, place) in query.asked.iter().zip(layout.places()) {
            match *place {
                _ if !asked => {}
                CellPlace::Apart => {}
                CellPlace::Code(at) | CellPlace::List(at) | CellPlace::Narrow(at, _) => cells(at),
                CellPlace::Wide(at, _) => [at, at + 1].into_iter().for_each(cells),
            }
        }
    }

    /// Appends the rows that the query matches to `out`, in rising order.
    pub(in crate::hot) fn history(
        &self,
        layout: &Layout,
        query: &TierQuery,
        filter: &EventFilter,
        out: &mut Columns,
    ) -> Result<()> {
        if !self.rows.older().is_empty() {
            return self.history_of_chunks(layout, query, filter, out);
        }
        let view = self.view(self.rows.newest(), filter, query.visible);
        let rows = view.within(&query.time);
        let rows = view.limited(rows, query.limit, query.newest);
        self.give(&view, rows, layout, query, out)
    }

    /// The same where the rows lie in several chunks.
    #[inline(never)]
    fn history_of_chunks(
        &self,
        layout: &Layout,
        query: &TierQuery,
        filter: &EventFilter,
        out: &mut Columns,
    ) -> Result<()> {
        let mut chunks: Vec<&RowColumns> = self.rows.all().collect();
        if query.newest {
            chunks.reverse();
        }
        let mut left = query.limit;
        let mut found = Vec::new();
        for chunk in chunks {
            if left == 0 {
                break;
            }
            let view = self.view(chunk, filter, query.visible);
            let rows = view.within(&query.time);
            let rows = view.limited(rows, left, query.newest);
            left = left.saturating_sub(view.count(rows.clone()));
            found.push((view, rows));
        }
        if query.newest {
            found.reverse();
        }
        let mut found = found.into_iter();
        found.try_for_each(|(view, rows)| self.give(&view, rows, layout, query, out))
    }

    /// Appends the rows of a range that match.
    fn give(
        &self,
        view: &View<'_>,
        range: Range<usize>,
        layout: &Layout,
        query: &TierQuery,
        out: &mut Columns,
    ) -> Result<()> {
        let rows = view.rows();
        view.for_picked(range, |picked| {
            picked.extend(&mut out.timestamps, rows.timestamps(), |at| {
                joined(at) as i64
            });
            if query.sequences {
                picked.extend(&mut out.sequences, rows.sequences(), joined);
            }
            let asked = query.asked.iter().zip(layout.places());
            for (column, (asked, place)) in out.fields.iter_mut().zip(asked) {
                if *asked {
                    self.gather(*place, rows, &picked, column)?;
                }
            }
            Ok(())
        })
    }

    /// Calls `visit` with the item code of each row that matches.
    pub(in crate::hot) fn items(
        &self,
        layout: &Layout,
        filter: &EventFilter,
        visible: u64,
        visit: &mut dyn FnMut(u32) -> Result<()>,
    ) -> Result<()> {
        let item = layout.item();
        let item = item.ok_or_else(|| Error::internal("rows without a word for their items"))?;
        self.rows.all().try_for_each(|rows| {
            let items = rows.cells(item);
            let view = self.view(rows, filter, visible);
            view.for_picked(0..rows.len(), |picked| {
                let mut items = picked.positions().filter_map(|row| items.get(row));
                items.try_for_each(|item| visit(*item))
            })
        })
    }

    fn view<'a>(&self, rows: &'a RowColumns, filter: &'a EventFilter, visible: u64) -> View<'a> {
        View::new(rows, self.newest_sequence, filter, visible)
    }

    #[inline]
    fn list(&self, place: u32) -> Result<&[u32]> {
        let lists = self.lists.get((place as usize).wrapping_sub(1)..);
        let list = lists.and_then(|lists| {
            let (len, items) = lists.split_first()?;
            items.get(..*len as usize)
        });
        list.ok_or_else(|| Error::internal("a list beyond those of its user"))
    }

    fn gather(
        &self,
        place: CellPlace,
        rows: &RowColumns,
        picked: &Picked<'_>,
        column: &mut Column,
    ) -> Result<()> {
        let values = |word| {
            let cells = rows.cells(word);
            let of = move |row| cells.get(row).copied().unwrap_or(0);
            picked.positions().map(of)
        };
        let flags = |flag| values(flag_word(flag)).map(move |word| is_set(word, flag));
        match (place, column) {
            (CellPlace::Apart, _) | (_, Column::Absent) => {}
            (CellPlace::Code(at), Column::Strings(codes)) => {
                picked.extend(codes, rows.cells(at), |code| code);
            }
            (CellPlace::Narrow(at, flag), Column::Numbers(numbers)) => {
                numbers.extend(values(at).map(u64::from), flags(flag));
            }
            (CellPlace::Wide(at, flag), Column::Numbers(numbers)) => {
                let halves = values(at).zip(values(at + 1));
                numbers.extend(halves.map(|(low, high)| joined([low, high])), flags(flag));
            }
            (CellPlace::List(at), Column::Lists(lists)) => {
                for list in values(at) {
                    match list {
                        0 => lists.close()?,
                        list => lists.push(self.list(list)?)?,
                    }
                }
            }
            _ => {
                return Err(Error::internal(
                    "columns to read into do not have the schema's types",
                ));
            }
        }
        Ok(())
    }
}
