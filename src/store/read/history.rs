//! One user's newest interactions, across both tiers.

mod many;
mod order;
mod part;
mod reading;
mod resolved;

use std::ops::Range;

use super::event::Event;
use crate::column::{Column, Columns, Strings};
use crate::model::{FieldId, HashedKey, HistoryQuery, Result, check_asked_user, observe};
use crate::store::engine::{ReadView, Snapshot};
use crate::text::TextBuffer;
use order::{Head, Stretch, merge, place_of};
use part::Parts;
use reading::read;
use resolved::Resolved;

/// Interactions of one user, in the order asked for.
///
/// A buffer: hand the same one to many calls and its memory is used again. Strings are not
/// copied: events resolve them in the dictionaries of the segments they lie in, which the
/// history keeps alive. [`History::copy_text`] copies a whole column of them at once.
#[derive(Default)]
pub struct History {
    resolved: Option<Resolved>,
    parts: Parts,
    heads: Vec<Head>,
    /// Where the interactions lie, in the order asked for.
    order: Vec<Stretch>,
}

impl Snapshot {
    /// Fills `out` with the interactions of a user that match, newest first unless the query says
    /// otherwise. A user that is not there has an empty history.
    ///
    /// Cost: a hash probe per run of segments and per hot generation, and decoding the asked
    /// columns of the rows that come out.
    ///
    /// # Errors
    /// `InvalidInput` for a field that the schema does not have, or a user id that holds U+0000;
    /// `Corruption` when bytes it needs are damaged. `out` is then empty.
    pub fn history(&self, user: &str, query: &HistoryQuery, out: &mut History) -> Result<()> {
        self.view().history(user, query, out)
    }
}

impl Snapshot {
    /// The newest `limit` interactions of a user, with every field, newest first. [`Snapshot::history`] asks
    /// for less, and uses the memory of an earlier answer again.
    ///
    /// # Errors
    /// As [`Snapshot::history`].
    pub fn newest(&self, user: &str, limit: usize) -> Result<History> {
        let query = HistoryQuery {
            limit: Some(limit),
            ..HistoryQuery::default()
        };
        let mut history = History::new();
        self.history(user, &query, &mut history)?;
        Ok(history)
    }
}

impl ReadView<'_> {
    /// See [`Snapshot::history`].
    pub(crate) fn history(self, user: &str, query: &HistoryQuery, out: &mut History) -> Result<()> {
        let _read = observe::Read::begin("history");
        let History {
            resolved,
            parts,
            heads,
            order,
        } = out;
        order.clear();
        parts.begin(self.version);
        self.version.process.check()?;
        check_asked_user(user)?;
        let user = HashedKey::of(user);
        self.version.prefetch_user(user);
        let resolved = Resolved::update(resolved, parts, self.schema, query)?;
        read(self, user, &[], resolved, parts)?;
        merge(parts.used(), &resolved.tier, heads, order);
        Ok(())
    }
}

impl History {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of interactions.
    pub fn len(&self) -> usize {
        self.order.last().map_or(0, Stretch::end)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The interaction at a position, in the order asked for. Cost: a search among the places that
    /// the interactions come from.
    pub fn get(&self, position: usize) -> Option<Event<'_>> {
        let stretch = place_of(&self.order, position)?;
        let row = stretch.row(position - stretch.before, self.is_newest_first());
        self.event(stretch, row)
    }

    /// The interactions, in the order asked for.
    pub fn iter(&self) -> impl Iterator<Item = Event<'_>> {
        let newest = self.is_newest_first();
        self.order.iter().flat_map(move |stretch| {
            let rows = (0..stretch.len()).map(move |nth| stretch.row(nth, newest));
            rows.filter_map(|row| self.event(stretch, row))
        })
    }

    /// The interactions as they lie: columns, and the rows of them that come next in the order asked
    /// for. The rows are given oldest first; newest first they are to be read backwards
    /// ([`History::is_newest_first`]). Empty columns were not asked for. No part is empty.
    ///
    /// For those who copy whole columns into a form of their own, such as Arrow arrays.
    pub fn parts(&self) -> impl Iterator<Item = (&Columns, Range<usize>)> {
        let parts = self.order.iter();
        parts.filter_map(|stretch| Some((self.columns(stretch)?, stretch.rows())))
    }

    fn event(&self, stretch: &Stretch, row: usize) -> Option<Event<'_>> {
        Some(Event {
            schema: &self.resolved.as_ref()?.schema,
            columns: self.columns(stretch)?,
            row,
        })
    }

    fn columns(&self, stretch: &Stretch) -> Option<&Columns> {
        Some(&self.parts.used().get(stretch.part)?.columns)
    }

    /// Whether the interactions come newest first.
    pub fn is_newest_first(&self) -> bool {
        let resolved = self.resolved.as_ref();
        resolved.is_some_and(|resolved| resolved.tier.newest)
    }

    /// Copies the timestamps, in the order asked for, over `out`.
    pub fn copy_timestamps(&self, out: &mut Vec<i64>) {
        out.clear();
        for stretch in &self.order {
            let columns = self.columns(stretch);
            let timestamps = columns.and_then(|columns| columns.timestamps.get(stretch.rows()));
            let timestamps = timestamps.unwrap_or_default();
            match self.is_newest_first() {
                true => out.extend(timestamps.iter().rev()),
                false => out.extend_from_slice(timestamps),
            }
        }
    }

    /// Copies a string field's values, in the order asked for, into `out`, whose memory is used
    /// again. A null, and a field that was not asked for, is an empty string. Where the query said
    /// [`HistoryQuery::copies_text`], strings of a large dictionary are near by now.
    ///
    /// # Errors
    /// `Corruption` when the strings' bytes are damaged; as [`TextBuffer::push`] when they are too many.
    pub fn copy_text(&self, field: FieldId, out: &mut TextBuffer) -> Result<()> {
        out.clear();
        for stretch in &self.order {
            let columns = self.columns(stretch);
            let found = columns.and_then(|columns| text_of(columns, field));
            let Some((strings, codes)) = found else {
                stretch.rows().try_for_each(|_| out.push(""))?;
                continue;
            };
            let codes = codes.get(stretch.rows()).unwrap_or_default();
            match self.is_newest_first() {
                true => strings.append_text_backwards(codes, out)?,
                false => strings.append_text(codes, out)?,
            }
        }
        Ok(())
    }
}

/// The strings of a field and its codes.
fn text_of(columns: &Columns, field: FieldId) -> Option<(&dyn Strings, &[u32])> {
    let strings = columns.dictionaries.get(field)?.as_ref()?;
    match columns.fields.get(field)? {
        Column::Strings(codes) => Some((&**strings, codes)),
        _ => None,
    }
}
