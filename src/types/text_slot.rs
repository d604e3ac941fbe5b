//! Short strings of a dictionary, laid out to be copied whole.

use super::text_pairs::TextPairs;
use super::{Result, prefetch_line};

/// A string of up to `N - 1` bytes, zeros, and behind them [`SHORT`] and its length; or [`LONG`]
/// behind the place of a longer one in a text; or zeros, where there is none. To copy all `N` bytes
/// costs less than to ask how many it has to be.
pub(crate) type TextSlot<const N: usize = WIDE> = [u8; N];

/// The bytes of a slot, where not every string of a dictionary fits a [`NARROW`] one.
pub(crate) const WIDE: usize = 16;

/// The bytes of a slot where every string fits it: twice as many of these are near the processor.
pub(crate) const NARROW: usize = 8;

/// Bytes of slots that a processor has near anyway.
const NEAR_BYTES: usize = 1 << 19;

/// Strings that are copied at a time.
pub(crate) const PIECE: usize = 128;

/// Strings that are checked together when they are copied.
pub(super) const GROUP: usize = 4;

/// What marks a string in its slot, with its length: the lengths of a group come to less.
pub(super) const SHORT: u8 = 64;

/// The mark of a string that is in the text. It makes up for no [`SHORT`] in a group.
const LONG: u8 = WIDE as u8;

/// Bytes behind those of the strings so far that a copy needs as room: what a group takes, and the
/// rest of its last slot.
pub(crate) const COPY_ROOM: usize = SHORT as usize + WIDE;

/// Strings of a dictionary by code, from 0, of which the first have slots.
#[derive(Clone, Copy)]
pub struct TextSlots<'a> {
    slots: Slots<'a>,
    /// What slots of long strings point into.
    text: &'a [u8],
    /// All of them by twos, where they are few.
    pairs: Option<&'a TextPairs>,
}

#[derive(Clone, Copy)]
enum Slots<'a> {
    Narrow(&'a [TextSlot<NARROW>]),
    Wide(&'a [TextSlot<WIDE>]),
}

/// The slot of a string, which stands at `start` of the text if it is long.
pub(crate) fn text_slot<const N: usize>(string: &[u8], start: usize) -> TextSlot<N> {
    let mut slot = [0; N];
    let Some((mark, room)) = slot.split_last_mut() else {
        return slot;
    };
    if let Some(room) = room.get_mut(..string.len()) {
        room.copy_from_slice(string);
        *mark = SHORT + string.len() as u8;
    } else if let Some(room) = room.first_chunk_mut() {
        *room = ((start as u64) << 32 | string.len() as u64).to_le_bytes();
        *mark = LONG;
    }
    slot
}

/// Whether a slot needs the text.
pub(crate) fn is_long(slot: &TextSlot) -> bool {
    mark(slot) == LONG
}

/// What the last byte of a slot says of it.
#[inline(always)]
pub(super) fn mark<const N: usize>(slot: &TextSlot<N>) -> u8 {
    slot.last().copied().unwrap_or(0)
}

impl Default for TextSlots<'_> {
    fn default() -> Self {
        Self::new(&[], &[])
    }
}

impl<'a> TextSlots<'a> {
    /// Slots, and the text that those of long strings point into.
    pub(crate) fn new(slots: &'a [TextSlot], text: &'a [u8]) -> Self {
        Self {
            slots: Slots::Wide(slots),
            text,
            pairs: None,
        }
    }

    /// Slots of strings of which none is long.
    pub(crate) fn narrow(slots: &'a [TextSlot<NARROW>]) -> Self {
        Self {
            slots: Slots::Narrow(slots),
            text: &[],
            pairs: None,
        }
    }

    /// The same, copied by these pairs of them.
    pub(crate) fn with_pairs(self, pairs: Option<&'a TextPairs>) -> Self {
        Self { pairs, ..self }
    }

    pub(crate) fn len(&self) -> usize {
        match self.slots {
            Slots::Narrow(slots) => slots.len(),
            Slots::Wide(slots) => slots.len(),
        }
    }

    /// Calls `each` with pieces of the codes, in order. All slots of a piece are asked for before, so
    /// that their cache misses run side by side.
    pub(crate) fn for_pieces(
        &self,
        codes: &[u32],
        mut each: impl FnMut(&[u32]) -> Result<()>,
    ) -> Result<()> {
        codes.chunks(PIECE).try_for_each(|piece| {
            self.prefetch(piece);
            each(piece)
        })
    }

    fn prefetch(&self, codes: &[u32]) {
        match self.slots {
            Slots::Narrow(slots) => prefetch(slots, codes),
            Slots::Wide(slots) => prefetch(slots, codes),
        }
    }

    /// The string with this code where it is a long one.
    pub(crate) fn long(&self, code: u32) -> Option<&'a [u8]> {
        let Slots::Wide(slots) = self.slots else {
            return None;
        };
        let slot = slots.get(code as usize).filter(|slot| is_long(slot))?;
        let place = u64::from_le_bytes(*slot.first_chunk()?);
        let (start, len) = ((place >> 32) as usize, place as u32 as usize);
        self.text.get(start..start + len)
    }

    /// Whether the string with this code is `text`; `None` where it has no slot or is a long one.
    pub(crate) fn is_short(&self, code: u32, text: &[u8]) -> Option<bool> {
        self.short(code).map(|short| short == text)
    }

    /// The string with this code where it is a short one.
    pub(super) fn short(&self, code: u32) -> Option<&'a [u8]> {
        match self.slots {
            Slots::Narrow(slots) => short(slots, code),
            Slots::Wide(slots) => short(slots, code),
        }
    }

    /// Copies short strings behind the first `len` of `bytes`, up to the first that has no slot, is
    /// too long for one or has no room, and gives how many. `end_at` makes an end of a length.
    #[inline(always)]
    pub(crate) fn copy_short<E>(
        &self,
        codes: &[u32],
        ends: &mut [E],
        end_at: impl Fn(usize) -> E,
        bytes: &mut [u8],
        len: &mut usize,
    ) -> usize {
        let Some(pairs) = self.pairs else {
            return self.copy_singly(codes, ends, &end_at, bytes, len);
        };
        let mut copied = 0;
        loop {
            let codes = codes.get(copied..).unwrap_or_default();
            let ends = ends.get_mut(copied..).unwrap_or_default();
            let paired = pairs.copy(codes, ends, &end_at, bytes, len);
            // The group at which that ended, or what makes none.
            let end = codes.len().min(paired + GROUP);
            let group = codes.get(paired..end).unwrap_or_default();
            let ends = ends.get_mut(paired..end).unwrap_or_default();
            let singly = self.copy_singly(group, ends, &end_at, bytes, len);
            copied += paired + singly;
            if singly < GROUP {
                return copied;
            }
        }
    }

    /// [`TextSlots::copy_short`] without pairs.
    #[inline(always)]
    fn copy_singly<E>(
        &self,
        codes: &[u32],
        ends: &mut [E],
        end_at: &impl Fn(usize) -> E,
        bytes: &mut [u8],
        len: &mut usize,
    ) -> usize {
        match self.slots {
            Slots::Narrow(slots) => copy_short(slots, codes, ends, end_at, bytes, len),
            Slots::Wide(slots) => copy_short(slots, codes, ends, end_at, bytes, len),
        }
    }
}

/// Asks for slots, unless all of them are near.
fn prefetch<const N: usize>(slots: &[TextSlot<N>], codes: &[u32]) {
    if size_of_val(slots) > NEAR_BYTES {
        for code in codes {
            if let Some(slot) = slots.get(*code as usize) {
                prefetch_line(slot);
            }
        }
    }
}

/// The string with this code, where it is in its slot.
fn short<const N: usize>(slots: &[TextSlot<N>], code: u32) -> Option<&[u8]> {
    let slot = slots.get(code as usize)?;
    slot.get(..usize::from(mark(slot).checked_sub(SHORT)?))
}

#[inline(always)]
fn copy_short<const N: usize, E>(
    slots: &[TextSlot<N>],
    codes: &[u32],
    ends: &mut [E],
    end_at: &impl Fn(usize) -> E,
    bytes: &mut [u8],
    len: &mut usize,
) -> usize {
    let mut copied = 0;
    let (groups, group_ends) = (codes.as_chunks().0, ends.as_chunks_mut().0);
    for (codes, ends) in groups.iter().zip(group_ends) {
        if !copy_group::<N, GROUP, E>(slots, codes, ends, end_at, bytes, len) {
            break;
        }
        copied += GROUP;
    }
    let codes = codes.get(copied..).unwrap_or_default();
    let ends = ends.get_mut(copied..).unwrap_or_default();
    for (codes, ends) in codes.as_chunks().0.iter().zip(ends.as_chunks_mut().0) {
        if !copy_group::<N, 1, E>(slots, codes, ends, end_at, bytes, len) {
            break;
        }
        copied += 1;
    }
    copied
}

/// Copies strings unless one of them is not short; what it has written is then to be written again.
#[inline(always)]
fn copy_group<const N: usize, const COUNT: usize, E>(
    slots: &[TextSlot<N>],
    codes: &[u32; COUNT],
    ends: &mut [E; COUNT],
    end_at: &impl Fn(usize) -> E,
    bytes: &mut [u8],
    len: &mut usize,
) -> bool {
    let at = *len;
    let Some(room) = bytes.get_mut(at..at + COPY_ROOM) else {
        return false;
    };
    let (mut marks, mut filled) = (0, 0);
    for (code, end) in codes.iter().zip(ends) {
        let slot = slots.get(*code as usize);
        let (Some(slot), Some(room)) = (slot, room.get_mut(filled..filled + N)) else {
            return false;
        };
        room.copy_from_slice(slot);
        marks += usize::from(mark(slot));
        filled = marks % usize::from(SHORT);
        *end = end_at(at + filled);
    }
    let all = marks >= COUNT * usize::from(SHORT);
    *len += if all { filled } else { 0 };
    all
}
