//! Rows of a source that are read ahead, in the codes of a merge.

use std::ops::Range;
use std::sync::Arc;

use super::source::Source;
use super::user_codes::{UserCodes, code_of};
use crate::column::{Column, Columns, Dictionary, Strings, no_such_code};
use crate::hot::SharedDictionary;
use crate::model::{Error, Result, Schema, TierQuery};
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
    item: usize,
}

impl Shared {
    pub(in crate::store) fn new(query: TierQuery, late: Option<LateJoin>, schema: &Schema) -> Self {
        let mut shared = Self {
            query,
            late,
            dictionaries: Vec::new(),
            origins: false,
            item: schema.item(),
        };
        shared.dictionaries = (schema.fields().iter().map(|_| Arc::default())).collect();
        shared
    }

    /// Begins new dictionaries and gives those before.
    pub(super) fn begin_dictionaries(&mut self) -> Vec<Arc<SharedDictionary>> {
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
                self.remap = Remap {
                    part: self.source.part(),
                    codes: Vec::new(),
                };
            }
            let fields = 0..self.rows.fields.len();
            let strings: Vec<_> = fields.map(|field| self.source.dictionary(field)).collect();
            let (recorded, joined) = (self.source.is_recorded(), self.source.joined());
            let mut codes = UserCodes {
                batch: Some(&mut self.users),
            };
            let rows = &mut self.rows;
            self.source
                .take(self.ahead, &shared.query, rows, &mut codes)?;
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
        self.remap.codes.clear();
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
