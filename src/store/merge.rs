//! Many sources as one, by user runs: what one source alone has is copied in one piece.

use std::sync::Arc;

use super::late::LateJoin;
use super::source::{Source, UserCodes};
use crate::hot::SharedDictionary;
use crate::types::{Column, Columns, Dictionary, Error, Result, Schema, Strings, TierQuery};

/// Merges sources in (user, timestamp, sequence) order; rows equal in all three keep the order of
/// the sources. Codes are translated into dictionaries of the merge.
pub(super) struct Merge {
    sources: Vec<Source>,
    remaps: Vec<Remap>,
    query: TierQuery,
    late: Option<LateJoin>,
    dictionaries: Vec<Arc<SharedDictionary>>,
    item: usize,
    pending: Pending,
    scratch: Columns,
}

/// Rows of one user that several sources have.
struct Pending {
    user: String,
    rows: Columns,
    /// The rows in order, and how many were given out.
    order: Vec<u32>,
    given: usize,
}

/// The merge's code for each code of one part of a source, by field; 0 where not yet known.
#[derive(Default)]
struct Remap {
    part: usize,
    codes: Vec<Vec<u32>>,
}

/// The lowest user, who has it and in how many places, and the lowest other user of another source.
struct NextUser {
    user: String,
    first: usize,
    places: usize,
    until: Option<String>,
}

impl Merge {
    /// `query` must ask for sequence numbers unless all rows are of one commit, and for what `late`
    /// needs; its limit is not looked at.
    pub(super) fn new(
        sources: Vec<Source>,
        query: TierQuery,
        schema: &Schema,
        late: Option<LateJoin>,
    ) -> Self {
        let mut merge = Self {
            late,
            remaps: sources.iter().map(|_| Remap::default()).collect(),
            sources,
            dictionaries: Vec::new(),
            item: schema.item(),
            pending: Pending {
                user: String::new(),
                rows: Columns::for_schema(schema).asked_only(&query.asked),
                order: Vec::new(),
                given: 0,
            },
            scratch: Columns::for_schema(schema).asked_only(&query.asked),
            query,
        };
        merge.begin_dictionaries();
        merge
    }

    /// Begins new dictionaries, so that they hold no more than what comes from now on. To be called
    /// between users only (see [`Merge::pending_rows`]).
    pub(super) fn begin_dictionaries(&mut self) {
        let fields = self.scratch.fields.len();
        self.dictionaries = (0..fields).map(|_| Arc::default()).collect();
        self.remaps.fill_with(Remap::default);
    }

    /// Rows of a user that several sources have which wait to be given out; 0 between users.
    pub(super) fn pending_rows(&self) -> usize {
        self.pending.order.len().saturating_sub(self.pending.given)
    }

    /// Bytes of memory that the dictionaries and the translations into them take.
    pub(super) fn dictionary_bytes(&self) -> usize {
        let dictionaries = self.dictionaries.iter();
        let codes = self.remaps.iter().flat_map(|remap| &remap.codes);
        dictionaries
            .map(|strings| strings.memory_bytes())
            .sum::<usize>()
            + codes.map(|codes| codes.capacity() * 4).sum::<usize>()
    }

    /// Bytes of memory that were read for the sources, memory maps aside.
    pub(super) fn loaded_bytes(&self) -> usize {
        self.sources.iter().map(Source::loaded_bytes).sum()
    }

    /// Bytes that a row of the widest source takes on average in its file.
    pub(super) fn row_bytes(&self) -> usize {
        let widths = self.sources.iter().map(Source::row_bytes);
        widths.max().unwrap_or(0)
    }

    pub(super) fn sources_mut(&mut self) -> &mut [Source] {
        &mut self.sources
    }

    /// Fills `out`, which must be empty, with the next rows, at most `rows` unless a generation's
    /// user has more; it stays empty at the end only. User codes and dictionaries are the batch's.
    pub(super) fn next(&mut self, rows: usize, out: &mut Columns) -> Result<()> {
        let mut users = Dictionary::default();
        while out.rows() < rows {
            if self.pending_rows() > 0 {
                self.give_pending(rows - out.rows(), &mut users, out)?;
            } else if let Some(next) = self.next_user()? {
                if next.places == 1 {
                    self.copy_alone(&next, rows - out.rows(), &mut users, out)?;
                } else {
                    self.gather_user(next)?;
                }
            } else {
                break;
            }
        }
        out.user_ids = Some(Arc::new(users));
        for (slot, dictionary) in out.dictionaries.iter_mut().zip(&self.dictionaries) {
            let strings: Arc<dyn Strings> = dictionary.clone();
            *slot = Some(strings);
        }
        Ok(())
    }

    fn next_user(&self) -> Result<Option<NextUser>> {
        let mut lowest: Option<(&str, usize, usize)> = None;
        let mut until: Option<&str> = None;
        for (index, source) in self.sources.iter().enumerate() {
            let Some(user) = source.user()? else { continue };
            let places = 1 + usize::from(source.is_scattered());
            match lowest {
                Some((best, first, known)) if best == user => {
                    lowest = Some((best, first, known + places));
                }
                Some((best, ..)) if best < user => {
                    until = Some(until.map_or(user, |known| known.min(user)));
                }
                _ => {
                    until = lowest.map(|(best, ..)| best).or(until);
                    lowest = Some((user, index, places));
                }
            }
        }
        Ok(lowest.map(|(user, first, places)| NextUser {
            user: user.to_owned(),
            first,
            places,
            until: until.map(str::to_owned),
        }))
    }

    /// Copies rows of the one source that has the users before the next other's.
    fn copy_alone(
        &mut self,
        next: &NextUser,
        rows: usize,
        users: &mut Dictionary,
        out: &mut Columns,
    ) -> Result<()> {
        let mut codes = UserCodes { batch: Some(users) };
        self.take(next.first, |source, query, scratch| {
            source.take(rows, next.until.as_deref(), query, scratch, &mut codes)
        })?;
        out.append(&self.scratch)
    }

    /// Gathers all rows of a user that several sources have, and sorts them.
    fn gather_user(&mut self, next: NextUser) -> Result<()> {
        self.pending.rows.clear();
        for index in 0..self.sources.len() {
            while self.source_user(index)? == Some(next.user.as_str()) {
                self.take(index, |source, query, scratch| {
                    source.take_user(query, scratch)
                })?;
                self.pending.rows.append(&self.scratch)?;
            }
        }
        let rows = &self.pending.rows;
        let mut order: Vec<u32> = (0..rows.rows() as u32).collect();
        order.sort_by_key(|row| {
            let row = *row as usize;
            (
                rows.timestamps.get(row).copied(),
                rows.sequences.get(row).copied(),
            )
        });
        self.pending.order = order;
        self.pending.given = 0;
        self.pending.user = next.user;
        Ok(())
    }

    fn source_user(&self, index: usize) -> Result<Option<&str>> {
        self.sources.get(index).map_or(Ok(None), Source::user)
    }

    fn give_pending(
        &mut self,
        rows: usize,
        users: &mut Dictionary,
        out: &mut Columns,
    ) -> Result<()> {
        let pending = &mut self.pending;
        let end = pending.order.len().min(pending.given.saturating_add(rows));
        let given = pending.order.get(pending.given..end).unwrap_or_default();
        out.append_rows(&pending.rows, given)?;
        pending.given = end;
        UserCodes { batch: Some(users) }.append(&pending.user, out)
    }

    /// Fills the scratch columns from a source and translates their codes.
    fn take(
        &mut self,
        index: usize,
        fill: impl FnOnce(&mut Source, &TierQuery, &mut Columns) -> Result<()>,
    ) -> Result<()> {
        self.scratch.clear();
        let (Some(source), Some(remap)) = (self.sources.get_mut(index), self.remaps.get_mut(index))
        else {
            return Ok(());
        };
        if remap.part != source.part() || remap.codes.is_empty() {
            remap.part = source.part();
            remap.codes = vec![Vec::new(); self.scratch.fields.len()];
        }
        let strings: Vec<Option<Arc<dyn Strings>>> = (0..self.scratch.fields.len())
            .map(|field| source.dictionary(field))
            .collect();
        fill(source, &self.query, &mut self.scratch)?;
        for (field, column) in self.scratch.fields.iter_mut().enumerate() {
            let (codes, field) = match column {
                Column::Strings(codes) => (codes, field),
                Column::Lists(lists) => (&mut lists.items, self.item),
                _ => continue,
            };
            if let (Some(known), Some(Some(strings)), Some(dictionary)) = (
                remap.codes.get_mut(field),
                strings.get(field),
                self.dictionaries.get(field),
            ) {
                translate(codes, known, &**strings, dictionary)?;
            }
        }
        let recorded = source.is_recorded();
        if let Some(late) = self.late.as_ref().filter(|_| recorded)
            && let Some(ids) = self.dictionaries.get(late.recommendation())
        {
            let item = self.item;
            late.apply(&mut self.scratch, &**ids, |field, text| {
                match self.dictionaries.get(late.dictionary_of(field, item)) {
                    Some(dictionary) => dictionary.intern(text),
                    None => Err(Error::invalid("a field beyond the schema")),
                }
            })?;
        }
        Ok(())
    }
}

/// Turns codes of `strings` into codes of `dictionary`; each string is looked up once.
fn translate(
    codes: &mut [u32],
    known: &mut Vec<u32>,
    strings: &dyn Strings,
    dictionary: &SharedDictionary,
) -> Result<()> {
    for code in codes.iter_mut().filter(|code| **code != 0) {
        let index = *code as usize;
        if index >= known.len() {
            strings.get(*code)?;
            known.resize(strings.len().max(index) + 1, 0);
        }
        if let Some(slot) = known.get_mut(index) {
            if *slot == 0 {
                *slot = dictionary.intern(strings.get(*code)?)?;
            }
            *code = *slot;
        }
    }
    Ok(())
}
