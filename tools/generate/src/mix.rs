/// A number from another, as if at random; no two give the same (the end of splitmix64).
pub(crate) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The same among the numbers of so many bits, 2 to 63.
pub(crate) fn permuted(number: u64, bits: u32) -> u64 {
    let mask = (1 << bits) - 1;
    let half = bits / 2;
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15) & mask;
    for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        mixed ^= mixed >> half;
        mixed = mixed.wrapping_mul(factor) & mask;
    }
    mixed ^ (mixed >> half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_leaves_no_number_out() {
        for bits in [2, 3, 8, 11] {
            let mut found: Vec<u64> = (0..1 << bits).map(|n| permuted(n, bits)).collect();
            found.sort_unstable();
            assert!(found.into_iter().eq(0..1 << bits), "{bits} bits");
        }
    }
}
