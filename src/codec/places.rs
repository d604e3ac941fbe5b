//! Single values of a class-coded block, found without decoding those before them.

use super::BLOCK;
use super::bits::mask;
use super::widths::Widths;

/// Where each value of a block lies, by counting the classes of those before it.
pub(super) struct Places {
    /// Class bytes of 32 values each, and the bits that all before them take. Behind the classes of
    /// a shorter block stands something else.
    words: [(u64, usize); BLOCK / 32],
    widths: Widths,
}

impl Places {
    /// The places in a block whose classes these bytes begin with; `None` where they are too few.
    #[inline(always)]
    pub(super) fn new(widths: Widths, bytes: &[u8]) -> Option<Self> {
        let classes = bytes.first_chunk::<{ BLOCK / 4 }>()?;
        let mut words = [(0, 0); BLOCK / 32];
        let mut before = 0;
        for (slot, bytes) in words.iter_mut().zip(classes.as_chunks::<8>().0) {
            let word = u64::from_le_bytes(*bytes);
            *slot = (word, before);
            before += widths.bits(word, 32);
        }
        Some(Self { words, widths })
    }

    /// The class of a value of the block, and the bit at which it begins.
    #[inline(always)]
    pub(super) fn of(&self, value: usize) -> (usize, usize) {
        let (word, before) = self.words[value / 32 % (BLOCK / 32)];
        let at = value % 32;
        let bits = self.widths.bits(word & mask(2 * at as u32), at);
        ((word >> (2 * at) & 3) as usize, before + bits)
    }
}
