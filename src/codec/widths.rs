//! Four widths, rising, one of which each value of a class-coded stream takes, and which of all take the
//! fewest bits. FORMAT.md section 6.5 has what becomes of them.

use super::bits::{MAX_LOAD_BITS, width_of};
use crate::model::{Error, Result};

/// The lower bit of each class in a word.
const LOWER: u64 = 0x5555_5555_5555_5555;

/// The widths of the four classes, rising.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Widths(pub [u32; 4]);

/// How many values there are of each width.
pub(super) struct Histogram(pub [u64; 65]);

impl Histogram {
    pub(super) fn of(values: impl Iterator<Item = u64>) -> Self {
        let mut counts = [0; 65];
        // Neighbours are counted apart: most have the same width, and an addition to the same
        // place waits for the one before it.
        let mut others = [0; 65];
        let mut values = values;
        while let Some(value) = values.next() {
            counts[width_of(value) as usize] += 1;
            if let Some(value) = values.next() {
                others[width_of(value) as usize] += 1;
            }
        }
        for (count, other) in counts.iter_mut().zip(others) {
            *count += other;
        }
        Self(counts)
    }

    fn count(&self, widths: std::ops::RangeInclusive<u32>) -> u64 {
        let (from, to) = (*widths.start() as usize, *widths.end() as usize);
        self.0
            .get(from..=to)
            .map_or(0, |counts| counts.iter().sum())
    }

    /// The widths that take the fewest bits, and those bits; `None` when a value is too wide.
    pub(super) fn best(&self) -> Option<(Widths, u64)> {
        let max = self.0.iter().rposition(|count| *count > 0).unwrap_or(0) as u32;
        if max > MAX_LOAD_BITS {
            return None;
        }
        let mut best = (Widths([max; 4]), u64::MAX);
        for a in 0..=max {
            let bits_a = self.count(0..=a) * u64::from(a);
            for b in a..=max {
                let bits_b = bits_a + self.between(a, b) * u64::from(b);
                for c in b..=max {
                    let bits = bits_b
                        + self.between(b, c) * u64::from(c)
                        + self.between(c, max) * u64::from(max);
                    if bits < best.1 {
                        best = (Widths([a, b, c, max]), bits);
                    }
                }
            }
        }
        Some(best)
    }

    /// Values wider than `a` and at most `b` wide.
    fn between(&self, a: u32, b: u32) -> u64 {
        if a >= b { 0 } else { self.count(a + 1..=b) }
    }
}

impl Widths {
    pub(super) fn checked(widths: [u64; 4]) -> Result<Self> {
        let bad = || Error::corrupt(format!("class widths {widths:?}"));
        let mut checked = [0; 4];
        for (slot, width) in checked.iter_mut().zip(widths) {
            *slot = u32::try_from(width).map_err(|_| bad())?;
        }
        if !checked.is_sorted() || checked[3] > MAX_LOAD_BITS {
            return Err(bad());
        }
        Ok(Self(checked))
    }

    /// Bits that the first `count` values of a word of classes take; the others' classes must be 0.
    #[inline(always)]
    pub(super) fn bits(&self, word: u64, count: usize) -> usize {
        let (low, high) = (word & LOWER, word >> 1 & LOWER);
        let [one, two, three] = [low | high, high, low & high].map(u64::count_ones);
        let [a, b, c, d] = self.0;
        count * a as usize + (one * (b - a) + two * (c - b) + three * (d - c)) as usize
    }

    /// The class and its width for values of each width.
    pub(super) fn classes(&self) -> [(u8, u32); 65] {
        std::array::from_fn(|width| {
            let fits = |class: &u32| width as u32 <= *class;
            let class = self.0.iter().position(fits).unwrap_or(3);
            (class as u8, self.0[class])
        })
    }
}
