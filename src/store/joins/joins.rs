//! What came after the rows that it concerns: readers join it, seals and compactions work it into
//! the rows, and then it is let go.

use std::sync::Arc;

use super::deletions::Deletions;
use super::late_records::LateRecords;
use super::links::Links;
use crate::hot::{LateRecord, Link, Tombstone};

/// Links, late records and deletions that some row of a version still lacks.
#[derive(Default)]
pub(crate) struct Joins {
    pub(in crate::store) links: Links,
    pub(in crate::store) late: LateRecords,
    pub(in crate::store) deletions: Deletions,
    /// Whether there may have been others, that are worked into rows by now.
    pub(super) were_others: bool,
}

impl Joins {
    pub(in crate::store) fn new(
        links: impl IntoIterator<Item = Arc<Link>>,
        late: impl IntoIterator<Item = Arc<LateRecord>>,
        tombstones: impl IntoIterator<Item = Arc<Tombstone>>,
    ) -> Arc<Self> {
        Arc::new(Self::of(links, late, tombstones))
    }

    /// Those of a store that may have had others before.
    pub(in crate::store) fn after_others(
        links: impl IntoIterator<Item = Arc<Link>>,
        late: impl IntoIterator<Item = Arc<LateRecord>>,
        tombstones: impl IntoIterator<Item = Arc<Tombstone>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            were_others: true,
            ..Self::of(links, late, tombstones)
        })
    }

    fn of(
        links: impl IntoIterator<Item = Arc<Link>>,
        late: impl IntoIterator<Item = Arc<LateRecord>>,
        tombstones: impl IntoIterator<Item = Arc<Tombstone>>,
    ) -> Self {
        let joins = Self::default();
        links.into_iter().for_each(|link| joins.links.add(link));
        late.into_iter().for_each(|late| joins.late.add(late));
        let deletions = &joins.deletions;
        tombstones.into_iter().for_each(|one| deletions.add(one));
        joins
    }

    /// Whether there ever was one.
    pub(in crate::store) fn were_any(&self) -> bool {
        self.were_others || !self.links.is_empty() || !self.late.is_empty()
    }
}
