//! Four neighbouring values of a class-coded block, decoded at once: a table by class byte tells where
//! the four lie.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::bits::{MAX_LOAD_BITS, load, mask};
#[cfg(target_arch = "x86_64")]
use super::vectors::{array, vector};
use super::widths::Widths;

/// The widest value that a lane holds, at whatever bit of its first byte it begins.
#[cfg(target_arch = "x86_64")]
pub(super) const LANE_BITS: u32 = u32::BITS - 7;

/// The widest value of which two follow each other within one load, whatever its bit offset.
pub(super) const PAIR_BITS: u32 = MAX_LOAD_BITS / 2;

/// Where groups of four values with the same four widths lie.
#[derive(Clone)]
pub(super) struct Groups {
    by_class: Arc<Table>,
    widths: Widths,
}

/// By class byte.
type Table = [Group; 256];

/// The tables in use by their widths. A column mostly has the same widths in all segments: what one
/// lookup has brought near the processor, the next one uses in another segment.
static TABLES: Mutex<BTreeMap<[u32; 4], Weak<Table>>> = Mutex::new(BTreeMap::new());

/// Where four values with one class byte lie, counted from the first; a cache line.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Group {
    masks: [u32; 4],
    /// For each lane, which bytes of [`Window`] hold its value.
    bytes: [[u8; 4]; 4],
    /// At which bit of these bytes it begins.
    offsets: [u32; 4],
    /// Bits of the first and of the third value, behind which their neighbours begin.
    shifts: [u8; 2],
    /// Bits of the first two, and of all four.
    pair: u8,
    pub(super) total: u8,
}

/// Bytes that are looked at to decode a group.
type Window = [u8; 16];

/// The second of the two words of a [`Window`] that lanes are taken from begins at this byte: when both
/// are shifted to the first bit, each has at least so many whole ones.
const SECOND: usize = 7;

impl Groups {
    pub(super) fn new(widths: Widths) -> Self {
        let mut tables = TABLES.lock();
        let known = tables.get(&widths.0).and_then(Weak::upgrade);
        let by_class = known.unwrap_or_else(|| {
            let group = |class| Group::new(four_widths(widths, class as u8));
            let table: Arc<Table> = Arc::new(std::array::from_fn(group));
            tables.retain(|_, table| table.strong_count() > 0);
            tables.insert(widths.0, Arc::downgrade(&table));
            table
        });
        Self { by_class, widths }
    }

    /// The widest of the four widths.
    pub(super) fn widest(&self) -> u32 {
        self.widths.0[3]
    }

    #[inline(always)]
    pub(super) fn group(&self, class: u8) -> &Group {
        &self.by_class[usize::from(class)]
    }

    /// Four values of any width that is allowed.
    #[inline]
    pub(super) fn singles(&self, class: u8, payload: &[u8], mut bit: usize) -> Option<[u64; 4]> {
        let mut values = [0; 4];
        for (slot, width) in values.iter_mut().zip(four_widths(self.widths, class)) {
            *slot = load(payload, bit / 8)? >> (bit % 8) & mask(width);
            bit += width as usize;
        }
        Some(values)
    }
}

/// The widths of the four values of a class byte.
#[inline(always)]
fn four_widths(widths: Widths, class: u8) -> [u32; 4] {
    [0, 2, 4, 6].map(|at| widths.0[usize::from(class >> at & 3)])
}

impl Group {
    fn new(widths: [u32; 4]) -> Self {
        let mut group = Self {
            shifts: [widths[0] as u8, widths[2] as u8],
            pair: (widths[0] + widths[1]) as u8,
            total: widths.iter().sum::<u32>() as u8,
            ..Self::default()
        };
        let lanes = group
            .masks
            .iter_mut()
            .zip(&mut group.bytes)
            .zip(&mut group.offsets);
        let mut begin = 0;
        for (((value_mask, bytes), offset), width) in lanes.zip(widths) {
            *value_mask = mask(width) as u32;
            *offset = begin % 8;
            for (byte, at) in bytes.iter_mut().zip(begin / 8..) {
                // Of the first word the last byte is not whole.
                let beyond = at as usize >= SECOND;
                *byte = at as u8 + u8::from(beyond);
            }
            begin += width;
        }
        group
    }

    /// The bytes of a group, and its bit in the first.
    #[inline(always)]
    fn window(payload: &[u8], bit: usize) -> Option<(&Window, usize)> {
        let bytes = payload.get(bit / 8..bit / 8 + size_of::<Window>())?;
        Some((bytes.try_into().ok()?, bit % 8))
    }

    /// Four values of up to [`PAIR_BITS`].
    #[inline(always)]
    pub(super) fn pairs(&self, payload: &[u8], bit: usize) -> Option<[u64; 4]> {
        let (window, low) = Self::window(payload, bit)?;
        let second = low + usize::from(self.pair);
        // The first pair takes at most 56 bits.
        let [a, b] = [load(window, 0)?, load(window, second / 8 % 8)?];
        let (a, b) = (a >> low, b >> (second % 8));
        let [behind_a, behind_b] = self.shifts.map(|shift| shift % 64);
        let values = [a, a >> behind_a, b, b >> behind_b];
        let [p, q, r, s] = self.masks.map(u64::from);
        Some([values[0] & p, values[1] & q, values[2] & r, values[3] & s])
    }

    /// Four values of up to [`LANE_BITS`].
    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn lanes(&self, payload: &[u8], bit: usize) -> Option<[u32; 4]> {
        let (window, low) = Self::window(payload, bit)?;
        let [first, second] = [load(window, 0)?, load(window, SECOND)?];
        let words = _mm_set_epi64x(second as i64, first as i64);
        let words = _mm_srl_epi64(words, _mm_cvtsi32_si128(low as i32));
        let bytes = self.bytes.map(u32::from_le_bytes);
        let lanes = _mm_shuffle_epi8(words, vector(bytes));
        let lanes = _mm_srlv_epi32(lanes, vector(self.offsets));
        let lanes = _mm_and_si128(lanes, vector(self.masks));
        Some(array(lanes))
    }
}
