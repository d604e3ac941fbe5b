//! Short strings of a dictionary, laid out to be copied whole.

/// A string of up to [`SHORT`] bytes, zeros, and behind them its length plus one; or [`LONG`] behind
/// the place of a longer one in a text; or zeros, where there is none. To copy all 16 bytes costs
/// less than to ask how many it has to be.
pub(crate) type TextSlot = [u8; 16];

/// The bytes of a slot.
pub(crate) const SLOT_BYTES: usize = size_of::<TextSlot>();

/// Bytes of the longest string that a slot holds.
const SHORT: usize = SLOT_BYTES - 1;

/// The mark of a string that is in the text.
const LONG: u8 = u8::MAX;

/// Strings of a dictionary by code, from 0, of which the first have slots.
#[derive(Clone, Copy, Default)]
pub struct TextSlots<'a> {
    slots: &'a [TextSlot],
    /// What slots of long strings point into.
    text: &'a [u8],
}

/// The slot of a string, which stands at `start` of the text if it is long.
pub(crate) fn text_slot(string: &[u8], start: usize) -> TextSlot {
    let mut slot = TextSlot::default();
    match slot
        .get_mut(..string.len())
        .filter(|_| string.len() <= SHORT)
    {
        Some(room) => {
            room.copy_from_slice(string);
            slot[SHORT] = string.len() as u8 + 1;
        }
        None => {
            let place = (start as u64) << 32 | string.len() as u64;
            slot = (u128::from(LONG) << (8 * SHORT) | u128::from(place)).to_le_bytes();
        }
    }
    slot
}

/// Whether a slot needs the text.
pub(crate) fn is_long(slot: &TextSlot) -> bool {
    slot[SHORT] == LONG
}

impl<'a> TextSlots<'a> {
    /// Slots, and the text that those of long strings point into.
    pub(crate) fn new(slots: &'a [TextSlot], text: &'a [u8]) -> Self {
        Self { slots, text }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The slots from a code on.
    pub(crate) fn from(&self, code: u32) -> &'a [TextSlot] {
        self.slots.get(code as usize..).unwrap_or_default()
    }

    /// The string with this code where it is a long one.
    pub(crate) fn long(&self, code: u32) -> Option<&'a [u8]> {
        let slot = self.slots.get(code as usize).filter(|slot| is_long(slot))?;
        let place = u64::from_le_bytes(*slot.first_chunk()?);
        let (start, len) = ((place >> 32) as usize, place as u32 as usize);
        self.text.get(start..start + len)
    }

    /// Bytes that short ones of these strings take, or more, and those of a slot.
    pub(crate) fn bytes(&self, codes: &[u32]) -> usize {
        let marks = codes.iter().map(|code| {
            let slot = self.slots.get(*code as usize);
            slot.map_or(0, |slot| usize::from(slot[SHORT]))
        });
        marks.sum::<usize>() + SLOT_BYTES
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
        let mut room = bytes.get_mut(*len..).unwrap_or_default();
        let (mut at, mut copied) = (*len, 0);
        for (code, end) in codes.iter().zip(ends) {
            let slot = self.slots.get(*code as usize);
            let (Some(slot), Some(chunk)) = (slot, room.first_chunk_mut::<SLOT_BYTES>()) else {
                break;
            };
            let length = usize::from(slot[SHORT]).wrapping_sub(1);
            if length > SHORT {
                break;
            }
            chunk.copy_from_slice(slot);
            room = room.get_mut(length..).unwrap_or_default();
            at += length;
            *end = end_at(at);
            copied += 1;
        }
        *len = at;
        copied
    }
}
