//! Tables: what the log keeps beside the rows of the generations.

use std::ops::Range;

use crate::model::{Error, ErrorKind};

/// What a table holds. FORMAT.md section 7.5 has keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TableKind {
    /// Event ids.
    Ids,
    /// The newest user of each session.
    Sessions,
    /// Sessions whose events from before their first user are still stored as the session's.
    Links,
    /// What was recommended, and which ids events wait for.
    Recommendations,
    /// Records that came after events that name them.
    Late,
    /// The newest commit without rows.
    Commits,
    /// What was deleted and not purged yet.
    Tombstones,
    /// Rules of the store.
    Rules,
}

impl TableKind {
    pub(in crate::hot) const ALL: [Self; 8] = [
        Self::Ids,
        Self::Sessions,
        Self::Links,
        Self::Recommendations,
        Self::Late,
        Self::Commits,
        Self::Tombstones,
        Self::Rules,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Ids => "ids",
            Self::Sessions => "sessions",
            Self::Links => "links",
            Self::Recommendations => "recommendations",
            Self::Late => "late",
            Self::Commits => "commits",
            Self::Tombstones => "tombstones",
            Self::Rules => "rules",
        }
    }
}

/// A table. Those of a kind that expires are told apart by when they were begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Table {
    pub(crate) kind: TableKind,
    /// Unix epoch seconds; 0 where nothing expires.
    pub(crate) begin: u64,
}

impl Table {
    /// The table of a kind that never expires.
    pub(crate) fn only(kind: TableKind) -> Self {
        Self { kind, begin: 0 }
    }

    /// The name of its column family (FORMAT.md section 7.1).
    pub(in crate::hot) fn name(self) -> String {
        format!("{}-{}", self.kind.name(), self.begin)
    }

    /// The error where there is no such table.
    pub(in crate::hot) fn missing(self) -> Error {
        let message = format!("table {} is not in the log", self.name());
        Error::new(ErrorKind::NotFound, message)
    }

    /// The table of a column family; `None` where it is not one.
    pub(in crate::hot) fn of_name(name: &str) -> Option<Self> {
        let (kind, begin) = name.split_once('-')?;
        let kind = TableKind::ALL
            .into_iter()
            .find(|known| known.name() == kind)?;
        let begin = begin.parse().ok()?;
        Some(Self { kind, begin })
    }
}

/// Changes of tables that are written together, in one buffer.
#[derive(Default)]
pub(crate) struct Notes {
    bytes: Vec<u8>,
    notes: Vec<(Table, Range<usize>, Option<Range<usize>>)>,
}

impl Notes {
    /// Puts a value under a key, in the place of what was there.
    pub(crate) fn put(&mut self, table: Table, key: &[u8], value: &[u8]) {
        let key = self.add(key);
        let value = self.add(value);
        self.notes.push((table, key, Some(value)));
    }

    /// Removes what is under a key.
    pub(crate) fn remove(&mut self, table: Table, key: &[u8]) {
        let key = self.add(key);
        self.notes.push((table, key, None));
    }

    fn add(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }

    /// The number of changes.
    pub(crate) fn len(&self) -> usize {
        self.notes.len()
    }

    /// Bytes of all keys and values.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Tables, keys and values, in the order of adding; without a value the key is removed.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Table, &[u8], Option<&[u8]>)> {
        let slice = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        self.notes
            .iter()
            .map(move |(table, key, value)| (*table, slice(key), value.as_ref().map(slice)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tables_read_back() {
        for kind in TableKind::ALL {
            for begin in [0, 1_700_000_000] {
                let table = Table { kind, begin };
                assert_eq!(Table::of_name(&table.name()), Some(table));
            }
        }
        for other in ["default", "generation-7", "ids", "ids-", "ids-x"] {
            assert_eq!(Table::of_name(other), None);
        }
    }
}
