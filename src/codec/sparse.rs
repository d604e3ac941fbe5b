//! One modal value and few others: a bitmap of the others, which are packed densely. FORMAT.md
//! section 6.6 has the bytes.

use std::ops::Range;

use super::bitmap::Bitmap;
use super::bits::mask;
use super::lanes::{Lanes, Ones};
use super::packed::{Packed, PackedReader};
use super::source::{Source, Tail, short};
use super::word::Word;
use crate::model::Result;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sparse {
    pub modal: u64,
    pub rest: Packed,
}

impl Sparse {
    pub(super) fn encode<T: Word>(&self, values: &[T], out: &mut Vec<u8>) -> Result<()> {
        Bitmap::new(values.len()).encode(values, |value| value.wide() != self.modal, out)?;
        let rest = values.iter().filter(|value| value.wide() != self.modal);
        self.rest.encode(rest.copied(), out);
        Ok(())
    }

    /// Bytes that so many values take at least.
    pub(super) fn least_bytes(count: usize) -> usize {
        Bitmap::new(count).bytes()
    }

    pub(super) fn bytes(&self, count: usize, others: usize) -> usize {
        Bitmap::new(count).bytes() + self.rest.bytes(others)
    }

    /// What a range needs, of `count` values in all; the first of the others are asked for.
    #[inline(always)]
    pub(super) fn open<'a>(
        &self,
        source: impl Source<'a>,
        count: usize,
        range: Range<usize>,
    ) -> Result<Others<'a>> {
        let bitmap = Bitmap::new(count);
        let (words, before) = bitmap.open(source, &range)?;
        let first = range.start / 64 * 64;
        let ones = (first..).step_by(64).zip(words).map(|(begins, word)| {
            let others = u64::from_le_bytes(*word) & inside(begins, &range);
            others.count_ones() as usize
        });
        let others = before..before + ones.sum::<usize>();
        let rest = Tail(source, bitmap.bytes());
        let soon = others.start..others.end.min(others.start + FEW);
        self.rest.prefetch(rest, &soon);
        Ok(Others {
            words,
            first,
            rest: self.rest.open(rest, others.start, others.len())?,
            range,
        })
    }

    /// Says that the values of a short range, of `count` in all, are about to be read.
    pub(super) fn prefetch_values<'a>(
        &self,
        source: impl Source<'a>,
        count: usize,
        range: &Range<usize>,
    ) {
        let bitmap = Bitmap::new(count);
        if let Ok(others) = bitmap.ranks_around(source, range) {
            let soon = others.start..others.end.min(others.start + FEW);
            self.rest.prefetch(Tail(source, bitmap.bytes()), &soon);
        }
    }

    /// Appends the values of the range.
    #[inline(always)]
    pub(super) fn append<T: Word>(&self, others: &mut Others<'_>, out: &mut Vec<T>) -> Result<()> {
        let range = others.range.clone();
        let start = out.len();
        out.resize(start + range.len(), T::of(self.modal));
        let slots = out.get_mut(start..).unwrap_or_default();
        let Packed { base, width } = self.rest;
        let (value_mask, width) = (mask(width), width % 64);
        others.for_words(
            #[inline(always)]
            |begins, mut others, rest| {
                let first = begins.wrapping_sub(range.start);
                let mut together = rest.next_together(others.count_ones() as usize);
                while others != 0 {
                    let value = match &mut together {
                        Some(values) => {
                            let value = (*values & value_mask).wrapping_add(base);
                            *values >>= width;
                            value
                        }
                        None => rest.next().ok_or_else(short)?,
                    };
                    let at = first.wrapping_add(others.trailing_zeros() as usize);
                    *slots.get_mut(at).ok_or_else(short)? = T::of(value);
                    others &= others - 1;
                }
                Ok(())
            },
        )
    }

    /// Fills `out` with the values at rising `positions` of the range. What lies between is passed
    /// over by counting bits.
    #[inline(always)]
    pub(super) fn gather<T: Word>(
        &self,
        others: Others<'_>,
        positions: &[usize],
        out: &mut [T],
    ) -> Result<()> {
        let mut rest = others.rest;
        let mut words = others.words.iter();
        let (mut word, mut end) = (0u64, others.first);
        for (position, slot) in positions.iter().zip(out) {
            while *position >= end {
                rest.skip(word.count_ones() as usize);
                word = u64::from_le_bytes(*words.next().ok_or_else(short)?);
                word &= inside(end, &others.range);
                end += 64;
            }
            let at = (position % 64) as u32;
            let before = (word & mask(at)).count_ones() as usize;
            let value = rest.ahead(before).ok_or_else(short)?;
            let is_other = word >> at & 1 == 1;
            *slot = T::of(if is_other { value } else { self.modal });
        }
        Ok(())
    }

    /// Appends the positions of `range` whose value is wanted. Where the modal value is not,
    /// only the others are looked at.
    #[inline(always)]
    pub(super) fn select(
        &self,
        others: &mut Others<'_>,
        wanted: &[bool],
        out: &mut Vec<usize>,
    ) -> Result<()> {
        let range = others.range.clone();
        let is_wanted = |value: u64| wanted.get(value as usize).copied().unwrap_or(false);
        let modal = is_wanted(self.modal);
        let lanes = match modal {
            true => None,
            false => self.lanes_of(is_wanted),
        };
        others.for_words(
            #[inline(always)]
            |begins, mut others, rest| {
                let count = others.count_ones();
                if let Some(lanes) = &lanes
                    && let Some(values) = rest.next_together(count as usize)
                {
                    let ones = Ones::of(others);
                    lanes.for_wanted(values, count, |number| {
                        out.push(begins + ones.place(number) as usize);
                    });
                    return Ok(());
                }
                let inside = inside(begins, &range);
                let mut hits = if modal { inside & !others } else { 0 };
                while others != 0 {
                    let lowest = others & others.wrapping_neg();
                    let value = rest.next().ok_or_else(short)?;
                    hits |= lowest & u64::from(is_wanted(value)).wrapping_neg();
                    others ^= lowest;
                }
                while hits != 0 {
                    out.push(begins + hits.trailing_zeros() as usize);
                    hits &= hits - 1;
                }
                Ok(())
            },
        )
    }

    /// The wanted ones of the values that are not modal, where they are few and narrow.
    fn lanes_of(&self, is_wanted: impl Fn(u64) -> bool) -> Option<Lanes> {
        let Packed { base, width } = self.rest;
        let packed = 0..=mask(width.min(Lanes::MAX_BITS));
        let wanted = packed.filter(|packed| base.checked_add(*packed).is_some_and(&is_wanted));
        Lanes::new(width, wanted)
    }
}

/// The values of a range that are not modal.
pub(super) struct Others<'a> {
    /// The words of the bitmap that hold the range, and the position at which the first begins.
    words: &'a [[u8; 8]],
    first: usize,
    /// The values, one after the other.
    rest: PackedReader<'a>,
    range: Range<usize>,
}

/// So many values are asked for in advance; of more the processor sees by itself what comes next.
const FEW: usize = 512;

impl<'a> Others<'a> {
    /// Calls `each` with the position at which a word of the bitmap begins, which of its values in
    /// the range are not modal, and where these are to be read from.
    #[inline(always)]
    fn for_words(
        &mut self,
        mut each: impl FnMut(usize, u64, &mut PackedReader<'a>) -> Result<()>,
    ) -> Result<()> {
        for (begins, word) in (self.first..).step_by(64).zip(self.words) {
            let others = u64::from_le_bytes(*word) & inside(begins, &self.range);
            each(begins, others, &mut self.rest)?;
        }
        Ok(())
    }
}

/// The bits of the word that begins at `begins` which lie in `range`.
#[inline(always)]
fn inside(begins: usize, range: &Range<usize>) -> u64 {
    let low = range.start.saturating_sub(begins).min(64) as u32;
    let high = range.end.saturating_sub(begins).min(64) as u32;
    mask(high) & !mask(low)
}
