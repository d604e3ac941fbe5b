//! Rows in columns, in one piece of memory.

use std::ops::Range;

use crate::model::{Error, Result};

/// What rows are sorted by. `index` parts equal sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::hot) struct SortKey {
    pub(in crate::hot) timestamp: i64,
    pub(in crate::hot) sequence: u64,
    pub(in crate::hot) index: u32,
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
    pub(in crate::hot) fn len(&self) -> usize {
        self.rows as usize
    }

    /// Bytes that the words take, with the room for more rows.
    pub(super) fn allocated_bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    pub(in crate::hot) fn timestamps(&self) -> &[Halves] {
        self.column_at(TIMESTAMPS, 2).as_chunks().0
    }

    pub(in crate::hot) fn sequences(&self) -> &[Halves] {
        self.column_at(SEQUENCES, 2).as_chunks().0
    }

    /// A word of the cells.
    pub(in crate::hot) fn cells(&self, word: usize) -> &[u32] {
        self.column_at(CELLS + word, 1)
    }

    fn column_at(&self, column: usize, width: usize) -> &[u32] {
        let start = column * self.capacity as usize;
        let words = self.words.get(start..start + width * self.len());
        words.unwrap_or_default()
    }

    /// What a row is sorted by.
    pub(in crate::hot) fn key(&self, row: usize) -> Option<SortKey> {
        Some(SortKey {
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
        *self = self.copy(0..self.len(), CELLS + cells, capacity.ok_or_else(full)?)?;
        Ok(())
    }

    /// Some of the rows, of `width` words each, with room for `capacity` in all.
    fn copy(&self, rows: Range<usize>, width: usize, capacity: u32) -> Result<Self> {
        let [before, after] = [self.capacity, capacity].map(|capacity| capacity as usize);
        let doubles = [TIMESTAMPS..SEQUENCES, SEQUENCES..INDEXES].into_iter();
        let singles = (INDEXES..width).map(|column| column..column + 1);
        let mut words = Vec::with_capacity(width * after);
        for columns in doubles.chain(singles) {
            let start = columns.start * before;
            let [from, to] = [rows.start, rows.end].map(|row| start + row * columns.len());
            words.extend_from_slice(self.words.get(from..to).ok_or_else(beyond)?);
            words.resize(columns.end * after, 0);
        }
        Ok(Self {
            words: words.into(),
            rows: rows.len() as u32,
            capacity,
        })
    }

    /// Takes the rows from `at` on away. Neither part has room for more.
    ///
    /// # Errors
    /// `Internal` when there are fewer rows.
    pub(in crate::hot) fn split_off(&mut self, at: usize) -> Result<Self> {
        let width = self.words.len() / (self.capacity as usize).max(1);
        let part = |rows: Range<usize>| self.copy(rows.clone(), width, rows.len() as u32);
        let (front, back) = (part(0..at)?, part(at..self.len())?);
        *self = front;
        Ok(back)
    }

    /// Where a row belongs: behind those before it.
    pub(in crate::hot) fn place_of(&self, key: SortKey) -> usize {
        let newest = self.len().checked_sub(1).and_then(|row| self.key(row));
        match newest {
            Some(newest) if newest > key => self.rows_before(key),
            _ => self.len(),
        }
    }

    /// Adds a row at its place, and tells how many are moved: those behind it.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 rows. Nothing is then added.
    pub(in crate::hot) fn insert(
        &mut self,
        at: usize,
        key: SortKey,
        cells: &[u32],
    ) -> Result<usize> {
        self.reserve(cells.len())?;
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
        Ok(self.len() - 1 - at)
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

    fn rows_before(&self, key: SortKey) -> usize {
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
pub(in crate::hot) fn joined([low, high]: Halves) -> u64 {
    u64::from(low) | u64::from(high) << u32::BITS
}
