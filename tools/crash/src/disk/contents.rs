//! The bytes of one file after power loss.

use std::sync::Arc;

use super::loss::{Loss, UNIT_BYTES};

/// A change of a file's bytes.
#[derive(Debug)]
pub enum Change {
    /// Bytes at an offset.
    Write(u64, Arc<[u8]>),
    /// Cut or grown to a length.
    Resize(u64),
    /// Grown to a length, where it was shorter.
    Grow(u64),
}

impl Change {
    /// The length of a file of `length` bytes afterwards.
    fn length_after(&self, length: u64) -> u64 {
        match self {
            Self::Write(offset, data) => length.max(offset + data.len() as u64),
            Self::Resize(length) => *length,
            Self::Grow(least) => length.max(*least),
        }
    }
}

/// A sync, by the numbers of the calls at which it began and returned.
#[derive(Clone, Copy, Debug)]
pub struct Sync {
    pub begun: usize,
    pub ended: usize,
}

impl Sync {
    /// Of the first `at` calls, those before this number survive power loss.
    pub fn covered(syncs: &[Self], at: usize) -> usize {
        let returned = syncs.iter().filter(|sync| sync.ended < at);
        returned.map(|sync| sync.begun).max().unwrap_or(0)
    }
}

/// A file's changes, by the numbers of their calls.
#[derive(Debug, Default)]
pub struct File {
    base: Arc<Vec<u8>>,
    changes: Vec<(usize, Change)>,
    syncs: Vec<Sync>,
}

impl File {
    /// One that was there before.
    pub fn on_disk(base: Arc<Vec<u8>>) -> Self {
        Self {
            base,
            ..Self::default()
        }
    }

    pub fn change(&mut self, at: usize, change: Change) {
        self.changes.push((at, change));
    }

    pub fn syncs_mut(&mut self) -> &mut Vec<Sync> {
        &mut self.syncs
    }

    /// What is on disk after the first `at` calls and power loss: all that was synced, and of the
    /// later changes what `loss` keeps. `number` is the file's.
    pub fn contents(&self, at: usize, loss: &mut Loss, number: usize) -> Vec<u8> {
        let before = self.changes.partition_point(|(place, _)| *place < at);
        let covered = Sync::covered(&self.syncs, at);
        let synced = self.changes.partition_point(|(place, _)| *place < covered);
        let synced = synced.min(before);
        let (synced, open) = (
            self.changes.get(..synced).unwrap_or_default(),
            self.changes.get(synced..before).unwrap_or_default(),
        );
        let mut bytes = Bytes {
            bytes: self.base.as_ref().clone(),
            length: self.base.len() as u64,
        };
        for (_, change) in synced {
            bytes.length = change.length_after(bytes.length);
            bytes.apply(change, |_| true);
        }
        let places: Vec<usize> = open.iter().map(|(place, _)| *place).collect();
        let fate = loss.fate(number, &places);
        for (index, (_, change)) in open.iter().enumerate() {
            if fate.keeps_length(index) {
                bytes.length = change.length_after(bytes.length);
            }
            // What is cut off goes with the length.
            bytes.apply(change, |unit| match change {
                Change::Resize(_) => fate.keeps_length(index),
                _ => fate.keeps(index, unit),
            });
        }
        bytes.finish()
    }
}

/// Bytes with a length of their own: what lies behind it is not part of the file, what is missing
/// before it reads as zeros.
struct Bytes {
    bytes: Vec<u8>,
    length: u64,
}

impl Bytes {
    /// Makes a change in those units (of [`UNIT_BYTES`], by number) that are kept.
    fn apply(&mut self, change: &Change, keeps: impl Fn(u64) -> bool) {
        match change {
            Change::Write(offset, data) => {
                let end = *offset as usize + data.len();
                if self.bytes.len() < end {
                    self.bytes.resize(end, 0);
                }
                for (unit, range) in units(*offset as usize, end) {
                    if !keeps(unit) {
                        continue;
                    }
                    let from =
                        data.get(range.start - *offset as usize..range.end - *offset as usize);
                    if let (Some(to), Some(from)) = (self.bytes.get_mut(range), from) {
                        to.copy_from_slice(from);
                    }
                }
            }
            Change::Resize(length) => {
                for (unit, range) in units(*length as usize, self.bytes.len()) {
                    if let (true, Some(cut)) = (keeps(unit), self.bytes.get_mut(range)) {
                        cut.fill(0);
                    }
                }
            }
            Change::Grow(_) => {}
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.length as usize, 0);
        self.bytes
    }
}

/// The units from one byte to another, with the bytes of each.
fn units(from: usize, to: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> {
    let first = from / UNIT_BYTES;
    let behind = to.div_ceil(UNIT_BYTES).max(first);
    (first..behind).map(move |unit| {
        let start = (unit * UNIT_BYTES).max(from);
        let end = ((unit + 1) * UNIT_BYTES).min(to);
        (unit as u64, start..end.max(start))
    })
}
