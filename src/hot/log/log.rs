//! The durable side of the hot tier, as a seam.

use std::ops::Range;

use super::position::Position;
use super::table::{Notes, Table};
use crate::model::Result;

/// Keys and values that are written together: an entry per row, in one buffer.
#[derive(Default)]
pub(crate) struct Entries {
    bytes: Vec<u8>,
    ranges: Vec<(Range<usize>, Range<usize>)>,
}

impl Entries {
    /// Bytes that are taken at once: one row has mostly room in them.
    const FIRST_BYTES: usize = 256;

    /// None yet, with room for so many.
    pub(crate) fn with_capacity(entries: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(Self::FIRST_BYTES),
            ranges: Vec::with_capacity(entries),
        }
    }

    /// Adds the entry that the two functions append the key and the value of.
    ///
    /// # Errors
    /// What the functions give; the entry is then not added.
    pub(crate) fn push(
        &mut self,
        key: impl FnOnce(&mut Vec<u8>),
        value: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let start = self.bytes.len();
        key(&mut self.bytes);
        let middle = self.bytes.len();
        value(&mut self.bytes)?;
        self.ranges.push((start..middle, middle..self.bytes.len()));
        Ok(())
    }

    /// Calls `change` with each key, in the order of adding.
    pub(crate) fn change_keys(&mut self, mut change: impl FnMut(&mut [u8])) {
        for (key, _) in &self.ranges {
            change(self.bytes.get_mut(key.clone()).unwrap_or_default());
        }
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Bytes of all keys and values.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Keys and values in the order of the key bytes; of equal keys the one that was added last.
    pub(in crate::hot) fn sorted(&self) -> Vec<(&[u8], &[u8])> {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        entries.dedup_by(|later, first| {
            let same = later.0 == first.0;
            if same {
                first.1 = later.1;
            }
            same
        });
        entries
    }

    /// Keys and values, in the order of adding.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let slice = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        self.ranges
            .iter()
            .map(move |(key, value)| (slice(key), slice(value)))
    }
}

/// What a log has written since it was opened, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// Keys and values that were appended.
    pub(crate) payload_bytes: u64,
    /// Bytes written to the write-ahead log.
    pub(crate) log_bytes: u64,
    /// Bytes written to tables, by flushes and compactions.
    pub(crate) table_bytes: u64,
}

/// Called with each key and value of a replay.
pub(crate) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<()> + 'a;

/// Entries in generations and tables, durable: what survives of the hot tier.
///
/// After a crash a log holds a prefix of the appends, over all of them, and at least those
/// before the last [`Log::sync`].
pub(crate) trait Log: Send + Sync {
    /// Begins an empty generation. It is durable on return, and so is everything appended before.
    ///
    /// # Errors
    /// `AlreadyExists` when there is one with this number.
    fn create_generation(&self, id: u64) -> Result<()>;

    /// Drops a generation with all its entries, durably. One that is not there is no error, so
    /// that a drop can be repeated after a crash.
    fn drop_generation(&self, id: u64) -> Result<()>;

    /// The numbers of the generations there are, rising.
    fn generations(&self) -> Result<Vec<u64>>;

    /// Hands entries of a generation and notes for tables to the operating system, all or none:
    /// they survive the death of the process.
    ///
    /// # Errors
    /// `NotFound` when there is no such generation or table; `Io` when the write failed, after
    /// which the log may refuse further ones.
    fn append(&self, id: u64, entries: &Entries, notes: &Notes) -> Result<()>;

    /// Makes everything appended so far survive power loss. Appends go on meanwhile.
    fn sync(&self) -> Result<()>;

    /// Calls `visit` with every entry of a generation in the order of the key bytes, and stops at
    /// its first error.
    ///
    /// # Errors
    /// `NotFound` when there is no such generation, what `visit` gives, and damage.
    fn replay(&self, id: u64, visit: &mut Visit<'_>) -> Result<()>;

    /// Makes an empty table, durably.
    ///
    /// # Errors
    /// `AlreadyExists` when there is one.
    fn create_table(&self, table: Table) -> Result<()>;

    /// Drops a table with all its entries, durably. One that is not there is no error.
    fn drop_table(&self, table: Table) -> Result<()>;

    /// The tables there are, in order.
    fn tables(&self) -> Result<Vec<Table>>;

    /// The value under a key of a table.
    ///
    /// # Errors
    /// `NotFound` when there is no such table; damage.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Calls `visit` with every entry of a table in the order of the key bytes, and stops at its
    /// first error.
    ///
    /// # Errors
    /// `NotFound` when there is no such table, what `visit` gives, and damage.
    fn replay_table(&self, table: Table, visit: &mut Visit<'_>) -> Result<()>;

    /// Writes all tables that name ids anew, without what was removed from them or overwritten, and
    /// removes all files that held it. Everything appended before is durable on return; appends wait.
    ///
    /// # Errors
    /// `Io`, after which the log may take nothing any more.
    fn rewrite_tables(&self) -> Result<()>;

    /// What was written since opening.
    fn written(&self) -> Written;

    /// Where its files stand. What is appended meanwhile may be in it, and is not synced: callers
    /// hold appends back, and sync before they note it.
    ///
    /// # Errors
    /// `Io`.
    fn position(&self) -> Result<Position>;

    /// Syncs everything and ends the work in the background, so that the files stay as they are.
    /// Nothing is appended afterwards.
    ///
    /// # Errors
    /// `Io`.
    fn close(&self) -> Result<()>;

    /// Reads everything and checks its checksums.
    fn verify(&self) -> Result<()>;
}
