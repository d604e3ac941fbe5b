//! Small values that lie in one word, looked at together, and the set bits of a word by their number.

use super::bits::{MAX_LOAD_BITS, mask};

/// Values that are looked for at most.
const MOST: usize = 4;

/// The values that are looked for in words of values of one width, which lie in lanes.
pub(super) struct Lanes {
    /// Each of them, repeated in every lane.
    wanted: [u64; MOST],
    count: usize,
    width: u32,
    /// The highest bit of every lane, and all the others.
    highest: u64,
    lower: u64,
}

impl Lanes {
    /// The widest lanes.
    pub(super) const MAX_BITS: u32 = 6;

    /// Values to look for in lanes of `width` bits; `None` where they are too many, or the lanes too
    /// wide, or empty.
    pub(super) fn new(width: u32, values: impl Iterator<Item = u64>) -> Option<Self> {
        if !(1..=Self::MAX_BITS).contains(&width) {
            return None;
        }
        let lanes = 0..MAX_LOAD_BITS / width;
        let lowest = lanes.fold(0u64, |lowest, lane| lowest | 1 << (lane * width));
        let highest = lowest << (width - 1);
        let (mut wanted, mut count) = ([0; MOST], 0);
        for value in values {
            *wanted.get_mut(count)? = value.wrapping_mul(lowest);
            count += 1;
        }
        Some(Self {
            wanted,
            count,
            width,
            highest,
            lower: highest - lowest,
        })
    }

    /// Calls `each` with the numbers of those of the first `count` lanes that have a wanted value.
    #[inline(always)]
    pub(super) fn for_wanted(&self, values: u64, count: u32, mut each: impl FnMut(u32)) {
        let wanted = self.wanted.get(..self.count).unwrap_or_default();
        let found = wanted.iter().fold(0, |found, wanted| {
            let other = values ^ wanted;
            // The highest bit of a lane that differs is set, or gets set by a carry.
            found | !(((other & self.lower) + self.lower) | other)
        });
        let mut found = found & self.highest & mask(count * self.width);
        while found != 0 {
            let below = found.wrapping_sub(1) & !found;
            each((self.highest & below).count_ones());
            found &= found - 1;
        }
    }
}

/// The set bits of a word, by their number.
pub(super) struct Ones {
    word: u64,
    /// In each byte, how many are set in it and those below.
    sums: u64,
}

/// The lowest, and the highest, bit of every byte.
const LOWEST: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = LOWEST << 7;

/// Where in a byte the set bit with a number is, from 0; by number and byte.
static IN_BYTE: [[u8; 256]; 8] = in_byte();

const fn in_byte() -> [[u8; 256]; 8] {
    let mut table = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut number) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                table[number][byte] = bit;
                number += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
}

impl Ones {
    /// The set bits of a word.
    #[inline(always)]
    pub(super) fn of(word: u64) -> Self {
        let pairs = word - (word >> 1 & 0x5555_5555_5555_5555);
        let nibbles = (pairs & 0x3333_3333_3333_3333) + (pairs >> 2 & 0x3333_3333_3333_3333);
        let bytes = (nibbles + (nibbles >> 4)) & 0x0F0F_0F0F_0F0F_0F0F;
        Self {
            word,
            sums: bytes.wrapping_mul(LOWEST),
        }
    }

    /// Where the set bit with a number is, from 0; 64 beyond the last.
    #[inline(always)]
    pub(super) fn place(&self, number: u32) -> u32 {
        let reached = u64::from(number + 1).wrapping_mul(LOWEST);
        let byte = (self.sums | HIGHEST).wrapping_sub(reached) & HIGHEST;
        let shift = byte.trailing_zeros() & !7;
        if shift >= 64 {
            return 64;
        }
        let before = (self.sums << 8 >> shift) as u8;
        let inside = (number as u8).wrapping_sub(before);
        let byte = (self.word >> shift) as u8;
        shift + u32::from(IN_BYTE[usize::from(inside % 8)][usize::from(byte)])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_bit_is_found_by_its_number(any in any::<u64>(), few in any::<[u64; 3]>()) {
            for word in [any, few[0] & few[1] & few[2], few[0] | few[1] | few[2], 0, u64::MAX] {
                let ones = Ones::of(word);
                let set: Vec<u32> = (0..64).filter(|bit| word >> bit & 1 == 1).collect();
                let found: Vec<u32> = (0..set.len() as u32).map(|at| ones.place(at)).collect();
                prop_assert_eq!(found, set);
                prop_assert_eq!(ones.place(word.count_ones()), 64);
            }
        }

        #[test]
        fn wanted_values_are_found_in_any_lane(
            width in 1..=Lanes::MAX_BITS, values in any::<u64>(), wanted in any::<[u64; MOST]>(),
            kept in 0..=MOST, count in 0..=MAX_LOAD_BITS,
        ) {
            let count = count.min(MAX_LOAD_BITS / width);
            let wanted: Vec<u64> = wanted.iter().take(kept).map(|value| value & mask(width)).collect();
            let lanes = Lanes::new(width, wanted.iter().copied()).unwrap();
            let mut found = Vec::new();
            lanes.for_wanted(values, count, |number| found.push(number));
            let is_wanted = |lane: &u32| wanted.contains(&(values >> (lane * width) & mask(width)));
            prop_assert_eq!(found, (0..count).filter(is_wanted).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_does_not_fit_is_left_to_others() {
        assert!(Lanes::new(0, [0].into_iter()).is_none());
        assert!(Lanes::new(Lanes::MAX_BITS + 1, [0].into_iter()).is_none());
        assert!(Lanes::new(3, 0..MOST as u64 + 1).is_none());
    }
}
