//! What came after the rows that it concerns: readers join it, seals and compactions work it into
//! the rows, and then it is let go.

use std::sync::Arc;

use super::engine::Engine;
use super::late::{LateJoin, LateRecords};
use super::links::Links;
use super::manifest::SegmentEntry;
use super::run::Run;
use super::version::{LiveSegment, Version};
use crate::hot::{EncodedRows, LateRecord, Link, Notes, Tier};
use crate::segment::Origin;
use crate::types::{Result, session_key};

/// Bytes of notes that are written at once.
const NOTES_BYTES: usize = 64 << 10;

/// Links and late records that some row of a version still lacks.
#[derive(Default)]
pub(crate) struct Joins {
    pub(super) links: Links,
    pub(super) late: LateRecords,
    /// Whether there may have been others, that are worked into rows by now.
    pub(super) were_others: bool,
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

    /// Those of a store that may have had others before.
    pub(super) fn after_others(
        links: impl IntoIterator<Item = Arc<Link>>,
        late: impl IntoIterator<Item = Arc<LateRecord>>,
    ) -> Arc<Self> {
        let joins = Self {
            were_others: true,
            ..Self::default()
        };
        links.into_iter().for_each(|link| joins.links.add(link));
        late.into_iter().for_each(|late| joins.late.add(late));
        Arc::new(joins)
    }

    /// Whether there ever was one.
    pub(super) fn were_any(&self) -> bool {
        self.were_others || !self.links.is_empty() || !self.late.is_empty()
    }
}

impl Version {
    /// Whether any rows may lie under a session that a link gives to a user. Those there are were
    /// written before the link, so that a version without any is followed by none with some. What
    /// is damaged may hold some.
    pub(super) fn needs_link(&self, link: &Link) -> bool {
        let key = session_key(&link.session);
        let mut hot = self.generations.iter();
        if hot.any(|hot| hot.holds_sessions() && hot.contains(&key)) {
            return true;
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
    pub(super) fn any_lacks(&self, runs: &[&Run]) -> bool {
        let late = self.joins.late.all();
        let segments = || runs.iter().flat_map(|run| &run.segments);
        let links = self.joins.links.all();
        segments().any(|live| late.iter().any(|late| live.entry.lacks(late)))
            || links.iter().any(|link| {
                let key = session_key(&link.session);
                any_holds(runs.iter().flat_map(|run| run.of_user(&key)), &key, link)
            })
    }
}

/// Whether a segment may hold a row under a session that a link gives to a user.
fn any_holds<'a>(
    mut segments: impl Iterator<Item = &'a Arc<LiveSegment>>,
    key: &str,
    link: &Link,
) -> bool {
    segments.any(|live| {
        live.entry.lacks_link(link.sequence) && live.segment.has_user(key).unwrap_or(true)
    })
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
    /// Has what is remembered survive power loss, as the segment about to be published does: its
    /// rows must not outlive their ids, nor what is worked into them. Nothing to do where nothing
    /// is remembered.
    pub(super) fn make_registry_durable(&self) -> Result<()> {
        match self.registry()?.is_empty()? {
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
        let needed = |link: &Arc<Link>| version.needs_link(link);
        let (kept_links, done_links): (Vec<_>, Vec<_>) = links.into_iter().partition(needed);
        let needed = |late: &Arc<LateRecord>| version.needs_late(late);
        let (kept_late, done_late): (Vec<_>, Vec<_>) = late.into_iter().partition(needed);
        let done = done_links.len() + done_late.len();
        // What is copied to let go of one is bounded.
        if done == 0 || done * 2 < known.0 + known.1 {
            return Ok(());
        }
        let kept = Joins::after_others(kept_links, kept_late);
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
        for link in done_links {
            registry.forget_link(&link, &mut notes);
            self.append_notes(tier, &mut notes, NOTES_BYTES)?;
        }
        for late in done_late {
            registry.forget_late(&late, &mut notes);
            self.append_notes(tier, &mut notes, NOTES_BYTES)?;
        }
        self.append_notes(tier, &mut notes, 1)
    }

    /// Writes notes where there are `least` bytes of them; the commit lock must be held. They stand for
    /// no commit, and may come in several pieces.
    fn append_notes(&self, tier: &Tier, notes: &mut Notes, least: usize) -> Result<()> {
        if notes.bytes() < least {
            return Ok(());
        }
        let notes = std::mem::take(notes);
        let mut generation = self.active()?;
        if self.is_full(&generation) {
            self.rotate(tier, true)?;
            generation = self.active()?;
        }
        tier.append(&generation, EncodedRows::default(), &notes, 0)
            .map_err(|error| self.poison(error))
    }
}
