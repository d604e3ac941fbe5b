//! Bit-packing with a frame of reference: every value in the same width, above a base. FORMAT.md
//! section 6.3 has the bytes.

use std::ops::Range;

use super::bits::{BitWriter, MAX_LOAD_BITS, SLACK, load, mask, width_of};
use super::source::{Source, short};
use super::word::Word;
use crate::model::{Error, Result};

/// Values `base + bits`, `width` bits each; random access costs one load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Packed {
    pub base: u64,
    pub width: u32,
}

impl Packed {
    /// The packing for values from `min` to `max`.
    pub(super) fn for_range(min: u64, max: u64) -> Self {
        let width = width_of(max - min);
        let width = if width > MAX_LOAD_BITS { 64 } else { width };
        Self { base: min, width }
    }

    pub(super) fn checked(base: u64, width: u64) -> Result<Self> {
        match u32::try_from(width) {
            Ok(width) if width <= MAX_LOAD_BITS || width == 64 => Ok(Self { base, width }),
            _ => Err(Error::corrupt(format!("a packed stream of width {width}"))),
        }
    }

    /// The highest value that can be packed so; `None` beyond 64 bits.
    pub(super) fn most(&self) -> Option<u64> {
        self.base.checked_add(mask(self.width))
    }

    /// Bytes for `count` values.
    pub(super) fn bytes(&self, count: usize) -> usize {
        (count * self.width as usize).div_ceil(8) + SLACK
    }

    pub(super) fn encode<T: Word>(&self, values: impl Iterator<Item = T>, out: &mut Vec<u8>) {
        let bits = values.size_hint().0 * self.width as usize;
        let mut writer = BitWriter::new(out, bits);
        for value in values {
            writer.put(value.wide().wrapping_sub(self.base), self.width);
        }
        writer.align();
        out.extend_from_slice(&[0; SLACK]);
    }

    /// Fills `out` with the values from `start`.
    #[inline(always)]
    pub(super) fn fill<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        start: usize,
        out: &mut [T],
    ) -> Result<()> {
        self.open(source, start, out.len())?.fill(out)
    }

    /// Says that the values of a range are about to be read.
    pub(super) fn prefetch<'a>(&self, source: impl Source<'a>, range: &Range<usize>) {
        let width = self.width as usize;
        let bytes = range.start * width / 8..(range.end * width).div_ceil(8);
        source.prefetch(bytes.start, bytes.len());
    }

    /// A position in the stream, with the bytes of `len` values from `start`.
    #[inline(always)]
    pub(super) fn open<'a>(
        &self,
        source: impl Source<'a>,
        start: usize,
        len: usize,
    ) -> Result<PackedReader<'a>> {
        let width = self.width as usize;
        let bytes = match width {
            0 => &[0; SLACK],
            _ => {
                let first = start * width / 8;
                let last = (start + len) * width / 8;
                source.get(first, last - first + SLACK)?
            }
        };
        Ok(PackedReader {
            bytes,
            bit: start * width % 8,
            width,
            mask: mask(self.width),
            base: self.base,
        })
    }
}

/// Values of a packed stream, one after the other.
pub(super) struct PackedReader<'a> {
    bytes: &'a [u8],
    bit: usize,
    width: usize,
    mask: u64,
    base: u64,
}

impl PackedReader<'_> {
    /// Fills `out` with the next values.
    #[inline(always)]
    pub(super) fn fill<T: Word>(&mut self, out: &mut [T]) -> Result<()> {
        for slot in out {
            *slot = T::of(self.next().ok_or_else(short)?);
        }
        Ok(())
    }

    /// Appends the next values.
    #[inline(always)]
    pub(super) fn append<T: Word>(&mut self, count: usize, out: &mut Vec<T>) -> Result<()> {
        let start = out.len();
        out.resize(start + count, T::default());
        self.fill(out.get_mut(start..).unwrap_or_default())
    }

    /// The next values without their base, the first in the lowest bits; `None`, and none is taken,
    /// where they do not fit one load.
    #[inline(always)]
    pub(super) fn next_together(&mut self, count: usize) -> Option<u64> {
        let bits = count * self.width;
        if bits > MAX_LOAD_BITS as usize {
            return None;
        }
        let word = load(self.bytes, self.bit / 8)? >> (self.bit % 8);
        self.bit += bits;
        Some(word)
    }

    /// The next value; `None` beyond the bytes.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<u64> {
        let value = self.ahead(0)?;
        self.skip(1);
        Some(value)
    }

    /// The value behind so many others; `None` beyond the bytes.
    #[inline(always)]
    pub(super) fn ahead(&self, others: usize) -> Option<u64> {
        let bit = self.bit + others * self.width;
        let word = load(self.bytes, bit / 8)? >> (bit % 8);
        Some((word & self.mask).wrapping_add(self.base))
    }

    /// Fills `out` with the values at `positions` of the stream, where the next value is at `first`.
    #[inline(always)]
    pub(super) fn gather<T: Word>(
        &self,
        first: usize,
        positions: &[usize],
        out: &mut [T],
    ) -> Result<()> {
        for (position, slot) in positions.iter().zip(out) {
            let value = self.ahead(position.wrapping_sub(first));
            *slot = T::of(value.ok_or_else(short)?);
        }
        Ok(())
    }

    /// Passes over so many values.
    #[inline(always)]
    pub(super) fn skip(&mut self, values: usize) {
        self.bit += values * self.width;
    }
}
