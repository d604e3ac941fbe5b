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
    pending: u64,
    filled: u32,
}

impl<'a> BitWriter<'a> {
    /// A writer of so many bits in all, for which room is made.
    pub(super) fn new(out: &'a mut Vec<u8>, bits: usize) -> Self {
        out.reserve(bits.div_ceil(8) + SLACK);
        Self {
            out,
            pending: 0,
            filled: 0,
        }
    }

    /// Adds the lowest `width` bits of `value`.
    #[inline]
    pub(super) fn put(&mut self, value: u64, width: u32) {
        let value = value & mask(width);
        self.pending |= value << self.filled;
        let filled = self.filled + width;
        if filled >= 64 {
            self.out.extend_from_slice(&self.pending.to_le_bytes());
            self.pending = value.checked_shr(64 - self.filled).unwrap_or(0);
        }
        self.filled = filled % 64;
    }

    /// Pads with zero bits to a whole byte.
    pub(super) fn align(&mut self) {
        let bytes = self.filled.div_ceil(8) as usize;
        let word = self.pending.to_le_bytes();
        self.out
            .extend_from_slice(word.get(..bytes).unwrap_or(&word));
        self.pending = 0;
        self.filled = 0;
    }
}

/// Packs values of at most [`MAX_LOAD_BITS`] into memory of a fixed size, a store for each: no branch
/// depends on the values.
pub(super) struct BitBuffer<const BYTES: usize> {
    bytes: [u8; BYTES],
    /// Whole bytes so far, and the bits that do not fill one yet.
    len: usize,
    pending: u64,
    filled: u32,
}

impl<const BYTES: usize> BitBuffer<BYTES> {
    pub(super) fn new() -> Self {
        Self {
            bytes: [0; BYTES],
            len: 0,
            pending: 0,
            filled: 0,
        }
    }

    /// Removes what was put.
    pub(super) fn clear(&mut self) {
        self.len = 0;
        self.pending = 0;
        self.filled = 0;
    }

    /// Adds a value of `width` bits. What is beyond the buffer's size is lost.
    #[inline]
    pub(super) fn put(&mut self, value: u64, width: u32) {
        self.pending |= value << self.filled;
        if let Some(slot) = self.bytes.get_mut(self.len..self.len + 8) {
            slot.copy_from_slice(&self.pending.to_le_bytes());
        }
        let filled = self.filled + width;
        self.len += filled as usize / 8;
        self.pending = self.pending.checked_shr(filled & !7).unwrap_or(0);
        self.filled = filled % 8;
    }

    /// What was put, padded with zero bits to a whole byte.
    pub(super) fn bytes(&self) -> &[u8] {
        let len = self.len + usize::from(self.filled > 0);
        self.bytes.get(..len).unwrap_or(&self.bytes)
    }
}
