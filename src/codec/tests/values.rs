//! Values that fill an encoding: each of its cases, and all borders of its blocks.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::codec::Encoding;

/// Lengths around the borders of groups, words, blocks and blocks of runs.
pub(super) fn lengths() -> impl Strategy<Value = usize> {
    let border = select(vec![4usize, 64, 128, 256, 512, 640, 1024, 1152, 2048]);
    prop_oneof![
        1 => 2usize..12,
        4 => (border, 0usize..7).prop_map(|(border, beside)| (border + beside).saturating_sub(3)),
        1 => 2usize..2500,
    ]
}

/// Four rising widths, often next to those at which decoding goes another way.
pub(super) fn widths() -> impl Strategy<Value = [u32; 4]> {
    let width = || {
        let special = select(vec![0u32, 1, 8, 27, 28, 29, 30, 31, 32, 33, 55, 56, 57]);
        prop_oneof![special, 0u32..=57]
    };
    [width(), width(), width(), width()].prop_map(|mut widths| {
        widths.sort_unstable();
        widths
    })
}

/// Bits that are all random to look at, also from one number to the next.
pub(super) fn noise(number: u64) -> u64 {
    let mixed = (number.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A value of exactly so many bits, the others of which come from `noise`.
pub(super) fn of_width(width: u32, noise: u64) -> u64 {
    match width {
        0 => 0,
        _ => noise >> (64 - width) | 1 << (width - 1),
    }
}

/// Values of exactly these widths, each of which occurs.
fn of_widths() -> impl Strategy<Value = Vec<u64>> {
    (widths(), lengths(), 1u32..5).prop_flat_map(|(widths, count, skew)| {
        let value = (0usize..4, any::<u64>());
        vec(value, count.max(4)).prop_map(move |drawn| {
            let mut values: Vec<u64> = drawn
                .iter()
                .map(|(class, noise)| {
                    // Some streams have few wide values.
                    let class = if *noise % u64::from(skew) == 0 {
                        *class
                    } else {
                        0
                    };
                    of_width(widths[class], *noise)
                })
                .collect();
            for (value, width) in values.iter_mut().rev().zip(widths) {
                *value = of_width(width, *value);
            }
            values
        })
    })
}

/// What lies below all values; beyond 32 bits, too.
fn base() -> impl Strategy<Value = u64> {
    select(vec![0u64, 1, 60, 1 << 20, u32::MAX.into(), 1 << 40])
}

fn packed() -> impl Strategy<Value = Vec<u64>> {
    (0u32..=60, base(), lengths()).prop_flat_map(|(width, base, count)| {
        vec(any::<u64>(), count).prop_map(move |noise| {
            let bits = |noise: &u64| noise.checked_shr(64 - width).unwrap_or(0);
            noise.iter().map(|noise| base + bits(noise)).collect()
        })
    })
}

fn classes() -> impl Strategy<Value = Vec<u64>> {
    (of_widths(), base()).prop_map(|(mut values, base)| {
        // The lowest is the base.
        values.iter_mut().for_each(|value| *value += base);
        values
    })
}

fn delta() -> impl Strategy<Value = Vec<u64>> {
    (of_widths(), 1u32..=64).prop_map(|(steps, width)| {
        let sums = steps.iter().scan(0u64, |sum, step| {
            *sum = sum.wrapping_add(*step);
            Some(*sum & (u64::MAX >> (64 - width)))
        });
        sums.collect()
    })
}

fn runs() -> impl Strategy<Value = Vec<u64>> {
    let length = prop_oneof![
        3 => 1usize..4,
        3 => 14usize..20,
        2 => 125usize..131,
        1 => 1020usize..1030,
    ];
    (base(), vec((0u64..5, length), 1..60), 1usize..4000).prop_map(|(base, runs, most)| {
        let repeat = |(value, length): &(u64, usize)| std::iter::repeat_n(base + value, *length);
        runs.iter().flat_map(repeat).take(most).collect()
    })
}

/// One modal value; of the others none, some or all of a word.
fn sparse() -> impl Strategy<Value = Vec<u64>> {
    let others = prop_oneof![Just(0u32), 1u32..8, 24u32..34];
    let words = vec(
        (select(vec![0u8, 1, 40, 128, 255]), vec(any::<u64>(), 64)),
        1..20,
    );
    (base(), base(), others, words, lengths()).prop_map(|(modal, base, width, words, count)| {
        let value = |density: u8, noise: &u64| match *noise as u8 <= density && density > 0 {
            true => base + noise.checked_shr(64 - width).unwrap_or(0),
            false => modal,
        };
        let words = words.iter().cycle();
        let values =
            words.flat_map(|(density, noise)| noise.iter().map(|one| value(*density, one)));
        values.take(count).collect()
    })
}

/// Values, and the encoding that they are made for.
pub(super) fn made_for() -> impl Strategy<Value = (Encoding, Vec<u64>)> {
    prop_oneof![
        (Just(Encoding::Packed), packed()),
        (Just(Encoding::Classes), classes()),
        (Just(Encoding::Delta), delta()),
        (Just(Encoding::Runs), runs()),
        (Just(Encoding::Sparse), sparse()),
    ]
}

/// Where reading begins or ends: at both ends, beside borders, and in between.
pub(super) fn cuts(count: usize, noise: u64) -> Vec<usize> {
    let drawn = (0..4).map(|nth| (noise >> (16 * nth)) as u16 as usize % (count + 1));
    let borders = [64, 128, 512, 1024].map(|border| count / 2 / border * border + border);
    let beside = borders
        .iter()
        .flat_map(|border| [border - 1, *border, border + 1]);
    let mut cuts: Vec<usize> = [0, 1, count - 1, count].into_iter().collect();
    cuts.extend(drawn.chain(beside).filter(|cut| *cut <= count));
    cuts
}
