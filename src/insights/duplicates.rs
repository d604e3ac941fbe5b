//! Rows that equal an earlier one in every field, in a scan by user and time.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_64;

use crate::column::{Column, Columns, Strings};
use crate::model::{Error, Result, Schema};

/// Counts them. Memory: 8 bytes for each row of one user and timestamp.
#[derive(Default)]
pub(super) struct Duplicates {
    rows: u64,
    /// User and timestamp of the last row of the batch before.
    last: Option<(String, i64)>,
    /// Hashes of the rows of the present user and timestamp.
    seen: BTreeSet<u64>,
    bytes: Vec<u8>,
}

impl Duplicates {
    /// How many there were.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Looks at the next batch. Only rows that share user and timestamp with a neighbour are compared.
    pub(super) fn add(&mut self, batch: &Columns, schema: &Schema) -> Result<()> {
        let places: Vec<(u32, i64)> = batch
            .users
            .iter()
            .copied()
            .zip(batch.timestamps.iter().copied())
            .collect();
        let mut before = None;
        for (row, place) in places.iter().enumerate() {
            let goes_on = match before.replace(*place) {
                Some(before) => before == *place,
                None => self.continues(batch, *place)?,
            };
            if !goes_on {
                self.seen.clear();
            }
            // What follows the last row of a batch is not known yet.
            let may_repeat = places.get(row + 1).is_none_or(|next| next == place);
            if (goes_on || may_repeat) && !self.is_new(batch, schema, row)? {
                self.rows += 1;
            }
        }
        if let Some((user, timestamp)) = places.last() {
            self.last = Some((batch.ids()?.get(*user)?.to_owned(), *timestamp));
        }
        Ok(())
    }

    /// Whether a batch begins with the user and timestamp that the one before ended with.
    fn continues(&self, batch: &Columns, (user, timestamp): (u32, i64)) -> Result<bool> {
        let user = batch.ids()?.get(user)?;
        let last = self.last.as_ref();
        Ok(last.is_some_and(|(known, at)| known == user && *at == timestamp))
    }

    fn is_new(&mut self, batch: &Columns, schema: &Schema, row: usize) -> Result<bool> {
        self.bytes.clear();
        for (field, column) in batch.fields.iter().enumerate() {
            match column {
                Column::Absent => {}
                Column::Strings(codes) => {
                    let code = codes.get(row).copied().unwrap_or(0);
                    self.push(code, strings_of(batch, field)?)?;
                }
                Column::Numbers(numbers) => {
                    let bits = numbers.get(row);
                    self.bytes.push(u8::from(bits.is_some()));
                    self.bytes.extend(bits.unwrap_or(0).to_le_bytes());
                }
                Column::Lists(lists) => {
                    let items = lists.get(row);
                    self.bytes.extend((items.len() as u32).to_le_bytes());
                    let strings = strings_of(batch, schema.item())?;
                    items
                        .iter()
                        .try_for_each(|code| self.push(*code, strings))?;
                }
            }
        }
        Ok(self.seen.insert(xxh3_64(&self.bytes)))
    }

    fn push(&mut self, code: u32, strings: &dyn Strings) -> Result<()> {
        self.bytes.push(u8::from(code != 0));
        if code != 0 {
            self.bytes.extend(strings.hash(code)?.to_le_bytes());
        }
        Ok(())
    }
}

fn strings_of(batch: &Columns, field: usize) -> Result<&dyn Strings> {
    let strings = batch.dictionaries.get(field).and_then(Option::as_deref);
    strings.ok_or_else(|| Error::internal("codes without a dictionary"))
}
