//! The strings of a tiny dictionary by twos, laid out to be copied whole.

use super::text_slot::{COPY_ROOM, GROUP, SHORT, TextSlot, TextSlots, WIDE, mark};

/// All pairs of the strings of a tiny dictionary, such as that of event types, by their codes: to copy
/// both at once takes half the stores.
pub(crate) struct TextPairs([TextPair; CODES * CODES]);

/// Two strings one behind the other, zeros, and in the last two bytes the length of the first and the
/// mark of a [`TextSlot`] of both; or zeros, where they are too long.
type TextPair = TextSlot;

/// Codes of the largest dictionary whose pairs are kept, null included.
const CODES: usize = 16;

impl TextPairs {
    /// The pairs of all strings that have a slot, unless these are too many.
    pub(crate) fn of(slots: TextSlots<'_>) -> Option<Box<Self>> {
        if slots.len() > CODES {
            return None;
        }
        let mut pairs = Box::new(Self([[0; WIDE]; CODES * CODES]));
        for (row, first) in pairs.0.chunks_exact_mut(CODES).zip(0..) {
            for (pair, second) in row.iter_mut().zip(0..) {
                if let (Some(first), Some(second)) = (slots.short(first), slots.short(second)) {
                    fill_pair(pair, first, second);
                }
            }
        }
        Some(pairs)
    }

    /// Copies strings as [`TextSlots::copy_short`], two pairs at a time, up to the first that are not
    /// kept.
    #[inline(always)]
    pub(super) fn copy<E>(
        &self,
        codes: &[u32],
        ends: &mut [E],
        end_at: &impl Fn(usize) -> E,
        bytes: &mut [u8],
        len: &mut usize,
    ) -> usize {
        let (mut at, mut copied) = (*len, 0);
        for (codes, ends) in codes.as_chunks().0.iter().zip(ends.as_chunks_mut().0) {
            let [a, b, c, d]: [usize; GROUP] = codes.map(|code: u32| code as usize);
            let room = bytes.get_mut(at..at + COPY_ROOM);
            let Some(room) = room.filter(|_| (a | b | c | d) < CODES) else {
                break;
            };
            let [ab, cd] = [(a, b), (c, d)].map(|codes| self.pair(codes));
            let [first, third] = [ab, cd].map(|pair| usize::from(pair[WIDE - 2]));
            let marks = usize::from(mark(ab)) + usize::from(mark(cd));
            let second = usize::from(mark(ab) % SHORT);
            let fourth = marks % usize::from(SHORT);
            for (pair, begin) in [(ab, 0), (cd, second)] {
                if let Some(room) = room.get_mut(begin..begin + WIDE) {
                    room.copy_from_slice(pair);
                }
            }
            *ends = [first, second, second + third, fourth].map(|end| end_at(at + end));
            if marks < 2 * usize::from(SHORT) {
                break;
            }
            at += fourth;
            copied += GROUP;
        }
        *len = at;
        copied
    }

    #[inline(always)]
    fn pair(&self, (first, second): (usize, usize)) -> &TextPair {
        &self.0[first % CODES * CODES + second % CODES]
    }
}

/// Puts two strings into a pair of zeros, if it has room for them.
fn fill_pair(pair: &mut TextPair, first: &[u8], second: &[u8]) {
    let both = first.len() + second.len();
    let [text @ .., length, mark] = pair;
    let Some((head, tail)) = text
        .get_mut(..both)
        .and_then(|text| text.split_at_mut_checked(first.len()))
    else {
        return;
    };
    head.copy_from_slice(first);
    tail.copy_from_slice(second);
    *length = first.len() as u8;
    *mark = SHORT + both as u8;
}
