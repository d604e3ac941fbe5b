//! Which of some candidates a user has not interacted with.

use super::candidates::{Candidates, HashBits};
use super::history::History;
use super::interacted::mark_event;
use super::repeats::Repeats;
use crate::model::{HashedKey, Result, check_asked_user, observe};
use crate::segment::item_hash;
use crate::store::engine::Snapshot;
use crate::text::TextBuffer;

/// Memory for [`Snapshot::unseen`] that can be used for many calls.
#[derive(Default)]
pub struct Unseen {
    unseen: Vec<bool>,
    items: Items,
    marker: Marker,
    history: History,
}

/// Items of a user's rows in one place.
#[derive(Default)]
struct Items {
    /// In a segment.
    codes: Vec<u32>,
    repeats: Repeats,
    /// In a generation.
    texts: TextBuffer,
    /// Of each row's item.
    hashes: Vec<u32>,
}

/// Marks the candidates that are among a user's items.
///
/// Hashing the candidates costs as much as all the rest, and most rows and most candidates have no
/// counterpart: what the sets of hashes have in common is looked for first, without a branch that nobody
/// could predict, and only that goes through a table.
#[derive(Default)]
struct Marker {
    candidates: Candidates,
    is_hashed: bool,
    bits: HashBits,
    /// Positions of candidates, and of items, whose hash the other side may have.
    near: Vec<u32>,
    seen: Vec<u32>,
}

impl Marker {
    /// Marks the candidates, that are among the items with these hashes, as seen; `is_item` says whether
    /// the item at a position is this one.
    fn mark<S: AsRef<str>>(
        &mut self,
        candidates: &[S],
        hashes: &[u32],
        unseen: &mut [bool],
        is_item: impl Fn(usize, &str) -> Result<bool>,
    ) -> Result<()> {
        if hashes.is_empty() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.is_hashed, true) {
            self.candidates.hash(candidates);
        }
        let of = |hashes: &[u32], at: u32| hashes.get(at as usize).copied().unwrap_or_default();
        self.bits.fill(hashes.iter().copied());
        self.bits
            .positions_of(self.candidates.hashes(), &mut self.near);
        self.candidates.fill_some(&self.near);
        let near = self.near.iter();
        let candidate_hashes = self.candidates.hashes();
        self.bits.fill(near.map(|at| of(candidate_hashes, *at)));
        self.bits.positions_of(hashes, &mut self.seen);
        for item in &self.seen {
            for position in self.candidates.find(of(hashes, *item)) {
                let (Some(flag), Some(candidate)) =
                    (unseen.get_mut(position), candidates.get(position))
                else {
                    continue;
                };
                // Popular items come often; one that is known to be seen needs no second look.
                *flag = *flag && !is_item(*item as usize, candidate.as_ref())?;
            }
        }
        Ok(())
    }
}

impl Snapshot {
    /// Tells which candidates the user has no interaction with of one of `event_types` (matched
    /// without regard to ASCII case; empty for all): a flag for each candidate, in their order.
    /// Exact; the same candidate may stand several times.
    ///
    /// Cost: decoding the item of each matching interaction of the whole history; where there is one,
    /// hashing the candidates, and a pass over their hashes for each segment and generation that has one.
    ///
    /// # Errors
    /// `InvalidInput` beyond 2^24 candidates, and for a user id that holds U+0000; `Corruption` when bytes it needs are damaged.
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
    /// several segments or generations, a history of them on top. Where interactions of the user, or
    /// candidates, were deleted: a history of the user.
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
        self.version.process.check()?;
        check_asked_user(user)?;
        let _read = observe::Read::begin("unseen");
        Candidates::check_count(candidates.len())?;
        let Unseen {
            unseen,
            items,
            marker,
            history,
        } = buffer;
        marker.is_hashed = false;
        unseen.clear();
        unseen.resize(candidates.len(), true);
        if self.is_touched(user, candidates, newest) {
            let table = &mut marker.candidates;
            table.fill(candidates)?;
            self.each_newest(user, event_types, newest, history, &mut |event| {
                mark_event(event, table, candidates, unseen, false)
            })?;
            return Ok(unseen);
        }
        // Rows that match, and the parts that they lie in; one segment alone counts for itself.
        let [mut rows, mut parts] = [0; 2];
        let mut visit = |key: HashedKey<'_>, linked: u64| -> Result<()> {
            let Items {
                codes,
                repeats,
                texts,
                hashes,
            } = &mut *items;
            self.version.check_key(key.text)?;
            let segments = self.version.segments_of(key.text);
            for live in segments.filter(|live| live.entry.joined < linked) {
                let segment = &live.segment;
                codes.clear();
                let found = segment.seen(key, event_types, self.visible, newest, codes)?;
                repeats.remove(codes);
                rows += found;
                parts += usize::from(found > 0);
                segment.item_hashes(codes, hashes)?;
                marker.mark(candidates, hashes, unseen, |item, candidate| {
                    segment.is_item(codes.get(item).copied().unwrap_or_default(), candidate)
                })?;
            }
            for generation in &self.version.generations {
                texts.clear();
                hashes.clear();
                generation.seen_items(key, event_types, self.visible, &mut |item| {
                    texts.push(item)?;
                    hashes.push(item_hash(item));
                    Ok(())
                })?;
                rows += hashes.len();
                parts += 2 * hashes.len().min(1);
                marker.mark(candidates, hashes, unseen, |item, candidate| {
                    Ok(texts.get(item) == Some(candidate))
                })?;
            }
            Ok(())
        };
        let hashed = HashedKey::of(user);
        self.version.prefetch_user(hashed);
        visit(hashed, u64::MAX)?;
        for session in self.sessions_of(user) {
            visit(HashedKey::of(&session.key), session.linked)?;
        }
        if rows > newest && parts > 1 {
            let table = &mut marker.candidates;
            table.fill(candidates)?;
            unseen.fill(true);
            self.each_newest(user, event_types, newest, history, &mut |event| {
                mark_event(event, table, candidates, unseen, false)
            })?;
        }
        Ok(unseen)
    }
}

impl Snapshot {
    /// Whether deletions may change what of the candidates a user has seen. Cost of a user that none
    /// names: a test of a small filter; where items were deleted, a look at each candidate.
    fn is_touched<S: AsRef<str>>(&self, user: &str, candidates: &[S], newest: usize) -> bool {
        let deletions = &self.version.joins.deletions;
        if deletions.is_empty() {
            return false;
        }
        let named = |key: &str| deletions.may_name(HashedKey::of(key));
        if named(user) || self.sessions_of(user).iter().any(|one| named(&one.key)) {
            return true;
        }
        if deletions.any_time_after(0) {
            return true;
        }
        deletions.items_after(0).is_some_and(|items| {
            let range = [0, self.visible];
            let mut candidates = candidates.iter().map(AsRef::as_ref);
            newest != usize::MAX || candidates.any(|id| items.deleted_id(id, range).is_some())
        })
    }
}

impl Unseen {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }
}
