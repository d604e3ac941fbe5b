//! How numbers are spread, in bounded memory.

use std::collections::BTreeMap;

/// Counts of numbers by their 8 leading binary digits. A number stands for all that are cut to it,
/// which are at most 1/128 larger in magnitude; those of 8 digits or less stand for themselves. At
/// most 2^19 counts, of 12 bytes and more each; data of one sign and of magnitudes within a factor of
/// a thousand has 1,300.
#[derive(Default)]
pub(super) struct Histogram {
    counts: BTreeMap<u32, u64>,
    total: u64,
}

const CUT_BITS: u32 = 45;
const SIGN: u64 = 1 << 63;

impl Histogram {
    pub(super) fn add(&mut self, number: f64, times: u64) {
        *self.counts.entry(bucket(number)).or_default() += times;
        self.total += times;
    }

    /// The number below which a share of all lies; the one at that rank, counted from 1 and up.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in &self.counts {
            seen += count;
            if seen >= rank {
                return number(*bucket);
            }
        }
        0.0
    }

    /// How many lie below and above.
    pub(super) fn outside(&self, low: f64, high: f64) -> (u64, u64) {
        let count = |is_outside: &dyn Fn(f64) -> bool| {
            let counts = self.counts.iter();
            let outside = counts.filter(|(bucket, _)| is_outside(number(**bucket)));
            outside.map(|(_, count)| count).sum()
        };
        (count(&|n| n < low), count(&|n| n > high))
    }
}

/// Numbers in order: positive ones with the sign bit set, negative ones inverted.
fn bucket(number: f64) -> u32 {
    // One zero.
    let bits = (number + 0.0).to_bits() >> CUT_BITS << CUT_BITS;
    let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
    (ordered >> CUT_BITS) as u32
}

fn number(bucket: u32) -> f64 {
    let ordered = u64::from(bucket) << CUT_BITS;
    f64::from_bits(if ordered & SIGN == 0 {
        !ordered >> CUT_BITS << CUT_BITS
    } else {
        ordered & !SIGN
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_stand_for_themselves_and_others_nearly() {
        for n in [0.0, 1.0, -1.0, 0.5, 4.5, 255.0, -255.0, 1e-300, 1e300] {
            let found = number(bucket(n));
            if (-255.0..=255.0).contains(&n) && n.abs() > 1e-9 || n == 0.0 {
                assert_eq!(found, n);
            }
            assert!((n - found).abs() <= n.abs() / 128.0, "{n} {found}");
        }
        assert_eq!(bucket(0.0), bucket(-0.0));
        let sorted = [-300.0, -2.0, -0.1, 0.0, 1e-9, 0.1, 2.0, 300.0];
        assert!(sorted.is_sorted_by_key(|n| bucket(*n)));
    }

    #[test]
    fn quantiles_and_what_lies_outside() {
        let mut histogram = Histogram::default();
        (1..=100).for_each(|n| histogram.add(f64::from(n), 1));
        let quartiles = [0.25, 0.5, 0.75].map(|share| histogram.quantile(share));
        assert_eq!(quartiles, [25.0, 50.0, 75.0]);
        assert_eq!(histogram.outside(3.0, 99.0), (2, 1));
        assert_eq!(Histogram::default().quantile(0.5), 0.0);
    }
}
