//! Lets go of joins that no row lacks any more.

use std::sync::Arc;

use crate::hot::{EncodedRows, LateRecord, Link, Notes, Tier, Tombstone};
use crate::model::{ErrorKind, Result};
use crate::store::engine::{Done, Engine};
use crate::store::folder::leases;
use crate::store::joins::Joins;

/// Bytes of notes that are written at once.
const NOTES_BYTES: usize = 64 << 10;

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
    pub(in crate::store) fn trim_joins(&self) -> Result<()> {
        // What is copied to let go of one is bounded.
        self.let_go_of_joins(|done, known| done > 0 && done * 2 >= known)?;
        Ok(())
    }

    /// The same, where it pays: `pays` is told how many are to go, and of how many. `false` where somebody else
    /// let go of some meanwhile, and of these nothing was.
    pub(in crate::store) fn let_go_of_joins(
        &self,
        pays: impl Fn(usize, usize) -> bool,
    ) -> Result<bool> {
        let version = self.version.load_full();
        if version.check_is_whole().is_err() {
            // What is lost may come back from a copy, and lack any of them.
            return Ok(true);
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
            let like = version.joins.deletions.like(one);
            like.iter().any(|other| one.is_superseded_by(other))
        };
        let needed = |one: &Arc<Tombstone>| {
            one.item_for_everybody().is_some() || !superseded(one) && version.needs_deletion(one)
        };
        let (kept_tombstones, done_tombstones): (Vec<_>, Vec<_>) =
            tombstones.iter().cloned().partition(needed);
        let mut done = Done {
            links: done_links,
            late: done_late,
            tombstones: done_tombstones,
        };
        if !pays(done.len(), known.0 + known.1 + known.2) {
            self.forget_unleased()?;
            return Ok(true);
        }
        let kept = Joins::after_others(kept_links, kept_late, kept_tombstones);
        {
            let _commit = self.commit.lock();
            let _manifest = self.manifest.lock();
            let current = self.version.load_full();
            // What was added meanwhile. Nobody else replaces the joins: seals and compactions, who
            // call this, may come together, and then the second finds others than it began with.
            if !Arc::ptr_eq(&current.joins, &version.joins) {
                return Ok(false);
            }
            let links = current.joins.links.all().into_iter().skip(known.0);
            links.for_each(|link| kept.links.add(link));
            let late = current.joins.late.all().into_iter().skip(known.1);
            late.for_each(|late| kept.late.add(late));
            let tombstones = current.joins.deletions.all().into_iter().skip(known.2);
            tombstones.for_each(|one| kept.deletions.add(one));
            let floor = self.floor_after(&current);
            self.show(current.with_joins(kept, floor));
        }
        // The entries of these went with the commit of the later one.
        done.tombstones.retain(|one| !superseded(one));
        self.leased.lock().add(done);
        self.forget_unleased()?;
        Ok(true)
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
    pub(in crate::store) fn append_notes(
        &self,
        tier: &Tier,
        notes: &mut Notes,
        least: usize,
    ) -> Result<()> {
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
