//! The rows of one place, and the memory for them.

use std::sync::Arc;

use crate::column::{Column, Columns, Strings};
use crate::model::{Error, FieldId, Result, Schema, TierQuery};
use crate::store::engine::Version;

/// Where rows lie; the numbers are those of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowsPlace {
    Generation(u64),
    Segment(u64),
}

/// The rows from one segment or generation, oldest first.
pub(super) struct HistoryPart {
    pub(super) columns: Columns,
    /// The place whose dictionaries it has.
    place: Option<RowsPlace>,
}

/// The dictionaries of a place that a part had before.
struct Kept {
    place: Option<RowsPlace>,
    dictionaries: Vec<Option<Arc<dyn Strings>>>,
}

impl HistoryPart {
    pub(super) fn new(columns: Columns) -> Self {
        Self {
            columns,
            place: None,
        }
    }

    /// Takes rows together with their dictionaries, which are those of no place.
    pub(super) fn replace(&mut self, columns: Columns) {
        *self = Self::new(columns);
    }

    /// Takes the dictionaries of the rows' strings, unless it has them: they are shared by count,
    /// and a count that all threads change is what they would wait for.
    pub(super) fn take_dictionaries(
        &mut self,
        place: RowsPlace,
        query: &TierQuery,
        of: impl Fn(FieldId) -> Option<Arc<dyn Strings>>,
    ) {
        if self.place.replace(place) == Some(place) {
            return;
        }
        // The item dictionary serves the impressions, too.
        let is_lists = |column: &Column| matches!(column, Column::Lists(_));
        let lists = self.columns.fields.iter().any(is_lists);
        let slots = self.columns.dictionaries.iter_mut().enumerate();
        for ((field, slot), asked) in slots.zip(&query.asked) {
            *slot = of(field).filter(|_| *asked || lists);
        }
    }

    /// Puts its dictionaries aside and takes those of another place where they are kept.
    fn swap_dictionaries(&mut self, place: RowsPlace, kept: &mut Vec<Kept>) {
        let of = |place| kept.iter().position(|kept| kept.place == place);
        let at = match of(Some(place)) {
            Some(at) => at,
            None if self.place.is_none() => return,
            None => of(None).unwrap_or_else(|| {
                kept.push(Kept {
                    place: None,
                    dictionaries: vec![None; self.columns.dictionaries.len()],
                });
                kept.len() - 1
            }),
        };
        if let Some(kept) = kept.get_mut(at) {
            std::mem::swap(&mut self.place, &mut kept.place);
            std::mem::swap(&mut self.columns.dictionaries, &mut kept.dictionaries);
        }
    }

    /// The row that is taken when `left` rows are left.
    pub(super) fn row_of(&self, left: usize, newest: bool) -> usize {
        match newest {
            true => left.saturating_sub(1),
            false => self.columns.rows() - left,
        }
    }

    /// Its timestamp and sequence number.
    pub(super) fn key_of(&self, left: usize, newest: bool) -> (i64, u64) {
        let row = self.row_of(left, newest);
        let at = self.columns.timestamps.get(row).copied();
        let sequence = self.columns.sequences.get(row).copied();
        (at.unwrap_or(0), sequence.unwrap_or(0))
    }
}

/// The parts of a history, newest data first, and memory of earlier ones, which is used again: that of
/// rows for whatever place comes next, so that few bytes hold all that is written and stay near the
/// processor; dictionaries for the place that they are of.
#[derive(Default)]
pub(super) struct Parts {
    all: Vec<HistoryPart>,
    used: usize,
    /// Dictionaries of places that no part has.
    kept: Vec<Kept>,
    /// The number of the version that they come from.
    version: u64,
}

impl Parts {
    /// Removes the parts. The dictionaries of places that may be gone are let go.
    pub(super) fn begin(&mut self, version: &Version) {
        self.used = 0;
        if self.version != version.number {
            self.version = version.number;
            self.kept.clear();
            for part in &mut self.all {
                part.place = None;
                part.columns.dictionaries.fill(None);
            }
        }
    }

    /// Lets go of all memory.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn used(&self) -> &[HistoryPart] {
        self.all.get(..self.used).unwrap_or_default()
    }

    /// An empty part behind those there are; it becomes one by [`Parts::keep`].
    pub(super) fn next(
        &mut self,
        place: RowsPlace,
        schema: &Schema,
        asked: &[bool],
    ) -> Result<&mut HistoryPart> {
        if self.all.len() <= self.used {
            let columns = Columns::for_schema(schema).asked_only(asked);
            self.all.push(HistoryPart::new(columns));
        }
        let part = self.all.get_mut(self.used);
        let part = part.ok_or_else(|| Error::internal("a history without room for its rows"))?;
        part.columns.clear();
        if part.place != Some(place) {
            part.swap_dictionaries(place, &mut self.kept);
        }
        Ok(part)
    }

    pub(super) fn keep(&mut self) {
        self.used += 1;
    }

    /// The first timestamp of the rows found so far.
    pub(super) fn first_timestamp(&self) -> Option<i64> {
        let parts = self.used().iter();
        let first = parts.filter_map(|part| part.columns.timestamps.first().copied());
        first.min()
    }

    /// How many rows lie behind a timestamp.
    pub(super) fn rows_after(&self, newest: i64) -> usize {
        let after = self.used().iter().map(|part| {
            let timestamps = &part.columns.timestamps;
            timestamps.len() - timestamps.partition_point(|at| *at <= newest)
        });
        after.sum()
    }
}
