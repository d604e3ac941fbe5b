//! Rows that came before.

use hashbrown::HashTable;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::RowSink;
use super::row_key::RowKey;
use crate::model::{FieldId, Result, Row};

/// When a row counts as one that came before in the same import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Distinct {
    /// When it is equal in all fields.
    Full,
    /// When user, item and time are equal, whatever the other fields hold.
    UserItemTime,
}

/// The rows that came, by hashes of 128 bits: two rows that differ are not taken for equal.
#[derive(Default)]
pub(super) struct KnownRows {
    hashes: HashTable<u128>,
    key: RowKey,
    /// Rows that were left out.
    pub(super) left_out: u64,
}

/// Hands on the rows that did not come before.
pub(super) struct Once<'a, S: ?Sized> {
    pub(super) sink: &'a mut S,
    pub(super) known: &'a mut KnownRows,
    pub(super) distinct: Distinct,
    pub(super) item: FieldId,
}

impl<S: RowSink + ?Sized> RowSink for Once<'_, S> {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        let key = match self.distinct {
            Distinct::Full => self.known.key.of_row(row),
            Distinct::UserItemTime => self.known.key.of_user_item_time(row, self.item),
        };
        let hash = xxh3_128(key);
        if self
            .known
            .hashes
            .find(hash as u64, |known| *known == hash)
            .is_some()
        {
            self.known.left_out += 1;
            return Ok(());
        }
        self.sink.push(row)?;
        let of = |known: &u128| *known as u64;
        self.known.hashes.insert_unique(hash as u64, hash, of);
        Ok(())
    }
}

/// The hashes of a row: of all fields, and of user, item and time.
pub(super) type RowHashes = (u64, u64);

/// Hands rows on, and takes their hashes.
pub(super) struct Hashed<'a, S: ?Sized> {
    pub(super) sink: &'a mut S,
    pub(super) key: &'a mut RowKey,
    pub(super) hashes: &'a mut Vec<RowHashes>,
    pub(super) item: FieldId,
}

impl<S: RowSink + ?Sized> RowSink for Hashed<'_, S> {
    fn push(&mut self, row: &Row<'_>) -> Result<()> {
        self.sink.push(row)?;
        let full = xxh3_64(self.key.of_row(row));
        let key = xxh3_64(self.key.of_user_item_time(row, self.item));
        self.hashes.push((full, key));
        Ok(())
    }
}
