//! The strings of a tiny dictionary by twos, laid out to be copied whole.

use super::code_order::CodeOrder;
use super::text_slot::{COPY_ROOM, GROUP, TextSlots, WIDE};

/// All pairs of the strings of a tiny dictionary, such as that of event types, by their codes: to copy
/// both at once takes half the stores.
pub(crate) struct TextPairs([TextPair; CODES * CODES]);

/// Two strings one behind the other.
#[derive(Clone, Copy, Default)]
struct TextPair {
    /// Both, and zeros.
    text: [u8; WIDE],
    /// Where each ends; for those that have no room the second says [`TOO_LONG`].
    ends: [u32; 2],
}

/// More than two pairs take.
const TOO_LONG: u32 = 4 * WIDE as u32;

/// Codes of the largest dictionary whose pairs are kept, null included.
const CODES: usize = 16;

impl TextPairs {
    /// The pairs of all strings that have a slot, unless these are too many.
    pub(crate) fn of(slots: TextSlots<'_>) -> Option<Box<Self>> {
        if slots.len() > CODES {
            return None;
        }
        let mut pairs = Box::new(Self([TextPair::default(); CODES * CODES]));
        for (row, first) in pairs.0.chunks_exact_mut(CODES).zip(0..) {
            for (pair, second) in row.iter_mut().zip(0..) {
                let strings = slots.short(first).zip(slots.short(second));
                *pair = TextPair::of(strings);
            }
        }
        Some(pairs)
    }

    /// Copies strings as [`TextSlots::copy_short`], two pairs at a time, up to the first that are not
    /// kept.
    #[inline(always)]
    pub(super) fn copy<E>(
        &self,
        codes: impl CodeOrder,
        ends: &mut [E],
        end_at: &impl Fn(usize) -> E,
        bytes: &mut [u8],
        len: &mut usize,
    ) -> usize {
        let (mut at, mut copied) = (*len, 0);
        for (codes, ends) in codes.groups().zip(ends.as_chunks_mut().0) {
            let room = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
            let copy = |room| self.copy_group(codes, ends, |end| end_at(at + end), room);
            let Some(more) = room.and_then(copy) else {
                break;
            };
            at += more;
            copied += GROUP;
        }
        *len = at;
        copied
    }

    /// [`Slot::copy_group`](super::text_slot::Slot::copy_group) of two pairs.
    #[inline(always)]
    fn copy_group<E>(
        &self,
        [a, b, c, d]: [u32; GROUP],
        ends: &mut [E; GROUP],
        end_of: impl Fn(usize) -> E,
        room: &mut [u8; COPY_ROOM],
    ) -> Option<usize> {
        if (a | b | c | d) as usize >= CODES {
            return None;
        }
        let [ab, cd] = [(a, b), (c, d)].map(|codes| self.pair(codes));
        let middle = ab.ends[1] as usize % (2 * WIDE);
        let filled = (ab.ends[1] + cd.ends[1]) as usize;
        if filled > 2 * WIDE {
            return None;
        }
        for (pair, begin) in [(ab, 0), (cd, middle)] {
            room.get_mut(begin..begin + WIDE)?
                .copy_from_slice(&pair.text);
        }
        let [first, second] = ab.ends.map(|end| end as usize);
        let [third, fourth] = cd.ends.map(|end| middle + end as usize);
        *ends = [first, second, third, fourth].map(end_of);
        Some(filled)
    }

    #[inline(always)]
    fn pair(&self, (first, second): (u32, u32)) -> &TextPair {
        &self.0[first as usize % CODES * CODES + second as usize % CODES]
    }
}

impl TextPair {
    /// Both strings, if there are two and there is room for them.
    fn of(strings: Option<(&[u8], &[u8])>) -> Self {
        let mut pair = Self {
            ends: [0, TOO_LONG],
            ..Self::default()
        };
        if let Some((first, second)) = strings {
            let ends = [first.len(), first.len() + second.len()];
            let room = pair.text.get_mut(..ends[1]);
            if let Some((head, tail)) = room.and_then(|room| room.split_at_mut_checked(ends[0])) {
                head.copy_from_slice(first);
                tail.copy_from_slice(second);
                pair.ends = ends.map(|end| end as u32);
            }
        }
        pair
    }
}
