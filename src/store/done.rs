//! What came after the rows that it concerns, and is worked into them by now.

use std::sync::Arc;

use crate::hot::{LateRecord, Link, Tombstone};

/// What is worked into the rows, and is still remembered.
#[derive(Default)]
pub(super) struct Done {
    pub(super) links: Vec<Arc<Link>>,
    pub(super) late: Vec<Arc<LateRecord>>,
    pub(super) tombstones: Vec<Arc<Tombstone>>,
}

impl Done {
    pub(super) fn len(&self) -> usize {
        self.links.len() + self.late.len() + self.tombstones.len()
    }

    /// Adds others, but for tombstones that stay until a purge, or until a later one makes them needless.
    pub(super) fn add(&mut self, other: Self) {
        self.links.extend(other.links);
        self.late.extend(other.late);
        let of_sessions = other.tombstones.into_iter();
        self.tombstones
            .extend(of_sessions.filter(|one| one.by_retention && !one.is_expiry()));
    }

    /// Takes out those of commits up to this one.
    pub(super) fn take_up_to(&mut self, sequence: u64) -> Self {
        Self {
            links: self
                .links
                .extract_if(.., |one| one.sequence <= sequence)
                .collect(),
            late: self
                .late
                .extract_if(.., |one| one.sequence <= sequence)
                .collect(),
            tombstones: self
                .tombstones
                .extract_if(.., |one| one.sequence <= sequence)
                .collect(),
        }
    }

    /// The newest commit of any.
    pub(super) fn newest(&self) -> Option<u64> {
        let links = self.links.iter().map(|one| one.sequence);
        let late = self.late.iter().map(|one| one.sequence);
        let tombstones = self.tombstones.iter().map(|one| one.sequence);
        links.chain(late).chain(tombstones).max()
    }
}
