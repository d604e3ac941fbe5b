//! What came after the rows that it concerns: readers join it, seals and compactions work it into
//! the rows, and then it is let go.

use std::sync::Arc;

use super::engine::Engine;
use super::late::{LateJoin, LateRecords};
use super::links::Links;
use super::manifest::SegmentEntry;
use super::version::{LiveSegment, Run, Version};
use crate::hot::{LateRecord, Link, Notes};
use crate::segment::Origin;
use crate::types::{Result, session_key};

/// Links and late records that some row of a version still lacks.
#[derive(Default)]
pub(crate) struct Joins {
    pub(super) links: Links,
    pub(super) late: LateRecords,
}

impl Joins {
    pub(super) fn new(
        links: impl IntoIterator<Item = Arc<Link>>,
        late: impl IntoIterator<Item = Arc<LateRecord>>,
    ) -> Arc<Self> {
        let joins = Self::default();
        links.into_iter().for_each(|link| joins.links.add(link));
        late.into_iter().for_each(|late| joins.late.add(late));
        Arc::new(joins)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.links.is_empty() && self.late.is_empty()
    }
}

impl Version {
    /// Whether any rows lie under a session that a link gives to a user. Those there are were
    /// written before the link, so that a version without any is followed by none with some.
    pub(super) fn needs_link(&self, link: &Link) -> Result<bool> {
        let key = session_key(&link.session);
        let mut hot = self.generations.iter();
        if hot.any(|hot| hot.holds_sessions() && hot.contains(&key)) {
            return Ok(true);
        }
        any_holds(self.segments_of(&key), &key, link)
    }

    /// Whether rows that were recorded one by one may lack something.
    pub(super) fn may_lack(&self, late: &LateJoin) -> bool {
        let hot = self.generations.iter();
        let mut hot = hot.filter_map(|generation| generation.sequences());
        let recorded = self.segments().map(|live| &live.entry);
        let mut recorded = recorded.filter(|entry| entry.origin == Origin::Recorded);
        hot.any(|(first, last)| late.may_concern([first, last]))
            || recorded.any(|entry| late.may_concern(entry.sequences))
    }

    /// Whether any rows may lack a late record.
    fn needs_late(&self, late: &LateRecord) -> bool {
        let [first, last] = late.awaited;
        let hot = self.generations.iter();
        let mut hot = hot.filter_map(|generation| generation.sequences());
        let mut live = self.segments().map(|live| &live.entry);
        hot.any(|(from, to)| from <= last && to >= first) || live.any(|entry| entry.lacks(late))
    }

    /// Whether rows of these runs lack something.
    pub(super) fn any_lacks(&self, runs: &[&Run]) -> Result<bool> {
        let late = self.joins.late.all();
        let segments = || runs.iter().flat_map(|run| &run.segments);
        if segments().any(|live| late.iter().any(|late| live.entry.lacks(late))) {
            return Ok(true);
        }
        for link in self.joins.links.all() {
            let key = session_key(&link.session);
            if any_holds(runs.iter().flat_map(|run| run.of_user(&key)), &key, &link)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a segment holds rows under a session that a link gives to a user.
fn any_holds<'a>(
    segments: impl Iterator<Item = &'a Arc<LiveSegment>>,
    key: &str,
    link: &Link,
) -> Result<bool> {
    for live in segments {
        if live.entry.lacks_link(link.sequence) && live.segment.has_user(key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl SegmentEntry {
    /// Whether rows of sessions may lie here that a link of the commit `sequence` gives to a user.
    pub(super) fn lacks_link(&self, sequence: u64) -> bool {
        self.sessions > 0 && self.joined < sequence
    }

    /// Whether rows may lie here that wait for a late record.
    fn lacks(&self, late: &LateRecord) -> bool {
        self.origin == Origin::Recorded
            && self.joined < late.sequence
            && self.sequences[0] <= late.awaited[1]
            && self.sequences[1] >= late.awaited[0]
    }
}

impl Engine {
    /// Has the commits survive power loss that are about to be worked into segments, which do.
    pub(super) fn make_joins_durable(&self) -> Result<()> {
        match self.version.load().joins.is_empty() {
            true => Ok(()),
            false => self.writable()?.sync().map_err(|error| self.poison(error)),
        }
    }

    /// Lets go of links and late records that no row lacks any more. Snapshots keep those of their
    /// versions.
    pub(super) fn trim_joins(&self) -> Result<()> {
        let version = self.version.load_full();
        let (links, late) = (version.joins.links.all(), version.joins.late.all());
        let known = (links.len(), late.len());
        let (mut kept_links, mut done_links) = (Vec::new(), Vec::new());
        for link in links {
            match version.needs_link(&link)? {
                true => kept_links.push(link),
                false => done_links.push(link),
            }
        }
        let needed = |late: &Arc<LateRecord>| version.needs_late(late);
        let (kept_late, done_late): (Vec<_>, Vec<_>) = late.into_iter().partition(needed);
        let done = done_links.len() + done_late.len();
        // What is copied to let go of one is bounded.
        if done == 0 || done * 2 < known.0 + known.1 {
            return Ok(());
        }
        let kept = Joins::new(kept_links, kept_late);
        let mut notes = Notes::default();
        let (tier, registry) = (self.writable()?, self.registry()?);
        let _commit = self.commit.lock();
        {
            let _manifest = self.manifest.lock();
            let current = self.version.load_full();
            // What was added meanwhile. Nobody else replaces the joins: seals and compactions, who
            // call this, may come together, and then the second finds others than it began with.
            if !Arc::ptr_eq(&current.joins, &version.joins) {
                return Ok(());
            }
            let links = current.joins.links.all().into_iter().skip(known.0);
            links.for_each(|link| kept.links.add(link));
            let late = current.joins.late.all().into_iter().skip(known.1);
            late.for_each(|late| kept.late.add(late));
            self.version.store(Arc::new(current.with_joins(kept)));
        }
        done_links
            .iter()
            .for_each(|link| registry.forget_link(link, &mut notes));
        done_late
            .iter()
            .for_each(|late| registry.forget_late(late, &mut notes));
        let generation = self.active()?;
        tier.append(&generation, &[], &notes, 0)
            .map_err(|error| self.poison(error))
    }
}
