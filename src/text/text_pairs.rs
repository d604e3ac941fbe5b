//! The strings of a tiny dictionary by twos, laid out to be copied whole.

use super::WIDE;
use super::text_slot::COPY_ROOM;
use super::text_slot::GROUP;
use crate::model::CodeOrder;

/// All pairs of the strings of a tiny dictionary, such as that of event types, by their codes: to copy
/// both at once takes half the stores.
pub(crate) struct TextPairs([TextPair; CODES * CODES]);

/// Two strings one behind the other.
#[derive(Clone, Copy, Default)]
struct TextPair {
    /// Both, and zeros.
    text: [u8; WIDE],
    /// Where the first ends, and above it, by 32 bits, where the second does: the ends of two strings are
    /// one sum and one store.
    ends: u64,
    /// [`twice`] the length of both, or [`TOO_LONG`] where there is no room for them.
    lengths: u64,
}

/// More than two pairs take.
const TOO_LONG: usize = 4 * WIDE;

/// Codes of the largest dictionary whose pairs are kept, null included.
const CODES: usize = 16;

impl TextPairs {
    /// The pairs of the strings with the codes below `count`, of which `short` gives those that have a slot;
    /// `None` where they are too many.
    pub(crate) fn of_codes<'a>(
        count: usize,
        short: impl Fn(u32) -> Option<&'a [u8]>,
    ) -> Option<Box<Self>> {
        if count > CODES {
            return None;
        }
        let mut pairs = Box::new(Self([TextPair::default(); CODES * CODES]));
        for (row, first) in pairs.0.chunks_exact_mut(CODES).zip(0..) {
            for (pair, second) in row.iter_mut().zip(0..) {
                let strings = short(first).zip(short(second));
                *pair = TextPair::of(strings);
            }
        }
        Some(pairs)
    }

    /// Copies strings as [`copy_short`](super::TextSlots::copy_short), two pairs at a time, up to the first that are not
    /// kept.
    #[inline(never)]
    pub(crate) fn copy<E>(
        &self,
        codes: impl CodeOrder,
        ends: &mut [E],
        end_at: &impl Fn(usize) -> E,
        bytes: &mut [u8],
        len: &mut usize,
    ) -> usize {
        let Some(mut room) = bytes.get_mut(*len..) else {
            return 0;
        };
        let total = room.len();
        let (mut at, mut copied) = (twice(*len), 0);
        for (codes, ends) in codes.groups().zip(ends.as_chunks_mut::<GROUP>().0) {
            let [a, b, c, d] = codes;
            if (a | b | c | d) as usize >= CODES {
                break;
            }
            let [ab, cd] = [(a, b), (c, d)].map(|codes| self.pair(codes));
            let lengths = ab.lengths + cd.lengths;
            let more = lengths as u32 as usize;
            if more > 2 * WIDE || room.len() < COPY_ROOM {
                break;
            }
            let middle = ab.lengths as usize % (2 * WIDE);
            for (pair, begin) in [(ab, 0), (cd, middle)] {
                if let Some(room) = room.get_mut(begin..begin + WIDE) {
                    room.copy_from_slice(&pair.text);
                }
            }
            let halves = |word: u64| [word as u32, (word >> 32) as u32];
            let [first, second] = halves(ab.ends.wrapping_add(at));
            let [third, fourth] = halves(cd.ends.wrapping_add(at).wrapping_add(ab.lengths));
            *ends = [first, second, third, fourth].map(|end| end_at(end as usize));
            at = at.wrapping_add(lengths);
            room = room.get_mut(more..).unwrap_or_default();
            copied += GROUP;
        }
        *len += total - room.len();
        copied
    }

    /// The pair of two codes, each below [`CODES`].
    #[inline(always)]
    fn pair(&self, (first, second): (u32, u32)) -> &TextPair {
        &self.0[(first << 4 | second) as usize % self.0.len()]
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
            lengths: twice(TOO_LONG),
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
                pair.lengths = twice(both);
            }
        }
        pair
    }
}
