//! Which of a user's rows a read sees.

use super::layout::Layout;
use super::user_rows::{Entry, UserRows};

/// Rows that are gathered column by column at a time.
pub(super) const CHUNK: usize = 128;

/// Which event types a read wants.
pub(super) enum EventFilter {
    All,
    /// Rows whose word holds one of the codes.
    Codes(usize, Vec<u32>),
}

/// A user's rows as one read sees them.
pub(super) struct View<'a> {
    rows: &'a UserRows,
    layout: &'a Layout,
    filter: &'a EventFilter,
    visible: u64,
    /// Known beforehand that every row matches.
    every: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(
        rows: &'a UserRows,
        layout: &'a Layout,
        filter: &'a EventFilter,
        visible: u64,
    ) -> Self {
        Self {
            rows,
            layout,
            filter,
            visible,
            every: rows.newest_sequence <= visible && matches!(filter, EventFilter::All),
        }
    }

    /// Without branches on the data, which no processor could predict.
    #[inline]
    pub(super) fn matches(&self, entry: &Entry) -> bool {
        let visible = entry.sequence <= self.visible;
        match self.filter {
            EventFilter::All => visible,
            EventFilter::Codes(word, codes) => {
                let code = self.rows.word(self.layout, entry.slot, *word);
                visible & codes.iter().fold(false, |hit, one| hit | (*one == code))
            }
        }
    }

    /// The matching entries of a chunk, moved together into `room`.
    pub(super) fn pick<'e>(&self, chunk: &'e [Entry], room: &'e mut [Entry; CHUNK]) -> &'e [Entry] {
        if self.every {
            return chunk;
        }
        let mut count = 0;
        for entry in chunk {
            if let Some(slot) = room.get_mut(count) {
                *slot = *entry;
            }
            count += usize::from(self.matches(entry));
        }
        room.get(..count).unwrap_or_default()
    }

    /// The shortest run of entries from one end that holds `limit` matching ones, or all.
    pub(super) fn limited<'e>(
        &self,
        entries: &'e [Entry],
        limit: usize,
        newest: bool,
    ) -> &'e [Entry] {
        if entries.len() <= limit {
            return entries;
        }
        let taken = match newest {
            _ if self.every => limit,
            true => self.reach(limit, entries.rchunks(CHUNK), |chunk| chunk.iter().rev()),
            false => self.reach(limit, entries.chunks(CHUNK), |chunk| chunk.iter()),
        };
        let run = match newest {
            true => entries.get(entries.len() - taken.min(entries.len())..),
            false => entries.get(..taken),
        };
        run.unwrap_or(entries)
    }

    /// How many entries hold the first `limit` matching ones, or all there are.
    fn reach<'e, I: Iterator<Item = &'e Entry>>(
        &self,
        limit: usize,
        chunks: impl Iterator<Item = &'e [Entry]>,
        walk: impl Fn(&'e [Entry]) -> I,
    ) -> usize {
        let mut left = limit;
        let mut taken = 0;
        for chunk in chunks {
            let matching = walk(chunk).filter(|entry| self.matches(entry)).count();
            if matching < left {
                left -= matching;
                taken += chunk.len();
                continue;
            }
            for entry in walk(chunk) {
                if left == 0 {
                    break;
                }
                left -= usize::from(self.matches(entry));
                taken += 1;
            }
            break;
        }
        taken
    }
}
