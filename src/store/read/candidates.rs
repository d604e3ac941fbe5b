//! Candidates by the hashes of their ids, and which hashes two sets have in common.

use crate::model::{Error, Result, prefetch_line};
use crate::segment::item_hash;

/// Most candidates of one call.
const MAX_CANDIDATES: usize = 1 << 24;

/// Candidates whose strings are asked for while one is hashed.
const PREFETCHED: usize = 24;

/// Slots of the table for each candidate.
const SLOTS: usize = 8;

/// Candidates by the hash of their id, open addressing: the hash in the upper half of a slot, the
/// position plus one in the lower; 0 is free. So many slots a candidate that hardly any chain is longer
/// than one: how long they are is what no processor could predict.
#[derive(Default)]
pub(super) struct Candidates {
    /// The hash of each, in their order.
    hashes: Vec<u32>,
    slots: Vec<u64>,
    mask: usize,
}

impl Candidates {
    /// # Errors
    /// `InvalidInput` beyond 2^24 candidates.
    pub(in crate::store) fn check_count(count: usize) -> Result<()> {
        if count <= MAX_CANDIDATES {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "{count} candidates; at most {MAX_CANDIDATES} in one call"
        )))
    }

    /// Takes the hashes of candidates; none of them is in the table yet.
    pub(in crate::store) fn hash<S: AsRef<str>>(&mut self, candidates: &[S]) {
        self.hashes.clear();
        let hashes = candidates.iter().enumerate().map(|(at, candidate)| {
            // The strings lie anywhere in memory.
            if let Some(soon) = candidates.get(at + PREFETCHED) {
                prefetch_line(soon.as_ref().as_bytes());
            }
            item_hash(candidate.as_ref())
        });
        self.hashes.extend(hashes);
    }

    /// The hash of each, in their order.
    pub(in crate::store) fn hashes(&self) -> &[u32] {
        &self.hashes
    }

    /// Makes a table of all candidates.
    ///
    /// # Errors
    /// As [`Candidates::check_count`].
    pub(in crate::store) fn fill<S: AsRef<str>>(&mut self, candidates: &[S]) -> Result<()> {
        Self::check_count(candidates.len())?;
        self.hash(candidates);
        self.clear(candidates.len());
        for position in 0..candidates.len() as u32 {
            self.insert(position);
        }
        Ok(())
    }

    /// Makes a table of those at the given positions.
    pub(super) fn fill_some(&mut self, positions: &[u32]) {
        self.clear(positions.len());
        positions.iter().for_each(|position| self.insert(*position));
    }

    fn clear(&mut self, count: usize) {
        let slots = (count * SLOTS).next_power_of_two();
        self.slots.clear();
        self.slots.resize(slots, 0);
        self.mask = slots - 1;
    }

    #[inline]
    fn insert(&mut self, position: u32) {
        let Some(hash) = self.hashes.get(position as usize) else {
            return;
        };
        let mut slot = *hash as usize & self.mask;
        while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
            slot = (slot + 1) & self.mask;
        }
        if let Some(free) = self.slots.get_mut(slot) {
            *free = u64::from(*hash) << 32 | (u64::from(position) + 1);
        }
    }

    /// The positions of the candidates with this hash that are in the table.
    #[inline]
    pub(in crate::store) fn find(&self, hash: u32) -> impl Iterator<Item = usize> {
        let mut slot = hash as usize & self.mask;
        std::iter::from_fn(move || {
            loop {
                let taken = self.slots.get(slot).copied().filter(|taken| *taken != 0)?;
                slot = (slot + 1) & self.mask;
                if (taken >> 32) as u32 == hash {
                    return Some(taken as u32 as usize - 1);
                }
            }
        })
    }
}

/// A set of hashes, about: a bit for each, which another may share.
#[derive(Default)]
pub(super) struct HashBits {
    words: Vec<u64>,
}

/// Bits for each hash: one in as many is taken for another.
const BITS: usize = 16;

impl HashBits {
    /// Takes these hashes, and none of those before.
    pub(in crate::store) fn fill(&mut self, hashes: impl ExactSizeIterator<Item = u32>) {
        let words = (hashes.len() * BITS).div_ceil(64).next_power_of_two();
        self.words.clear();
        self.words.resize(words, 0);
        for hash in hashes {
            let (word, bit) = self.place(hash);
            if let Some(word) = self.words.get_mut(word) {
                *word |= 1 << bit;
            }
        }
    }

    /// Fills `out` with the positions of the hashes that are in the set, and few others. No branch
    /// depends on which these are, but one for each 64 hashes on how many.
    pub(super) fn positions_of(&self, hashes: &[u32], out: &mut Vec<u32>) {
        out.clear();
        for (first, hashes) in (0..).step_by(64).zip(hashes.chunks(64)) {
            let mut found = 0u64;
            for hash in hashes {
                let (word, bit) = self.place(*hash);
                let word = self.words.get(word).copied().unwrap_or_default();
                found = found + found + (word >> bit & 1);
            }
            found <<= 64 - hashes.len();
            while found != 0 {
                let next = found.leading_zeros();
                out.push(first + next);
                found &= !(1 << 63 >> next);
            }
        }
    }

    #[inline(always)]
    fn place(&self, hash: u32) -> (usize, u32) {
        let word = (hash / 64) as usize & self.words.len().wrapping_sub(1);
        (word, hash % 64)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn positions_are_those_of_all_common_hashes_and_few_others(
            own in proptest::collection::vec(0_u32..5_000, 0..300),
            other in proptest::collection::vec(0_u32..5_000, 0..300),
        ) {
            // Spread over all bits, as hashes are.
            let [own, other] = [own, other].map(|numbers| {
                numbers.into_iter().map(|number| item_hash(number.to_string())).collect::<Vec<_>>()
            });
            let mut bits = HashBits::default();
            bits.fill(own.iter().copied());
            let mut positions = vec![7];
            bits.positions_of(&other, &mut positions);
            prop_assert!(positions.is_sorted_by(|a, b| a < b));
            prop_assert!(positions.iter().all(|at| (*at as usize) < other.len()));
            let found: BTreeSet<u32> = positions.iter().copied().collect();
            let common = |at: &u32| own.contains(&other[*at as usize]);
            let all: BTreeSet<u32> = (0..other.len() as u32).filter(common).collect();
            prop_assert!(found.is_superset(&all));
            prop_assert!(found.len() <= all.len() + 8 + other.len() / 4);
        }
    }
}
