//! From a user id to its rows in two cache misses.
//!
//! An open-addressing table beside the sorted ids (FORMAT.md section 5.1). Its slots carry a part
//! of the id's hash, so that another user's id is hardly ever read.

use std::ops::Range;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::format::Handle;
use super::reader::Region;
use super::strings::MappedStrings;
use crate::codec::{Source, Stream};
use crate::io::Pages;
use crate::types::{Error, Result, Strings};

const SLOT_BYTES: usize = 8;

/// The bytes of a table over `users`, which are in order. Between 3/8 and 3/4 of it is taken.
pub(super) fn build<'a>(users: impl ExactSizeIterator<Item = &'a str>) -> Vec<u8> {
    let slots = (users.len() * 4 / 3 + 1).next_power_of_two();
    let mut table = vec![(0u32, 0u32); slots];
    for (position, user) in users.enumerate() {
        let hash = xxh3_64(user.as_bytes());
        let mut slot = first_slot(hash, slots);
        while table.get(slot).is_some_and(|(_, taken)| *taken != 0) {
            slot = (slot + 1) & (slots - 1);
        }
        if let Some(free) = table.get_mut(slot) {
            *free = (hash as u32, position as u32 + 1);
        }
    }
    table
        .iter()
        .flat_map(|(tag, position)| (u64::from(*position) << 32 | u64::from(*tag)).to_le_bytes())
        .collect()
}

fn first_slot(hash: u64, slots: usize) -> usize {
    (hash >> 32) as usize & (slots - 1)
}

/// The users of a segment.
pub(super) struct Directory {
    pages: Arc<Pages>,
    table: Handle,
    slots: usize,
    pub(super) ids: MappedStrings,
    starts: Stream,
    starts_at: Handle,
    /// The rows of the segment.
    rows: usize,
}

/// A slot of the directory that looks like a user's.
#[derive(Clone, Copy)]
pub(super) struct Probe {
    pub(super) index: usize,
    hash: u64,
    /// The slot to be looked at next.
    next: usize,
}

impl Directory {
    pub(super) fn new(
        pages: Arc<Pages>,
        table: Handle,
        ids: MappedStrings,
        starts: Stream,
        starts_at: Handle,
        rows: usize,
    ) -> Result<Self> {
        let slots = table.len / SLOT_BYTES;
        if !slots.is_power_of_two() || slots <= ids.len() || starts.len() != ids.len() + 1 {
            return Err(Error::corrupt(format!(
                "{}: the user directory's parts do not fit together",
                pages.name()
            )));
        }
        Ok(Self {
            pages,
            table,
            slots,
            ids,
            starts,
            starts_at,
            rows,
        })
    }

    /// How many users there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The position of a user, from 0.
    #[inline]
    pub(super) fn find(&self, user: &str) -> Result<Option<usize>> {
        match self.probe(user)? {
            Some(probe) => self.confirm(probe, user),
            None => Ok(None),
        }
    }

    /// The first user whose hash looks like that of `user`: hardly ever another one. Its id and rows
    /// are asked for.
    #[inline]
    pub(super) fn probe(&self, user: &str) -> Result<Option<Probe>> {
        let hash = xxh3_64(user.as_bytes());
        self.probe_from(hash, first_slot(hash, self.slots))
    }

    #[inline]
    fn probe_from(&self, hash: u64, first: usize) -> Result<Option<Probe>> {
        let table = Region::new(&self.pages, self.table);
        let mut slot = first;
        for _ in 0..self.slots {
            let bytes = table.get(slot * SLOT_BYTES, SLOT_BYTES)?;
            let word = bytes.try_into().map(u64::from_le_bytes).unwrap_or(0);
            let next = (slot + 1) & (self.slots - 1);
            let taken = (word >> 32) as usize;
            if taken == 0 {
                return Ok(None);
            }
            if word as u32 == hash as u32 && taken <= self.len() {
                let index = taken - 1;
                let starts = Region::new(&self.pages, self.starts_at);
                self.starts.prefetch_index(starts, &(index..index + 2));
                self.ids.prefetch_offsets(index);
                return Ok(Some(Probe { index, hash, next }));
            }
            slot = next;
        }
        Ok(None)
    }

    /// Asks for the id that [`Directory::confirm`] will look at.
    #[inline]
    pub(super) fn prefetch_id(&self, probe: &Probe) {
        self.ids.prefetch_text(probe.index);
    }

    /// The position of the user that was probed for. It is that of the probe, or another where two
    /// users have the same hash.
    #[inline]
    pub(super) fn confirm(&self, mut probe: Probe, user: &str) -> Result<Option<usize>> {
        loop {
            if self.ids.bytes_at(probe.index)? == user.as_bytes() {
                return Ok(Some(probe.index));
            }
            match self.probe_from(probe.hash, probe.next)? {
                Some(next) => probe = next,
                None => return Ok(None),
            }
        }
    }

    /// The first user at or after `user`, by position.
    pub(super) fn lower_bound(&self, user: &str) -> Result<usize> {
        self.lower_bound_in(0..self.len(), user)
    }

    /// The same among the users from `start` on; cheap when it is near.
    pub(super) fn lower_bound_from(&self, start: usize, user: &str) -> Result<usize> {
        let (mut low, mut step) = (start, 1);
        loop {
            let probe = start + step - 1;
            if probe >= self.len() {
                return self.lower_bound_in(low..self.len(), user);
            }
            if self.ids.bytes_at(probe)? >= user.as_bytes() {
                return self.lower_bound_in(low..probe, user);
            }
            low = probe + 1;
            step *= 2;
        }
    }

    fn lower_bound_in(&self, range: Range<usize>, user: &str) -> Result<usize> {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.ids.bytes_at(middle)? < user.as_bytes() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// The rows of a user.
    #[inline]
    pub(super) fn rows(&self, index: usize) -> Result<Range<usize>> {
        let mut bounds = [0u64; 2];
        self.starts_of(index, &mut bounds)?;
        let [start, end] = bounds.map(|bound| bound as usize);
        if start >= end || end > self.rows {
            return Err(Error::corrupt(format!(
                "{}: the user directory's rows are out of order",
                self.pages.name()
            )));
        }
        Ok(start..end)
    }

    /// The first rows of users from `index` on.
    pub(super) fn starts_of(&self, index: usize, out: &mut [u64]) -> Result<()> {
        let region = Region::new(&self.pages, self.starts_at);
        self.starts.fill(region, index, out)
    }
}
