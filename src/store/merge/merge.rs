//! Many sources as one, by user runs: what one source alone has is copied in one piece.

use std::sync::Arc;

use super::merge_input::{InPieces, Input, Shared};
use super::source::Source;
use super::user_codes::code_of;
use crate::column::{Columns, Dictionary, Strings};
use crate::model::{Error, Result, Schema, TierQuery};
use crate::store::joins::LateJoin;

/// Merges sources in (user, timestamp, sequence) order; rows equal in all three keep the order of
/// the sources. Codes are translated into dictionaries of the merge.
pub(in crate::store) struct Merge {
    inputs: Vec<Input>,
    shared: Shared,
    /// Bytes that a row of the widest source takes on average in its file.
    row_bytes: usize,
    pending: Pending,
}

/// Rows of one user that several sources have.
struct Pending {
    user: String,
    rows: Columns,
    /// The rows in order, and how many were given out.
    order: Vec<u32>,
    given: usize,
}

/// The lowest user: the first input that has it, in how many places its rows lie, and the input that
/// has the lowest other user.
#[derive(Clone, Copy)]
struct NextUser {
    first: usize,
    places: usize,
    until: Option<usize>,
}

impl Merge {
    /// `query` must ask for sequence numbers unless all rows are of one commit, and for what `late`
    /// needs; its limit is not looked at. Rows of about `ahead_bytes` of files are read ahead.
    pub(in crate::store) fn new(
        sources: Vec<Source>,
        query: TierQuery,
        schema: &Schema,
        late: Option<LateJoin>,
        ahead_bytes: usize,
    ) -> Result<Self> {
        Self::of(
            sources,
            Shared::new(query, late, schema),
            schema,
            ahead_bytes,
        )
    }

    /// The same for segments that are read in pieces.
    pub(in crate::store) fn in_pieces(
        sources: Vec<Source>,
        query: TierQuery,
        schema: &Schema,
        pieces: InPieces,
        ahead_bytes: usize,
    ) -> Result<Self> {
        let mut shared = Shared::new(query, None, schema);
        shared.pieces = Some(pieces);
        let mut merge = Self::of(sources, shared, schema, ahead_bytes)?;
        if merge.shared.is_too_much() {
            merge.begin_dictionaries()?;
        }
        Ok(merge)
    }

    fn of(
        sources: Vec<Source>,
        shared: Shared,
        schema: &Schema,
        ahead_bytes: usize,
    ) -> Result<Self> {
        let columns = || Columns::for_schema(schema).asked_only(&shared.query.asked);
        let pending = Pending {
            user: String::new(),
            rows: columns(),
            order: Vec::new(),
            given: 0,
        };
        let blank: Vec<Columns> = sources.iter().map(|_| columns()).collect();
        let ahead = ahead_bytes / sources.len().max(1);
        let widths = sources.iter().map(Source::row_bytes);
        let row_bytes = widths.max().unwrap_or(0);
        let inputs = sources.into_iter().zip(blank);
        let inputs = inputs.map(|(source, blank)| Input::new(source, ahead, blank, &shared));
        Ok(Self {
            inputs: inputs.collect::<Result<_>>()?,
            shared,
            row_bytes,
            pending,
        })
    }

    /// From now on, and for rows read ahead, says of each row whether it was recorded one by one. To be
    /// called before any row was given.
    pub(in crate::store) fn tell_origins(&mut self) {
        self.shared.origins = true;
        self.inputs.iter_mut().for_each(Input::tell_origins);
    }

    /// Begins new dictionaries, so that they hold no more than what comes from now on. To be called
    /// between users only (see [`Merge::pending_rows`]). No dictionary is translated whole any more.
    pub(super) fn begin_dictionaries(&mut self) -> Result<()> {
        let before = self.shared.begin_dictionaries();
        let mut inputs = self.inputs.iter_mut();
        inputs.try_for_each(|input| input.renew(&before, &self.shared))
    }

    /// Rows of a user that several sources have which wait to be given out; 0 between users.
    pub(super) fn pending_rows(&self) -> usize {
        self.pending.order.len().saturating_sub(self.pending.given)
    }

    /// Bytes of memory that the dictionaries take.
    pub(in crate::store) fn dictionary_bytes(&self) -> usize {
        self.shared.dictionary_bytes()
    }

    /// Strings in all dictionaries.
    pub(in crate::store) fn strings(&self) -> usize {
        let dictionaries = self.shared.dictionaries.iter();
        dictionaries.map(|strings| strings.len()).sum()
    }

    /// Bytes of text in the dictionary that has the most.
    pub(in crate::store) fn text_bytes(&self) -> usize {
        self.shared.text_bytes()
    }

    /// Bytes of memory that the merging itself takes, however few rows wait to be written: for rows
    /// read ahead, and for the translations of their codes.
    pub(super) fn input_bytes(&self) -> usize {
        let inputs = self.inputs.iter();
        inputs
            .map(|input| input.remap_bytes() + input.ahead_bytes())
            .sum()
    }

    /// Bytes of memory that were read for the sources, memory maps aside.
    pub(in crate::store) fn loaded_bytes(&self) -> usize {
        let sources = self.inputs.iter().map(|input| &input.source);
        sources.map(Source::loaded_bytes).sum()
    }

    /// Bytes that a row of the widest source takes on average in its file.
    pub(in crate::store) fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    pub(super) fn sources_mut(&mut self) -> impl Iterator<Item = &mut Source> {
        self.inputs.iter_mut().map(|input| &mut input.source)
    }

    /// Fills `out`, which must be empty, with the next rows, at most `rows`; it stays empty at the
    /// end only. User codes and dictionaries are the batch's.
    pub(in crate::store) fn next(&mut self, rows: usize, out: &mut Columns) -> Result<()> {
        let mut users = Dictionary::default();
        while out.rows() < rows {
            if self.pending_rows() > 0 {
                self.give_pending(rows - out.rows(), &mut users, out)?;
            } else if let Some(next) = self.next_user()? {
                if next.places == 1 {
                    self.copy_alone(next, rows - out.rows(), &mut users, out)?;
                } else {
                    self.gather_user(next.first)?;
                }
            } else {
                break;
            }
        }
        out.user_ids = Some(Arc::new(users));
        let dictionaries = self.shared.dictionaries.iter();
        for (slot, dictionary) in out.dictionaries.iter_mut().zip(dictionaries) {
            let strings: Arc<dyn Strings> = dictionary.clone();
            *slot = Some(strings);
        }
        Ok(())
    }

    fn next_user(&self) -> Result<Option<NextUser>> {
        let mut lowest: Option<(&str, NextUser)> = None;
        let mut second: Option<(&str, usize)> = None;
        for (index, input) in self.inputs.iter().enumerate() {
            let Some(user) = input.user()? else { continue };
            let places = 1 + usize::from(input.is_scattered());
            match &mut lowest {
                Some((best, next)) if *best == user => next.places += places,
                Some((best, _)) if *best < user => {
                    if second.is_none_or(|(known, _)| user < known) {
                        second = Some((user, index));
                    }
                }
                _ => {
                    second = lowest.map(|(best, next)| (best, next.first)).or(second);
                    let next = NextUser {
                        first: index,
                        places,
                        until: None,
                    };
                    lowest = Some((user, next));
                }
            }
        }
        Ok(lowest.map(|(_, next)| NextUser {
            until: second.map(|(_, index)| index),
            ..next
        }))
    }

    /// Copies rows of the one input that has the users before the next other's.
    fn copy_alone(
        &mut self,
        next: NextUser,
        rows: usize,
        users: &mut Dictionary,
        out: &mut Columns,
    ) -> Result<()> {
        let until = next.until.and_then(|index| self.inputs.get(index));
        let until = until.map(Input::user).transpose()?.flatten();
        let input = self.inputs.get(next.first).ok_or_else(no_input)?;
        let given = input.copy_before(until, rows, users, out)?;
        let input = self.inputs.get_mut(next.first).ok_or_else(no_input)?;
        input.pass(given, &self.shared)
    }

    /// Gathers all rows of the next user of an input, which several have, and sorts them.
    fn gather_user(&mut self, first: usize) -> Result<()> {
        let Pending {
            user,
            rows,
            order,
            given,
        } = &mut self.pending;
        user.clear();
        let first = self.inputs.get(first).ok_or_else(no_input)?.user()?;
        user.push_str(first.ok_or_else(no_input)?);
        rows.clear();
        for input in &mut self.inputs {
            while input.user()? == Some(user.as_str()) {
                let range = input.rows_of_user();
                rows.append_range(input.rows(), range.clone())?;
                input.pass(range, &self.shared)?;
            }
        }
        order.clear();
        order.extend(0..rows.rows() as u32);
        order.sort_by_key(|row| {
            let row = *row as usize;
            (
                rows.timestamps.get(row).copied(),
                rows.sequences.get(row).copied(),
            )
        });
        *given = 0;
        Ok(())
    }

    fn give_pending(
        &mut self,
        rows: usize,
        users: &mut Dictionary,
        out: &mut Columns,
    ) -> Result<()> {
        let pending = &mut self.pending;
        let end = pending.order.len().min(pending.given.saturating_add(rows));
        let given = pending.order.get(pending.given..end);
        let given = given.ok_or_else(|| Error::internal("rows given twice by a merge"))?;
        out.append_rows(&pending.rows, given)?;
        pending.given = end;
        let code = code_of(users, &pending.user)?;
        out.users.resize(out.rows(), code);
        Ok(())
    }
}

fn no_input() -> Error {
    Error::internal("a merge without the input of its next user")
}
