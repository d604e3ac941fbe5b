//! From a user id to its rows in one cache miss, and to the proof that they are its own in two more.
//!
//! An open-addressing table beside the sorted ids (FORMAT.md section 5.1). Its slots carry a part
//! of the id's hash, so that another user's id is hardly ever read, and the user's rows, so that these
//! are on their way while the id is compared.

use std::ops::Range;
use std::sync::Arc;

use super::handles::Handle;
use super::lines::{BlockLines, Hints};
use super::region::{Located, Region};
use super::slot::{BUCKET_BYTES, Layout, SlotBits, UserSlot};
use super::strings::MappedStrings;
use crate::codec::Source;
use crate::column::Strings;
use crate::io::Pages;
use crate::model::{Error, HashedKey, Result, StoreId};
use crate::text::TextRoom;

/// What makes the hash of a key the one that a segment's table goes by, so that nobody who does not know the store's
/// identity can choose ids that crowd into a few buckets (FORMAT.md section 5.1).
#[derive(Clone, Copy)]
pub(in crate::segment) struct Seed([u64; 2]);

/// What the steps of mixing multiply by: odd, with bits everywhere.
const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];

impl Seed {
    pub(in crate::segment) fn of(store: StoreId) -> Self {
        let word = u128::from_le_bytes(store.0);
        Self([word as u64, (word >> 64) as u64])
    }

    #[inline]
    pub(in crate::segment) fn mixed(self, hash: u64) -> u64 {
        let mut mixed = hash;
        for (seed, factor) in self.0.iter().zip(FACTORS) {
            let product = u128::from(mixed ^ seed) * u128::from(factor);
            mixed = (product >> 64) as u64 ^ product as u64;
        }
        mixed
    }
}

/// The bytes of a table over users with these mixed hashes, in the order of the users, and how wide the parts of its
/// slots are. `starts` has the first row of each, then the number of rows, all below 2^32.
///
/// # Errors
/// `Internal` when they are not.
pub(in crate::segment) fn build(
    hashes: &[u64],
    starts: &[u64],
    lines: &BlockLines,
) -> Result<(SlotBits, Vec<u8>)> {
    let bits = SlotBits::of(starts);
    let layout = bits
        .layout()
        .ok_or_else(|| Error::internal("a segment of more rows than a slot can tell"))?;
    let buckets = layout.buckets_for(hashes.len());
    let mut table = vec![UserSlot::default(); buckets * layout.slots];
    let bounds = starts.iter().zip(starts.iter().skip(1));
    for ((position, hash), (start, end)) in (0..).zip(hashes).zip(bounds) {
        let hash = *hash;
        let first = first_bucket(hash, buckets) * layout.slots;
        let (before, behind) = table.split_at_mut(first);
        let free = behind.iter_mut().chain(before).find(|slot| slot.rows == 0);
        if let Some(free) = free {
            *free = UserSlot {
                tag: layout.tag_of(hash),
                hints: lines.hints((end.saturating_sub(1)) as usize),
                position,
                first_row: *start as u32,
                rows: (end - start) as u32,
            };
        }
    }
    let mut bytes = vec![0; buckets * BUCKET_BYTES];
    let slots = table.chunks_exact(layout.slots);
    for (bucket, slots) in bytes.chunks_exact_mut(BUCKET_BYTES).zip(slots) {
        for (out, slot) in bucket.chunks_exact_mut(layout.bytes).zip(slots) {
            layout.write(*slot, out);
        }
    }
    Ok((bits, bytes))
}

/// The upper half of the hash, as a share of the buckets.
#[inline]
fn first_bucket(hash: u64, buckets: usize) -> usize {
    (((hash >> 32) * buckets as u64) >> 32) as usize
}

/// The users of a segment.
pub(in crate::segment) struct Directory {
    pages: Arc<Pages>,
    table: Region,
    layout: Layout,
    buckets: usize,
    pub(in crate::segment) ids: MappedStrings,
    starts: Located,
    /// The rows of the segment.
    rows: usize,
    seed: Seed,
}

/// A user of the directory, or one whose hash looks like it until its id was compared.
#[derive(Clone)]
pub(in crate::segment) struct Entry {
    /// Its position among the users.
    pub(in crate::segment) index: usize,
    pub(in crate::segment) rows: Range<usize>,
    pub(in crate::segment) hints: Hints,
    /// The mixed one.
    hash: u64,
    /// The slot to be looked at next, counted from the first of the hash.
    next: usize,
}

impl Directory {
    pub(in crate::segment) fn new(
        pages: Arc<Pages>,
        (table, bits): (Handle, SlotBits),
        ids: MappedStrings,
        starts: Located,
        rows: usize,
        seed: Seed,
    ) -> Result<Self> {
        let buckets = table.len / BUCKET_BYTES;
        let whole = buckets * BUCKET_BYTES == table.len;
        let layout = bits.layout().filter(|layout| {
            let fits = buckets * layout.slots > ids.len() && u32::try_from(buckets).is_ok();
            whole && fits && starts.stream.len() == ids.len() + 1
        });
        let Some(layout) = layout else {
            return Err(Error::corrupt(format!(
                "{}: the user directory's parts do not fit together",
                pages.name()
            )));
        };
        Ok(Self {
            table: Region::new(&pages, table),
            pages,
            layout,
            buckets,
            ids,
            starts,
            rows,
            seed,
        })
    }

    /// How many users there are.
    pub(in crate::segment) fn len(&self) -> usize {
        self.ids.len()
    }

    /// A user, by its id.
    #[inline]
    pub(in crate::segment) fn find(&self, user: &str) -> Result<Option<Entry>> {
        match self.probe(HashedKey::of(user))? {
            Some(probe) => self.confirm(probe, user),
            None => Ok(None),
        }
    }

    /// The first user whose hash looks like that of `user`: hardly ever another one. The place of its
    /// id is asked for.
    #[inline]
    pub(in crate::segment) fn probe(&self, user: HashedKey<'_>) -> Result<Option<Entry>> {
        self.probe_from(self.seed.mixed(user.hash), 0)
    }

    /// Asks for the slots that [`Directory::probe`] looks at first.
    #[inline]
    pub(in crate::segment) fn prefetch_slots(&self, user: HashedKey<'_>) {
        let bucket = first_bucket(self.seed.mixed(user.hash), self.buckets);
        (&self.table).prefetch(bucket * BUCKET_BYTES, 1);
    }

    #[inline]
    fn probe_from(&self, hash: u64, first: usize) -> Result<Option<Entry>> {
        let table = &self.table;
        let layout = &self.layout;
        let (passed, mut nth) = match first {
            0 => (0, 0),
            first => (first / layout.slots, first % layout.slots),
        };
        let mut bucket = first_bucket(hash, self.buckets) + passed;
        let mut next = first;
        while next < self.buckets * layout.slots {
            if bucket >= self.buckets {
                bucket -= self.buckets;
            }
            let slots = table.get(bucket * BUCKET_BYTES, BUCKET_BYTES)?;
            let slots = slots.first_chunk().ok_or_else(|| self.out_of_order())?;
            for nth in nth..layout.slots {
                let slot = layout.read(slots, nth);
                next += 1;
                if slot.rows == 0 {
                    return Ok(None);
                }
                if slot.tag == layout.tag_of(hash) {
                    return self.entry(slot, hash, next).map(Some);
                }
            }
            (bucket, nth) = (bucket + 1, 0);
        }
        Ok(None)
    }

    #[inline]
    fn entry(&self, slot: UserSlot, hash: u64, next: usize) -> Result<Entry> {
        let (index, start) = (slot.position as usize, slot.first_row as usize);
        let end = start + slot.rows as usize;
        if index >= self.len() || end > self.rows {
            return Err(self.out_of_order());
        }
        self.ids.prefetch_place(index);
        Ok(Entry {
            index,
            rows: start..end,
            hints: slot.hints,
            hash,
            next,
        })
    }

    /// Asks for the id that [`Directory::confirm`] will look at.
    #[inline]
    pub(in crate::segment) fn prefetch_id(&self, probe: &Entry) {
        self.ids.prefetch_text(probe.index);
    }

    /// The user that was probed for. It is the probe, or another where two users have the same hash.
    #[inline]
    pub(in crate::segment) fn confirm(
        &self,
        mut probe: Entry,
        user: &str,
    ) -> Result<Option<Entry>> {
        let mut room = TextRoom::default();
        loop {
            if self.ids.bytes_at(probe.index, &mut room)? == user.as_bytes() {
                return Ok(Some(probe));
            }
            match self.probe_from(probe.hash, probe.next)? {
                Some(next) => probe = next,
                None => return Ok(None),
            }
        }
    }

    /// The first user at or after `user`, by position.
    pub(in crate::segment) fn lower_bound(&self, user: &str) -> Result<usize> {
        self.lower_bound_in(0..self.len(), user)
    }

    /// The same among the users from `start` on; cheap when it is near.
    pub(in crate::segment) fn lower_bound_from(&self, start: usize, user: &str) -> Result<usize> {
        let (mut low, mut step) = (start, 1);
        let mut room = TextRoom::default();
        loop {
            let probe = start + step - 1;
            if probe >= self.len() {
                return self.lower_bound_in(low..self.len(), user);
            }
            if self.ids.bytes_at(probe, &mut room)? >= user.as_bytes() {
                return self.lower_bound_in(low..probe, user);
            }
            low = probe + 1;
            step *= 2;
        }
    }

    fn lower_bound_in(&self, range: Range<usize>, user: &str) -> Result<usize> {
        let (mut low, mut high) = (range.start, range.end);
        let mut room = TextRoom::default();
        while low < high {
            let middle = low + (high - low) / 2;
            if self.ids.bytes_at(middle, &mut room)? < user.as_bytes() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The rows of the user at a position.
    pub(in crate::segment) fn rows(&self, index: usize) -> Result<Range<usize>> {
        let mut bounds = [0u64; 2];
        self.starts_of(index, &mut bounds)?;
        let [start, end] = bounds.map(|bound| bound as usize);
        if start >= end || end > self.rows {
            return Err(self.out_of_order());
        }
        Ok(start..end)
    }

    /// The first rows of users from `index` on.
    pub(in crate::segment) fn starts_of(&self, index: usize, out: &mut [u64]) -> Result<()> {
        self.starts.stream.fill(&self.starts.region, index, out)
    }

    #[cold]
    pub(in crate::segment) fn out_of_order(&self) -> Error {
        Error::corrupt(format!(
            "{}: the user directory's rows are out of order",
            self.pages.name()
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Ids that share their first bucket in a store whose identity somebody knows share it nowhere else.
    #[test]
    fn ids_that_crowd_in_one_store_spread_in_another() {
        const BUCKETS: usize = 100;
        let [known, other] = [[0; 16], [0x5a; 16]].map(|bytes| Seed::of(StoreId(bytes)));
        let bucket = |seed: Seed, id: &String| {
            let hash = seed.mixed(HashedKey::of(id).hash);
            first_bucket(hash, BUCKETS)
        };
        let ids = (0..50_000).map(|number| format!("user {number}"));
        let crowd: Vec<String> = ids.filter(|id| bucket(known, id) == 7).collect();
        assert!(crowd.len() > 300);
        let found: BTreeSet<usize> = crowd.iter().map(|id| bucket(other, id)).collect();
        assert!(found.len() > 90, "{} buckets", found.len());
    }
}
