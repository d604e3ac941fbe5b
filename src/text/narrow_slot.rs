//! Strings of less than a word, laid out to be copied as one.

use super::text_slot::COPY_ROOM;
use super::text_slot::CopySlot;

/// The bytes of a [`NarrowSlot`].
pub(crate) const NARROW: usize = 8;

/// A string of up to seven bytes, zeros, and its length. Half of a
/// [`TextSlot`](super::TextSlot): twice as many are near the processor.
pub(crate) type NarrowSlot = [u8; NARROW];

/// The slot of a string; `None` where it is too long for one.
pub(crate) fn narrow_slot(string: &[u8]) -> Option<NarrowSlot> {
    let mut slot = NarrowSlot::default();
    let [text @ .., length] = &mut slot;
    text.get_mut(..string.len())?.copy_from_slice(string);
    *length = string.len() as u8;
    Some(slot)
}

/// The string in a slot.
pub(super) fn string_in(slot: &NarrowSlot) -> &[u8] {
    let [text @ .., length] = slot;
    text.get(..usize::from(*length)).unwrap_or(text)
}

impl CopySlot for NarrowSlot {
    #[inline(always)]
    fn copy_group<const COUNT: usize, E>(
        slots: &[Self],
        codes: [u32; COUNT],
        ends: &mut [E; COUNT],
        end_of: impl Fn(usize) -> E,
        room: &mut [u8; COPY_ROOM],
    ) -> Option<usize> {
        let mut filled = 0;
        for (code, end) in codes.into_iter().zip(ends) {
            let word = u64::from_le_bytes(*slots.get(code as usize)?);
            let room = room.get_mut(filled..filled + NARROW)?;
            room.copy_from_slice(&word.to_le_bytes());
            // What the length is masked with bounds `filled`: no check of the room is left.
            filled += (word >> (u64::BITS - u8::BITS)) as usize % NARROW;
            *end = end_of(filled);
        }
        Some(filled)
    }
}
