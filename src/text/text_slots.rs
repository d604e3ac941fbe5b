//! Short strings of a dictionary, copied by their codes.

use super::NarrowSlot;
use super::narrow_slot::string_in;
use super::text_slot::{CopySlot, GROUP, short};
use super::{TextSlot, is_long};
use crate::model::{CodeOrder, Result, prefetch_line_at};

/// Bytes of slots that a processor has near anyway while it copies many strings.
const NEAR_BYTES: usize = 1 << 19;

/// Bytes of slots that it has near between the few strings of one reader and those of the next.
const KEPT_NEAR_BYTES: usize = 1 << 16;

/// Strings that are copied at a time.
pub(crate) const PIECE: usize = 256;

/// Strings of a dictionary by code, from 0, of which the first have slots.
#[derive(Clone, Copy)]
pub struct TextSlots<'a> {
    slots: Slots<'a>,
    /// What slots of long strings point into.
    text: &'a [u8],
}

#[derive(Clone, Copy)]
enum Slots<'a> {
    /// Of strings of which every one fits.
    Narrow(&'a [NarrowSlot]),
    Wide(&'a [TextSlot]),
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
        }
    }

    /// The same where every string fits a narrow one.
    pub(crate) fn narrow(slots: &'a [NarrowSlot]) -> Self {
        Self {
            slots: Slots::Narrow(slots),
            text: &[],
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self.slots {
            Slots::Narrow(slots) => slots.len(),
            Slots::Wide(slots) => slots.len(),
        }
    }

    /// Calls `each` with pieces of the codes, in order, and with the codes of the next piece whose slots are to
    /// be asked for meanwhile, so that their cache misses run beside the copy of this one.
    #[inline(always)]
    pub(crate) fn for_pieces<C: CodeOrder>(
        &self,
        codes: C,
        mut each: impl FnMut(C, &[u32]) -> Result<()>,
    ) -> Result<()> {
        let (mut piece, mut rest) = codes.split(PIECE);
        self.prefetch(piece.as_slice(), NEAR_BYTES);
        while piece.len() > 0 {
            let (next, later) = rest.split(PIECE);
            each(piece, self.far(next.as_slice(), NEAR_BYTES))?;
            (piece, rest) = (next, later);
        }
        Ok(())
    }

    /// Asks for the slots of codes whose strings will be copied once, and soon.
    pub(crate) fn prefetch_few(&self, codes: &[u32]) {
        self.prefetch(codes, KEPT_NEAR_BYTES);
    }

    fn prefetch(&self, codes: &[u32], near: usize) {
        let far = self.far(codes, near);
        match self.slots {
            Slots::Narrow(slots) => prefetch(slots, far),
            Slots::Wide(slots) => prefetch(slots, far),
        }
    }

    /// The codes, unless all slots take no more bytes than are near or those of the codes are neighbours.
    fn far<'c>(&self, codes: &'c [u32], near: usize) -> &'c [u32] {
        let bytes = match self.slots {
            Slots::Narrow(slots) => size_of_val(slots),
            Slots::Wide(slots) => size_of_val(slots),
        };
        match bytes <= near || look_sorted(codes) {
            true => &[],
            false => codes,
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
    pub(crate) fn short(&self, code: u32) -> Option<&'a [u8]> {
        match self.slots {
            Slots::Narrow(slots) => slots.get(code as usize).map(string_in),
            Slots::Wide(slots) => slots.get(code as usize).and_then(short),
        }
    }

    /// Copies short strings behind the first `len` of `bytes`, up to the first that has no slot, is
    /// too long for one or has no room, and gives how many. `end_at` makes an end of a length. The slots of as
    /// many codes `ahead` are asked for.
    #[inline(always)]
    pub(crate) fn copy_short<C: CodeOrder, E>(
        &self,
        codes: C,
        ahead: &[u32],
        ends: &mut [E],
        end_at: impl Fn(usize) -> E,
        bytes: &mut [u8],
        len: &mut usize,
    ) -> usize {
        match (self.slots, ahead) {
            (Slots::Narrow(slots), []) => copy_groups(slots, codes, ends, &end_at, bytes, len),
            (Slots::Wide(slots), []) => copy_groups(slots, codes, ends, &end_at, bytes, len),
            (Slots::Narrow(slots), _) => copy_ahead(slots, codes, ahead, ends, &end_at, bytes, len),
            (Slots::Wide(slots), _) => copy_ahead(slots, codes, ahead, ends, &end_at, bytes, len),
        }
    }
}

/// Asks for slots. What a code beyond them asks for is no slot, and not read. A function of its own, so that it
/// takes no registers from loops that copy.
#[inline(never)]
fn prefetch<T>(slots: &[T], codes: &[u32]) {
    for code in codes {
        prefetch_slot(slots, *code);
    }
}

#[inline(always)]
fn prefetch_slot<T>(slots: &[T], code: u32) {
    prefetch_line_at(slots.as_ptr().wrapping_add(code as usize));
}

/// Whether codes look like those of users in the order of a scan, which rise by one at most. No answer is
/// wrong: it tells what is worth asking for.
fn look_sorted(codes: &[u32]) -> bool {
    let (Some(first), Some(last)) = (codes.first(), codes.last()) else {
        return true;
    };
    let middle = codes.get(codes.len() / 2).unwrap_or(last);
    first <= middle && middle <= last && last - first < PIECE as u32
}

/// Copies strings in groups, then those that are left one by one. A function of its own, so that its
/// loops have all registers.
#[inline(never)]
fn copy_groups<S: CopySlot, E>(
    slots: &[S],
    codes: impl CodeOrder,
    ends: &mut [E],
    end_at: &impl Fn(usize) -> E,
    bytes: &mut [u8],
    len: &mut usize,
) -> usize {
    let groups = codes.groups::<GROUP>().map(|codes| (codes, []));
    let grouped = copy_each(slots, groups, ends, end_at, bytes, len);
    let rest = codes.split(grouped).1.groups::<1>();
    let ends = ends.get_mut(grouped..).unwrap_or_default();
    grouped + copy_each(slots, rest.map(|code| (code, [])), ends, end_at, bytes, len)
}

/// [`copy_groups`], with a group `ahead` asked for before each that is copied: what the copies do has room
/// between the cache misses.
#[inline(never)]
fn copy_ahead<S: CopySlot, E>(
    slots: &[S],
    codes: impl CodeOrder,
    ahead: &[u32],
    ends: &mut [E],
    end_at: &impl Fn(usize) -> E,
    bytes: &mut [u8],
    len: &mut usize,
) -> usize {
    let ahead = ahead.as_chunks::<GROUP>().0.iter().copied();
    let groups = codes.groups::<GROUP>().zip(ahead);
    let grouped = copy_each(slots, groups, ends, end_at, bytes, len);
    let rest = codes.split(grouped).1;
    let ends = ends.get_mut(grouped..).unwrap_or_default();
    grouped + copy_groups(slots, rest, ends, end_at, bytes, len)
}

/// Copies groups up to the first that fails, each after it asked for the slots of the codes that come with it.
#[inline(always)]
fn copy_each<const COUNT: usize, const AHEAD: usize, S: CopySlot, E>(
    slots: &[S],
    groups: impl Iterator<Item = ([u32; COUNT], [u32; AHEAD])>,
    ends: &mut [E],
    end_at: &impl Fn(usize) -> E,
    bytes: &mut [u8],
    len: &mut usize,
) -> usize {
    let (mut at, mut copied) = (*len, 0);
    for ((codes, ahead), ends) in groups.zip(ends.as_chunks_mut().0) {
        for code in ahead {
            prefetch_slot(slots, code);
        }
        let room = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
        let end_of = |more| end_at(at + more);
        let group = |room| S::copy_group::<COUNT, E>(slots, codes, ends, end_of, room);
        let Some(more) = room.and_then(group) else {
            break;
        };
        at += more;
        copied += COUNT;
    }
    *len = at;
    copied
}
