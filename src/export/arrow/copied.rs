//! Strings as plain arrays: each is copied behind the one before it, in a whole chunk.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};

use super::memory::{Memory, Use};
use crate::column::Strings;
use crate::model::{Error, Forwards, Result};
use crate::text::{COPY_ROOM, PIECE, TextRoom, TextSlot, TextSlots, WIDE, is_long, text_slot};

/// Makes plain string arrays.
pub(super) struct Copies {
    bounds: Bounds,
    /// By the field of a dictionary that keeps no slots, what is known of it.
    known: HashMap<usize, CopiedStrings>,
}

/// What is kept in memory.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of an array's strings, which 31 bits must hold.
    pub(super) array_bytes: usize,
    /// Codes of a dictionary whose strings are remembered, from 0.
    pub(super) slots: usize,
    /// Bytes of the long ones among these.
    pub(super) long_bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            array_bytes: i32::MAX as usize,
            slots: 1 << 20,
            long_bytes: 1 << 24,
        }
    }
}

impl Copies {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            known: HashMap::new(),
        }
    }

    /// The array of the first field, whose codes are those of the dictionary of the second; `None` when
    /// it would be too long.
    pub(super) fn array(
        &mut self,
        [field, of]: [usize; 2],
        codes: &[u32],
        strings: &Arc<dyn Strings>,
        memory: &mut Memory,
    ) -> Result<Option<ArrayRef>> {
        let mut text = Text::new(field, codes.len(), self.bounds.array_bytes, memory);
        let kept = strings.slots()?;
        if kept.len() > 0 {
            let mut fits = true;
            kept.for_pieces(Forwards(codes), |Forwards(codes), ahead| {
                fits = fits && text.append(codes, ahead, kept, &**strings)?;
                Ok(())
            })?;
            if !fits {
                return Ok(None);
            }
        } else {
            let known = self
                .known
                .entry(of)
                .or_insert_with(|| CopiedStrings::new(strings));
            known.renew(strings, self.bounds.slots);
            for codes in codes.chunks(PIECE) {
                known.learn(codes, self.bounds.long_bytes)?;
                if !text.append(codes, &[], known.slots(), &**strings)? {
                    return Ok(None);
                }
            }
        }
        text.finish(field, codes, memory).map(Some)
    }

    /// The same for codes that come in runs, and hardly any of them again later.
    pub(super) fn runs(
        &mut self,
        field: usize,
        codes: &[u32],
        strings: &dyn Strings,
        memory: &mut Memory,
    ) -> Result<Option<ArrayRef>> {
        let mut text = Text::new(field, codes.len(), self.bounds.array_bytes, memory);
        let mut room = TextRoom::default();
        for run in codes.chunk_by(|a, b| a == b) {
            let string = match run.first() {
                None | Some(0) => "",
                Some(code) => strings.read(*code, &mut room)?,
            };
            if !text.append_run(string.as_bytes(), run.len()) {
                return Ok(None);
            }
        }
        text.finish(field, codes, memory).map(Some)
    }
}

/// Strings of a dictionary that were asked for before.
struct CopiedStrings {
    strings: Arc<dyn Strings>,
    /// By code; zeros where it was not asked for yet.
    slots: Vec<TextSlot>,
    /// Long strings, one behind the other.
    long: Vec<u8>,
}

impl CopiedStrings {
    fn new(strings: &Arc<dyn Strings>) -> Self {
        Self {
            strings: strings.clone(),
            slots: Vec::new(),
            long: Vec::new(),
        }
    }

    /// Forgets the strings of another dictionary, and makes room for those that this one has now.
    fn renew(&mut self, strings: &Arc<dyn Strings>, max_slots: usize) {
        if !std::ptr::addr_eq(Arc::as_ptr(&self.strings), Arc::as_ptr(strings)) {
            *self = Self::new(strings);
        }
        let len = (strings.len() + 1).min(max_slots);
        if self.slots.len() < len {
            self.slots.resize(len, TextSlot::default());
        }
    }

    /// Looks those of these strings up that are not known, and remembers them where there is room.
    fn learn(&mut self, codes: &[u32], max_long_bytes: usize) -> Result<()> {
        let mut room = TextRoom::default();
        for code in codes {
            let slot = self.slots.get_mut(*code as usize);
            let Some(slot) = slot.filter(|slot| **slot == TextSlot::default()) else {
                continue;
            };
            let string = text_of(&*self.strings, *code, &mut room)?.as_bytes();
            let made = text_slot(string, self.long.len());
            if is_long(&made) {
                if self.long.len() + string.len() > max_long_bytes {
                    continue;
                }
                self.long.extend_from_slice(string);
            }
            *slot = made;
        }
        Ok(())
    }

    fn slots(&self) -> TextSlots<'_> {
        TextSlots::new(&self.slots, &self.long)
    }
}

/// The string with a code; that of 0 is empty.
fn text_of<'a>(strings: &'a dyn Strings, code: u32, room: &'a mut TextRoom) -> Result<&'a str> {
    match code {
        0 => Ok(""),
        code => strings.read(code, room),
    }
}

/// Bytes of strings; beyond `len` they are room for the next.
struct Room {
    bytes: Vec<u8>,
    len: usize,
}

impl Room {
    /// Makes room for so many more bytes.
    fn make(&mut self, more: usize) {
        let wanted = self.len + more;
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
    }

    /// Adds a string.
    fn push(&mut self, string: &[u8]) {
        self.make(string.len());
        if let Some(slot) = self.bytes.get_mut(self.len..self.len + string.len()) {
            slot.copy_from_slice(string);
            self.len += string.len();
        }
    }

    /// Adds a string so often. What is there is copied at once, so that there are few copies.
    fn repeat(&mut self, string: &[u8], count: usize) {
        let total = string.len() * count;
        self.make(total + WIDE);
        let Some(slot) = self.bytes.get_mut(self.len..self.len + total) else {
            return;
        };
        let mut done = 0;
        for (slot, byte) in slot.iter_mut().zip(string) {
            *slot = *byte;
            done += 1;
        }
        while done > 0 && done < total {
            let more = done.min(total - done);
            slot.copy_within(..more, done);
            done += more;
        }
        self.len += total;
    }
}

/// An array's strings so far.
struct Text {
    room: Room,
    /// Of which the first `filled` are set.
    offsets: Vec<i32>,
    filled: usize,
    max_bytes: usize,
}

impl Text {
    fn new(field: usize, strings: usize, max_bytes: usize, memory: &mut Memory) -> Self {
        let mut offsets: Vec<i32> = memory.take(field, Use::Offsets);
        offsets.resize(strings + 1, 0);
        if let Some(first) = offsets.first_mut() {
            *first = 0;
        }
        Self {
            room: Room {
                bytes: memory.take(field, Use::Values),
                len: 0,
            },
            offsets,
            filled: 1,
            max_bytes,
        }
    }

    /// Adds strings; `false` when there are too many bytes. Slots of codes `ahead` are asked for.
    fn append(
        &mut self,
        codes: &[u32],
        mut ahead: &[u32],
        slots: TextSlots<'_>,
        strings: &dyn Strings,
    ) -> Result<bool> {
        let ends = self.offsets.get_mut(self.filled..self.filled + codes.len());
        let (mut codes, mut ends) = (codes, ends.unwrap_or_default());
        self.filled += codes.len();
        let mut room = TextRoom::default();
        loop {
            self.room.make(codes.len() * WIDE + COPY_ROOM);
            let Room { bytes, len } = &mut self.room;
            let copied =
                slots.copy_short(Forwards(codes), ahead, ends, |end| end as i32, bytes, len);
            ahead = ahead.get(copied + 1..).unwrap_or_default();
            codes = codes.get(copied..).unwrap_or_default();
            ends = ends.get_mut(copied..).unwrap_or_default();
            let Some((code, later)) = codes.split_first() else {
                return Ok(self.room.len <= self.max_bytes);
            };
            let string = match slots.long(*code) {
                Some(string) => string,
                None => text_of(strings, *code, &mut room)?.as_bytes(),
            };
            if self.room.len + string.len() > self.max_bytes {
                return Ok(false);
            }
            self.room.push(string);
            if let Some(end) = ends.first_mut() {
                *end = self.room.len as i32;
            }
            codes = later;
            ends = ends.get_mut(1..).unwrap_or_default();
        }
    }

    /// Adds a string so often; `false` when there are too many bytes.
    fn append_run(&mut self, string: &[u8], count: usize) -> bool {
        let start = self.room.len;
        if start + string.len() * count > self.max_bytes {
            return false;
        }
        self.room.repeat(string, count);
        let slots = self.offsets.iter_mut().skip(self.filled).take(count);
        for (nth, slot) in slots.enumerate() {
            *slot = (start + (nth + 1) * string.len()) as i32;
        }
        self.filled += count;
        true
    }

    /// The array of the strings that were added, which are those of `codes`.
    fn finish(self, field: usize, codes: &[u32], memory: &mut Memory) -> Result<ArrayRef> {
        let last = self.offsets.last().map(|end| usize::try_from(*end));
        let whole = self.filled == self.offsets.len() && self.filled == codes.len() + 1;
        if !whole || last != Some(Ok(self.room.len)) {
            return Err(Error::internal("strings that do not fill their array"));
        }
        let values = memory.give(field, Use::Values, self.room.bytes);
        let values = values.slice_with_length(0, self.room.len);
        let offsets = ScalarBuffer::from(memory.give(field, Use::Offsets, self.offsets));
        let nulls = memory.null_codes(field, codes);
        #[expect(
            unsafe_code,
            reason = "the checks of what was just made take a quarter of the time of a scan"
        )]
        // SAFETY: the values are whole strings one behind the other, each from a `&str`, and the
        // offsets are 0 and where each ends: they rise, lie on borders of characters, and the last
        // is the length. There is one more than codes, and a null bit for each code.
        let array = unsafe {
            StringArray::new_unchecked(OffsetBuffer::new_unchecked(offsets), values, nulls)
        };
        Ok(Arc::new(array))
    }
}
