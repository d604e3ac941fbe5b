//! Strings copied out, one behind the other.

use super::TextSlots;
use super::WIDE;
use super::text_slot::COPY_ROOM;
use crate::model::{CodeOrder, Error, Result};

/// Most bytes of a buffer, room included: ends are of 32 bits.
const MAX_BYTES: usize = u32::MAX as usize;

/// Strings in one piece of memory that can be used again, of up to 4 GiB.
#[derive(Clone, Debug, Default)]
pub struct TextBuffer {
    /// The bytes; beyond `filled` they are room for the next strings.
    bytes: Vec<u8>,
    filled: usize,
    /// Where each string ends; beyond `count` they are room for the next.
    ends: Vec<u32>,
    count: usize,
}

impl TextBuffer {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of strings.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The string at a position; `None` beyond the end.
    pub fn get(&self, position: usize) -> Option<&str> {
        let start = match position.checked_sub(1) {
            Some(before) => *self.ends().get(before)? as usize,
            None => 0,
        };
        let end = *self.ends().get(position)? as usize;
        std::str::from_utf8(self.bytes.get(start..end)?).ok()
    }

    /// All strings, one behind the other.
    pub fn text(&self) -> &str {
        let bytes = self.bytes.get(..self.filled).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Where each string ends in [`TextBuffer::text`].
    pub fn ends(&self) -> &[u32] {
        self.ends.get(..self.count).unwrap_or_default()
    }

    /// Removes all strings and keeps the memory.
    pub fn clear(&mut self) {
        self.filled = 0;
        self.count = 0;
    }

    /// Adds a string.
    ///
    /// # Errors
    /// `InvalidInput` when the buffer would hold more than 4 GiB.
    pub fn push(&mut self, text: &str) -> Result<()> {
        self.push_bytes(text.as_bytes())
    }

    /// Adds the strings with these codes, an empty one for code 0; `push` is called to add those that
    /// `slots` do not have.
    ///
    /// # Errors
    /// Those of `push` and of [`TextBuffer::push`]; what was added before stays.
    #[inline(always)]
    pub(crate) fn append_slots(
        &mut self,
        slots: &TextSlots<'_>,
        codes: impl CodeOrder,
        push: impl Fn(u32, &mut Self) -> Result<()>,
    ) -> Result<()> {
        if slots.len() > 0 {
            return slots.for_pieces(codes, |piece, ahead| {
                self.append_piece(slots, piece, ahead, &push)
            });
        }
        for [code] in codes.groups() {
            match code {
                0 => self.push_bytes(&[])?,
                code => push(code, self)?,
            }
        }
        Ok(())
    }

    fn append_piece(
        &mut self,
        slots: &TextSlots<'_>,
        codes: impl CodeOrder,
        mut ahead: &[u32],
        push: &impl Fn(u32, &mut Self) -> Result<()>,
    ) -> Result<()> {
        let mut rest = codes;
        loop {
            self.make_room(rest.len() * WIDE + COPY_ROOM, rest.len())?;
            let ends = self.ends.get_mut(self.count..).unwrap_or_default();
            let (bytes, filled) = (&mut self.bytes, &mut self.filled);
            let copied = slots.copy_short(rest, ahead, ends, |end| end as u32, bytes, filled);
            self.count += copied;
            ahead = ahead.get(copied + 1..).unwrap_or_default();
            let (other, later) = rest.split(copied).1.split(1);
            let Some(code) = other.first() else {
                return Ok(());
            };
            match slots.long(code) {
                Some(text) => self.push_bytes(text)?,
                None if code == 0 => self.push_bytes(&[])?,
                None => push(code, self)?,
            }
            rest = later;
        }
    }

    /// Makes room for so many bytes and strings.
    fn make_room(&mut self, bytes: usize, strings: usize) -> Result<()> {
        let wanted = [self.filled + bytes, self.count + strings];
        if self.bytes.len() < wanted[0] {
            if wanted[0] > MAX_BYTES {
                return Err(too_long());
            }
            self.bytes.resize(wanted[0], 0);
        }
        if self.ends.len() < wanted[1] {
            self.ends.resize(wanted[1], 0);
        }
        Ok(())
    }

    fn push_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.make_room(bytes.len(), 1)?;
        let room = self.bytes.get_mut(self.filled..self.filled + bytes.len());
        if let (Some(room), Some(end)) = (room, self.ends.get_mut(self.count)) {
            room.copy_from_slice(bytes);
            self.filled += bytes.len();
            *end = self.filled as u32;
            self.count += 1;
        }
        Ok(())
    }
}

#[cold]
fn too_long() -> Error {
    Error::invalid("a text buffer holds no more than 4 GiB: copy fewer rows at a time")
}

#[cfg(test)]
mod tests {
    use super::super::{TextSlot, narrow_slot, text_slot};
    use super::*;
    use crate::model::{Backwards, Error, ErrorKind, Forwards};

    #[test]
    fn strings_of_any_length_are_copied_behind_each_other() {
        let long = "x".repeat(700);
        let strings = [
            "",
            "a",
            "seven l",
            "eight le",
            "fifteen letters",
            "sixteen letters!",
            "b\u{F6}b",
            long.as_str(),
            "end",
        ];
        // The last string has no slot.
        let mut text = Vec::new();
        let mut slots: Vec<TextSlot> = Vec::new();
        for string in strings.iter().take(8) {
            slots.push(text_slot(string.as_bytes(), text.len()));
            text.extend_from_slice(string.as_bytes());
        }
        let text_of = |code: u32| {
            let text = strings.get(code as usize).copied();
            text.ok_or_else(|| Error::corrupt("no such code"))
        };
        let push = |code, out: &mut TextBuffer| out.push(text_of(code)?);
        // Each behind each, beginning anywhere in a group.
        let pairs = (0..81).flat_map(|at| [at % 9, at / 9]);
        let codes: Vec<u32> = (0..4)
            .flat_map(|more| pairs.clone().chain(std::iter::repeat_n(1, more)))
            .collect();
        // Long strings come from the text, or are asked for.
        for text in [text.as_slice(), &[]] {
            let slots = TextSlots::new(&slots, text);
            let mut buffer = TextBuffer::new();
            let mut append = |codes: &[u32]| buffer.append_slots(&slots, Forwards(codes), push);
            append(&codes).unwrap();
            assert!(append(&[1, 9, 1]).is_err());
            assert!(append(&[1, 1, 1, 16]).is_err());
            buffer
                .append_slots(&slots, Backwards(&codes), push)
                .unwrap();
            let bad = buffer.append_slots(&slots, Backwards(&[1, 9, 2]), push);
            assert!(bad.is_err());
            buffer.push("last").unwrap();
            let expected = codes.iter().chain(&[1, 1, 1, 1]);
            let expected = expected.chain(codes.iter().rev()).chain(&[2]);
            let expected = expected.map(|code| strings[*code as usize]);
            let expected = expected.chain(["last"]);
            let copied = (0..buffer.len()).map(|at| buffer.get(at).unwrap());
            assert!(copied.eq(expected));
        }
    }

    #[test]
    fn strings_of_a_large_dictionary_are_copied_by_pieces() {
        const COUNT: u32 = 70_000;
        let short: Vec<String> = (0..COUNT).map(|code| code.to_string()).collect();
        let narrow = short
            .iter()
            .map(|string| narrow_slot(string.as_bytes()).unwrap());
        let narrow: Vec<_> = narrow.collect();
        // Some of them too long for a slot.
        let mixed = (0..COUNT).map(|code| "0".repeat((code % 41) as usize / 2) + "x");
        let mixed: Vec<String> = mixed.collect();
        let (mut text, mut wide) = (Vec::new(), Vec::new());
        for string in &mixed {
            wide.push(text_slot(string.as_bytes(), text.len()));
            text.extend_from_slice(string.as_bytes());
        }
        let no_slot = |_: u32, _: &mut TextBuffer| Err(Error::corrupt("a string without a slot"));
        for (slots, strings) in [
            (TextSlots::narrow(&narrow), &short),
            (TextSlots::new(&wide, &text), &mixed),
        ] {
            for count in [255, 256, 259, 512, 1_021] {
                let codes: Vec<u32> = (0..count).map(|at| at * 48_271 % COUNT).collect();
                let mut buffer = TextBuffer::new();
                buffer
                    .append_slots(&slots, Forwards(&codes), no_slot)
                    .unwrap();
                buffer
                    .append_slots(&slots, Backwards(&codes), no_slot)
                    .unwrap();
                let expected = codes.iter().chain(codes.iter().rev());
                let expected = expected.map(|code| strings[*code as usize].as_str());
                let copied = (0..buffer.len()).map(|at| buffer.get(at).unwrap());
                assert!(copied.eq(expected));
            }
        }
    }

    #[test]
    fn a_buffer_whose_ends_would_not_fit_is_refused() {
        let mut buffer = TextBuffer {
            filled: MAX_BYTES - 2,
            ..TextBuffer::default()
        };
        let slots = [text_slot(b"", 0), text_slot(b"abc", 0)];
        let slots = TextSlots::new(&slots, &[]);
        let copied = buffer.append_slots(&slots, Forwards(&[1]), |_, _| Ok(()));
        for refused in [buffer.push("abc"), copied] {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert!(buffer.is_empty());
    }
}
