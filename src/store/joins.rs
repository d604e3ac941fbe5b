//! What came after the rows that it concerns: readers join it, seals and compactions work it into
//! the rows, and then it is let go.

use std::sync::Arc;

use super::deletions::Deletions;
use super::done::Done;
use super::engine::Engine;
use super::late::{LateJoin, LateRecords};
use super::leases;
use super::links::Links;
use super::manifest::SegmentEntry;
use super::run::Run;
use super::version::{LiveSegment, Version};
use crate::hot::{EncodedRows, Generation, LateRecord, Link, Notes, Tier, Tombstone};
use crate::segment::Origin;
use crate::types::{ErrorKind, Result, session_key};

/// Bytes of notes that are written at once.
const NOTES_BYTES: usize = 64 << 10;

/// Links, late records and deletions that some row of a version still lacks.
#[derive(Default)]
pub(crate) struct Joins {
    pub(super) links: Links,
    pub(super) late: LateRecords,
    pub(super) deletions: Deletions,
    /// Whether there may have been others, that are worked into rows by now.
    pub(super) were_others: bool,
}

impl Joins {
    pub(super) fn new(
        links: impl IntoIterator<Item = Arc<Link>>,
        late: impl IntoIterator<Item = Arc<LateRecord>>,
        tombstones: impl IntoIterator<Item = Arc<Tombstone>>,
    ) -> Arc<Self> {
        Arc::new(Self::of(links, late, tombstones))
    }

    /// Those of a store that may have had others before.
    pub(super) fn after_others(
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

    /// Whether rows may lack something that came late, or have something that was deleted.
    pub(super) fn may_lack(&self, late: &LateJoin) -> bool {
        let hot = self.generations.iter();
        let mut hot = hot.filter_map(|generation| generation.sequences());
        let mut entries = self.segments().map(|live| &live.entry);
        hot.any(|(first, last)| late.concerns(Some([first, last]), 0))
            || entries.any(|entry| {
                let recorded = entry.origin == Origin::Recorded;
                late.concerns(recorded.then_some(entry.sequences), entry.joined)
            })
    }

    /// Whether any rows may lack a late record.
    fn needs_late(&self, late: &LateRecord) -> bool {
        let [first, last] = late.awaited;
        let hot = self.generations.iter();
        let mut hot = hot.filter_map(|generation| generation.sequences());
        let mut live = self.segments().map(|live| &live.entry);
        hot.any(|(from, to)| from <= last && to >= first) || live.any(|entry| entry.lacks(late))
    }

    /// Whether any rows may lie here that a deletion hides.
    fn needs_deletion(&self, tombstone: &Tombstone) -> bool {
        let is_old = |hot: &Arc<Generation>| {
            let oldest = hot.timestamps().map(|(oldest, _)| oldest);
            oldest
                .zip(tombstone.time.until)
                .is_none_or(|(oldest, until)| oldest < until)
        };
        let hot = self.generations.iter();
        let hot = hot.filter(|hot| !tombstone.is_expiry() || is_old(hot));
        let mut hot = hot.filter_map(|generation| generation.sequences());
        // A segment that does not open may come back.
        !self.lost.is_empty()
            || hot.any(|(first, _)| first < tombstone.sequence)
            || self.segments().any(|live| live.may_hold(tombstone))
    }

    /// Whether rows of these runs lack something.
    pub(super) fn any_lacks(&self, runs: &[&Run]) -> bool {
        let late = self.joins.late.all();
        let segments = || runs.iter().flat_map(|run| &run.segments);
        let links = self.joins.links.all();
        let deletions = self.joins.deletions.all();
        segments().any(|live| late.iter().any(|late| live.entry.lacks(late)))
            || segments().any(|live| deletions.iter().any(|one| live.may_hold(one)))
            || links.iter().any(|link| {
                let key = session_key(&link.session);
                any_holds(runs.iter().flat_map(|run| run.of_user(&key)), &key, link)
            })
    }
}

impl LiveSegment {
    /// Whether rows, or impressions, may lie here that a deletion hides. What is damaged may hold some.
    fn may_hold(&self, tombstone: &Tombstone) -> bool {
        if !self.entry.lacks_deletion(tombstone.sequence) {
            return false;
        }
        let has_user = |key: &String| self.segment.has_user(key).unwrap_or(true);
        if let Some(item) = tombstone.item_for_everybody() {
            return self.segment.has_item(item).unwrap_or(true);
        }
        if tombstone.is_expiry() {
            let oldest = self.segment.footer().timestamps[0];
            return tombstone.time.until.is_none_or(|until| oldest < until);
        }
        tombstone.keys.iter().any(has_user)
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

    /// Lets go of links, late records and deletions that no row lacks any more: in memory, and, but for what a
    /// host deleted, whose tombstones stay until a purge, and what a lease keeps, for good. Snapshots keep those of
    /// their versions.
    pub(super) fn trim_joins(&self) -> Result<()> {
        // What is copied to let go of one is bounded.
        self.let_go_of_joins(|done, known| done > 0 && done * 2 >= known)
    }

    /// The same, where it pays: `pays` is told how many are to go, and of how many.
    pub(super) fn let_go_of_joins(&self, pays: impl Fn(usize, usize) -> bool) -> Result<()> {
        let version = self.version.load_full();
        if version.check_is_whole().is_err() {
            // What is lost may come back from a copy, and lack any of them.
            return Ok(());
        }
        let (links, late) = (version.joins.links.all(), version.joins.late.all());
        let tombstones = version.joins.deletions.all();
        let known = (links.len(), late.len(), tombstones.len());
        let needed = |link: &Arc<Link>| version.needs_link(link);
        let (kept_links, done_links): (Vec<_>, Vec<_>) = links.into_iter().partition(needed);
        let needed = |late: &Arc<LateRecord>| version.needs_late(late);
        let (kept_late, done_late): (Vec<_>, Vec<_>) = late.into_iter().partition(needed);
        // An item stays known until a purge: recommendations may still name it.
        let superseded = |one: &Arc<Tombstone>| {
            one.is_expiry() && tombstones.iter().any(|other| one.is_superseded_by(other))
        };
        let needed = |one: &Arc<Tombstone>| {
            one.item_for_everybody().is_some() || !superseded(one) && version.needs_deletion(one)
        };
        let (kept_tombstones, done_tombstones): (Vec<_>, Vec<_>) =
            tombstones.iter().cloned().partition(needed);
        let done = Done {
            links: done_links,
            late: done_late,
            tombstones: done_tombstones,
        };
        if !pays(done.len(), known.0 + known.1 + known.2) {
            return self.forget_unleased();
        }
        let kept = Joins::after_others(kept_links, kept_late, kept_tombstones);
        {
            let _commit = self.commit.lock();
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
            let tombstones = current.joins.deletions.all().into_iter().skip(known.2);
            tombstones.for_each(|one| kept.deletions.add(one));
            let floor = self.floor_after(&current);
            self.version
                .store(Arc::new(current.with_joins(kept, floor)));
        }
        self.leased.lock().add(done);
        self.forget_unleased()
    }

    /// Forgets for good what is worked into the rows and no lease keeps.
    fn forget_unleased(&self) -> Result<()> {
        if self.leased.lock().len() == 0 {
            return Ok(());
        }
        let (tier, registry) = (self.writable()?, self.registry()?);
        let taken = match leases::oldest(&*self.storage, registry.now_seconds()) {
            Ok(lease) => lease.map_or(u64::MAX, |lease| lease.sequence),
            // Who lists the leases is told; until then it keeps all.
            Err(error) if error.kind() == ErrorKind::Corruption => return Ok(()),
            Err(error) => return Err(error),
        };
        let gone = self.leased.lock().take_up_to(taken);
        let Some(newest) = gone.newest() else {
            return Ok(());
        };
        let mut notes = Notes::default();
        let _commit = self.commit.lock();
        // Before anything goes.
        registry.note_forgotten(newest, &mut notes)?;
        for link in gone.links {
            registry.forget_link(&link, &mut notes);
            self.append_notes(tier, &mut notes, NOTES_BYTES)?;
        }
        for late in gone.late {
            registry.forget_late(&late, &mut notes);
            self.append_notes(tier, &mut notes, NOTES_BYTES)?;
        }
        for tombstone in gone.tombstones {
            registry.forget_tombstone(&tombstone, &mut notes);
            self.append_notes(tier, &mut notes, NOTES_BYTES)?;
        }
        self.append_notes(tier, &mut notes, 1)
    }

    /// Writes notes where there are `least` bytes of them; the commit lock must be held. They stand for
    /// no commit, and may come in several pieces.
    pub(super) fn append_notes(&self, tier: &Tier, notes: &mut Notes, least: usize) -> Result<()> {
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
