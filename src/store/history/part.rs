//! The rows of one place, and the memory for them.

use std::sync::Arc;

use crate::store::version::Version;
use crate::types::{Column, Columns, Error, FieldId, Result, Schema, Strings, TierQuery};

/// Where rows lie; the numbers are those of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Generation(u64),
    Segment(u64),
}

/// The rows from one segment or generation, oldest first.
pub(super) struct Part {
    pub(super) columns: Columns,
    /// The place whose dictionaries it has.
    place: Option<Place>,
}

impl Part {
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
        place: Place,
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

    fn let_go(&mut self) {
        self.place = None;
        self.columns.dictionaries.fill(None);
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

/// The parts of a history, newest data first, and those of earlier ones, whose memory is used again.
#[derive(Default)]
pub(super) struct Parts {
    all: Vec<Part>,
    used: usize,
    /// The number of the version that they come from.
    version: u64,
}

impl Parts {
    /// Removes the parts. The dictionaries of places that may be gone are let go.
    pub(super) fn begin(&mut self, version: &Version) {
        self.used = 0;
        if self.version != version.number {
            self.version = version.number;
            self.all.iter_mut().for_each(Part::let_go);
        }
    }

    /// Lets go of all memory.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn used(&self) -> &[Part] {
        self.all.get(..self.used).unwrap_or_default()
    }

    /// An empty part behind those there are; it becomes one by [`Parts::keep`].
    pub(super) fn next(
        &mut self,
        place: Place,
        schema: &Schema,
        asked: &[bool],
    ) -> Result<&mut Part> {
        let free = self.all.get_mut(self.used..).unwrap_or_default();
        let same = |part: &Part| part.place == Some(place);
        let found = free.iter().position(same);
        match found.or_else(|| free.iter().position(|part| part.place.is_none())) {
            Some(0) => {}
            Some(at) => free.swap(0, at),
            None => {
                let columns = Columns::for_schema(schema).asked_only(asked);
                self.all.insert(self.used, Part::new(columns));
            }
        }
        let part = self.all.get_mut(self.used);
        let part = part.ok_or_else(|| Error::corrupt("a history without room for its rows"))?;
        part.columns.clear();
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
