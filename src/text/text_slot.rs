//! A short string, laid out to be copied whole.

/// A string of up to 15 bytes, zeros, and behind them [`SHORT`] and its length; or [`LONG`] behind the
/// place of a longer one in a text; or zeros, where there is none. To copy all 16 bytes costs less than
/// to ask how many it has to be.
pub(crate) type TextSlot = [u8; WIDE];

/// The bytes of a [`TextSlot`].
pub(crate) const WIDE: usize = 16;

/// Strings that are checked together when they are copied.
pub(crate) const GROUP: usize = 4;

/// What marks a string in its slot, with its length: the lengths of a group come to less.
const SHORT: u8 = 64;

/// The mark of a string that is in the text. It makes up for no [`SHORT`] in a group.
const LONG: u8 = WIDE as u8;

/// Bytes behind those of the strings so far that a copy needs as room: what a group takes, and the
/// rest of its last slot.
pub(crate) const COPY_ROOM: usize = SHORT as usize + WIDE;

/// The slot of a string, which stands at `start` of the text if it is long.
pub(crate) fn text_slot(string: &[u8], start: usize) -> TextSlot {
    let mut slot = TextSlot::default();
    let [room @ .., mark] = &mut slot;
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
fn mark(slot: &TextSlot) -> u8 {
    slot[WIDE - 1]
}

/// The string in a slot, where it is a short one.
pub(crate) fn short(slot: &TextSlot) -> Option<&[u8]> {
    slot.get(..usize::from(mark(slot).checked_sub(SHORT)?))
}

/// A string laid out to be copied whole.
pub(crate) trait CopySlot: Sized {
    /// Copies strings to the begin of `room` and gives how many bytes they have; `None` where one of
    /// them has no slot or is too long for it, and what was written is to be written again. `end_of`
    /// makes an end of a length.
    fn copy_group<const COUNT: usize, E>(
        slots: &[Self],
        codes: [u32; COUNT],
        ends: &mut [E; COUNT],
        end_of: impl Fn(usize) -> E,
        room: &mut [u8; COPY_ROOM],
    ) -> Option<usize>;
}

impl CopySlot for TextSlot {
    #[inline(always)]
    fn copy_group<const COUNT: usize, E>(
        slots: &[Self],
        codes: [u32; COUNT],
        ends: &mut [E; COUNT],
        end_of: impl Fn(usize) -> E,
        room: &mut [u8; COPY_ROOM],
    ) -> Option<usize> {
        let (mut marks, mut filled) = (0, 0);
        for (code, end) in codes.into_iter().zip(ends) {
            let slot = slots.get(code as usize)?;
            room.get_mut(filled..filled + WIDE)?.copy_from_slice(slot);
            marks += usize::from(mark(slot));
            filled = marks % usize::from(SHORT);
            *end = end_of(filled);
        }
        (marks >= COUNT * usize::from(SHORT)).then_some(filled)
    }
}
