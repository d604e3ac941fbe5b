//! One modal value and few others: a bitmap of the others, which are packed densely. FORMAT.md
//! section 6.6 has the bytes.

use std::ops::Range;

use super::bitmap::Bitmap;
use super::bits::mask;
use super::packed::{Packed, PackedReader};
use super::source::{Source, Tail, short};
use super::word::Word;
use crate::types::Result;

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

    /// Gives the values of `range`, of `count` in all, in order.
    #[inline(always)]
    pub(super) fn visit<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        count: usize,
        range: Range<usize>,
        sink: &mut dyn FnMut(&[T]),
    ) -> Result<()> {
        let mut values = [T::default(); 64];
        self.for_words(source, count, &range, |begins, mut others, rest| {
            values.fill(T::of(self.modal));
            while others != 0 {
                let value = rest.next().ok_or_else(short)?;
                values[others.trailing_zeros() as usize % 64] = T::of(value);
                others &= others - 1;
            }
            let first = range.start.saturating_sub(begins);
            let end = (range.end - begins).min(64);
            sink(values.get(first..end).ok_or_else(short)?);
            Ok(())
        })
    }

    /// Appends the positions of `range` whose value is wanted. Where the modal value is not,
    /// only the others are looked at.
    #[inline(always)]
    pub(super) fn select<'a>(
        &self,
        source: impl Source<'a>,
        count: usize,
        range: Range<usize>,
        wanted: &[bool],
        out: &mut Vec<usize>,
    ) -> Result<()> {
        let is_wanted = |value: u64| wanted.get(value as usize).copied().unwrap_or(false);
        let modal = is_wanted(self.modal);
        // Of few values each is one bit: no look-up, and no branch that nobody could predict.
        let few = wanted.len() <= 64 && self.rest.most().is_some_and(|most| most < 64);
        let bits = (0..).zip(wanted.iter().take(64));
        let bits = bits.fold(0, |bits, (value, wanted)| {
            bits | u64::from(*wanted) << value
        });
        self.for_words(source, count, &range, |begins, mut others, rest| {
            let inside = inside(begins, &range);
            let mut hits = if modal { inside & !others } else { 0 };
            while others != 0 {
                let lowest = others & others.wrapping_neg();
                let value = rest.next().ok_or_else(short)?;
                let wanted = match few {
                    true => bits >> (value % 64) & 1,
                    false => u64::from(is_wanted(value)),
                };
                hits |= lowest & wanted.wrapping_neg();
                others ^= lowest;
            }
            while hits != 0 {
                out.push(begins + hits.trailing_zeros() as usize);
                hits &= hits - 1;
            }
            Ok(())
        })
    }

    /// Says that the values of a range which are not modal are about to be read.
    pub(super) fn prefetch_values<'a>(
        &self,
        source: impl Source<'a>,
        count: usize,
        range: &Range<usize>,
    ) {
        let bitmap = Bitmap::new(count);
        if let Ok(before) = bitmap.rank_before(source, range.start) {
            let rest = before..before + range.len();
            self.rest.prefetch(Tail(source, bitmap.bytes()), &rest);
        }
    }

    /// Calls `each` with the position at which a word of the bitmap begins, which of its values in
    /// `range` are not modal, and where these are to be read from.
    #[inline(always)]
    fn for_words<'a>(
        &self,
        source: impl Source<'a>,
        count: usize,
        range: &Range<usize>,
        mut each: impl FnMut(usize, u64, &mut PackedReader<'a>) -> Result<()>,
    ) -> Result<()> {
        let bitmap = Bitmap::new(count);
        let first = range.start / 64;
        let words = bitmap.words(source, first, range.end.div_ceil(64))?;
        let [from, to] = bitmap.ranks(source, range)?;
        let rest = Tail(source, bitmap.bytes());
        let mut rest = self.rest.open(rest, from, to.saturating_sub(from))?;
        for (index, word) in (first..).zip(words.as_chunks::<8>().0) {
            let begins = index * 64;
            let others = u64::from_le_bytes(*word) & inside(begins, range);
            each(begins, others, &mut rest)?;
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
