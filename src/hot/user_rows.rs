//! One user's rows in the mirror.

use std::sync::Arc;

use super::layout::{Layout, Place, Words, is_set};
use crate::types::{Column, Columns, Error, Result, TierQuery, TimeRange};

/// Rows that are gathered column by column at a time.
const CHUNK: usize = 128;

/// What a row is sorted by, and where its words are. `index` parts equal sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) timestamp: i64,
    pub(super) sequence: u64,
    pub(super) index: u32,
    slot: u32,
}

/// A user's rows: sorted entries, and their words in the order of arrival.
pub(super) struct UserRows {
    pub(super) user: Arc<str>,
    pub(super) hash: u64,
    entries: Vec<Entry>,
    words: Vec<u32>,
    /// Each list's length and then its item codes.
    lists: Vec<u32>,
    newest_sequence: u64,
}

/// Which event types a read wants.
pub(super) enum EventFilter {
    All,
    /// Rows whose word holds one of the codes.
    Codes(usize, Vec<u32>),
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
        // The allocator keeps about 16 bytes for each allocation, `Arc` two counts.
        const ALLOCATIONS: usize = 4 * 16 + 16;
        self.user.len()
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

    /// Appends the rows that the query matches to `out`, in rising order.
    pub(super) fn history(
        &self,
        layout: &Layout,
        query: &TierQuery,
        filter: &EventFilter,
        out: &mut Columns,
    ) -> Result<()> {
        let view = View {
            rows: self,
            layout,
            filter,
            visible: query.visible,
            every: self.newest_sequence <= query.visible && matches!(filter, EventFilter::All),
        };
        let entries = view.limited(self.within(&query.time), query.limit, query.newest);
        reserve(out, query, entries.len());
        for chunk in entries.chunks(CHUNK) {
            let mut slots = [0; CHUNK];
            let mut count = 0;
            let matching = chunk.iter().filter(|entry| view.matches(entry));
            for (entry, slot) in matching.zip(&mut slots) {
                out.timestamps.push(entry.timestamp);
                if query.sequences {
                    out.sequences.push(entry.sequence);
                }
                *slot = entry.slot;
                count += 1;
            }
            let slots = slots.get(..count).unwrap_or_default();
            let asked = query.asked.iter().zip(layout.places());
            for (column, (asked, place)) in out.fields.iter_mut().zip(asked) {
                if *asked {
                    self.gather(layout, *place, slots, column)?;
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
        let view = View {
            rows: self,
            layout,
            filter,
            visible,
            every: false,
        };
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

    fn word(&self, layout: &Layout, slot: u32, word: usize) -> u32 {
        let at = slot as usize * layout.stride() + word;
        self.words.get(at).copied().unwrap_or(0)
    }

    fn row(&self, layout: &Layout, slot: u32) -> &[u32] {
        let start = slot as usize * layout.stride();
        self.words
            .get(start..start + layout.stride())
            .unwrap_or_default()
    }

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
        slots: &[u32],
        column: &mut Column,
    ) -> Result<()> {
        match (place, column) {
            (Place::Apart, _) | (_, Column::Absent) => {}
            (Place::Code(word), Column::Strings(codes)) => {
                codes.extend(slots.iter().map(|slot| self.word(layout, *slot, word)));
            }
            (Place::Narrow(word, flag), Column::Numbers(numbers)) => {
                for slot in slots {
                    let row = self.row(layout, *slot);
                    let bits = u64::from(row.get(word).copied().unwrap_or(0));
                    numbers.push(is_set(row, flag).then_some(bits));
                }
            }
            (Place::Wide(word, flag), Column::Numbers(numbers)) => {
                for slot in slots {
                    let row = self.row(layout, *slot);
                    let half = |at: usize| u64::from(row.get(at).copied().unwrap_or(0));
                    let bits = half(word) | half(word + 1) << 32;
                    numbers.push(is_set(row, flag).then_some(bits));
                }
            }
            (Place::List(word), Column::Lists(lists)) => {
                for slot in slots {
                    lists.push(self.list(self.word(layout, *slot, word)))?;
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

/// A user's rows as one read sees them.
struct View<'a> {
    rows: &'a UserRows,
    layout: &'a Layout,
    filter: &'a EventFilter,
    visible: u64,
    /// Known beforehand that every row matches.
    every: bool,
}

impl View<'_> {
    fn matches(&self, entry: &Entry) -> bool {
        self.every
            || entry.sequence <= self.visible
                && match self.filter {
                    EventFilter::All => true,
                    EventFilter::Codes(word, codes) => {
                        codes.contains(&self.rows.word(self.layout, entry.slot, *word))
                    }
                }
    }

    /// The shortest run of entries from one end that holds `limit` matching ones, or all.
    fn limited<'e>(&self, entries: &'e [Entry], limit: usize, newest: bool) -> &'e [Entry] {
        let Some(last) = limit.checked_sub(1) else {
            return &[];
        };
        let found = match (self.every, newest) {
            (true, _) => Some(last).filter(|last| *last < entries.len()),
            (false, true) => self.position(entries.iter().rev(), last),
            (false, false) => self.position(entries.iter(), last),
        };
        match (found, newest) {
            (None, _) => entries,
            (Some(at), true) => entries.get(entries.len() - 1 - at..).unwrap_or_default(),
            (Some(at), false) => entries.get(..=at).unwrap_or_default(),
        }
    }

    /// Where the matching entry number `nth` is, from 0.
    fn position<'e>(&self, entries: impl Iterator<Item = &'e Entry>, nth: usize) -> Option<usize> {
        entries
            .enumerate()
            .filter(|(_, entry)| self.matches(entry))
            .nth(nth)
            .map(|(at, _)| at)
    }
}

fn reserve(out: &mut Columns, query: &TierQuery, rows: usize) {
    out.timestamps.reserve(rows.min(query.limit));
    let rows = rows.min(query.limit);
    if query.sequences {
        out.sequences.reserve(rows);
    }
    for (column, _) in out.fields.iter_mut().zip(&query.asked).filter(|(_, a)| **a) {
        match column {
            Column::Absent => {}
            Column::Strings(codes) => codes.reserve(rows),
            Column::Numbers(numbers) => numbers.bits.reserve(rows),
            Column::Lists(lists) => lists.ends.reserve(rows),
        }
    }
}
