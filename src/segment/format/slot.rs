//! A user's slot in the directory: as many bits for each part as the segment's users need (FORMAT.md section 5.1).

/// A user's place in the table. No user is without rows: a slot with none is free.
#[derive(Clone, Copy, Default)]
pub(in crate::segment) struct UserSlot {
    pub(in crate::segment) tag: u16,
    /// Lines of the user's last blocks (FORMAT.md section 5.8).
    pub(in crate::segment) hints: [u8; 2],
    pub(in crate::segment) position: u32,
    pub(in crate::segment) first_row: u32,
    pub(in crate::segment) rows: u32,
}

/// Slots that a probe looks at together: those of a cache line.
pub(in crate::segment) const BUCKET_BYTES: usize = 64;

/// Bits of the longest slot.
const WORD_BITS: u32 = u128::BITS;

const HINT_BITS: u32 = 16;

/// The tag of a user takes what a slot's last byte has left, within these.
const TAG_BITS: std::ops::RangeInclusive<u32> = 8..=16;

/// Bits of each part of a slot: as many as the highest value of any user takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotBits {
    /// Of the user's position.
    pub position: u8,
    /// Of its first row.
    pub first_row: u8,
    /// Of the number of its rows.
    pub rows: u8,
}

impl SlotBits {
    /// Those of users with these first rows, behind which stands the number of rows.
    pub(in crate::segment) fn of(starts: &[u64]) -> Self {
        let counts = starts.iter().zip(starts.iter().skip(1));
        let most = counts.map(|(start, end)| end - start).max().unwrap_or(0);
        let rows = starts.last().copied().unwrap_or(0);
        let bits = |highest: u64| (u64::BITS - highest.leading_zeros()) as u8;
        Self {
            position: bits(starts.len() as u64),
            first_row: bits(rows),
            rows: bits(most),
        }
    }

    /// Where the parts lie; `None` of what no writer writes.
    pub(in crate::segment) fn layout(self) -> Option<Layout> {
        let parts = [self.position, self.first_row, self.rows].map(u32::from);
        if parts.iter().any(|bits| *bits > u32::BITS) {
            return None;
        }
        let others = HINT_BITS + parts.iter().sum::<u32>();
        let bytes = (others + TAG_BITS.start()).div_ceil(8) as usize;
        let tag = (bytes as u32 * 8 - others).min(*TAG_BITS.end());
        let [position, first_row, rows] = parts;
        Some(Layout {
            bytes,
            slots: BUCKET_BYTES / bytes,
            tag,
            position: (tag + HINT_BITS, position),
            first_row: (tag + HINT_BITS + position, first_row),
            rows: (tag + HINT_BITS + position + first_row, rows),
        })
    }
}

/// Where in a slot its parts lie: the first bit, and how many there are.
#[derive(Clone, Copy)]
pub(in crate::segment) struct Layout {
    /// Bytes of a slot.
    pub(in crate::segment) bytes: usize,
    /// Slots of a bucket.
    pub(in crate::segment) slots: usize,
    pub(in crate::segment) tag: u32,
    position: (u32, u32),
    first_row: (u32, u32),
    rows: (u32, u32),
}

impl Layout {
    /// How many buckets there are for so many users: at most four fifths of the slots are taken.
    pub(super) fn buckets_for(&self, users: usize) -> usize {
        users * 5 / (4 * self.slots) + 1
    }

    /// The part of a hash that a slot has.
    #[inline]
    pub(super) fn tag_of(&self, hash: u64) -> u16 {
        (hash & ((1 << self.tag) - 1)) as u16
    }

    /// The slot at a position of a bucket.
    #[inline(always)]
    pub(in crate::segment) fn read(&self, bucket: &[u8; BUCKET_BYTES], nth: usize) -> UserSlot {
        const LAST: usize = BUCKET_BYTES - (WORD_BITS / 8) as usize;
        let at = nth * self.bytes;
        let start = at.min(LAST);
        let word = bucket.get(start..).and_then(<[u8]>::first_chunk);
        let word = u128::from_le_bytes(word.copied().unwrap_or_default());
        let word = word >> ((at - start) * 8 % WORD_BITS as usize);
        let part = |(first, bits): (u32, u32)| {
            ((word >> (first % WORD_BITS)) as u64 & ((1 << bits) - 1)) as u32
        };
        UserSlot {
            tag: self.tag_of(word as u64),
            hints: (part((self.tag, HINT_BITS)) as u16).to_le_bytes(),
            position: part(self.position),
            first_row: part(self.first_row),
            rows: part(self.rows),
        }
    }

    pub(in crate::segment) fn write(&self, slot: UserSlot, out: &mut [u8]) {
        let hints = u16::from_le_bytes(slot.hints);
        let mut word = u128::from(slot.tag) | u128::from(hints) << self.tag;
        for ((first, _), value) in [
            (self.position, slot.position),
            (self.first_row, slot.first_row),
            (self.rows, slot.rows),
        ] {
            word |= u128::from(value) << first;
        }
        for (byte, value) in out.iter_mut().zip(word.to_le_bytes()) {
            *byte = value;
        }
    }
}
