//! Rows in columns, in one piece of memory.

use crate::types::{Error, Result};

/// What rows are sorted by. `index` parts equal sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) timestamp: i64,
    pub(super) sequence: u64,
    pub(super) index: u32,
}

/// A number of 64 bits, lower half first.
pub(super) type Halves = [u32; 2];

/// Sorted rows of words: their keys, then their cells. A read of a few columns waits for few cache
/// lines of one or two pages.
#[derive(Default)]
pub(super) struct RowColumns {
    /// Column behind column, each with room for `capacity` rows.
    words: Box<[u32]>,
    rows: u32,
    capacity: u32,
}

/// Where the columns begin, in words of a row. Timestamps and sequences take two.
const TIMESTAMPS: usize = 0;
const SEQUENCES: usize = 2;
const INDEXES: usize = 4;
const CELLS: usize = 5;

impl RowColumns {
    pub(super) fn len(&self) -> usize {
        self.rows as usize
    }

    /// Bytes that the words take, with the room for more rows.
    pub(super) fn allocated_bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    pub(super) fn timestamps(&self) -> &[Halves] {
        self.column_at(TIMESTAMPS, 2).as_chunks().0
    }

    pub(super) fn sequences(&self) -> &[Halves] {
        self.column_at(SEQUENCES, 2).as_chunks().0
    }

    /// A word of the cells.
    pub(super) fn cells(&self, word: usize) -> &[u32] {
        self.column_at(CELLS + word, 1)
    }

    fn column_at(&self, column: usize, width: usize) -> &[u32] {
        let start = column * self.capacity as usize;
        let words = self.words.get(start..start + width * self.len());
        words.unwrap_or_default()
    }

    fn key(&self, row: usize) -> Option<Key> {
        Some(Key {
            timestamp: joined(*self.timestamps().get(row)?) as i64,
            sequence: joined(*self.sequences().get(row)?),
            index: *self.column_at(INDEXES, 1).get(row)?,
        })
    }

    /// Makes room for one more row of so many words of cells.
    fn reserve(&mut self, cells: usize) -> Result<()> {
        if self.rows < self.capacity {
            return Ok(());
        }
        // Most users have one row, or few.
        let capacity = match self.capacity {
            0 => Some(1),
            1 => Some(4),
            more => more.checked_mul(2),
        };
        let full = || Error::invalid("one user's rows do not fit a generation");
        let wanted = capacity.ok_or_else(full)?;
        let [before, after] = [self.capacity, wanted].map(|capacity| capacity as usize);
        let doubles = [TIMESTAMPS..SEQUENCES, SEQUENCES..INDEXES].into_iter();
        let singles = (INDEXES..CELLS + cells).map(|column| column..column + 1);
        let mut words = Vec::with_capacity((CELLS + cells) * after);
        for columns in doubles.chain(singles) {
            let kept = self.words.get(columns.start * before..columns.end * before);
            words.extend_from_slice(kept.ok_or_else(beyond)?);
            words.resize(columns.end * after, 0);
        }
        self.words = words.into();
        self.capacity = wanted;
        Ok(())
    }

    /// Adds a row. Cost: constant when it is the newest, else the rows behind it are moved.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 rows of one user; `Internal` when a row has more words than those before.
    /// Nothing is then added.
    pub(super) fn insert(&mut self, key: Key, cells: &[u32]) -> Result<()> {
        self.reserve(cells.len())?;
        let newest = self.len().checked_sub(1).and_then(|row| self.key(row));
        let at = match newest {
            Some(newest) if newest > key => self.rows_before(key),
            _ => self.len(),
        };
        if self.words.len() != (CELLS + cells.len()) * self.capacity as usize {
            return Err(beyond());
        }
        self.put(TIMESTAMPS, at, halves(key.timestamp as u64));
        self.put(SEQUENCES, at, halves(key.sequence));
        self.put(INDEXES, at, [key.index]);
        for (column, cell) in (CELLS..).zip(cells) {
            self.put(column, at, [*cell]);
        }
        self.rows += 1;
        Ok(())
    }

    fn put<const WIDTH: usize>(&mut self, column: usize, row: usize, value: [u32; WIDTH]) {
        let start = column * self.capacity as usize;
        let [from, end] = [row, self.len() + 1].map(|row| start + row * WIDTH);
        let moved = self.words.get_mut(from..end).unwrap_or_default();
        if moved.len() > WIDTH {
            moved.rotate_right(WIDTH);
        }
        if let Some(place) = moved.first_chunk_mut() {
            *place = value;
        }
    }

    fn rows_before(&self, key: Key) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.key(middle).is_some_and(|other| other < key) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

fn beyond() -> Error {
    Error::internal("a row of more words than its user's rows have")
}

fn halves(number: u64) -> Halves {
    [number as u32, (number >> u32::BITS) as u32]
}

/// The number of these halves.
#[inline]
pub(super) fn joined([low, high]: Halves) -> u64 {
    u64::from(low) | u64::from(high) << u32::BITS
}
