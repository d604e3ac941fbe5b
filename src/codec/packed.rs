//! Bit-packing with a frame of reference: every value in the same width, above a base. FORMAT.md
//! section 6.3 has the bytes.

use super::bits::{BitWriter, MAX_LOAD_BITS, SLACK, load, mask, width_of};
use super::source::{Source, short};
use super::word::Word;
use crate::types::{Error, Result};

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
    pub(super) fn decode<'a, T: Word>(
        &self,
        source: impl Source<'a>,
        start: usize,
        out: &mut [T],
    ) -> Result<()> {
        if self.width == 0 {
            out.fill(T::of(self.base));
            return Ok(());
        }
        let width = self.width as usize;
        let first_byte = start * width / 8;
        let last_byte = (start + out.len()) * width / 8;
        let bytes = source.get(first_byte, last_byte - first_byte + SLACK)?;
        let mask = mask(self.width);
        let mut bit = start * width % 8;
        for slot in out {
            let word = load(bytes, bit / 8).ok_or_else(short)?;
            *slot = T::of((word >> (bit % 8) & mask).wrapping_add(self.base));
            bit += width;
        }
        Ok(())
    }
}
