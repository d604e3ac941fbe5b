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
    /// Where the first ends, and above it, by 32 bits, where the second does, or [`TOO_LONG`] where there
    /// is no room for both: the ends of two strings are one sum and one store.
    ends: u64,
}

/// More than two pairs take.
const TOO_LONG: usize = 4 * WIDE;

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
    #[inline(never)]
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
            let copy = |room| self.copy_group(codes, ends, end_at, room, at);
            let Some(more) = room.and_then(copy) else {
                break;
            };
            at += more;
            copied += GROUP;
        }
        *len = at;
        copied
    }

    /// Copies two pairs to the begin of `room`, which lies at `at`, and gives how many bytes they have;
    /// `None` where one of them is not kept.
    #[inline(always)]
    fn copy_group<E>(
        &self,
        [a, b, c, d]: [u32; GROUP],
        ends: &mut [E; GROUP],
        end_at: &impl Fn(usize) -> E,
        room: &mut [u8; COPY_ROOM],
        at: usize,
    ) -> Option<usize> {
        if (a | b | c | d) as usize >= CODES {
            return None;
        }
        let [ab, cd] = [(a, b), (c, d)].map(|codes| self.pair(codes));
        let [middle, more] = [ab, cd].map(|pair| (pair.ends >> 32) as usize);
        if middle + more > 2 * WIDE {
            return None;
        }
        let middle = middle % (2 * WIDE);
        for (pair, begin) in [(ab, 0), (cd, middle)] {
            room.get_mut(begin..begin + WIDE)?
                .copy_from_slice(&pair.text);
        }
        let halves = |word: u64| [word as u32, (word >> 32) as u32];
        let [first, second] = halves(ab.ends.wrapping_add(twice(at)));
        let [third, fourth] = halves(cd.ends.wrapping_add(twice(at + middle)));
        *ends = [first, second, third, fourth].map(|end| end_at(end as usize));
        Some(middle + more)
    }

    /// The pair of two codes, each below [`CODES`].
    #[inline(always)]
    fn pair(&self, (first, second): (u32, u32)) -> &TextPair {
        &self.0[usize::from((first as u8) << 4 | second as u8)]
    }
}

/// A length, of which 32 bits are wanted, in both halves of a word.
#[inline(always)]
fn twice(length: usize) -> u64 {
    u64::from(length as u32) * (1 << 32 | 1)
}

impl TextPair {
    /// Both strings, if there are two and there is room for them.
    fn of(strings: Option<(&[u8], &[u8])>) -> Self {
        let mut pair = Self {
            ends: (TOO_LONG as u64) << 32,
            ..Self::default()
        };
        if let Some((first, second)) = strings {
            let both = first.len() + second.len();
            let room = pair.text.get_mut(..both);
            if let Some((head, tail)) = room.and_then(|room| room.split_at_mut_checked(first.len()))
            {
                head.copy_from_slice(first);
                tail.copy_from_slice(second);
                pair.ends = (both as u64) << 32 | first.len() as u64;
            }
        }
        pair
    }
}
