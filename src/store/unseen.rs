//! Which of some candidates a user has not interacted with.

use xxhash_rust::xxh3::xxh3_64;

use super::snapshot::Snapshot;
use crate::types::{Error, Result};

/// Most candidates of one call.
const MAX_CANDIDATES: usize = 1 << 24;

/// A set of candidates, hashed once; a buffer that can be used for many calls.
#[derive(Default)]
pub struct Unseen {
    /// Candidate position plus one by hash, open addressing; 0 is free.
    slots: Vec<(u32, u32)>,
    unseen: Vec<bool>,
    codes: Vec<u32>,
}

impl Snapshot {
    /// Tells which candidates the user has no interaction with of one of `event_types` (matched
    /// without regard to ASCII case; empty for all): a flag for each candidate, in their order.
    /// Exact; the same candidate may stand several times.
    ///
    /// Cost: hashing the candidates, and decoding the item of each matching interaction of the
    /// whole history.
    ///
    /// # Errors
    /// `InvalidInput` beyond 2^24 candidates; `Corruption` when bytes it needs are damaged.
    pub fn unseen<'a, S: AsRef<str>>(
        &self,
        user: &str,
        candidates: &[S],
        event_types: &[String],
        buffer: &'a mut Unseen,
    ) -> Result<&'a [bool]> {
        buffer.fill(candidates)?;
        for live in self.version.runs.iter().flat_map(|run| run.of_user(user)) {
            let segment = &live.segment;
            buffer.codes.clear();
            segment.seen(user, event_types, self.visible, &mut buffer.codes)?;
            for index in 0..buffer.codes.len() {
                let Some(code) = buffer.codes.get(index).copied() else {
                    continue;
                };
                let hash = segment.item_hash(code)?;
                if buffer.may_hold(hash) {
                    buffer.mark(hash, segment.item(code)?, candidates);
                }
            }
        }
        for generation in &self.version.generations {
            generation.seen_items(user, event_types, self.visible, &mut |item| {
                buffer.mark(crate::segment::item_hash(item), item, candidates);
            })?;
        }
        Ok(&buffer.unseen)
    }
}

impl Unseen {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    fn fill<S: AsRef<str>>(&mut self, candidates: &[S]) -> Result<()> {
        if candidates.len() > MAX_CANDIDATES {
            return Err(Error::invalid(format!(
                "{} candidates; at most {MAX_CANDIDATES} in one call",
                candidates.len()
            )));
        }
        let slots = (candidates.len() * 2).next_power_of_two();
        self.slots.clear();
        self.slots.resize(slots, (0, 0));
        self.unseen.clear();
        self.unseen.resize(candidates.len(), true);
        for (position, candidate) in (1..).zip(candidates) {
            let hash = xxh3_64(candidate.as_ref().as_bytes()) as u32;
            let free = self.probe(hash).find(|slot| self.taken(*slot).is_none());
            if let Some(slot) = free.and_then(|slot| self.slots.get_mut(slot)) {
                *slot = (hash, position);
            }
        }
        Ok(())
    }

    /// The slots in which a hash may stand, in turn.
    fn probe(&self, hash: u32) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len().saturating_sub(1);
        (0..self.slots.len()).map(move |step| (hash as usize + step) & mask)
    }

    fn taken(&self, slot: usize) -> Option<(u32, u32)> {
        self.slots
            .get(slot)
            .copied()
            .filter(|(_, position)| *position != 0)
    }

    #[inline]
    fn may_hold(&self, hash: u32) -> bool {
        self.probe(hash)
            .map_while(|slot| self.taken(slot))
            .any(|(known, _)| known == hash)
    }

    /// Clears the flags of all candidates equal to `item`.
    fn mark<S: AsRef<str>>(&mut self, hash: u32, item: &str, candidates: &[S]) {
        for slot in self.probe(hash) {
            let Some((known, position)) = self.taken(slot) else {
                break;
            };
            let index = position as usize - 1;
            let same = candidates
                .get(index)
                .is_some_and(|candidate| candidate.as_ref() == item);
            if known == hash
                && same
                && let Some(flag) = self.unseen.get_mut(index)
            {
                *flag = false;
            }
        }
    }
}
