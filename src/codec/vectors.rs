//! Four lanes of 32 bits as an array, and as a vector of the processor.

use std::arch::x86_64::*;

/// Four lanes as a vector; in memory they are one.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn vector(lanes: [u32; 4]) -> __m128i {
    let [a, b, c, d] = lanes.map(|lane| lane as i32);
    _mm_set_epi32(d, c, b, a)
}

/// The lanes of a vector.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn array(lanes: __m128i) -> [u32; 4] {
    let [a, b] = [_mm_extract_epi32::<0>(lanes), _mm_extract_epi32::<1>(lanes)];
    let [c, d] = [_mm_extract_epi32::<2>(lanes), _mm_extract_epi32::<3>(lanes)];
    [a, b, c, d].map(|lane| lane as u32)
}
