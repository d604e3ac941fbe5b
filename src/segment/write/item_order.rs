//! The order of the items in the dictionaries of a run's segments.
//!
//! Where a segment's dictionary begins with that of the segment before, both are copied from the same
//! memory, which is near the processor more often.

use std::sync::Arc;

use super::input::SharedStrings;
use crate::column::Strings;

/// The items of a dictionary in its order.
pub struct ItemOrder {
    /// What the codes are of.
    strings: SharedStrings,
    /// By falling frequency, or as in the segment before with new ones behind.
    pub(in crate::segment) codes: Vec<u32>,
}

/// Bytes that an item takes in a file beside its text: its offset and its hash.
const ENTRY_BYTES: u64 = 8;

impl ItemOrder {
    /// The order for items of `strings` that occur so often, by code: that of the segment `before`
    /// where its codes are of the same strings and the file grows by no more than a sixty-fourth.
    pub(in crate::segment) fn of(
        counts: &[u64],
        strings: &SharedStrings,
        before: Option<&Self>,
    ) -> Self {
        let own = by_frequency(counts, |_| true);
        let same =
            |before: &&Self| std::ptr::addr_eq(Arc::as_ptr(&before.strings), Arc::as_ptr(strings));
        let kept = before.filter(same);
        let kept = kept.map(|before| before.followed(counts));
        let codes = match kept {
            Some(kept) if is_cheap(&kept, &own, counts, &**strings) => kept,
            _ => own,
        };
        Self {
            strings: strings.clone(),
            codes,
        }
    }

    /// These items, and behind them those that are new.
    fn followed(&self, counts: &[u64]) -> Vec<u32> {
        let mut is_known = vec![false; counts.len()];
        for code in &self.codes {
            if let Some(known) = is_known.get_mut(*code as usize) {
                *known = true;
            }
        }
        let is_new = |code: u32| is_known.get(code as usize) == Some(&false);
        let fresh = by_frequency(counts, is_new);
        self.codes.iter().copied().chain(fresh).collect()
    }

    /// Bytes of memory taken, the strings aside.
    pub fn memory_bytes(&self) -> usize {
        self.codes.capacity() * 4
    }
}

fn is_cheap(kept: &[u32], own: &[u32], counts: &[u64], strings: &dyn Strings) -> bool {
    let own = bits(own, counts, strings);
    bits(kept, counts, strings) <= own + own / 64
}

/// Bits that codes in this order and their dictionary take in a file, about.
fn bits(order: &[u32], counts: &[u64], strings: &dyn Strings) -> u64 {
    let ranked = (1_u64..).zip(order).map(|(rank, code)| {
        let count = counts.get(*code as usize).copied().unwrap_or(0);
        let code_bits = count.saturating_mul(u64::from(u64::BITS - rank.leading_zeros()));
        let text_bytes = strings.get(*code).map_or(0, str::len) as u64;
        code_bits.saturating_add((text_bytes + ENTRY_BYTES) * 8)
    });
    ranked.fold(0, u64::saturating_add)
}

/// The codes that occur and pass, the most frequent first.
pub(super) fn by_frequency(counts: &[u64], passes: impl Fn(u32) -> bool) -> Vec<u32> {
    let occurs = |code: &u32| counts.get(*code as usize).is_some_and(|count| *count > 0);
    let codes = 1..counts.len() as u32;
    let mut order: Vec<u32> = codes.filter(|code| occurs(code) && passes(*code)).collect();
    order.sort_by_key(|code| std::cmp::Reverse(counts.get(*code as usize).copied()));
    order
}
