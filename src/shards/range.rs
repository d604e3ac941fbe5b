//! Hashes of users, and ranges of them.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The hash that says to which shard a user belongs: XXH3, 64 bits, over the UTF-8 bytes of the id. It is
/// frozen: FORMAT.md has test vectors.
pub fn user_hash(user: &str, seed: u64) -> u64 {
    xxh3_64_with_seed(user.as_bytes(), seed)
}

/// A range of hashes, both ends inside; it is never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashRange {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl HashRange {
    /// Every hash.
    pub const ALL: Self = Self {
        first: 0,
        last: u64::MAX,
    };

    /// The first hash inside.
    pub fn first(self) -> u64 {
        self.first
    }

    /// The last hash inside.
    pub fn last(self) -> u64 {
        self.last
    }

    /// Whether the range holds `hash`.
    pub fn contains(self, hash: u64) -> bool {
        (self.first..=self.last).contains(&hash)
    }

    /// Its lower and its upper half; `None` where it is a single hash.
    pub(super) fn halves(self) -> Option<[Self; 2]> {
        let middle = self.first + (self.last - self.first) / 2;
        let lower = Self {
            last: middle,
            ..self
        };
        let upper = Self {
            first: middle.checked_add(1).filter(|first| *first <= self.last)?,
            ..self
        };
        Some([lower, upper])
    }

    /// Both as one, where `other` begins right behind this one.
    pub(super) fn with(self, other: Self) -> Option<Self> {
        (self.last.checked_add(1) == Some(other.first)).then_some(Self {
            first: self.first,
            last: other.last,
        })
    }

    /// All hashes in so many ranges of about the same size, in order: range `n` of `parts` begins at
    /// `n * 2^64 / parts`, rounded down.
    pub(super) fn parts(parts: u32) -> Vec<Self> {
        // Behind the last one, the end is 2^64, of which `as` keeps 0.
        let start = |part: u32| ((u128::from(part) << 64) / u128::from(parts)) as u64;
        (0..parts)
            .map(|part| Self {
                first: start(part),
                last: start(part + 1).wrapping_sub(1),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_every_hash_once() {
        for count in [1, 2, 3, 7, 4096] {
            let parts = HashRange::parts(count);
            assert_eq!(parts.len(), count as usize);
            let all = parts
                .iter()
                .skip(1)
                .try_fold(parts[0], |all, one| all.with(*one));
            assert_eq!(all, Some(HashRange::ALL));
            let sizes = parts.iter().map(|part| part.last - part.first);
            assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
        }
    }

    #[test]
    fn halves_are_the_whole() {
        for (first, last) in [(0, u64::MAX), (5, 6), (5, 7), (u64::MAX - 1, u64::MAX)] {
            let range = HashRange { first, last };
            let [lower, upper] = range.halves().unwrap();
            assert_eq!(lower.with(upper), Some(range));
        }
        assert_eq!(HashRange { first: 5, last: 5 }.halves(), None);
        let end = HashRange {
            first: u64::MAX,
            last: u64::MAX,
        };
        assert_eq!(end.halves(), None);
        assert_eq!(end.with(HashRange::ALL), None);
    }
}
