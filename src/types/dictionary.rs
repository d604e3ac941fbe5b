//! Strings as codes. Codes count from 1; 0 is null everywhere.

use std::sync::Arc;

use bytes::Bytes;
use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::{Error, Result, TextBuffer};

/// Strings by code, in memory or in a mapped segment.
pub trait Strings: Send + Sync {
    /// How many there are; the codes are 1 to this.
    fn len(&self) -> usize;

    /// The string with this code.
    ///
    /// # Errors
    /// `Corruption` when there is no such code or the bytes on disk are damaged.
    fn get(&self, code: u32) -> Result<&str>;

    /// All strings at once, as Arrow lays them out: `len() + 1` offsets (i32, little-endian) and
    /// the bytes they point into. Checked; cost grows with the dictionary.
    fn buffers(&self) -> Result<(Bytes, Bytes)>;

    /// Adds the strings with these codes to `out`; that of code 0 is empty.
    ///
    /// # Errors
    /// As [`Strings::get`].
    fn append_text(&self, codes: &[u32], out: &mut TextBuffer) -> Result<()> {
        for code in codes {
            out.push(if *code == 0 { "" } else { self.get(*code)? });
        }
        Ok(())
    }

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The position that a code stands for.
pub(crate) fn index_of(code: u32, len: usize) -> Result<usize> {
    (code as usize)
        .checked_sub(1)
        .filter(|index| *index < len)
        .ok_or_else(|| {
            Error::corrupt(format!(
                "code {code} is outside its dictionary of {len} entries"
            ))
        })
}

/// Strings laid out one behind the other, in memory. The same string may stand in it twice.
#[derive(Clone, Debug)]
pub struct Dictionary {
    text: String,
    offsets: Vec<u32>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self {
            text: String::new(),
            offsets: vec![0],
        }
    }
}

impl Dictionary {
    /// Bytes of text that one dictionary may hold: what a signed 32-bit offset reaches.
    pub const MAX_BYTES: usize = i32::MAX as usize;

    /// Adds a string and gives its code.
    ///
    /// # Errors
    /// `InvalidInput` beyond [`Dictionary::MAX_BYTES`].
    pub fn push(&mut self, text: &str) -> Result<u32> {
        if self.text.len() + text.len() > Self::MAX_BYTES {
            return Err(Error::invalid(format!(
                "a dictionary would grow past {} bytes of distinct strings",
                Self::MAX_BYTES
            )));
        }
        self.text.push_str(text);
        self.offsets.push(self.text.len() as u32);
        Ok(self.len() as u32)
    }

    /// Removes every string and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.offsets.truncate(1);
    }

    /// Bytes of memory taken.
    pub fn memory_bytes(&self) -> usize {
        self.text.capacity() + self.offsets.capacity() * 4
    }

    fn entry(&self, index: usize) -> Option<&str> {
        let start = *self.offsets.get(index)? as usize;
        let end = *self.offsets.get(index + 1)? as usize;
        self.text.get(start..end)
    }
}

impl Strings for Dictionary {
    fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    fn get(&self, code: u32) -> Result<&str> {
        let index = index_of(code, self.len())?;
        self.entry(index)
            .ok_or_else(|| Error::corrupt("a dictionary's offsets are out of order"))
    }

    fn buffers(&self) -> Result<(Bytes, Bytes)> {
        let offsets: Vec<u8> = self
            .offsets
            .iter()
            .flat_map(|at| at.to_le_bytes())
            .collect();
        Ok((
            Bytes::from(offsets),
            Bytes::copy_from_slice(self.text.as_bytes()),
        ))
    }
}

/// A growing dictionary that gives equal strings equal codes.
#[derive(Default)]
pub struct Interner {
    dictionary: Dictionary,
    codes: HashTable<u32>,
}

impl Interner {
    /// The code of `text`, new or known.
    ///
    /// # Errors
    /// `InvalidInput` when the dictionary is full ([`Dictionary::MAX_BYTES`]).
    pub fn intern(&mut self, text: &str) -> Result<u32> {
        let hash = xxh3_64(text.as_bytes());
        let dictionary = &self.dictionary;
        let same = |code: &u32| dictionary.entry(*code as usize - 1) == Some(text);
        if let Some(code) = self.codes.find(hash, same) {
            return Ok(*code);
        }
        let code = self.dictionary.push(text)?;
        let dictionary = &self.dictionary;
        self.codes.insert_unique(hash, code, |code| {
            let known = dictionary.entry(*code as usize - 1).unwrap_or_default();
            xxh3_64(known.as_bytes())
        });
        Ok(code)
    }

    /// The finished dictionary.
    pub fn into_dictionary(self) -> Arc<Dictionary> {
        Arc::new(self.dictionary)
    }

    /// Bytes of memory taken.
    pub fn memory_bytes(&self) -> usize {
        self.dictionary.memory_bytes() + self.codes.capacity() * 5
    }
}
