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

    /// Adds the first `len` bytes of `bytes`, which may have more; that they are UTF-8 is checked
    /// by [`TextBuffer::validate`].
    #[inline]
    pub(crate) fn push_prefix(&mut self, bytes: &[u8], len: usize) {
        let slot = self.bytes.get_mut(self.len..self.len + CHUNK);
        match (slot, bytes.first_chunk::<CHUNK>()) {
            (Some(slot), Some(chunk)) if len <= CHUNK => {
                slot.copy_from_slice(chunk);
                self.len += len;
                self.ends.push(self.len as u32);
            }
            _ => self.push_bytes(bytes.get(..len).unwrap_or(bytes)),
        }
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.len);
        self.bytes.extend_from_slice(bytes);
        self.len = self.bytes.len();
        self.ends.push(self.len as u32);
        self.make_room(CHUNK);
    }

    /// Makes room for so many bytes, so that short strings are copied without a look.
    pub(crate) fn make_room(&mut self, bytes: usize) {
        let wanted = self.len + bytes;
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
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
