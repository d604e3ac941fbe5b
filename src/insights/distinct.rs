//! How many distinct values there are, in bounded memory.

use std::collections::BTreeSet;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

/// A number of distinct values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Distinct {
    /// The number, or the estimate.
    pub count: u64,
    /// Whether it is exact. An estimate has a standard error of 0.4 %.
    pub exact: bool,
}

/// Distinct values by the lowest of their hashes: up to `KEPT` of them they are counted; beyond, the
/// highest of the lowest says how densely hashes lie (k minimum values, Bar-Yossef et al. 2002).
#[derive(Default)]
pub(super) struct DistinctCounter {
    lowest: BTreeSet<u64>,
    dropped: bool,
}

/// The standard error is 1 / sqrt(65,534). Takes about a megabyte.
const KEPT: usize = 1 << 16;

impl DistinctCounter {
    pub(super) fn add(&mut self, value: &[u8]) {
        let hash = xxh3_64(value);
        let highest = self.lowest.last().copied();
        if self.lowest.len() == KEPT && highest.is_some_and(|highest| hash > highest) {
            self.dropped = true;
            return;
        }
        if self.lowest.insert(hash) && self.lowest.len() > KEPT {
            self.lowest.pop_last();
            self.dropped = true;
        }
    }

    pub(super) fn count(&self) -> Distinct {
        let kept = self.lowest.len() as u64;
        match self.lowest.last() {
            Some(highest) if self.dropped => Distinct {
                count: ((kept - 1) as f64 / (*highest as f64 / u64::MAX as f64)) as u64,
                exact: false,
            },
            _ => Distinct {
                count: kept,
                exact: true,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(values: u32) -> Distinct {
        let mut counter = DistinctCounter::default();
        for value in (0..values).chain(0..values / 2) {
            counter.add(&value.to_le_bytes());
        }
        counter.count()
    }

    #[test]
    fn few_are_counted_and_many_are_estimated() {
        for values in [0, 1, 1000, KEPT as u32] {
            let exact = u64::from(values);
            assert_eq!(
                count(values),
                Distinct {
                    count: exact,
                    exact: true
                }
            );
        }
        for values in [KEPT as u32 + 1, 1_000_000] {
            let found = count(values);
            let error = found.count as f64 / f64::from(values) - 1.0;
            assert!(!found.exact && error.abs() < 0.016, "{values}: {error}");
        }
    }
}
