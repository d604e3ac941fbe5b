//! Cases that random values seldom meet.

use proptest::prelude::*;

use super::values::{noise, of_width};
use crate::codec::choose::encode_as;
use crate::codec::dispatch::plainly;
use crate::codec::{Encoding, SliceSource, Stream};

/// Values as wide as a lane of 32 bits or one load for two can hold, or a bit wider, at every bit offset.
#[test]
fn neighbours_of_the_widest_class_lie_anywhere() {
    let widest = [23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 56, 57];
    for (widest, narrow) in widest
        .into_iter()
        .flat_map(|widest| [(widest, 1), (widest, 7)])
    {
        let widths = [0, narrow, widest, widest];
        let width = |at: usize| widths[(noise(at as u64) & 3) as usize];
        let values: Vec<u64> = (0..1000)
            .map(|at| of_width(width(at), noise(at as u64)))
            .collect();
        let mut bytes = Vec::new();
        let descriptor = encode_as(Encoding::Classes, &values, &mut bytes).unwrap();
        let source = SliceSource(&bytes);
        let check = || {
            let stream = Stream::open(&descriptor).unwrap();
            let mut out: Vec<u64> = Vec::new();
            stream.decode(source, 0..1000, &mut out).unwrap();
            assert_eq!(out, values, "{widest}");
            for count in 1..40 {
                let positions: Vec<usize> = (100..100 + count).collect();
                out.clear();
                stream.gather(source, &positions, &mut out).unwrap();
                assert_eq!(out, values[100..100 + count]);
            }
        };
        check();
        plainly(check);
    }
}

/// What is looked up by code is decoded in 32 bits.
#[test]
fn only_what_all_values_fit_is_said_to_fit_32_bits() {
    let is_u32 = |encoding: Encoding, values: &[u64]| {
        let descriptor = encode_as(encoding, values, &mut Vec::new()).unwrap();
        Stream::open(&descriptor).unwrap().is_u32()
    };
    let from = |base: u64| -> Vec<u64> { (0..500).map(|at| base + at / 3 % 4).collect() };
    let most = u64::from(u32::MAX);
    for encoding in [
        Encoding::Packed,
        Encoding::Runs,
        Encoding::Classes,
        Encoding::Delta,
    ] {
        assert!(is_u32(encoding, &from(0)) && is_u32(encoding, &from(most - 3)));
        assert!(!is_u32(encoding, &from(most - 2)) && !is_u32(encoding, &from(1 << 40)));
    }
    let sparse = |modal: u64, other: u64| -> Vec<u64> {
        let value = |at: u64| if !at.is_multiple_of(5) { modal } else { other };
        (0..500).map(value).collect()
    };
    assert!(is_u32(Encoding::Sparse, &sparse(most, 3)));
    assert!(is_u32(Encoding::Sparse, &sparse(3, most)));
    assert!(!is_u32(Encoding::Sparse, &sparse(most + 1, 3)));
    assert!(!is_u32(Encoding::Sparse, &sparse(3, most + 1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    /// Few values are looked up as bits of one word.
    #[test]
    fn a_selection_among_few_values_is_that_of_the_plain_ones(
        (modal, width, flags) in (0u64..70, 1u32..8, 1usize..=64),
        base in prop_oneof![Just(0u64), 0u64..64],
        wanted in prop::collection::vec(any::<bool>(), 64),
        (seed, density) in (any::<u64>(), 1u64..9),
        (count, start) in (100usize..700, 0usize..100),
    ) {
        let value = |at: usize| match noise(at as u64 ^ seed) {
            bits if bits & 7 < density => base + (bits >> (64 - width)),
            _ => modal,
        };
        let values: Vec<u64> = (0..count).map(value).collect();
        let mut bytes = Vec::new();
        let descriptor = encode_as(Encoding::Sparse, &values, &mut bytes);
        prop_assume!(descriptor.is_some());
        let stream = Stream::open(&descriptor.unwrap()).unwrap();
        let wanted = &wanted[..flags];
        let is_wanted = |at: &usize| wanted.get(values[*at] as usize) == Some(&true);
        let want: Vec<usize> = (start..count - 1).filter(is_wanted).collect();
        let mut selected = Vec::new();
        stream.select(SliceSource(&bytes), start..count - 1, wanted, &mut selected).unwrap();
        prop_assert_eq!(selected, want);
    }
}
