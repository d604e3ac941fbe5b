//! Slots that are kept of a dictionary's strings.

use std::io::Result;

use crate::io::LargePages;
use crate::types::{NARROW, TextPairs, TextSlots, narrow_slot, text_slot};

/// Slots of the first strings of a dictionary by code; that of 0 is empty.
pub(super) struct KeptSlots {
    bytes: LargePages,
    narrow: bool,
    pairs: Option<Box<TextPairs>>,
}

impl KeptSlots {
    /// Slots of strings that end at these places of a text; before them stands where the first begins.
    ///
    /// # Errors
    /// When the system has no memory.
    pub(super) fn of(ends: impl Iterator<Item = usize> + Clone, text: &str) -> Result<Self> {
        let lengths = ends.clone().zip(ends.clone().skip(1));
        let longest = lengths.map(|(start, end)| end.saturating_sub(start)).max();
        let narrow = longest.is_none_or(|longest| longest < NARROW);
        let narrow_of = |string: &[u8], _| narrow_slot(string).unwrap_or_default();
        let bytes = match narrow {
            true => slots_of(ends, text, narrow_of)?,
            false => slots_of(ends, text, text_slot)?,
        };
        let mut slots = Self {
            bytes,
            narrow,
            pairs: None,
        };
        slots.pairs = TextPairs::of(slots.first(usize::MAX, &[]));
        Ok(slots)
    }

    /// Bytes of memory taken.
    pub(super) fn memory_bytes(&self) -> usize {
        self.bytes.len() + self.pairs.as_ref().map_or(0, |_| size_of::<TextPairs>())
    }

    /// Whether they are the narrow ones, which point into no text.
    pub(super) fn are_narrow(&self) -> bool {
        self.narrow
    }

    /// The first `count` of them, with what those of long strings point into.
    #[inline(always)]
    pub(super) fn first<'a>(&'a self, count: usize, text: &'a [u8]) -> TextSlots<'a> {
        let slots = match self.narrow {
            true => TextSlots::narrow(first(self.bytes.as_chunks().0, count)),
            false => TextSlots::new(first(self.bytes.as_chunks().0, count), text),
        };
        slots.with_pairs(self.pairs.as_deref())
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
) -> Result<LargePages> {
    let mut slots = LargePages::zeroed(ends.clone().count() * N)?;
    let mut room = slots.as_chunks_mut::<N>().0.iter_mut();
    if let Some(null) = room.next() {
        *null = slot_of(&[], 0);
    }
    let mut start = 0;
    for (slot, end) in room.zip(ends.skip(1)) {
        *slot = slot_of(text.get(start..end).unwrap_or_default().as_bytes(), start);
        start = end;
    }
    Ok(slots)
}
