//! Strings copied out, one behind the other.

use super::{Error, Result};

/// Strings in one piece of memory that can be used again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextBuffer {
    /// The bytes; beyond `len` they are room for the next strings.
    bytes: Vec<u8>,
    len: usize,
    ends: Vec<u32>,
}

/// Strings up to this length are copied as a whole chunk, which costs less than asking how long
/// they are.
pub(crate) const CHUNK: usize = 16;

impl TextBuffer {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of strings.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The string at a position; `None` beyond the end.
    pub fn get(&self, position: usize) -> Option<&str> {
        let start = match position.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        let end = *self.ends.get(position)? as usize;
        std::str::from_utf8(self.bytes.get(start..end)?).ok()
    }

    /// All strings, one behind the other.
    pub fn text(&self) -> &str {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Where each string ends in [`TextBuffer::text`].
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// Removes all strings and keeps the memory.
    pub fn clear(&mut self) {
        self.len = 0;
        self.ends.clear();
    }

    /// Adds a string.
    pub fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    /// Adds the strings that begin and end at these places of `text`; that they are UTF-8 is
    /// checked by [`TextBuffer::validate`]. `None`, and an unknown part of them added, when a place
    /// is none.
    #[inline(always)]
    pub(crate) fn append(
        &mut self,
        text: &[u8],
        spans: impl ExactSizeIterator<Item = Option<[u32; 2]>>,
    ) -> Option<()> {
        let wanted = self.len + spans.len() * CHUNK;
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        let first = self.ends.len();
        self.ends.resize(first + spans.len(), 0);
        let mut len = self.len;
        for (end, span) in self.ends.get_mut(first..)?.iter_mut().zip(spans) {
            let [from, to] = span?;
            let size = to.wrapping_sub(from) as usize;
            let chunk = text.get(from as usize..from as usize + CHUNK);
            let slot = self.bytes.get_mut(len..len + CHUNK);
            if let (Some(slot), Some(chunk), true) = (slot, chunk, size <= CHUNK) {
                slot.copy_from_slice(chunk);
            } else {
                let string = text.get(from as usize..to as usize)?;
                let wanted = len + size + CHUNK;
                if self.bytes.len() < wanted {
                    self.bytes.resize(wanted, 0);
                }
                self.bytes.get_mut(len..len + size)?.copy_from_slice(string);
            }
            len += size;
            *end = len as u32;
        }
        self.len = len;
        Some(())
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.len);
        self.bytes.extend_from_slice(bytes);
        self.len = self.bytes.len();
        self.ends.push(self.len as u32);
    }

    /// Checks that what was added is UTF-8.
    pub(crate) fn validate(&self) -> Result<()> {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::corrupt("a dictionary string is not UTF-8").caused_by(error)),
        }
    }
}
