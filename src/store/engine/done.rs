//! What came after the rows that it concerns, and is worked into them by now.

use std::sync::Arc;

use crate::hot::{LateRecord, Link, Tombstone};

/// What is worked into the rows, and is still remembered.
#[derive(Default)]
pub(in crate::store) struct Done {
    pub(in crate::store) links: Vec<Arc<Link>>,
    pub(in crate::store) late: Vec<Arc<LateRecord>>,
    pub(in crate::store) tombstones: Vec<Arc<Tombstone>>,
}

impl Done {
    pub(in crate::store) fn len(&self) -> usize {
        self.links.len() + self.late.len() + self.tombstones.len()
    }

    /// Adds others, but for tombstones that stay until a purge, or until a later one makes them needless.
    pub(in crate::store) fn add(&mut self, other: Self) {
        self.links.extend(other.links);
        self.late.extend(other.late);
        let of_sessions = other.tombstones.into_iter();
        self.tombstones
            .extend(of_sessions.filter(|one| one.by_retention && !one.is_expiry()));
    }

    /// Takes out those of commits up to this one.
    pub(in crate::store) fn take_up_to(&mut self, sequence: u64) -> Self {
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
    pub(in crate::store) fn newest(&self) -> Option<u64> {
        let links = self.links.iter().map(|one| one.sequence);
        let late = self.late.iter().map(|one| one.sequence);
        let tombstones = self.tombstones.iter().map(|one| one.sequence);
        links.chain(late).chain(tombstones).max()
    }
}
