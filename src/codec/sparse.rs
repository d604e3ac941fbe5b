//! One modal value and few others: a bitmap of the others, which are packed densely. FORMAT.md
//! section 6.6 has the bytes.

use super::bitmap::Bitmap;
use super::bits::mask;
use super::packed::Packed;
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

    /// Fills `out` with the values from `start`, of `count` in all.
    pub(super) fn decode<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        count: usize,
        start: usize,
        out: &mut [T],
    ) -> Result<()> {
        let bitmap = Bitmap::new(count);
        let first = start / 64;
        let end = (start + out.len()).div_ceil(64);
        let words = bitmap.words(source, first, end)?.as_chunks::<8>().0;
        let mut rest = Rest {
            packed: self.rest,
            source: Tail(source, bitmap.bytes()),
            next: bitmap.rank(source, start)?,
            buffer: [0; 64],
        };
        let mut skip = start % 64;
        let mut slots = out;
        for word in words {
            let take = (64 - skip).min(slots.len());
            let (now, later) = slots.split_at_mut(take);
            let keep = if take == 64 { !0 } else { (1u64 << take) - 1 };
            self.fill(u64::from_le_bytes(*word) >> skip & keep, now, &mut rest)?;
            slots = later;
            skip = 0;
        }
        Ok(())
    }

    /// Appends the positions of `start..end` whose value is wanted. Where the modal value is not,
    /// only the others are looked at.
    pub(super) fn select<'a>(
        &self,
        source: impl Source<'a>,
        count: usize,
        range: std::ops::Range<usize>,
        wanted: &[bool],
        out: &mut Vec<usize>,
    ) -> Result<()> {
        let is_wanted = |value: u64| wanted.get(value as usize).copied().unwrap_or(false);
        let modal = is_wanted(self.modal);
        let bitmap = Bitmap::new(count);
        let first = range.start / 64;
        let words = bitmap.words(source, first, range.end.div_ceil(64))?;
        let mut rest = Rest {
            packed: self.rest,
            source: Tail(source, bitmap.bytes()),
            next: bitmap.rank(source, range.start)?,
            buffer: [0; 64],
        };
        for (index, word) in (first..).zip(words.as_chunks::<8>().0) {
            let begins = index * 64;
            let inside = inside(begins, &range);
            let mut others = u64::from_le_bytes(*word) & inside;
            let mut hits = if modal { inside & !others } else { 0 };
            for value in rest.take(others.count_ones() as usize)? {
                let lowest = others & others.wrapping_neg();
                if is_wanted(*value) {
                    hits |= lowest;
                }
                others ^= lowest;
            }
            while hits != 0 {
                out.push(begins + hits.trailing_zeros() as usize);
                hits &= hits - 1;
            }
        }
        Ok(())
    }

    fn fill<'a, T: Word, S: Source<'a>>(
        &self,
        mut others: u64,
        out: &mut [T],
        rest: &mut Rest<S>,
    ) -> Result<()> {
        out.fill(T::of(self.modal));
        for value in rest.take(others.count_ones() as usize)? {
            let slot = out.get_mut(others.trailing_zeros() as usize);
            *slot.ok_or_else(short)? = T::of(*value);
            others &= others.wrapping_sub(1);
        }
        Ok(())
    }
}

/// The bits of the word that begins at `begins` which lie in `range`.
fn inside(begins: usize, range: &std::ops::Range<usize>) -> u64 {
    let low = range.start.saturating_sub(begins).min(64) as u32;
    let high = range.end.saturating_sub(begins).min(64) as u32;
    mask(high) & !mask(low)
}

/// The values that are not modal, taken in order.
struct Rest<S> {
    packed: Packed,
    source: S,
    next: usize,
    buffer: [u64; 64],
}

impl<'a, S: Source<'a>> Rest<S> {
    fn take(&mut self, count: usize) -> Result<&[u64]> {
        let out = self.buffer.get_mut(..count).ok_or_else(short)?;
        if count > 0 {
            self.packed.decode(self.source, self.next, out)?;
        }
        self.next += count;
        Ok(out)
    }
}
