//! Which of some candidates a user has not interacted with.

use super::history::History;
use super::interacted::mark_event;
use super::snapshot::Snapshot;
use crate::io::prefetch_line;
use crate::segment::item_hash;
use crate::types::{Error, Result};

/// Most candidates of one call.
const MAX_CANDIDATES: usize = 1 << 24;

/// Memory for [`Snapshot::unseen`] that can be used for many calls.
#[derive(Default)]
pub struct Unseen {
    candidates: Candidates,
    unseen: Vec<bool>,
    codes: Vec<u32>,
    history: History,
}

/// Candidates whose strings are asked for while one is hashed.
const PREFETCHED: usize = 24;

/// Candidates by the hash of their id, open addressing: the hash in the upper half of a slot, the
/// position plus one in the lower; 0 is free. At least two slots a candidate keep the chains short.
#[derive(Default)]
pub(super) struct Candidates {
    slots: Vec<u64>,
    mask: usize,
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
        self.unseen_among_newest(user, candidates, event_types, usize::MAX, buffer)
    }

    /// The same as [`Snapshot::unseen`], but of each event type (names that differ only in ASCII
    /// case are one) only the user's `newest` interactions count.
    ///
    /// Cost: as [`Snapshot::unseen`]; where more than `newest` interactions match and they lie in
    /// several segments or generations, a history of them on top.
    ///
    /// # Errors
    /// As [`Snapshot::unseen`].
    pub fn unseen_among_newest<'a, S: AsRef<str>>(
        &self,
        user: &str,
        candidates: &[S],
        event_types: &[String],
        newest: usize,
        buffer: &'a mut Unseen,
    ) -> Result<&'a [bool]> {
        let Unseen {
            candidates: table,
            unseen,
            codes,
            history,
        } = buffer;
        table.fill(candidates)?;
        unseen.clear();
        unseen.resize(candidates.len(), true);
        // Rows that match, and the parts that they lie in; one segment alone counts for itself.
        let [mut rows, mut parts] = [0; 2];
        let mut visit = |key: &str, linked: u64| -> Result<()> {
            let segments = self.version.segments_of(key);
            for live in segments.filter(|live| live.entry.joined < linked) {
                let segment = &live.segment;
                codes.clear();
                let found = segment.seen(key, event_types, self.visible, newest, codes)?;
                rows += found;
                parts += usize::from(found > 0);
                segment.item_hashes(codes, |code, hash| {
                    for position in table.find(hash) {
                        // Popular items come often; one that is known to be seen needs no second look.
                        if unseen.get(position).is_some_and(|unseen| *unseen) {
                            mark(segment.item(code)?, position, candidates, unseen);
                        }
                    }
                    Ok(())
                })?;
            }
            for generation in &self.version.generations {
                generation.seen_items(key, event_types, self.visible, &mut |item| {
                    rows += 1;
                    parts = 2;
                    for position in table.find(item_hash(item)) {
                        mark(item, position, candidates, unseen);
                    }
                })?;
            }
            Ok(())
        };
        visit(user, u64::MAX)?;
        for session in self.sessions_of(user) {
            visit(&session.key, session.linked)?;
        }
        if rows > newest && parts > 1 {
            unseen.fill(true);
            self.each_newest(user, event_types, newest, history, &mut |event| {
                mark_event(event, table, candidates, unseen, false)
            })?;
        }
        Ok(unseen)
    }
}

/// Marks the candidate at a position as seen, if it is the item.
fn mark<S: AsRef<str>>(item: &str, position: usize, candidates: &[S], unseen: &mut [bool]) {
    if let (Some(flag), Some(known)) = (unseen.get_mut(position), candidates.get(position)) {
        *flag &= known.as_ref() != item;
    }
}

impl Unseen {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Candidates {
    pub(super) fn fill<S: AsRef<str>>(&mut self, candidates: &[S]) -> Result<()> {
        if candidates.len() > MAX_CANDIDATES {
            return Err(Error::invalid(format!(
                "{} candidates; at most {MAX_CANDIDATES} in one call",
                candidates.len()
            )));
        }
        let slots = (candidates.len() * 2).next_power_of_two();
        self.slots.clear();
        self.slots.resize(slots, 0);
        self.mask = slots - 1;
        for (position, candidate) in (1..).zip(candidates) {
            // The strings lie anywhere in memory.
            if let Some(soon) = candidates.get(position as usize + PREFETCHED) {
                prefetch_line(soon.as_ref().as_bytes());
            }
            let hash = item_hash(candidate.as_ref());
            let mut slot = hash as usize & self.mask;
            while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
                slot = (slot + 1) & self.mask;
            }
            if let Some(free) = self.slots.get_mut(slot) {
                *free = u64::from(hash) << 32 | position;
            }
        }
        Ok(())
    }

    /// The positions of the candidates with this hash.
    #[inline]
    pub(super) fn find(&self, hash: u32) -> impl Iterator<Item = usize> {
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
