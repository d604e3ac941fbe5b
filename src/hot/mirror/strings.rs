//! A dictionary that grows while it is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use parking_lot::Mutex;
use xxhash_rust::xxh3::xxh3_64;

use super::slots::Slots;
use super::text::Text;
use crate::column::{Dictionary, Strings, no_such_code};
use crate::model::{Backwards, CodeOrder, Error, Forwards, Result};
use crate::text::{TextBuffer, TextSlots};

/// What an entry costs beside the bytes of a long string: its text, its code, its slot and what the
/// allocator keeps.
const ENTRY_BYTES: usize = 24 + 8 + 16 + 16;

/// All slots are made anew when there are so many more strings, as a part of those that have one: a slot
/// is so made about this often.
const SLOTS_GROWTH: usize = 8;

/// A growing dictionary that gives equal strings equal codes. Reading by code takes no lock.
#[derive(Default)]
pub(crate) struct SharedDictionary {
    strings: boxcar::Vec<Text>,
    /// The first strings once more, as they are copied out: all but a few of the newest.
    slots: ArcSwapOption<Slots>,
    writing: Writing,
}

/// What writers change with each string that they look up, in cache lines of its own: whoever reads
/// by code would wait for it.
#[repr(align(128))]
#[derive(Default)]
struct Writing {
    codes: Mutex<HashTable<u32>>,
    text_bytes: AtomicUsize,
}

impl SharedDictionary {
    /// The code of `text`, new or known.
    ///
    /// # Errors
    /// `InvalidInput` when the dictionary is full ([`Dictionary::MAX_BYTES`]).
    pub(crate) fn intern(&self, text: &str) -> Result<u32> {
        let bytes_of = |code: &u32| self.entry(*code).map_or(&[][..], Text::bytes);
        let mut codes = self.writing.codes.lock();
        let place = match codes.entry(
            xxh3_64(text.as_bytes()),
            |code| bytes_of(code) == text.as_bytes(),
            |code| xxh3_64(bytes_of(code)),
        ) {
            Entry::Occupied(known) => return Ok(*known.get()),
            Entry::Vacant(place) => place,
        };
        let bytes = self.writing.text_bytes.load(Relaxed) + text.len();
        if bytes > Dictionary::MAX_BYTES {
            return Err(Error::invalid(format!(
                "a dictionary would grow past {} bytes of distinct strings",
                Dictionary::MAX_BYTES
            )));
        }
        self.writing.text_bytes.store(bytes, Relaxed);
        let code = u32::try_from(self.strings.push(text.into()) + 1)
            .map_err(|_| Error::invalid("a dictionary would grow past 2^32 strings"))?;
        place.insert(code);
        self.extend_slots();
        Ok(code)
    }

    /// Makes slots of all strings where too many have none; callers take turns.
    fn extend_slots(&self) {
        let known = self.slots.load();
        let known = known.as_ref().map_or(0, |slots| slots.get().len());
        if self.strings.count() >= known + known / SLOTS_GROWTH {
            let slots = Slots::of(self.iter().map(|(_, text)| text));
            self.slots.store(Some(Arc::new(slots)));
        }
    }

    /// Codes and strings, in the order of the codes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> + Clone {
        self.strings
            .iter()
            .map(|(index, text)| (index as u32 + 1, text.get()))
    }

    /// Bytes of all strings.
    pub(crate) fn text_bytes(&self) -> usize {
        self.writing.text_bytes.load(Relaxed)
    }

    /// Bytes of memory taken, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.text_bytes() + self.strings.count() * ENTRY_BYTES
    }

    /// Says that the strings with these codes are about to be copied.
    pub(in crate::hot) fn prefetch(&self, codes: &[u32]) {
        if let Some(slots) = &*self.slots.load() {
            slots.get().prefetch_few(codes);
        }
    }

    fn append(&self, codes: impl CodeOrder, out: &mut TextBuffer) -> Result<()> {
        let slots = self.slots.load();
        let slots = slots
            .as_ref()
            .map_or(TextSlots::default(), |slots| slots.get());
        out.append_slots(&slots, codes, |code, out| out.push(self.get(code)?))
    }

    fn entry(&self, code: u32) -> Option<&Text> {
        self.strings.get((code as usize).checked_sub(1)?)
    }
}

impl Strings for SharedDictionary {
    fn len(&self) -> usize {
        self.strings.count()
    }

    fn get(&self, code: u32) -> Result<&str> {
        let text = self.entry(code).map(Text::get);
        text.ok_or_else(|| no_such_code(code, self.len()))
    }

    fn append_text(&self, codes: &[u32], out: &mut TextBuffer) -> Result<()> {
        self.append(Forwards(codes), out)
    }

    fn append_text_backwards(&self, codes: &[u32], out: &mut TextBuffer) -> Result<()> {
        self.append(Backwards(codes), out)
    }

    fn buffers(&self) -> Result<(Bytes, Bytes)> {
        let mut offsets = Vec::with_capacity((self.len() + 1) * 4);
        let mut text = Vec::with_capacity(self.writing.text_bytes.load(Relaxed));
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
    use crate::model::ErrorKind;

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
            assert_eq!(error.kind(), ErrorKind::Internal);
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
    fn strings_of_any_code_are_copied_out_while_the_dictionary_grows() {
        let dictionary = SharedDictionary::default();
        let mut want = vec![String::new()];
        for number in 0..300 {
            // Short ones at first, then those that are just too long for one slot, or for any.
            let width = match number {
                0..100 => 1,
                100..200 => number % 9,
                _ => number % 200,
            };
            let text = format!("{number:0width$}");
            assert_eq!(dictionary.intern(&text).unwrap() as usize, want.len());
            want.push(text);
            let codes: Vec<u32> = (0..want.len() as u32).rev().collect();
            let mut out = TextBuffer::new();
            dictionary.append_text(&codes, &mut out).unwrap();
            let copied = codes.iter().enumerate().map(|(at, _)| out.get(at).unwrap());
            assert!(copied.eq(want.iter().rev()));
            let beyond = dictionary.append_text(&[want.len() as u32], &mut out);
            assert_eq!(beyond.unwrap_err().kind(), ErrorKind::Internal);
        }
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
