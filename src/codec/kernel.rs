//! The ways to decode a class-coded block group by group, and to sum up its values.
//!
//! Where the processor has a shuffle of bytes and shifts by lane, each of four values moves into a
//! lane of its own; elsewhere two words are loaded, for two values each. Work on a block is built once
//! for each way.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

#[cfg(target_arch = "x86_64")]
use super::dispatch::has_features;
#[cfg(target_arch = "x86_64")]
use super::group::LANE_BITS;
use super::group::{Groups, PAIR_BITS};
use super::source::short;
#[cfg(target_arch = "x86_64")]
use super::vectors::{array, vector};
use super::word::Word;
use crate::model::Result;

/// A way to decode groups.
pub(super) trait Kernel: Copy {
    /// What holds a value, and the sum of those of a block, modulo 2^64.
    type Value: Word;

    /// The sum of the values so far.
    type Sum: Copy;

    /// The four values of a class byte that begin at `bit` of the payload, and the bits that they take;
    /// `None` beyond its end.
    fn four(self, class: u8, payload: &[u8], bit: usize) -> Option<([Self::Value; 4], usize)>;

    /// The sum of no values.
    fn zero(self) -> Self::Sum;

    /// For each of four values the sum of it and all before it, of which the earlier ones are
    /// `before`; and the sum of all.
    fn sums(self, before: Self::Sum, four: [Self::Value; 4]) -> ([Self::Value; 4], Self::Sum);
}

/// The way that is the fastest for some groups.
pub(super) enum Chosen<'a> {
    #[cfg(target_arch = "x86_64")]
    Lanes(ByLanes<'a>),
    Pairs(ByWords<'a, true>),
    Singles(ByWords<'a, false>),
}

impl<'a> Chosen<'a> {
    #[inline(always)]
    pub(super) fn of(groups: &'a Groups) -> Self {
        match groups.widest() {
            #[cfg(target_arch = "x86_64")]
            0..=LANE_BITS if has_features() => Self::Lanes(ByLanes(groups)),
            0..=PAIR_BITS => Self::Pairs(ByWords(groups)),
            _ => Self::Singles(ByWords(groups)),
        }
    }
}

/// Does work with the kernel for some [`Groups`]; it is built once for each kernel.
macro_rules! with_kernel {
    ($groups:expr, $kernel:ident => $work:expr) => {
        match $crate::codec::kernel::Chosen::of($groups) {
            #[cfg(target_arch = "x86_64")]
            $crate::codec::kernel::Chosen::Lanes($kernel) => $work,
            $crate::codec::kernel::Chosen::Pairs($kernel) => $work,
            $crate::codec::kernel::Chosen::Singles($kernel) => $work,
        }
    };
}
pub(super) use with_kernel;

/// Each value in a lane of 32 bits. There is one only where the processor has the features.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct ByLanes<'a>(&'a Groups);

#[cfg(target_arch = "x86_64")]
impl Kernel for ByLanes<'_> {
    // Also the sum of 128 values of 25 bits has room.
    type Value = u32;
    /// In each lane.
    type Sum = __m128i;

    #[inline(always)]
    fn four(self, class: u8, payload: &[u8], bit: usize) -> Option<([u32; 4], usize)> {
        let group = self.0.group(class);
        #[expect(
            unsafe_code,
            reason = "a function with target features is unsafe to call"
        )]
        // SAFETY: the processor has the features, see above.
        let values = unsafe { group.lanes(payload, bit) };
        Some((values?, usize::from(group.total)))
    }

    #[inline(always)]
    fn zero(self) -> __m128i {
        #[expect(unsafe_code, reason = "as above")]
        // SAFETY: as above.
        unsafe {
            vector([0; 4])
        }
    }

    #[inline(always)]
    fn sums(self, before: __m128i, four: [u32; 4]) -> ([u32; 4], __m128i) {
        #[expect(unsafe_code, reason = "as above")]
        // SAFETY: as above.
        unsafe {
            sums_of_lanes(before, four)
        }
    }
}

/// A 64-bit load for two values, or for each.
#[derive(Clone, Copy)]
pub(super) struct ByWords<'a, const PAIRS: bool>(&'a Groups);

impl<const PAIRS: bool> Kernel for ByWords<'_, PAIRS> {
    type Value = u64;
    type Sum = u64;

    #[inline(always)]
    fn four(self, class: u8, payload: &[u8], bit: usize) -> Option<([u64; 4], usize)> {
        let group = self.0.group(class);
        let values = match PAIRS {
            true => group.pairs(payload, bit)?,
            false => self.0.singles(class, payload, bit)?,
        };
        Some((values, usize::from(group.total)))
    }

    #[inline(always)]
    fn zero(self) -> u64 {
        0
    }

    /// Modulo 2^64: from one group of four to the next the chain is one addition.
    #[inline(always)]
    fn sums(self, before: u64, [a, b, c, d]: [u64; 4]) -> ([u64; 4], u64) {
        let (ab, cd) = (a.wrapping_add(b), c.wrapping_add(d));
        let sums = [a, ab, ab.wrapping_add(c), ab.wrapping_add(cd)];
        let sums = sums.map(|sum| before.wrapping_add(sum));
        (sums, sums[3])
    }
}

/// Gives the four values of each class byte to `each`, with what comes with the byte and with what
/// `each` gave for the one before. The first begin at `bit` of the payload. Gives what the last gave,
/// and the bit behind it.
#[inline(always)]
pub(super) fn fold<'c, K: Kernel, W, S>(
    kernel: K,
    classes: impl Iterator<Item = (&'c u8, W)>,
    payload: &[u8],
    (mut state, mut bit): (S, usize),
    each: impl Fn(S, W, [K::Value; 4]) -> S,
) -> Result<(S, usize)> {
    for (class, with) in classes {
        let (values, bits) = kernel.four(*class, payload, bit).ok_or_else(short)?;
        state = each(state, with, values);
        bit += bits;
    }
    Ok((state, bit))
}

/// The sum of two values or of two sums of a block's values, modulo 2^64.
#[inline(always)]
pub(super) fn plus<V: Word>(a: V, b: V) -> V {
    V::of(a.wide().wrapping_add(b.wide()))
}

/// [`Kernel::sums`] of lanes: from one group of four to the next the chain is an addition and a move.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn sums_of_lanes(before: __m128i, four: [u32; 4]) -> ([u32; 4], __m128i) {
    let four = vector(four);
    let twos = _mm_add_epi32(four, _mm_slli_si128::<4>(four));
    let all = _mm_add_epi32(twos, _mm_slli_si128::<8>(twos));
    let sums = _mm_add_epi32(before, all);
    (array(sums), _mm_shuffle_epi32::<0b11_11_11_11>(sums))
}
