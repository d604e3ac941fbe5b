//! Takes what was deleted out of every file, and shows that it is gone.

mod holders;
mod options;
mod pending;
mod place;
mod receipt;
mod search;
mod searched;
mod sought;

use std::path::Path;
use std::sync::atomic::Ordering;

use crate::hot::{Notes, Sweep, Tombstone};
use crate::model::{Entropy, Error, Result, Work};
use crate::store::engine::Engine;
use crate::store::joins::Joins;
use crate::store::open::{GiveScratch, Opening};
pub use options::PurgeOptions;
pub(in crate::store) use receipt::PURGES;
pub use receipt::{PurgeFinding, PurgeReceipt, PurgedId};
use sought::Sought;

/// What a purge did to the segments.
struct Rewritten {
    sought: Sought,
    /// Segments that were replaced.
    segments: u64,
}

/// Reads a file that purges have left in their folder; `None` for a name that they give to none.
pub(in crate::store) fn read_left(root: &Path, name: &str) -> Option<Result<()>> {
    if name == "pending.json" {
        return Some(pending::read(root).map(drop));
    }
    let number = name.strip_suffix(".json")?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| PurgeReceipt::read(root, name).map(drop))
}

impl Engine {
    /// Rewrites what holds deleted bytes in this store, whose folder `root` is, and looks for them in all of its files,
    /// while others read and write: what they delete meanwhile is left for the next purge. `None` where
    /// nothing was deleted since the last purge, and that one ended and found nothing.
    ///
    /// RocksDB's manifest names first and last keys of files that are gone, until an opening begins another.
    /// So the log closes and opens its database, while appends wait and reads, which never come to it, go
    /// on ([`Log::rewrite_tables`](crate::hot::Log::rewrite_tables)). RocksDB can begin a manifest by itself where it is
    /// small enough in proportion (`max_manifest_space_amp_pct` 0); it would then do so with every edit, each of which
    /// would cost the syncs of two files, and the account could name no manifest that is the one of a crash.
    pub(crate) fn purge(
        &self,
        root: &Path,
        options: &PurgeOptions,
        entropy: &Entropy,
    ) -> Result<Option<PurgeReceipt>> {
        let work = Work::begin("purge");
        let _purging = self.purging.lock();
        let bytes_before = search::folder_bytes(root)?;
        let registry = self.registry()?;
        let (upto, deleted) = {
            let _commit = self.commit.lock();
            (self.visible.load(Ordering::Acquire), registry.tombstones()?)
        };
        let deleted = pending::with_earlier(root, deleted)?;
        let Some(newest) = deleted.iter().map(|one| one.sequence).max() else {
            work.done(0, 0);
            return Ok(None);
        };
        self.check_holders(root, newest, options)?;
        let Rewritten {
            mut sought,
            segments,
        } = self.take_out(&deleted, upto)?;
        self.await_readers(options)?;
        // Those that were made meanwhile.
        holders::check_pins(root)?;
        let (searched, found) = search::search(root, self, &mut sought)?;
        let now = registry.now_seconds();
        let receipt = PurgeReceipt {
            bytes_before,
            rewritten_segments: segments,
            ..PurgeReceipt::of(self.id(), upto, now, &sought, &searched, found, entropy)?
        };
        receipt.keep(root)?;
        work.done(0, receipt.bytes_after);
        if receipt.is_clean() {
            pending::end(root)?;
        }
        Ok(Some(receipt))
    }

    /// Looks for what a receipt names among all values of the store in `root`, and of its pins.
    pub(crate) fn check_purge(
        root: &Path,
        opening: Opening,
        scratch: &mut GiveScratch<'_>,
        receipt: &PurgeReceipt,
    ) -> Result<Vec<PurgeFinding>> {
        let settings = opening.settings.clone();
        let mut found = Self::open(root, opening)?.holds(receipt)?;
        for name in crate::store::folder::names(root)? {
            if !crate::store::folder::is_kept(root, &name) {
                continue;
            }
            let folder = format!("{}/{name}", crate::store::folder::PINS);
            let pinned = Self::open_read_only(&root.join(&folder), scratch, settings.clone());
            let in_pin = pinned
                .map_err(|error| error.within(&folder))?
                .holds(receipt)?;
            found.extend(in_pin.into_iter().map(|found| PurgeFinding {
                file: format!("{folder}/{}", found.file),
                ..found
            }));
        }
        Ok(found)
    }

    fn holds(&self, receipt: &PurgeReceipt) -> Result<Vec<PurgeFinding>> {
        if receipt.store != self.id().to_string() {
            return Err(Error::invalid(format!(
                "the receipt is of the store {}, and this is {}",
                receipt.store,
                self.id()
            )));
        }
        search::hashed(self, receipt)
    }

    /// Rewrites segments and tables without what commits up to `upto` deleted.
    fn take_out(&self, deleted: &[Tombstone], upto: u64) -> Result<Rewritten> {
        self.version.load().check_is_whole()?;
        self.flush()?;
        let segments = || -> Vec<u64> {
            let version = self.version.load();
            version.segments().map(|live| live.entry.id).collect()
        };
        let before = segments();
        self.rewrite_lacking(upto)?;
        let after = segments();
        let sought = self.forget(deleted, upto)?;
        self.renew_log()?;
        Ok(Rewritten {
            sought,
            segments: before.iter().filter(|id| !after.contains(id)).count() as u64,
        })
    }

    /// Takes out of the tables what commits up to `upto` deleted, and the tombstones themselves, which no row needs any
    /// more. Commits wait: what one of them brings while the tables are looked through must stay.
    fn forget(&self, deleted: &[Tombstone], upto: u64) -> Result<Sought> {
        let (tier, registry) = (self.writable()?, self.registry()?);
        let _compacting = self.compacting.lock();
        let _sealing = self.sealing.lock();
        while !self.let_go_of_joins(|done, _| done > 0)? {}
        let _commit = self.commit.lock();
        let mut sought = Sought::of(deleted, upto);
        sought.leave_out_used(self, &self.version.load_full())?;
        let pieces = registry.sweep(&Sweep {
            forgets_user: &|user| sought.users.contains(user),
            forgets_item: &|item, sequence| sought.is_deleted(item, sequence),
            tombstones: deleted,
        })?;
        let mut forgotten = Notes::default();
        let newest = deleted.iter().map(|one| one.sequence).max();
        registry.note_forgotten(newest.unwrap_or(0), &mut forgotten)?;
        self.append_notes(tier, &mut forgotten, 1)?;
        for mut notes in pieces {
            self.append_notes(tier, &mut notes, 1)?;
        }
        let _manifest = self.manifest.lock();
        let current = self.version.load_full();
        let joins = &current.joins;
        let mut later = joins.deletions.all();
        later.retain(|one| one.sequence > upto);
        let joins = Joins::after_others(joins.links.all(), joins.late.all(), later);
        let floor = self.floor_after(&current);
        self.show(current.with_joins(joins, floor));
        Ok(sought)
    }

    /// Writes the log anew, so that nothing is left of what was removed from it.
    fn renew_log(&self) -> Result<()> {
        // What is in no generation any more need not be replayed.
        self.flush()?;
        {
            let _commit = self.commit.lock();
            let rewritten = self.writable()?.rewrite_tables();
            rewritten.map_err(|error| self.poison(error))?;
        }
        // Who follows looks at the manifest, where another file of the log was begun.
        self.publish(|_| Ok(()), |current, _| Ok(current.clone()))
    }
}
