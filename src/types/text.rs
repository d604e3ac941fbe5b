//! Strings copied out, one behind the other.

use super::Result;

/// Strings in one piece of memory that can be used again.
#[derive(Clone, Debug, Default)]
pub struct TextBuffer {
    /// The bytes; beyond `len` they are room for the next strings.
    bytes: Vec<u8>,
    len: usize,
    ends: Vec<u32>,
}

/// Strings up to this length are copied as a whole chunk, which costs less than asking how long
/// they are.
const CHUNK: usize = 16;

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

    /// Adds the strings with these codes, whose slots are given by code; `text_of` is asked for
    /// those that have none or are too long for one.
    ///
    /// # Errors
    /// Those of `text_of`; what was added before stays.
    pub(crate) fn append_slots<'a>(
        &mut self,
        slots: &[TextSlot],
        codes: &[u32],
        text_of: impl Fn(u32) -> Result<&'a str>,
    ) -> Result<()> {
        let first = self.ends.len();
        self.ends.resize(first + codes.len(), 0);
        self.make_room(codes.len() * SLOT_BYTES);
        let mut done = 0;
        loop {
            let ends = self.ends.get_mut(first + done..).unwrap_or_default();
            let rest = codes.get(done..).unwrap_or_default().iter().zip(ends);
            done += copy_short(slots, rest, &mut self.bytes, &mut self.len);
            let Some(code) = codes.get(done) else {
                return Ok(());
            };
            let text = text_of(*code).inspect_err(|_| self.ends.truncate(first + done))?;
            self.make_room(text.len() + (codes.len() - done) * SLOT_BYTES);
            let room = self.bytes.get_mut(self.len..).unwrap_or_default();
            if let Some(room) = room.get_mut(..text.len()) {
                room.copy_from_slice(text.as_bytes());
                self.len += text.len();
            }
            if let Some(end) = self.ends.get_mut(first + done) {
                *end = self.len as u32;
            }
            done += 1;
        }
    }

    /// Adds the first `len` bytes of `bytes`, which may have more. They are those of a string.
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
}

/// Copies short strings behind the first `len` of `bytes`, up to the first that has no slot or is too
/// long for one; gives how many were copied.
#[inline(always)]
fn copy_short<'a>(
    slots: &[TextSlot],
    rest: impl Iterator<Item = (&'a u32, &'a mut u32)>,
    bytes: &mut [u8],
    len: &mut usize,
) -> usize {
    let mut room = bytes.get_mut(*len..).unwrap_or_default();
    let (mut at, mut copied) = (*len, 0);
    for (code, end) in rest {
        let (Some(slot), Some(chunk)) = (slots.get(*code as usize), room.first_chunk_mut()) else {
            break;
        };
        *chunk = slot.0.to_le_bytes();
        let Some(length) = slot.length() else {
            break;
        };
        room = room.get_mut(length..).unwrap_or_default();
        at += length;
        *end = at as u32;
        copied += 1;
    }
    *len = at;
    copied
}

/// A string of a dictionary that is copied whole, without a look at its length; a longer one has
/// only a mark here. In the order of bytes: a short string, zeros, and its length.
#[derive(Clone, Copy)]
pub(crate) struct TextSlot(u128);

const SLOT_BYTES: usize = size_of::<TextSlot>();
/// Stands for the length of a string that has no room.
const LONG: u8 = u8::MAX;

impl TextSlot {
    /// The slot of a string.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut slot = [0; SLOT_BYTES];
        let room = slot
            .get_mut(..text.len())
            .filter(|room| room.len() < SLOT_BYTES);
        let length = match room {
            Some(room) => {
                room.copy_from_slice(text);
                text.len() as u8
            }
            None => LONG,
        };
        slot[SLOT_BYTES - 1] = length;
        Self(u128::from_le_bytes(slot))
    }

    /// The length of the string; `None` of a long one.
    #[inline]
    fn length(self) -> Option<usize> {
        let length = (self.0 >> (8 * (SLOT_BYTES - 1))) as usize;
        (length < SLOT_BYTES).then_some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Error;

    #[test]
    fn strings_of_any_length_are_copied_behind_each_other() {
        let strings = ["", "a", "fifteen letters", "sixteen letters!", "b\u{F6}b"];
        let long = "x".repeat(700);
        let strings: Vec<&str> = strings.into_iter().chain([long.as_str(), "end"]).collect();
        // The last string has no slot.
        let slots: Vec<TextSlot> = strings
            .iter()
            .take(6)
            .map(|string| TextSlot::of(string.as_bytes()))
            .collect();
        let text_of = |code: u32| {
            let text = strings.get(code as usize).copied();
            text.ok_or_else(|| Error::corrupt("no such code"))
        };
        let codes: Vec<u32> = (0..900).map(|at| at * 5 % 7).collect();
        let mut buffer = TextBuffer::new();
        buffer.push("first");
        buffer.append_slots(&slots, &codes, text_of).unwrap();
        assert!(buffer.append_slots(&slots, &[1, 7, 1], text_of).is_err());
        buffer.push("last");
        let expected = codes.iter().chain(&[1]);
        let expected = expected.map(|code| strings[*code as usize]);
        let expected = ["first"].into_iter().chain(expected).chain(["last"]);
        let copied = (0..buffer.len()).map(|at| buffer.get(at).unwrap());
        assert!(copied.eq(expected));
    }
}
