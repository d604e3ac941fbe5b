//! Sorted rows in chunks, so that a row that comes late moves few others.

use super::row_columns::{RowColumns, SortKey};
use crate::model::Result;

/// Rows that an insertion moves, at most; where more lie behind its place their chunk is cut.
const FEW: usize = 256;

/// Sorted rows. Those that come in order, or late by a few rows, all lie in one chunk.
#[derive(Default)]
pub(super) struct RowChunks {
    newest: RowColumns,
    older: Option<Box<OlderChunks>>,
}

/// Chunks before the newest.
#[derive(Default)]
struct OlderChunks {
    /// In order; none is empty.
    chunks: Vec<RowColumns>,
    /// Bytes that their rows take.
    bytes: usize,
}

impl RowChunks {
    /// The chunk with the newest rows.
    pub(in crate::hot) fn newest(&self) -> &RowColumns {
        &self.newest
    }

    /// The chunks before it, in order.
    pub(super) fn older(&self) -> &[RowColumns] {
        self.older.as_ref().map_or(&[], |older| &older.chunks)
    }

    /// All chunks, in order.
    pub(in crate::hot) fn all(&self) -> impl DoubleEndedIterator<Item = &RowColumns> {
        self.older().iter().chain([&self.newest])
    }

    /// Bytes that the rows take, with the room for more.
    pub(super) fn allocated_bytes(&self) -> usize {
        let older = self.older.as_ref().map_or(0, |older| {
            older.bytes + older.chunks.capacity() * size_of::<RowColumns>()
        });
        self.newest.allocated_bytes() + older
    }

    /// Adds a row and tells how many others were moved. Cost: constant when it is the newest; else a
    /// constant number of rows is moved, and each row at most as often once more as the logarithm of
    /// their number says.
    ///
    /// # Errors
    /// `InvalidInput` past 2^32 rows of one chunk. Nothing is then added.
    pub(in crate::hot) fn insert(&mut self, key: SortKey, cells: &[u32]) -> Result<usize> {
        let at = self.newest.place_of(key);
        let is_here = at > 0 || self.older.is_none();
        if is_here && self.newest.len() - at <= FEW {
            return self.newest.insert(at, key, cells);
        }
        self.insert_late(key, cells)
    }

    #[inline(never)]
    fn insert_late(&mut self, key: SortKey, cells: &[u32]) -> Result<usize> {
        let older = self.older.get_or_insert_default();
        older.bytes += self.newest.allocated_bytes();
        older.chunks.push(std::mem::take(&mut self.newest));
        let moved = older.insert(key, cells);
        self.newest = older.chunks.pop().unwrap_or_default();
        older.bytes -= self.newest.allocated_bytes();
        moved
    }
}

impl OlderChunks {
    /// Adds a row to the last chunk that begins before it. Where too many rows lie behind its place,
    /// the chunk is halved until few do, so that no row is moved often.
    fn insert(&mut self, key: SortKey, cells: &[u32]) -> Result<usize> {
        let begins_before = |chunk: &RowColumns| chunk.key(0).is_some_and(|first| first < key);
        let mut nth = self.chunks.partition_point(begins_before).saturating_sub(1);
        let mut moved = 0;
        while let Some(chunk) = self.chunks.get_mut(nth) {
            let at = chunk.place_of(key);
            if chunk.len() - at <= FEW {
                let before = chunk.allocated_bytes();
                moved += chunk.insert(at, key, cells)?;
                self.bytes = self.bytes - before + chunk.allocated_bytes();
                break;
            }
            if at == 0 {
                self.chunks.insert(nth, RowColumns::default());
                continue;
            }
            moved += chunk.len();
            let (before, middle) = (chunk.allocated_bytes(), chunk.len() / 2);
            let back = chunk.split_off(middle)?;
            self.bytes = self.bytes - before + chunk.allocated_bytes() + back.allocated_bytes();
            nth += 1;
            self.chunks.insert(nth, back);
            if at <= middle {
                nth -= 1;
            }
        }
        Ok(moved)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(timestamp: u64, sequence: u64) -> SortKey {
        SortKey {
            timestamp: timestamp as i64,
            sequence,
            index: 0,
        }
    }

    /// Adds rows with these timestamps, checks what is there then, and tells how many were moved.
    fn moved(timestamps: impl IntoIterator<Item = u64>) -> usize {
        let mut rows = RowChunks::default();
        let (mut moved, mut want) = (0, Vec::new());
        for (sequence, timestamp) in (0..).zip(timestamps) {
            let key = key(timestamp, sequence);
            moved += rows.insert(key, &[sequence as u32, 7]).unwrap();
            want.push((key, sequence as u32));
        }
        want.sort_unstable();
        let chunks = || rows.all().filter(|chunk| chunk.len() > 0);
        let found = chunks().flat_map(|chunk| {
            let row = |at: usize| (chunk.key(at).unwrap(), chunk.cells(0)[at]);
            assert_eq!(chunk.cells(1), vec![7; chunk.len()]);
            (0..chunk.len()).map(row)
        });
        assert_eq!(found.collect::<Vec<_>>(), want);
        let own: usize = chunks().map(RowColumns::allocated_bytes).sum();
        let list = rows
            .older
            .as_ref()
            .map_or(0, |older| older.chunks.capacity());
        let list = list * size_of::<RowColumns>();
        assert_eq!(rows.allocated_bytes(), own + list);
        moved
    }

    /// Each order of arrival, for so many rows.
    fn orders(rows: u64) -> Vec<(&'static str, Vec<u64>)> {
        let scattered = (0..rows).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40);
        let half = rows / 2;
        vec![
            ("newest first", (0..rows).rev().collect()),
            ("at random", scattered.collect()),
            (
                "newer ones oldest first, then older ones newest first",
                (half..rows).chain((0..half).rev()).collect(),
            ),
            (
                "every other one, then those between",
                (0..half)
                    .map(|n| 2 * n)
                    .chain((0..half).map(|n| 2 * n + 1))
                    .collect(),
            ),
            (
                "alternately the newest and the oldest",
                (0..half).flat_map(|n| [rows + n, rows - n]).collect(),
            ),
            (
                "newest first behind older ones",
                (0..half).chain((half..rows).rev()).collect(),
            ),
        ]
    }

    #[test]
    fn rows_in_order_are_never_moved_and_lie_in_one_chunk() {
        assert_eq!(moved(0..5000), 0);
        let mut rows = RowChunks::default();
        // Late by a few rows, as events of a service are.
        for n in 0..5000_u64 {
            rows.insert(key(n + n % 3 * 80, n), &[]).unwrap();
        }
        assert!(rows.older().is_empty());
    }

    #[test]
    fn moved_rows_grow_with_the_rows_and_not_with_their_square() {
        for rows in [1 << 12, 1 << 15] {
            for (name, order) in orders(rows) {
                let log = rows.ilog2() as usize;
                let most = rows as usize * (FEW + log);
                let moved = moved(order);
                assert!(moved <= most, "{rows} rows {name}: {moved} moved");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn rows_are_in_order_however_they_come(
            pieces in prop::collection::vec((0_u64..2000, 0_u64..400, any::<bool>()), 1..12),
        ) {
            let timestamps = pieces.iter().flat_map(|(first, count, rises)| {
                (0..*count).map(move |n| if *rises { first + n } else { first + count - n })
            });
            moved(timestamps);
        }
    }
}
