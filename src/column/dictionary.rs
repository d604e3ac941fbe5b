//! Strings as codes. Codes count from 1; 0 is null everywhere.

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use crate::model::{Error, GENERATION_BYTES, Result};
use crate::text::{TextBuffer, TextRoom, TextSlots};

/// Strings by code, in memory or in a mapped segment.
pub trait Strings: Send + Sync {
    /// How many there are; the codes are 1 to this.
    fn len(&self) -> usize;

    /// The string with this code, for as long as the dictionary lives. Where a segment keeps ids as what they
    /// are, such as numbers, it is decoded first, with its neighbours, and stays in memory while the segment
    /// is open; [`Strings::read`] keeps nothing.
    ///
    /// # Errors
    /// `Corruption` when the bytes on disk are damaged, or their dictionary has no such code;
    /// `Internal` when one in memory has not.
    fn get(&self, code: u32) -> Result<&str>;

    /// The string with this code, for a look at it: decoded into `room` where it is not there as text.
    ///
    /// # Errors
    /// As [`Strings::get`].
    fn read<'a>(&'a self, code: u32, room: &'a mut TextRoom) -> Result<&'a str> {
        let _ = room;
        self.get(code)
    }

    /// All strings at once, as Arrow lays them out: `len() + 1` offsets (i32, little-endian) and
    /// the bytes they point into. Checked; cost grows with the dictionary. Where a segment has them as text
    /// they share its memory map; else they are decoded, and the caller's alone.
    fn buffers(&self) -> Result<(Bytes, Bytes)>;

    /// The hash of the string with this code: the lower half of its XXH3. Where a segment keeps
    /// hashes beside its strings, the string is not read.
    ///
    /// # Errors
    /// As [`Strings::get`].
    fn hash(&self, code: u32) -> Result<u32> {
        let mut room = TextRoom::default();
        Ok(xxh3_64(self.read(code, &mut room)?.as_bytes()) as u32)
    }

    /// Adds the strings with these codes to `out`; that of code 0 is empty.
    ///
    /// # Errors
    /// As [`Strings::get`] and [`TextBuffer::push`].
    fn append_text(&self, codes: &[u32], out: &mut TextBuffer) -> Result<()> {
        let mut room = TextRoom::default();
        for code in codes {
            out.push(match *code {
                0 => "",
                code => self.read(code, &mut room)?,
            })?;
        }
        Ok(())
    }

    /// Adds the strings with these codes to `out`, that of the last code first; that of code 0 is
    /// empty. So columns that lie oldest first are copied newest first.
    ///
    /// # Errors
    /// As [`Strings::get`] and [`TextBuffer::push`].
    fn append_text_backwards(&self, codes: &[u32], out: &mut TextBuffer) -> Result<()> {
        let mut room = TextRoom::default();
        for code in codes.iter().rev() {
            out.push(match *code {
                0 => "",
                code => self.read(code, &mut room)?,
            })?;
        }
        Ok(())
    }

    /// Slots of the first strings, where they are kept for many copies; made at the first call.
    ///
    /// # Errors
    /// As [`Strings::get`].
    #[doc(hidden)]
    fn slots(&self) -> Result<TextSlots<'_>> {
        Ok(TextSlots::default())
    }

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The position that a code stands for in a dictionary of `len` entries.
pub(crate) fn index_of(code: u32, len: usize) -> Option<usize> {
    let index = (code as usize).checked_sub(1)?;
    (index < len).then_some(index)
}

/// A code that a dictionary of `len` entries does not have, where both were made in memory.
#[cold]
pub(crate) fn no_such_code(code: u32, len: usize) -> Error {
    Error::internal(format_args!(
        "code {code} is outside its dictionary of {len} entries"
    ))
}

/// Strings laid out one behind the other, in memory. The same string may stand in it twice.
#[derive(Clone, Debug)]
pub struct Dictionary {
    text: String,
    offsets: Vec<u32>,
}

// A commit is let into a generation that is not full, and what both hold must fit one dictionary.
const _: () = assert!(2 * *GENERATION_BYTES.end() <= Dictionary::MAX_BYTES as u64 + 1);

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

    /// Bytes of all strings.
    pub(crate) fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// The bytes of the string with this code.
    #[inline]
    pub(crate) fn bytes(&self, code: u32) -> Option<&[u8]> {
        let index = (code as usize).wrapping_sub(1);
        let (start, end) = (*self.offsets.get(index)?, *self.offsets.get(code as usize)?);
        self.text.as_bytes().get(start as usize..end as usize)
    }

    /// Removes the last string.
    pub(crate) fn pop(&mut self) {
        if self.offsets.len() > 1 {
            self.offsets.pop();
            let end = self.offsets.last().copied().unwrap_or(0);
            self.text.truncate(end as usize);
        }
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
        let index = index_of(code, self.len());
        let text = index.and_then(|index| self.entry(index));
        text.ok_or_else(|| no_such_code(code, self.len()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_appended_in_both_orders_and_null_is_empty() {
        let mut dictionary = Dictionary::default();
        for text in ["view", "", "click"] {
            dictionary.push(text).unwrap();
        }
        let mut out = TextBuffer::new();
        dictionary.append_text(&[3, 0, 1], &mut out).unwrap();
        dictionary
            .append_text_backwards(&[3, 0, 1], &mut out)
            .unwrap();
        let texts: Vec<_> = (0..6).map(|at| out.get(at).unwrap()).collect();
        assert_eq!(texts, ["click", "", "view", "view", "", "click"]);
        assert!(dictionary.append_text_backwards(&[4], &mut out).is_err());
    }
}
