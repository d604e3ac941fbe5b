//! A scan in blocks of whole users.

use std::ops::Range;
use std::sync::Arc;

use super::vocabulary::Vocabulary;
use crate::api::Scan;
use crate::column::{Column, Columns, Dictionary, Strings};
use crate::model::{Error, Result, Schema};

/// Gives the rows of a scan in user order so that no user is cut: what a batch begins is completed from
/// those that follow. Memory: a batch, and the rows of one user.
pub(super) struct UserBlocks {
    scan: Scan,
    batch: Columns,
    /// The first row of the batch that was not given.
    next: usize,
    ended: bool,
    carry: Carry,
    /// Whether the carried user was given by the last call.
    spent: bool,
}

/// Rows of whole users.
pub(super) struct Block<'a> {
    pub(super) columns: &'a Columns,
    pub(super) rows: Range<usize>,
}

impl UserBlocks {
    pub(super) fn new(scan: Scan) -> Self {
        Self {
            batch: scan.new_batch(),
            carry: Carry::new(&scan),
            scan,
            next: 0,
            ended: false,
            spent: false,
        }
    }

    /// The next users; `None` at the end.
    ///
    /// # Errors
    /// Those of the scan.
    pub(super) fn next(&mut self) -> Result<Option<Block<'_>>> {
        if std::mem::take(&mut self.spent) {
            self.carry.clear();
        }
        loop {
            if self.next >= self.batch.rows() {
                if self.ended || !self.scan.read(&mut self.batch)? {
                    self.ended = true;
                    return self.give_carry();
                }
                self.next = 0;
            }
            let users = self.batch.users.get(self.next..).unwrap_or_default();
            let first = users.chunk_by(|a, b| a == b).next().map_or(0, <[u32]>::len);
            let last = users.rchunks_by_last();
            if !self.carry.is_empty() {
                let user = users.first().copied().unwrap_or(0);
                if self.batch.ids()?.get(user)? != self.carry.user {
                    return self.give_carry();
                }
                self.carry.add(&self.batch, self.next..self.next + first)?;
                self.next += first;
                if self.next < self.batch.rows() {
                    return self.give_carry();
                }
                continue;
            }
            let from = self.next;
            let cut = self.batch.rows() - last;
            if cut > from {
                self.next = cut;
                return Ok(Some(Block {
                    columns: &self.batch,
                    rows: from..cut,
                }));
            }
            self.carry.add(&self.batch, from..self.batch.rows())?;
            self.next = self.batch.rows();
        }
    }

    fn give_carry(&mut self) -> Result<Option<Block<'_>>> {
        if self.carry.is_empty() {
            return Ok(None);
        }
        self.spent = true;
        let columns = self.carry.complete()?;
        Ok(Some(Block {
            rows: 0..columns.rows(),
            columns,
        }))
    }
}

trait LastRun {
    /// How many values at the end are equal.
    fn rchunks_by_last(&self) -> usize;
}

impl LastRun for [u32] {
    fn rchunks_by_last(&self) -> usize {
        let last = self.last();
        self.iter()
            .rev()
            .take_while(|code| Some(*code) == last)
            .count()
    }
}

/// The rows of one user, from several batches.
struct Carry {
    user: String,
    rows: Columns,
    /// Where the batches have different dictionaries, those of the rows, by field.
    own: Option<Vec<Vocabulary>>,
    item: usize,
}

impl Carry {
    fn new(scan: &Scan) -> Self {
        Self {
            user: String::new(),
            rows: scan.new_batch(),
            own: None,
            item: scan.schema().item(),
        }
    }

    fn is_empty(&self) -> bool {
        self.rows.rows() == 0
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.own = None;
    }

    /// Adds rows of the user, who is that of the first of them.
    fn add(&mut self, batch: &Columns, rows: Range<usize>) -> Result<()> {
        if self.is_empty() {
            let user = batch.users.get(rows.start).copied().unwrap_or(0);
            self.user.clear();
            self.user.push_str(batch.ids()?.get(user)?);
            self.rows.dictionaries.clone_from(&batch.dictionaries);
        } else if self.own.is_none() && !self.has_dictionaries_of(batch) {
            let mut own = Vec::new();
            own.resize_with(self.rows.fields.len(), Vocabulary::default);
            translate(&mut self.rows, 0, self.item, &mut own)?;
            self.own = Some(own);
        }
        let first = self.rows.rows();
        if self.own.is_some() {
            self.rows.dictionaries.clone_from(&batch.dictionaries);
        }
        self.rows.append_range(batch, rows)?;
        self.rows.users.resize(self.rows.rows(), 1);
        match &mut self.own {
            Some(own) => translate(&mut self.rows, first, self.item, own),
            None => Ok(()),
        }
    }

    fn has_dictionaries_of(&self, batch: &Columns) -> bool {
        let mut both = self.rows.dictionaries.iter().zip(&batch.dictionaries);
        both.all(|both| match both {
            (Some(own), Some(other)) => {
                let is_same = std::ptr::addr_eq(Arc::as_ptr(own), Arc::as_ptr(other));
                is_same || own.is_empty() && other.is_empty()
            }
            (None, None) => true,
            _ => false,
        })
    }

    /// All rows, with dictionaries.
    fn complete(&mut self) -> Result<&Columns> {
        let mut users = Dictionary::default();
        users.push(&self.user)?;
        self.rows.user_ids = Some(Arc::new(users));
        if let Some(own) = &self.own {
            for (slot, vocabulary) in self.rows.dictionaries.iter_mut().zip(own) {
                let mut strings = Dictionary::default();
                for number in 0..vocabulary.len() as u32 {
                    strings.push(vocabulary.text(number)?)?;
                }
                let strings: Arc<dyn Strings> = Arc::new(strings);
                *slot = Some(strings);
            }
        }
        Ok(&self.rows)
    }
}

/// Turns the codes of rows from `first` on into those of vocabularies.
fn translate(rows: &mut Columns, first: usize, item: usize, own: &mut [Vocabulary]) -> Result<()> {
    for (field, column) in rows.fields.iter_mut().enumerate() {
        let (codes, of) = match column {
            Column::Strings(codes) => (codes.get_mut(first..), field),
            Column::Lists(lists) => {
                let start = match first.checked_sub(1) {
                    Some(before) => lists.ends.get(before).copied().unwrap_or(0),
                    None => 0,
                };
                (lists.items.get_mut(start as usize..), item)
            }
            _ => continue,
        };
        let strings = rows.dictionaries.get(of).and_then(Option::as_ref);
        let (Some(strings), Some(own)) = (strings, own.get_mut(of)) else {
            return Err(Error::internal("codes without a dictionary"));
        };
        for code in codes.into_iter().flatten().filter(|code| **code != 0) {
            *code = own.add(strings.get(*code)?)? + 1;
        }
    }
    Ok(())
}

/// Columns with a column for each field that is asked for.
pub(super) fn new_columns(schema: &Schema, asked: &[bool]) -> Columns {
    Columns::for_schema(schema).asked_only(asked)
}
