//! Bits, least significant first, with unaligned 64-bit loads.

/// Zero bytes behind every packed stream, so that a 64-bit load at its last bit stays inside.
pub(super) const SLACK: usize = 8;

/// The widest value that one unaligned 64-bit load can hold, whatever its bit offset.
pub(super) const MAX_LOAD_BITS: u32 = 57;

/// Bits needed to hold `value`.
pub(super) fn width_of(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// A mask of the lowest `width` bits.
#[inline]
pub(super) fn mask(width: u32) -> u64 {
    1u64.checked_shl(width).unwrap_or(0).wrapping_sub(1)
}

/// 64 bits from byte `at`; `None` beyond the end.
#[inline]
pub(super) fn load(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(word.try_into().ok()?))
}

/// Appends values of any width to bytes.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: u128,
    filled: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            pending: 0,
            filled: 0,
        }
    }

    /// Adds the lowest `width` bits of `value`.
    #[inline]
    pub(super) fn put(&mut self, value: u64, width: u32) {
        self.pending |= u128::from(value & mask(width)) << self.filled;
        self.filled += width;
        if self.filled >= 64 {
            self.out
                .extend_from_slice(&(self.pending as u64).to_le_bytes());
            self.pending >>= 64;
            self.filled -= 64;
        }
    }

    /// Pads with zero bits to a whole byte.
    pub(super) fn align(&mut self) {
        let bytes = self.filled.div_ceil(8) as usize;
        let word = (self.pending as u64).to_le_bytes();
        self.out
            .extend_from_slice(word.get(..bytes).unwrap_or(&word));
        self.pending = 0;
        self.filled = 0;
    }
}
