//! A count of entries with a digest of them: what must be there, held against what is.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::key;
use super::log::Entries;
use crate::codec::{WireReader, WireWriter};
use crate::model::{Error, RESTORE_STORE, Result};

/// How many entries, and the sum of their hashes: equal for equal entries in any order. Two sets of
/// entries that differ have the same sum with a probability of 2^-64; it tells damage and loss, not
/// forgery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) entries: u64,
    pub(crate) digest: u64,
}

impl Tally {
    /// Adds an entry.
    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.entries += 1;
        let hash = xxh3_64_with_seed(value, xxh3_64(key));
        self.digest = self.digest.wrapping_add(hash);
    }

    /// Adds all entries.
    pub(in crate::hot) fn add_all(&mut self, entries: &Entries) {
        entries.iter().for_each(|(key, value)| self.add(key, value));
    }
}

/// The rows that the log must hold: for each generation a tally of those of the commits up to
/// `sequence`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holdings {
    /// The newest commit that is counted.
    pub(crate) sequence: u64,
    pub(crate) generations: BTreeMap<u64, Tally>,
}

impl Holdings {
    pub(crate) fn write(&self, wire: &mut WireWriter) {
        wire.varint(self.sequence);
        wire.varint(self.generations.len() as u64);
        for (generation, tally) in &self.generations {
            wire.varint(*generation);
            wire.varint(tally.entries);
            wire.u64(tally.digest);
        }
    }

    pub(crate) fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        let sequence = wire.varint()?;
        let count = wire.count()?;
        let generations = (0..count).map(|_| {
            let generation = wire.varint()?;
            let (entries, digest) = (wire.varint()?, wire.u64()?);
            Ok((generation, Tally { entries, digest }))
        });
        Ok(Self {
            sequence,
            generations: generations.collect::<Result<_>>()?,
        })
    }
}

/// Tallies the rows of some commits as a generation is read, and compares at the end.
pub(in crate::hot) struct Check<'a> {
    /// First and last commit.
    commits: [u64; 2],
    want: &'a Tally,
    found: Tally,
}

impl<'a> Check<'a> {
    pub(in crate::hot) fn new(commits: [u64; 2], want: &'a Tally) -> Self {
        Self {
            commits,
            want,
            found: Tally::default(),
        }
    }

    /// Looks at a row.
    pub(in crate::hot) fn row(&mut self, row_key: &[u8], value: &[u8]) {
        let [first, last] = self.commits;
        if key::sequence(row_key).is_some_and(|sequence| (first..=last).contains(&sequence)) {
            self.found.add(row_key, value);
        }
    }

    /// Compares; `generation` is what the error names.
    ///
    /// # Errors
    /// `Corruption` where rows are missing, were added or differ.
    pub(in crate::hot) fn end(&self, generation: u64) -> Result<()> {
        if self.found == *self.want {
            return Ok(());
        }
        let [first, last] = self.commits;
        Err(Error::corrupt(format!(
            "generation {generation} of the hot tier: {} rows of the commits {first} to {last} must be there, {}; \
             {RESTORE_STORE}",
            self.want.entries,
            match self.found.entries == self.want.entries {
                true => "but others are".to_owned(),
                false => format!("but {} are", self.found.entries),
            }
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_knows_no_order_and_tells_what_differs() {
        let of = |entries: &[(&str, &str)]| {
            let mut tally = Tally::default();
            let each = entries.iter();
            each.for_each(|(key, value)| tally.add(key.as_bytes(), value.as_bytes()));
            tally
        };
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
        assert_ne!(of(&[("a", "1"), ("b", "2")]), of(&[("a", "2"), ("b", "1")]));
        assert_ne!(of(&[("a", "1")]), of(&[("a", "1"), ("a", "1")]));
        assert_ne!(of(&[("a1", "")]), of(&[("a", "1")]));
    }

    #[test]
    fn holdings_are_read_back_and_damage_is_refused() {
        let holdings = Holdings {
            sequence: 300,
            generations: BTreeMap::from([
                (1, Tally::default()),
                (
                    7,
                    Tally {
                        entries: 5,
                        digest: u64::MAX,
                    },
                ),
            ]),
        };
        let mut wire = WireWriter::new();
        holdings.write(&mut wire);
        let bytes = wire.finish();
        assert_eq!(
            Holdings::read(&mut WireReader::new(&bytes)).unwrap(),
            holdings
        );
        for end in 0..bytes.len() {
            assert!(Holdings::read(&mut WireReader::new(&bytes[..end])).is_err());
        }
    }
}
