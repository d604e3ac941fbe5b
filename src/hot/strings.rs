//! A dictionary that grows while it is read.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use hashbrown::HashTable;
use parking_lot::RwLock;
use xxhash_rust::xxh3::xxh3_64;

use super::text::Text;
use crate::types::{Dictionary, Error, Result, Strings, TextBuffer, index_of};

/// What an entry costs beside the bytes of a long string: its slot, its code and what the
/// allocator keeps.
const ENTRY_BYTES: usize = 24 + 8 + 16;

/// A growing dictionary that gives equal strings equal codes. Reading by code takes no lock.
#[derive(Default)]
pub(crate) struct SharedDictionary {
    strings: boxcar::Vec<Text>,
    codes: RwLock<HashTable<u32>>,
    text_bytes: AtomicUsize,
}

impl SharedDictionary {
    /// The code of `text`, new or known.
    ///
    /// # Errors
    /// `InvalidInput` when the dictionary is full ([`Dictionary::MAX_BYTES`]).
    pub(crate) fn intern(&self, text: &str) -> Result<u32> {
        let hash = xxh3_64(text.as_bytes());
        let found = self.find_hashed(&self.codes.read(), hash, text);
        if let Some(code) = found {
            return Ok(code);
        }
        let mut codes = self.codes.write();
        if let Some(code) = self.find_hashed(&codes, hash, text) {
            return Ok(code);
        }
        let bytes = self.text_bytes.load(Relaxed) + text.len();
        if bytes > Dictionary::MAX_BYTES {
            return Err(Error::invalid(format!(
                "a dictionary would grow past {} bytes of distinct strings",
                Dictionary::MAX_BYTES
            )));
        }
        self.text_bytes.store(bytes, Relaxed);
        let code = u32::try_from(self.strings.push(text.into()) + 1)
            .map_err(|_| Error::invalid("a dictionary would grow past 2^32 strings"))?;
        codes.insert_unique(hash, code, |code| {
            xxh3_64(self.entry(*code).map_or(&[], Text::bytes))
        });
        Ok(code)
    }

    /// Codes and strings, in the order of the codes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.strings
            .iter()
            .map(|(index, text)| (index as u32 + 1, text.get()))
    }

    /// Bytes of memory taken, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.text_bytes.load(Relaxed) + self.strings.count() * ENTRY_BYTES
    }

    fn entry(&self, code: u32) -> Option<&Text> {
        self.strings.get((code as usize).checked_sub(1)?)
    }

    fn find_hashed(&self, codes: &HashTable<u32>, hash: u64, text: &str) -> Option<u32> {
        let same = |text_of: &Text| text_of.bytes() == text.as_bytes();
        codes
            .find(hash, |code| self.entry(*code).is_some_and(same))
            .copied()
    }
}

impl Strings for SharedDictionary {
    fn len(&self) -> usize {
        self.strings.count()
    }

    fn get(&self, code: u32) -> Result<&str> {
        match self.entry(code) {
            Some(text) => Ok(text.get()),
            None => Err(index_of(code, self.len()).map_or_else(
                |error| error,
                |_| Error::corrupt(format!("code {code} is not in its dictionary")),
            )),
        }
    }

    fn append_text(&self, codes: &[u32], out: &mut TextBuffer) -> Result<()> {
        out.make_room(codes.len() * Text::SHORT);
        for code in codes {
            match self.entry(*code) {
                Some(text) => text.append_to(out),
                None => out.push(if *code == 0 { "" } else { self.get(*code)? }),
            }
        }
        Ok(())
    }

    fn buffers(&self) -> Result<(Bytes, Bytes)> {
        let mut offsets = Vec::with_capacity((self.len() + 1) * 4);
        let mut text = Vec::with_capacity(self.text_bytes.load(Relaxed));
        offsets.extend_from_slice(&0_u32.to_le_bytes());
        for (_, string) in self.iter() {
            text.extend_from_slice(string.as_bytes());
            offsets.extend_from_slice(&(text.len() as u32).to_le_bytes());
        }
        Ok((Bytes::from(offsets), Bytes::from(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ErrorKind;

    #[test]
    fn equal_strings_get_equal_codes_from_one() {
        let dictionary = SharedDictionary::default();
        let words = ["view", "", "View", "view", "purchase", ""];
        let codes: Vec<u32> = words
            .iter()
            .map(|word| dictionary.intern(word).unwrap())
            .collect();
        assert_eq!(codes, [1, 2, 3, 1, 4, 2]);
        assert_eq!(dictionary.len(), 4);
        assert_eq!(dictionary.get(4).unwrap(), "purchase");
        for code in [0, 5] {
            let error = dictionary.get(code).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corruption);
        }
    }

    #[test]
    fn buffers_are_laid_out_as_arrow_does() {
        let dictionary = SharedDictionary::default();
        for word in ["a", "", "bcd"] {
            dictionary.intern(word).unwrap();
        }
        let (offsets, text) = dictionary.buffers().unwrap();
        let offsets: Vec<i32> = offsets
            .chunks_exact(4)
            .map(|bytes| i32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        assert_eq!(offsets, [0, 1, 1, 4]);
        assert_eq!(&text[..], b"abcd");
    }

    #[test]
    fn readers_see_what_writers_gave_a_code() {
        let dictionary = SharedDictionary::default();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for number in 0..2000 {
                        let text = (number % 500).to_string();
                        let code = dictionary.intern(&text).unwrap();
                        assert_eq!(dictionary.get(code).unwrap(), text);
                    }
                });
            }
        });
        assert_eq!(dictionary.len(), 500);
    }
}
