//! One user's rows in the mirror.

use super::layout::{Layout, Place, Words, is_set};
use super::text::Text;
use super::view::{CHUNK, EventFilter, View};
use crate::types::{Column, Columns, Error, Result, TierQuery, TimeRange, prefetch};

/// What a row is sorted by, and where its words are. `index` parts equal sequences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) timestamp: i64,
    pub(super) sequence: u64,
    pub(super) index: u32,
    pub(super) slot: u32,
}

/// Rows whose memory is asked for at once; of more the processor sees by itself what comes next.
const PREFETCHED_ROWS: usize = 128;

/// A user's rows: sorted entries, and their words in the order of arrival.
pub(super) struct UserRows {
    pub(super) user: Text,
    pub(super) hash: u64,
    entries: Vec<Entry>,
    words: Vec<u32>,
    /// Each list's length and then its item codes.
    lists: Vec<u32>,
    pub(super) newest_sequence: u64,
}

impl UserRows {
    pub(super) fn new(user: &str, hash: u64) -> Self {
        Self {
            user: user.into(),
            hash,
            entries: Vec::new(),
            words: Vec::new(),
            lists: Vec::new(),
            newest_sequence: 0,
        }
    }

    /// Bytes that the rows take beside the struct itself.
    pub(super) fn memory_bytes(&self) -> usize {
        // The allocator keeps about 16 bytes for each allocation.
        const ALLOCATIONS: usize = 3 * 16;
        self.user.allocated_bytes()
            + self.entries.capacity() * size_of::<Entry>()
            + (self.words.capacity() + self.lists.capacity()) * 4
            + ALLOCATIONS
    }

    /// Adds a row. Cost: constant when it is the user's newest, else the rows behind it are moved.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 rows or list items of one user.
    pub(super) fn insert(
        &mut self,
        timestamp: i64,
        sequence: u64,
        index: u32,
        row: &Words,
    ) -> Result<()> {
        let full = |_| Error::invalid("one user's rows do not fit a generation");
        let slot = u32::try_from(self.entries.len()).map_err(full)?;
        let list = u32::try_from(self.lists.len() + row.list.len() + 2).map_err(full)?;
        let list = list - row.list.len() as u32 - 1;
        let entry = Entry {
            timestamp,
            sequence,
            index,
            slot,
        };
        if self.entries.is_empty() {
            // Most users have few rows: the usual first capacity of four is mostly waste.
            self.words.reserve_exact(row.words.len());
            self.entries.reserve_exact(1);
        }
        let first_word = self.words.len();
        self.words.extend_from_slice(&row.words);
        if let Some(word) = row.list_word {
            self.lists.push(row.list.len() as u32);
            self.lists.extend_from_slice(&row.list);
            if let Some(place) = self.words.get_mut(first_word + word) {
                *place = list;
            }
        }
        match self.entries.last() {
            Some(newest) if *newest > entry => {
                let at = self.entries.partition_point(|e| *e < entry);
                self.entries.insert(at, entry);
            }
            _ => self.entries.push(entry),
        }
        self.newest_sequence = self.newest_sequence.max(sequence);
        Ok(())
    }

    /// Asks for the memory of the rows at the end that a query counts from.
    #[inline]
    pub(super) fn prefetch(&self, layout: &Layout, query: &TierQuery) {
        let count = query.limit.min(PREFETCHED_ROWS).min(self.entries.len());
        let words = count * layout.stride();
        let (entries, words) = match query.newest {
            true => (
                self.entries.get(self.entries.len() - count..),
                self.words.get(self.words.len().saturating_sub(words)..),
            ),
            false => (self.entries.get(..count), self.words.get(..words)),
        };
        prefetch(entries.unwrap_or_default());
        prefetch(words.unwrap_or_default());
    }

    /// Appends the rows that the query matches to `out`, in rising order.
    pub(super) fn history(
        &self,
        layout: &Layout,
        query: &TierQuery,
        filter: &EventFilter,
        out: &mut Columns,
    ) -> Result<()> {
        let view = View::new(self, layout, filter, query.visible);
        let entries = view.limited(self.within(&query.time), query.limit, query.newest);
        for chunk in entries.chunks(CHUNK) {
            let mut picked = [Entry::default(); CHUNK];
            let picked = view.pick(chunk, &mut picked);
            out.timestamps.extend(picked.iter().map(|e| e.timestamp));
            if query.sequences {
                out.sequences.extend(picked.iter().map(|e| e.sequence));
            }
            let asked = query.asked.iter().zip(layout.places());
            for (column, (asked, place)) in out.fields.iter_mut().zip(asked) {
                if *asked {
                    self.gather(layout, *place, picked, column)?;
                }
            }
        }
        Ok(())
    }

    /// Calls `visit` with the item code of each row that matches.
    pub(super) fn items(
        &self,
        layout: &Layout,
        filter: &EventFilter,
        visible: u64,
        visit: &mut dyn FnMut(u32) -> Result<()>,
    ) -> Result<()> {
        let view = View::new(self, layout, filter, visible);
        self.entries
            .iter()
            .filter(|entry| view.matches(entry))
            .try_for_each(|entry| visit(self.word(layout, entry.slot, layout.item())))
    }

    fn within(&self, time: &TimeRange) -> &[Entry] {
        let first = match time.since {
            i64::MIN => 0,
            since => self.entries.partition_point(|e| e.timestamp < since),
        };
        let end = match time.until {
            None => self.entries.len(),
            Some(until) => self.entries.partition_point(|e| e.timestamp < until),
        };
        self.entries.get(first..end).unwrap_or_default()
    }

    #[inline]
    pub(super) fn word(&self, layout: &Layout, slot: u32, word: usize) -> u32 {
        let at = slot as usize * layout.stride() + word;
        self.words.get(at).copied().unwrap_or(0)
    }

    #[inline]
    fn row(&self, layout: &Layout, slot: u32) -> &[u32] {
        let start = slot as usize * layout.stride();
        self.words
            .get(start..start + layout.stride())
            .unwrap_or_default()
    }

    #[inline]
    fn list(&self, place: u32) -> &[u32] {
        let Some(start) = (place as usize).checked_sub(1) else {
            return &[];
        };
        let len = self.lists.get(start).copied().unwrap_or(0) as usize;
        self.lists
            .get(start + 1..start + 1 + len)
            .unwrap_or_default()
    }

    fn gather(
        &self,
        layout: &Layout,
        place: Place,
        picked: &[Entry],
        column: &mut Column,
    ) -> Result<()> {
        let word = |entry: &Entry, word| self.word(layout, entry.slot, word);
        let flags = |flag| {
            let rows = picked.iter().map(|entry| self.row(layout, entry.slot));
            rows.map(move |row| is_set(row, flag))
        };
        match (place, column) {
            (Place::Apart, _) | (_, Column::Absent) => {}
            (Place::Code(at), Column::Strings(codes)) => {
                codes.extend(picked.iter().map(|entry| word(entry, at)));
            }
            (Place::Narrow(at, flag), Column::Numbers(numbers)) => {
                let bits = picked.iter().map(|entry| u64::from(word(entry, at)));
                numbers.extend(bits, flags(flag));
            }
            (Place::Wide(at, flag), Column::Numbers(numbers)) => {
                let half = |entry, at| u64::from(word(entry, at));
                let bits = picked
                    .iter()
                    .map(|entry| half(entry, at) | half(entry, at + 1) << 32);
                numbers.extend(bits, flags(flag));
            }
            (Place::List(at), Column::Lists(lists)) => {
                for entry in picked {
                    match word(entry, at) {
                        0 => lists.close()?,
                        list => lists.push(self.list(list))?,
                    }
                }
            }
            _ => {
                return Err(Error::invalid(
                    "columns to read into do not have the schema's types",
                ));
            }
        }
        Ok(())
    }
}
