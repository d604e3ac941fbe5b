//! Slots that are kept of a dictionary's strings.

use crate::model::Result;
use crate::text::{NARROW, TextRoom, TextSlots, WIDE, is_long, narrow_slot, text_slot};

/// Bytes of long strings that are decoded beside their slots; those behind them have none.
const MAX_TEXT_BYTES: usize = 1 << 24;

/// Slots of the first strings of a dictionary by code; that of 0 is empty.
pub(super) struct KeptSlots {
    bytes: Vec<u8>,
    narrow: bool,
    /// What those of long strings point into, where that is not the text of a file.
    text: Vec<u8>,
}

impl KeptSlots {
    /// Slots of strings that end at these places of a text; before them stands where the first begins.
    pub(in crate::segment) fn of(ends: impl Iterator<Item = usize> + Clone, text: &str) -> Self {
        let lengths = ends.clone().zip(ends.clone().skip(1));
        let longest = lengths.map(|(start, end)| end.saturating_sub(start)).max();
        let narrow = longest.is_none_or(|longest| longest < NARROW);
        let narrow_of = |string: &[u8], _| narrow_slot(string).unwrap_or_default();
        let bytes = match narrow {
            true => slots_of(ends, text, narrow_of),
            false => slots_of(ends, text, text_slot),
        };
        Self {
            bytes,
            narrow,
            text: Vec::new(),
        }
    }

    /// Slots of `count` strings of at most `longest` bytes that `read` decodes.
    ///
    /// # Errors
    /// Those of `read`.
    pub(in crate::segment) fn decoded(
        count: usize,
        longest: usize,
        mut read: impl FnMut(usize, &mut TextRoom) -> Result<()>,
    ) -> Result<Self> {
        let narrow = longest < NARROW;
        let width = if narrow { NARROW } else { WIDE };
        let mut bytes = vec![0; (count + 1) * width];
        let (mut text, mut room) = (Vec::new(), TextRoom::default());
        if let Some(null) = bytes.first_chunk_mut().filter(|_| !narrow) {
            *null = text_slot(&[], 0);
        }
        let slots = bytes.chunks_exact_mut(width).skip(1);
        for (index, slot) in slots.enumerate() {
            read(index, &mut room)?;
            let string = room.as_bytes();
            match narrow {
                true => slot.copy_from_slice(&narrow_slot(string).unwrap_or_default()),
                false => {
                    let made = text_slot(string, text.len());
                    if is_long(&made) {
                        if text.len() + string.len() > MAX_TEXT_BYTES {
                            continue;
                        }
                        text.extend_from_slice(string);
                    }
                    slot.copy_from_slice(&made);
                }
            }
        }
        Ok(Self {
            bytes,
            narrow,
            text,
        })
    }

    /// Bytes of memory taken.
    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        self.bytes.capacity() + self.text.capacity()
    }

    /// Whether they point into the text of a file.
    pub(super) fn need_text(&self) -> bool {
        !self.narrow && self.text.is_empty()
    }

    /// The first `count` of them, with the text that those of long strings point into if they need one.
    #[inline(always)]
    pub(in crate::segment) fn first<'a>(&'a self, count: usize, text: &'a [u8]) -> TextSlots<'a> {
        let text = match self.text.as_slice() {
            [] => text,
            own => own,
        };
        match self.narrow {
            true => TextSlots::narrow(first(self.bytes.as_chunks().0, count)),
            false => TextSlots::new(first(self.bytes.as_chunks().0, count), text),
        }
    }
}

#[inline(always)]
fn first<T>(slots: &[T], count: usize) -> &[T] {
    slots.get(..count).unwrap_or(slots)
}

/// A slot for null, and one for each string of the text, made of it and where it stands.
fn slots_of<const N: usize>(
    ends: impl Iterator<Item = usize> + Clone,
    text: &str,
    slot_of: impl Fn(&[u8], usize) -> [u8; N],
) -> Vec<u8> {
    let mut slots = vec![0; ends.clone().count() * N];
    let mut room = slots.as_chunks_mut::<N>().0.iter_mut();
    if let Some(null) = room.next() {
        *null = slot_of(&[], 0);
    }
    let mut start = 0;
    for (slot, end) in room.zip(ends.skip(1)) {
        *slot = slot_of(text.get(start..end).unwrap_or_default().as_bytes(), start);
        start = end;
    }
    slots
}
