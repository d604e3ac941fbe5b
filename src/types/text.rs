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

    /// Adds the strings with these codes of a dictionary laid out as Arrow does: little-endian
    /// offsets, and the text they point into. That they are UTF-8 is checked by
    /// [`TextBuffer::validate`]. `None`, and an unknown part of them added, when a code or an offset
    /// is out of range.
    pub(crate) fn append(&mut self, offsets: &[u8], text: &[u8], codes: &[u32]) -> Option<()> {
        let first = self.ends.len();
        self.ends.resize(first + codes.len(), 0);
        self.make_room(codes.len() * CHUNK);
        let mut rest = codes.iter().zip(self.ends.get_mut(first..)?);
        loop {
            let Some((code, end)) =
                copy_short(offsets, text, &mut self.bytes, &mut self.len, &mut rest)
            else {
                return Some(());
            };
            let [from, to] = match code {
                0 => [0; 2],
                _ => span_of(offsets, *code)?,
            };
            let string = text.get(from..to)?;
            let wanted = self.len + string.len() + CHUNK;
            if self.bytes.len() < wanted {
                self.bytes.resize(wanted, 0);
            }
            let slot = self.bytes.get_mut(self.len..self.len + string.len());
            slot?.copy_from_slice(string);
            self.len += string.len();
            *end = self.len as u32;
        }
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

    /// Makes room for so many bytes, so that short strings are copied without a look.
    pub(crate) fn make_room(&mut self, bytes: usize) {
        let wanted = self.len + bytes;
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
    }

    fn push_bytes(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.len);
        self.bytes.extend_from_slice(bytes);
        self.len = self.bytes.len();
        self.ends.push(self.len as u32);
        self.make_room(CHUNK);
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

/// Where the string with this code begins and ends.
#[inline(always)]
fn span_of(offsets: &[u8], code: u32) -> Option<[usize; 2]> {
    let at = code.wrapping_sub(1) as usize * 4;
    let pair = u64::from_le_bytes(offsets.get(at..at + 8)?.try_into().ok()?);
    Some([pair as u32 as usize, (pair >> 32) as usize])
}

/// Copies strings in whole chunks behind `len` bytes, and gives the first that cannot be copied so:
/// one that is longer than a chunk or has none behind it in the text, null, or damaged.
#[inline(always)]
fn copy_short<'a>(
    offsets: &[u8],
    text: &[u8],
    bytes: &mut [u8],
    len: &mut usize,
    rest: &mut impl Iterator<Item = (&'a u32, &'a mut u32)>,
) -> Option<(&'a u32, &'a mut u32)> {
    let mut at = *len;
    let mut left = None;
    for (code, end) in rest.by_ref() {
        let copied = span_of(offsets, *code).and_then(|[from, to]| {
            let size = to.wrapping_sub(from);
            let chunk = text.get(from..from + CHUNK)?;
            let slot = bytes.get_mut(at..at + CHUNK).filter(|_| size <= CHUNK)?;
            slot.copy_from_slice(chunk);
            Some(size)
        });
        let Some(size) = copied else {
            left = Some((code, end));
            break;
        };
        at += size;
        *end = at as u32;
    }
    *len = at;
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_any_length_are_copied_behind_each_other() {
        let strings = ["", "a", "sixteen letters!", "seventeen letters", "b\u{F6}b"];
        let long = "x".repeat(700);
        let strings: Vec<&str> = strings.into_iter().chain([long.as_str(), "end"]).collect();
        let text = strings.concat();
        let mut offsets = vec![0; 4];
        let mut end = 0u32;
        for string in &strings {
            end += string.len() as u32;
            offsets.extend_from_slice(&end.to_le_bytes());
        }
        let codes: Vec<u32> = (0..900).map(|at| at * 5 % 8).collect();
        let mut buffer = TextBuffer::new();
        buffer.push("first");
        buffer.append(&offsets, text.as_bytes(), &codes).unwrap();
        buffer.push("last");
        let expected = codes.iter().map(|code| match code.checked_sub(1) {
            Some(index) => strings[index as usize],
            None => "",
        });
        let expected = ["first"].into_iter().chain(expected).chain(["last"]);
        let copied = (0..buffer.len()).map(|at| buffer.get(at).unwrap());
        assert!(copied.eq(expected));
        for damaged in [8, u32::MAX] {
            let mut buffer = TextBuffer::new();
            assert!(
                buffer
                    .append(&offsets, text.as_bytes(), &[damaged])
                    .is_none()
            );
        }
    }
}
