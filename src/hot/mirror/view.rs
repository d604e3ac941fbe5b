//! Which of a user's rows a read sees.

use std::ops::Range;

use super::row_columns::{RowColumns, joined};
use crate::model::TimeRange;

/// Rows that are picked at a time.
const CHUNK: usize = 128;

/// Which event types a read wants.
pub(super) enum EventFilter {
    All,
    /// Rows whose word holds one of the codes.
    Codes(usize, Vec<u32>),
}

/// A user's rows as one read sees them.
pub(in crate::hot) struct View<'a> {
    rows: &'a RowColumns,
    filter: &'a EventFilter,
    visible: u64,
    /// Known beforehand that every row matches.
    every: bool,
}

/// Rows that a read gives, in order: those of a range, then single ones.
pub(in crate::hot) struct Picked<'a> {
    range: Range<usize>,
    rows: &'a [u32],
}

impl<'a> View<'a> {
    pub(in crate::hot) fn new(
        rows: &'a RowColumns,
        newest_sequence: u64,
        filter: &'a EventFilter,
        visible: u64,
    ) -> Self {
        Self {
            rows,
            filter,
            visible,
            every: newest_sequence <= visible && matches!(filter, EventFilter::All),
        }
    }

    /// The rows, whether they match or not.
    pub(in crate::hot) fn rows(&self) -> &'a RowColumns {
        self.rows
    }

    /// The rows of a time range.
    pub(in crate::hot) fn within(&self, time: &TimeRange) -> Range<usize> {
        let timestamps = self.rows.timestamps();
        let before = |limit| timestamps.partition_point(|at| (joined(*at) as i64) < limit);
        let first = match time.since {
            i64::MIN => 0,
            since => before(since),
        };
        first..time.until.map_or(timestamps.len(), before)
    }

    /// How many rows of a range match.
    pub(in crate::hot) fn count(&self, range: Range<usize>) -> usize {
        if self.every {
            return range.len();
        }
        self.matches(range).filter(|matches| *matches).count()
    }

    /// Calls `each` with the matching rows of a range, piece by piece.
    pub(super) fn for_picked<E>(
        &self,
        range: Range<usize>,
        mut each: impl FnMut(Picked<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.every {
            return each(Picked { range, rows: &[] });
        }
        let mut room = [0; CHUNK];
        for start in range.clone().step_by(CHUNK) {
            let chunk = start..range.end.min(start + CHUNK);
            let mut count = 0;
            for (row, matches) in chunk.clone().zip(self.matches(chunk)) {
                if let Some(place) = room.get_mut(count) {
                    *place = row as u32;
                }
                count += usize::from(matches);
            }
            each(Picked {
                range: 0..0,
                rows: room.get(..count).unwrap_or_default(),
            })?;
        }
        Ok(())
    }

    /// Whether each row of a range matches. Without branches on the data, which no processor could
    /// predict.
    #[inline]
    fn matches(&self, range: Range<usize>) -> impl DoubleEndedIterator<Item = bool> {
        let (word, codes) = match self.filter {
            EventFilter::All => (0, None),
            EventFilter::Codes(word, codes) => (*word, Some(codes)),
        };
        let sequences = self.rows.sequences().get(range.clone());
        let cells = self.rows.cells(word).get(range);
        let rows = sequences.unwrap_or_default().iter();
        rows.zip(cells.unwrap_or_default())
            .map(move |(sequence, code)| {
                let visible = joined(*sequence) <= self.visible;
                let hit = |codes: &Vec<u32>| {
                    let hits = codes.iter().map(|one| one == code);
                    hits.fold(false, |any, hit| any | hit)
                };
                visible & codes.is_none_or(hit)
            })
    }

    /// The shortest part of a range from one end that holds `limit` matching rows, or all of it.
    pub(super) fn limited(&self, range: Range<usize>, limit: usize, newest: bool) -> Range<usize> {
        if range.len() <= limit {
            return range;
        }
        let taken = match newest {
            _ if self.every => limit,
            true => reach(limit, self.matches(range.clone()).rev()),
            false => reach(limit, self.matches(range.clone())),
        };
        match newest {
            true => range.end - taken.min(range.len())..range.end,
            false => range.start..range.start + taken,
        }
    }
}

/// How many rows hold the first `limit` matching ones, or all there are.
fn reach(limit: usize, matches: impl Iterator<Item = bool>) -> usize {
    let (mut left, mut taken) = (limit, 0);
    for matches in matches {
        if left == 0 {
            break;
        }
        left -= usize::from(matches);
        taken += 1;
    }
    taken
}

impl Picked<'_> {
    /// The positions of the rows.
    pub(in crate::hot) fn positions(&self) -> impl Iterator<Item = usize> + Clone {
        let rows = self.rows.iter().map(|row| *row as usize);
        self.range.clone().chain(rows)
    }

    /// Appends what `of` makes of their values in a column.
    pub(in crate::hot) fn extend<T: Copy, U>(
        &self,
        out: &mut Vec<U>,
        column: &[T],
        of: impl Fn(T) -> U,
    ) {
        let range = column.get(self.range.clone()).unwrap_or_default();
        out.extend(range.iter().map(|value| of(*value)));
        let rows = self.rows.iter();
        out.extend(rows.filter_map(|row| column.get(*row as usize).map(|value| of(*value))));
    }
}
