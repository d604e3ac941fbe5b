//! Rows of a source that are read ahead, in the codes of a merge.

use std::ops::Range;
use std::sync::Arc;

use super::source::Source;
use super::user_codes::{UserCodes, code_of};
use crate::column::{Column, Columns, Dictionary, Strings, no_such_code};
use crate::hot::SharedDictionary;
use crate::model::{Error, Result, Schema, TierQuery};
use crate::segment::Segment;
use crate::store::joins::LateJoin;
use crate::text::TextRoom;

/// Rows that are read at a time, unless they are wide: what each read costs is then little for a row,
/// and the rows of all sources lie near.
const AHEAD_ROWS: usize = 1 << 11;

/// What all inputs of a merge share.
pub(in crate::store) struct Shared {
    pub(in crate::store) query: TierQuery,
    pub(in crate::store) late: Option<LateJoin>,
    /// Those of the merge, by field.
    pub(in crate::store) dictionaries: Vec<Arc<SharedDictionary>>,
    /// Whether rows say how they came.
    pub(in crate::store) origins: bool,
    /// Set where the segments of the sources are read in pieces.
    pub(in crate::store) pieces: Option<InPieces>,
    item: usize,
}

/// How strings are translated of segments that are read in pieces: in the order of their file, since each piece is
/// let go before long. Dictionaries are translated whole as long as those of the merge are not too much; then the
/// strings of many rows at a time.
pub(in crate::store) struct InPieces {
    /// Opens the file of a segment once more: what is read of its dictionaries is let go with that.
    pub(in crate::store) open: Box<OpenAgain>,
    /// Bytes of memory that the dictionaries of the merge may take where dictionaries are translated whole.
    pub(in crate::store) most_bytes: usize,
    /// Bytes of text that one of them may have then.
    pub(in crate::store) most_text_bytes: usize,
    /// Rows of a source whose strings are translated at a time where dictionaries are not translated whole.
    pub(in crate::store) ahead_rows: usize,
    /// Whether they are.
    pub(in crate::store) whole: bool,
}

type OpenAgain = dyn Fn(&Segment) -> Result<Arc<Segment>> + Send + Sync;

/// Strings that are translated before it is looked whether they are too many.
const STRINGS_AT_ONCE: u32 = 1 << 12;

impl Shared {
    pub(in crate::store) fn new(query: TierQuery, late: Option<LateJoin>, schema: &Schema) -> Self {
        let mut shared = Self {
            query,
            late,
            dictionaries: Vec::new(),
            origins: false,
            pieces: None,
            item: schema.item(),
        };
        shared.dictionaries = (schema.fields().iter().map(|_| Arc::default())).collect();
        shared
    }

    /// Bytes of memory that the dictionaries take.
    pub(super) fn dictionary_bytes(&self) -> usize {
        let dictionaries = self.dictionaries.iter();
        dictionaries.map(|strings| strings.memory_bytes()).sum()
    }

    /// Bytes of text in the dictionary that has the most.
    pub(super) fn text_bytes(&self) -> usize {
        let dictionaries = self.dictionaries.iter();
        let texts = dictionaries.map(|strings| strings.text_bytes());
        texts.max().unwrap_or(0)
    }

    /// Whether dictionaries are translated whole, and those of the merge have become too much for that.
    pub(super) fn is_too_much(&self) -> bool {
        self.pieces.as_ref().is_some_and(|pieces| {
            pieces.whole
                && (self.dictionary_bytes() > pieces.most_bytes
                    || self.text_bytes() > pieces.most_text_bytes)
        })
    }

    /// Translates the dictionaries of the next part of a source, as far as they are not too much.
    fn translate_whole(&self, source: &Source, remap: &mut Remap) -> Result<()> {
        let pieces = self.pieces.as_ref().filter(|pieces| pieces.whole);
        let (Some(pieces), Some(segment)) = (pieces, source.segment()) else {
            return Ok(());
        };
        let segment = (pieces.open)(segment)?;
        for (field, dictionary) in self.dictionaries.iter().enumerate() {
            let Some(strings) = segment.dictionary(field) else {
                continue;
            };
            let mut codes = Vec::new();
            for first in (1..=strings.len() as u32).step_by(STRINGS_AT_ONCE as usize) {
                if self.is_too_much() {
                    return Ok(());
                }
                codes.clear();
                codes.extend(first..first.saturating_add(STRINGS_AT_ONCE));
                codes.truncate(strings.len() + 1 - first as usize);
                remap.translate(field, &mut codes, &*strings, dictionary)?;
            }
        }
        Ok(())
    }

    /// Translates the strings of codes that are not known yet, in the order of the file of their segment, which is
    /// read in pieces.
    fn translate_in_order(
        &self,
        columns: &Columns,
        segment: &Segment,
        remap: &mut Remap,
    ) -> Result<()> {
        let Some(pieces) = &self.pieces else {
            return Ok(());
        };
        let mut again = None;
        for (field, column) in columns.fields.iter().enumerate() {
            let (codes, field) = match column {
                Column::Strings(codes) => (codes, field),
                Column::Lists(lists) => (&lists.items, self.item),
                _ => continue,
            };
            let mut fresh = remap.unknown(field, codes);
            if fresh.is_empty() {
                continue;
            }
            let segment = match &again {
                Some(segment) => segment,
                None => again.insert((pieces.open)(segment)?),
            };
            let known = segment.dictionary(field).zip(self.dictionaries.get(field));
            let (strings, dictionary) =
                known.ok_or_else(|| Error::internal("codes without a dictionary in a merge"))?;
            remap.translate(field, &mut fresh, &*strings, dictionary)?;
        }
        Ok(())
    }

    /// Begins new dictionaries and gives those before.
    pub(super) fn begin_dictionaries(&mut self) -> Vec<Arc<SharedDictionary>> {
        if let Some(pieces) = &mut self.pieces {
            pieces.whole = false;
        }
        let fresh = self.dictionaries.iter().map(|_| Arc::default()).collect();
        std::mem::replace(&mut self.dictionaries, fresh)
    }

    /// Turns the codes of columns, from row `first` on, into those of the merge. `remap` is of the
    /// dictionaries that `strings` gives by field.
    fn translate<S: Strings + ?Sized>(
        &self,
        columns: &mut Columns,
        first: usize,
        remap: &mut Remap,
        strings: impl Fn(usize) -> Option<Arc<S>>,
    ) -> Result<()> {
        for (field, column) in columns.fields.iter_mut().enumerate() {
            let (codes, field) = match column {
                Column::Strings(codes) => (codes.get_mut(first..), field),
                Column::Lists(lists) => {
                    let first = lists.start_of(first) as usize;
                    (lists.items.get_mut(first..), self.item)
                }
                _ => continue,
            };
            let known = codes.zip(self.dictionaries.get(field)).zip(strings(field));
            let ((codes, dictionary), strings) =
                known.ok_or_else(|| Error::internal("codes without a dictionary in a merge"))?;
            remap.translate(field, codes, &*strings, dictionary)?;
        }
        Ok(())
    }

    /// Fills in what was recorded after the rows, and takes out what was deleted.
    fn apply_late(&self, rows: &mut Columns, joined: u64, recorded: bool) -> Result<()> {
        let Some(late) = &self.late else {
            return Ok(());
        };
        let strings = |field: usize| {
            let strings = self.dictionaries.get(field).cloned();
            strings.map(|strings| -> Arc<dyn Strings> { strings })
        };
        late.apply(rows, joined, recorded, strings, |field, text| {
            match self.dictionaries.get(late.dictionary_of(field)) {
                Some(dictionary) => dictionary.intern(text),
                None => Err(no_field()),
            }
        })
    }
}

fn no_field() -> Error {
    Error::internal("a field beyond the schema")
}

/// The merge's code for each code of one part of a source, by field; 0 where not yet known.
#[derive(Default)]
struct Remap {
    part: usize,
    codes: Vec<Vec<u32>>,
}

impl Remap {
    /// Begins anew with a part, in the same memory.
    fn begin(&mut self, part: usize) {
        self.part = part;
        self.codes.iter_mut().for_each(Vec::clear);
    }

    /// Those of the codes that have no translation, each once, in order.
    fn unknown(&self, field: usize, codes: &[u32]) -> Vec<u32> {
        let known = self.codes.get(field).map_or(&[][..], Vec::as_slice);
        let is_unknown = |code: &u32| known.get(*code as usize).is_none_or(|known| *known == 0);
        let codes = codes.iter().copied();
        let mut unknown: Vec<u32> = codes
            .filter(|code| *code != 0 && is_unknown(code))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// Turns codes of `strings` into codes of `dictionary`; each string is looked up once.
    fn translate<S: Strings + ?Sized>(
        &mut self,
        field: usize,
        codes: &mut [u32],
        strings: &S,
        dictionary: &SharedDictionary,
    ) -> Result<()> {
        if self.codes.len() <= field {
            self.codes.resize(field + 1, Vec::new());
        }
        let known = self.codes.get_mut(field).ok_or_else(no_field)?;
        let mut room = TextRoom::default();
        for code in codes.iter_mut().filter(|code| **code != 0) {
            let index = *code as usize;
            if index >= known.len() {
                strings.read(*code, &mut room)?;
                known.resize(strings.len().max(index) + 1, 0);
            }
            let slot = known.get_mut(index);
            let slot = slot.ok_or_else(|| no_such_code(*code, strings.len()))?;
            if *slot == 0 {
                *slot = dictionary.intern(strings.read(*code, &mut room)?)?;
            }
            *code = *slot;
        }
        Ok(())
    }
}

/// A source of a merge. Between calls, it has rows read ahead unless it is at its end.
pub(in crate::store) struct Input {
    pub(in crate::store) source: Source,
    /// Rows that are read at a time.
    ahead: usize,
    remap: Remap,
    rows: Columns,
    /// The strings of the rows' users, in order.
    users: Dictionary,
    /// The first row that was not given.
    next: usize,
    /// Whether the rows lie in several places, each in order by itself. They are then one user's.
    scattered: bool,
}

impl Input {
    /// An input that reads rows of about so many bytes of a file at a time, into `columns`.
    pub(in crate::store) fn new(
        source: Source,
        ahead_bytes: usize,
        columns: Columns,
        shared: &Shared,
    ) -> Result<Self> {
        let rows = ahead_bytes / source.row_bytes().max(1);
        let mut input = Self {
            source,
            ahead: rows.clamp(1, AHEAD_ROWS),
            remap: Remap::default(),
            rows: columns,
            users: Dictionary::default(),
            next: 0,
            scattered: false,
        };
        input.read_ahead(shared)?;
        Ok(input)
    }

    /// The user of the next row; `None` at the end.
    pub(in crate::store) fn user(&self) -> Result<Option<&str>> {
        let code = self.rows.users.get(self.next);
        code.map(|code| self.users.get(*code)).transpose()
    }

    /// Whether the next user's rows lie in several places, each in order by itself.
    pub(super) fn is_scattered(&self) -> bool {
        self.scattered
    }

    /// Rows read ahead, in the codes of the merge, but for those of the users.
    pub(in crate::store) fn rows(&self) -> &Columns {
        &self.rows
    }

    /// The rows of the next user among those read ahead.
    pub(super) fn rows_of_user(&self) -> Range<usize> {
        let left = self.rows.users.get(self.next..).unwrap_or_default();
        let count = left.chunk_by(|a, b| a == b).next().map_or(0, <[u32]>::len);
        self.next..self.next + count
    }

    /// Copies rows of users before `until`, at most `rows`, and gives their range.
    pub(super) fn copy_before(
        &self,
        until: Option<&str>,
        rows: usize,
        users: &mut Dictionary,
        out: &mut Columns,
    ) -> Result<Range<usize>> {
        let mut end = self.next;
        let left = self.rows.users.get(self.next..).unwrap_or_default();
        let left = left.get(..rows).unwrap_or(left);
        for run in left.chunk_by(|a, b| a == b) {
            let user = self.users.get(run.first().copied().unwrap_or(0))?;
            if until.is_some_and(|until| user >= until) {
                break;
            }
            let code = code_of(users, user)?;
            out.users.resize(out.users.len() + run.len(), code);
            end += run.len();
        }
        out.append_range(&self.rows, self.next..end)?;
        Ok(self.next..end)
    }

    /// Moves behind rows that were given, which are the next ones, and reads on at their end.
    pub(in crate::store) fn pass(&mut self, given: Range<usize>, shared: &Shared) -> Result<()> {
        self.next = given.end;
        if self.next < self.rows.rows() {
            return Ok(());
        }
        self.read_ahead(shared)
    }

    fn read_ahead(&mut self, shared: &Shared) -> Result<()> {
        self.next = 0;
        self.rows.clear();
        while self.rows.rows() == 0 && self.source.user()?.is_some() {
            self.users.clear();
            self.scattered = self.source.is_scattered();
            if self.remap.part != self.source.part() {
                self.remap.begin(self.source.part());
                shared.translate_whole(&self.source, &mut self.remap)?;
            }
            let fields = 0..self.rows.fields.len();
            let strings: Vec<_> = fields.map(|field| self.source.dictionary(field)).collect();
            let segment = self.source.segment().cloned();
            let (recorded, joined) = (self.source.is_recorded(), self.source.joined());
            let mut codes = UserCodes {
                batch: Some(&mut self.users),
            };
            let rows = &mut self.rows;
            self.source
                .take(self.ahead, &shared.query, rows, &mut codes)?;
            if let Some(segment) = segment {
                shared.translate_in_order(&self.rows, &segment, &mut self.remap)?;
            }
            let strings = |field: usize| strings.get(field).cloned().flatten();
            shared.translate(&mut self.rows, 0, &mut self.remap, strings)?;
            shared.apply_late(&mut self.rows, joined, recorded)?;
        }
        if shared.origins {
            self.tell_origins();
        }
        Ok(())
    }

    /// Says of each row that was read ahead whether it was recorded one by one.
    pub(in crate::store) fn tell_origins(&mut self) {
        let recorded = self.source.is_recorded();
        self.rows.recorded.resize(self.rows.rows(), recorded);
    }

    /// Turns the codes of the rows that were not given, which belong to earlier dictionaries of the
    /// merge, into those of today's.
    pub(in crate::store) fn renew(
        &mut self,
        before: &[Arc<SharedDictionary>],
        shared: &Shared,
    ) -> Result<()> {
        self.remap.begin(self.remap.part);
        if let Some(pieces) = &shared.pieces {
            self.ahead = self.ahead.max(pieces.ahead_rows);
        }
        let before = |field: usize| before.get(field).cloned();
        let mut remap = Remap::default();
        shared.translate(&mut self.rows, self.next, &mut remap, before)
    }

    /// Bytes of memory that the translations take.
    pub(super) fn remap_bytes(&self) -> usize {
        let codes = self.remap.codes.iter();
        codes.map(|codes| codes.capacity() * 4).sum()
    }

    /// Bytes of memory that the rows take.
    pub(super) fn ahead_bytes(&self) -> usize {
        self.rows.memory_bytes() + self.users.memory_bytes()
    }
}
