//! Distinct strings, numbered.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use xxhash_rust::xxh3::xxh3_64;

use crate::column::{Dictionary, Strings};
use crate::model::Result;

/// Distinct strings with numbers from 0. Memory: their bytes, and about 12 bytes each.
#[derive(Default)]
pub(super) struct Vocabulary {
    strings: Dictionary,
    numbers: HashTable<u32>,
}

impl Vocabulary {
    /// The number of a string, new or known.
    ///
    /// # Errors
    /// `InvalidInput` beyond what a dictionary holds.
    pub(super) fn add(&mut self, text: &str) -> Result<u32> {
        let strings = &self.strings;
        let text_of = |number: &u32| strings.get(*number + 1).unwrap_or("");
        let place = self.numbers.entry(
            xxh3_64(text.as_bytes()),
            |number| text_of(number) == text,
            |number| xxh3_64(text_of(number).as_bytes()),
        );
        let place = match place {
            Entry::Occupied(known) => return Ok(*known.get()),
            Entry::Vacant(place) => place,
        };
        let number = strings.len() as u32;
        place.insert(number);
        self.strings.push(text)?;
        Ok(number)
    }

    /// The number of a string that is there.
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        let is_it = |number: &u32| {
            self.strings
                .get(*number + 1)
                .is_ok_and(|known| known == text)
        };
        self.numbers.find(xxh3_64(text.as_bytes()), is_it).copied()
    }

    /// The string with a number.
    pub(super) fn text(&self, number: u32) -> Result<&str> {
        self.strings.get(number + 1)
    }

    pub(super) fn len(&self) -> usize {
        self.strings.len()
    }
}
