//! One user's rows, and only those.

use std::collections::BTreeMap;
use std::ops::Range;

use super::column_reader::ColumnReader;
use super::reader::{Segment, Selection};
use crate::column::{Columns, Strings};
use crate::model::{HashedKey, Result, TierQuery, TimeRange};
use crate::segment::format::{Entry, Located, item_hash};
use crate::text::TextRoom;

/// Of so many rows one is expected to have an event type that is asked for.
const EXPECTED: usize = 8;

/// Rows of which it is asked in advance where they lie: of more the processor sees by itself what comes next.
const SOON: usize = 1 << 12;

/// A user that was looked up: surely once its id was compared.
#[derive(Clone)]
pub struct Found {
    probe: Entry,
    /// Whether its rows were asked for.
    near: bool,
}

impl Segment {
    /// Whether it holds rows of `user`.
    ///
    /// # Errors
    /// `Corruption` when the user directory is damaged.
    pub fn has_user(&self, user: &str) -> Result<bool> {
        Ok(self.directory.find(user)?.is_some())
    }

    /// Says that a user is about to be looked for.
    #[inline]
    pub fn prefetch_user(&self, user: HashedKey<'_>) {
        self.directory.prefetch_slots(user);
    }

    /// Appends a user's matching rows to `out`, users aside, oldest first; at most `query.limit`,
    /// counted from the end that `query.newest` names. Codes are those of this segment.
    ///
    /// # Errors
    /// `Corruption` when bytes it needs are damaged.
    pub fn history(&self, user: HashedKey<'_>, query: &TierQuery, out: &mut Columns) -> Result<()> {
        match self.find(user, query)? {
            Some(found) => self.history_of(found, user, query, out),
            None => Ok(()),
        }
    }

    /// Looks a user up for [`Segment::history_of`]; where the rows lie comes from memory meanwhile.
    /// `None` where there are none.
    ///
    /// # Errors
    /// `Corruption` when the user directory is damaged.
    pub fn find(&self, user: HashedKey<'_>, query: &TierQuery) -> Result<Option<Found>> {
        if query.copies_text {
            self.ask_dictionaries(&query.asked);
        }
        let probe = self.directory.probe(user)?;
        if let Some(probe) = &probe
            && self.takes_all(query)
        {
            let rows = newest_or_oldest(probe.rows.clone(), query);
            // The slot tells where a user's rows end.
            if rows.end == probe.rows.end {
                self.prefetch_hinted(&rows, probe.hints, &query.asked);
            }
            self.prefetch_index(&rows, &query.asked);
        }
        Ok(probe.map(|probe| Found { probe, near: false }))
    }

    /// [`Segment::history`] of the user that was looked up.
    ///
    /// # Errors
    /// As [`Segment::history`].
    pub fn history_of(
        &self,
        Found { probe, near }: Found,
        user: HashedKey<'_>,
        query: &TierQuery,
        out: &mut Columns,
    ) -> Result<()> {
        let takes_all = self.takes_all(query);
        if takes_all && !near {
            // The values come while the user's id is compared.
            self.prefetch_rows(&probe, query);
        }
        let Some(user) = self.directory.confirm(probe, user.text)? else {
            return Ok(());
        };
        let selection = match takes_all {
            true => Selection::Range(newest_or_oldest(user.rows, query)),
            false => self.select(user.rows, &query.event_types, query)?,
        };
        self.read_rows(&selection, &query.asked, query.sequences, out)?;
        if query.copies_text {
            self.prefetch_strings(out);
        }
        Ok(())
    }

    /// Says some time ahead that [`Segment::history_of`] will be asked for a user that was looked up.
    pub fn prefetch_found(&self, found: &mut Found, query: &TierQuery) {
        if self.takes_all(query) {
            self.prefetch_rows(&found.probe, query);
            found.near = true;
        }
    }

    fn prefetch_rows(&self, probe: &Entry, query: &TierQuery) {
        self.directory.prefetch_id(probe);
        let rows = newest_or_oldest(probe.rows.clone(), query);
        self.prefetch_values(&rows, &query.asked);
    }

    /// Whether a query's limit alone says which of a user's rows it takes.
    fn takes_all(&self, query: &TierQuery) -> bool {
        let [min, max] = self.footer.timestamps;
        query.event_types.is_empty()
            && query.time.covers(min, max)
            && self.footer.sequence_range()[1] <= query.visible
    }

    /// Appends the item codes of a user's rows that have one of `event_types` (empty for all),
    /// duplicates included, but of each event type only those of the `newest` rows. Gives the number
    /// of rows, all of them counted.
    ///
    /// # Errors
    /// As [`Segment::history`].
    pub fn seen(
        &self,
        user: HashedKey<'_>,
        event_types: &[String],
        visible: u64,
        newest: usize,
        out: &mut Vec<u32>,
    ) -> Result<usize> {
        let Some(ColumnReader::Strings { codes, .. }) = self.columns.get(self.item) else {
            return Ok(0);
        };
        let Some(probe) = self.directory.probe(user)? else {
            return Ok(0);
        };
        // Event types, and where items lie, come while the user's id is compared.
        let types = self.event_type.and_then(|field| self.columns.get(field));
        let types = types.and_then(ColumnReader::codes);
        let soon = probe.rows.start..probe.rows.end.min(probe.rows.start + SOON);
        for Located { stream, region } in types.into_iter().chain([codes]) {
            stream.prefetch_index(region, &soon);
        }
        self.directory.prefetch_id(&probe);
        let Some(user) = self.directory.confirm(probe, user.text)? else {
            return Ok(0);
        };
        let query = TierQuery {
            limit: usize::MAX,
            newest: true,
            event_types: Vec::new(),
            time: TimeRange::ALL,
            visible,
            asked: Vec::new(),
            sequences: false,
            copies_text: false,
            hints: Vec::new(),
        };
        let mut selection = self.select(user.rows, event_types, &query)?;
        let rows = selection.len();
        if rows > newest {
            selection = self.newest_of_types(selection, event_types, newest)?;
        }
        self.read(codes, &selection, out)?;
        Ok(rows)
    }

    /// Of rows with one of `event_types` the `newest` of each event type, whose names are one where
    /// they differ only in case.
    fn newest_of_types(
        &self,
        selection: Selection,
        event_types: &[String],
        newest: usize,
    ) -> Result<Selection> {
        let column = self.event_type.and_then(|field| self.columns.get(field));
        let Some(ColumnReader::Strings { codes, dictionary }) = column else {
            return Ok(selection.last(newest));
        };
        let numbers = type_numbers(&**dictionary, event_types)?;
        let mut types: Vec<u32> = Vec::with_capacity(selection.len());
        self.read(codes, &selection, &mut types)?;
        let mut counts = vec![0; numbers.len().max(event_types.len())];
        for code in types.iter_mut().rev() {
            let number = numbers.get(*code as usize).copied().unwrap_or(0);
            if let Some(count) = counts.get_mut(number) {
                *count += 1;
                *code = u32::from(*count <= newest);
            }
        }
        Ok(Selection::Positions(keep(selection, &types, |kept| {
            *kept != 0
        })))
    }

    /// The hash under which the item with this code is looked for.
    ///
    /// # Errors
    /// As [`Segment::history`].
    pub fn item_hash(&self, code: u32) -> Result<u32> {
        match self.columns.get(self.item) {
            Some(ColumnReader::Strings { dictionary, .. }) => dictionary.hash(code),
            _ => Err(self.bad_kind()),
        }
    }

    /// Fills `out` with the hashes under which the items with these codes are looked for.
    ///
    /// # Errors
    /// As [`Segment::history`].
    pub fn item_hashes(&self, codes: &[u32], out: &mut Vec<u32>) -> Result<()> {
        out.clear();
        match self.columns.get(self.item) {
            Some(ColumnReader::Strings { dictionary, .. }) => dictionary.hashes(codes, out),
            _ => Err(self.bad_kind()),
        }
    }

    /// Whether the item with this code is `item`.
    ///
    /// # Errors
    /// As [`Segment::history`].
    pub fn is_item(&self, code: u32, item: &str) -> Result<bool> {
        match self.columns.get(self.item) {
            Some(ColumnReader::Strings { dictionary, .. }) => dictionary.is(code, item),
            _ => Err(self.bad_kind()),
        }
    }

    /// Whether any row, or any impression, has the item. Cost: the hash of each item is looked at.
    ///
    /// # Errors
    /// As [`Segment::history`].
    pub fn has_item(&self, item: &str) -> Result<bool> {
        if let Some(scans) = self.scans() {
            return scans.has_item(item);
        }
        let Some(ColumnReader::Strings { dictionary, .. }) = self.columns.get(self.item) else {
            return Err(self.bad_kind());
        };
        let wanted = item_hash(item);
        for code in 1..=dictionary.len() as u32 {
            if dictionary.hash(code)? == wanted && dictionary.is(code, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The item with this code.
    ///
    /// # Errors
    /// As [`Segment::history`].
    #[cfg(any(test, feature = "fuzzing"))]
    pub fn item(&self, code: u32) -> Result<&str> {
        match self.columns.get(self.item) {
            Some(ColumnReader::Strings { dictionary, .. }) => dictionary.get(code),
            _ => Err(self.bad_kind()),
        }
    }

    /// The rows of one user that match, at most `limit` of them; of these event types, whatever
    /// those of the query are.
    fn select(
        &self,
        rows: Range<usize>,
        event_types: &[String],
        query: &TierQuery,
    ) -> Result<Selection> {
        let rows = self.within(rows, query.time)?;
        let wanted = self.wanted_types(event_types)?;
        let all_visible = self.footer.sequence_range()[1] <= query.visible;
        if wanted.is_none() && all_visible {
            return Ok(Selection::Range(newest_or_oldest(rows, query)));
        }
        let mut positions = match wanted {
            Some((located, wanted)) => self.of_types(rows, located, &wanted)?,
            None => rows.collect(),
        };
        if !all_visible {
            let mut sequences = Vec::with_capacity(positions.len());
            let selection = Selection::Positions(positions);
            self.read_sequences(&selection, &mut sequences)?;
            positions = keep(selection, &sequences, |sequence| *sequence <= query.visible);
        }
        let range = newest_or_oldest(0..positions.len(), query);
        positions.truncate(range.end);
        positions.drain(..range.start);
        Ok(Selection::Positions(positions))
    }

    /// The rows of one user, whose timestamps rise, that lie within `time`.
    fn within(&self, rows: Range<usize>, time: TimeRange) -> Result<Range<usize>> {
        let [min, max] = self.footer.timestamps;
        if time.covers(min, max) {
            return Ok(rows);
        }
        let mut timestamps = Vec::with_capacity(rows.len());
        self.read_timestamps(&Selection::Range(rows.clone()), &mut timestamps)?;
        let start = timestamps.partition_point(|at| *at < time.since);
        let end = match time.until {
            Some(until) => timestamps.partition_point(|at| *at < until),
            None => timestamps.len(),
        };
        Ok(rows.start + start..rows.start + end.max(start))
    }

    /// For each code of the event types, whether it is asked for; `None` when all are.
    pub(super) fn wanted_types(
        &self,
        event_types: &[String],
    ) -> Result<Option<(Option<&Located>, Vec<bool>)>> {
        if event_types.is_empty() {
            return Ok(None);
        }
        let column = self.event_type.and_then(|field| self.columns.get(field));
        let Some(ColumnReader::Strings { codes, dictionary }) = column else {
            return Ok(Some((None, Vec::new())));
        };
        let mut wanted = vec![false];
        let mut room = TextRoom::default();
        for index in 0..crate::column::Strings::len(&**dictionary) {
            let name = dictionary.bytes_at(index, &mut room)?;
            let is_name = |asked: &String| asked.as_bytes().eq_ignore_ascii_case(name);
            wanted.push(event_types.iter().any(is_name));
        }
        Ok(Some((Some(codes), wanted)))
    }

    /// The rows whose event type is wanted.
    pub(in crate::segment) fn of_types(
        &self,
        rows: Range<usize>,
        codes: Option<&Located>,
        wanted: &[bool],
    ) -> Result<Vec<usize>> {
        let mut positions = Vec::new();
        if let Some(located) = codes.filter(|_| wanted.contains(&true)) {
            let Located { stream, region } = located;
            positions.reserve(rows.len() / EXPECTED);
            stream.select(region, rows, wanted, &mut positions)?;
        }
        Ok(positions)
    }

    #[cold]
    fn bad_kind(&self) -> crate::model::Error {
        crate::model::Error::internal(format_args!("{}: no item column", self.pages.name()))
    }
}

/// For each code of a dictionary of event types a number, equal where the names differ only in case;
/// `asked` are those that matter, empty for all.
fn type_numbers(names: &dyn Strings, asked: &[String]) -> Result<Vec<usize>> {
    let mut numbers = vec![0];
    let mut room = TextRoom::default();
    let mut known = BTreeMap::new();
    for code in 1..=names.len() as u32 {
        let name = names.read(code, &mut room)?;
        let listed = asked
            .iter()
            .position(|asked| asked.eq_ignore_ascii_case(name));
        numbers.push(match listed {
            Some(number) => number,
            None if asked.is_empty() => {
                let next = known.len();
                *known.entry(name.to_ascii_lowercase()).or_insert(next)
            }
            None => 0,
        });
    }
    Ok(numbers)
}

fn newest_or_oldest(rows: Range<usize>, query: &TierQuery) -> Range<usize> {
    let count = rows.len().min(query.limit);
    if query.newest {
        rows.end - count..rows.end
    } else {
        rows.start..rows.start + count
    }
}

/// The selected positions whose value passes.
pub(in crate::segment) fn keep<T>(
    selection: Selection,
    values: &[T],
    passes: impl Fn(&T) -> bool,
) -> Vec<usize> {
    let positions = match selection {
        Selection::Positions(positions) => positions,
        Selection::Range(range) => range.collect(),
    };
    positions
        .into_iter()
        .zip(values)
        .filter(|(_, value)| passes(value))
        .map(|(position, _)| position)
        .collect()
}
