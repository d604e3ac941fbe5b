//! Takes what was deleted out of every file, and shows that it is gone.

mod pending;
mod place;
mod receipt;
mod search;
mod searched;
mod sought;

use std::path::Path;
use std::sync::atomic::Ordering;

use crate::hot::{Notes, Sweep, Tombstone};
use crate::model::{Entropy, Error, ErrorKind, Result, Work};
use crate::store::engine::Engine;
use crate::store::folder::leases;
use crate::store::joins::Joins;
use crate::store::open::{GiveScratch, Opening};
pub(in crate::store) use receipt::PURGES;
pub use receipt::{PurgeFinding, PurgeReceipt, PurgedId};
use sought::Sought;

/// What a purge did to the segments.
struct Rewritten {
    sought: Sought,
    /// The newest commit.
    sequence: u64,
    /// Segments that were replaced.
    segments: u64,
}

/// Refuses where there are pins: they hold the bytes of what was deleted since.
fn check_pins(root: &Path) -> Result<()> {
    let pins = crate::store::folder::pins(root)?;
    let names: Vec<String> = pins.into_iter().map(|pin| pin.name).collect();
    match names.is_empty() {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "pins may hold what is to be purged: {}; release them (annals pin STORE NAME --release), or wait until \
                 they expire",
                names.join(", ")
            ),
        )),
    }
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
    /// Rewrites what holds deleted bytes in the store in `root`, which nobody else may have open for
    /// writing, and looks for them in all of its files. `None` where nothing was deleted since the last
    /// purge, and that one ended and found nothing.
    pub(crate) fn purge(
        root: &Path,
        opening: Opening,
        entropy: &Entropy,
    ) -> Result<Option<PurgeReceipt>> {
        let work = Work::begin("purge");
        let bytes_before = search::folder_bytes(root)?;
        let engine = Self::open(root, opening.clone())?;
        let deleted = pending::with_earlier(root, engine.registry()?.tombstones()?)?;
        let Some(newest) = deleted.iter().map(|one| one.sequence).max() else {
            work.done(0, 0);
            return Ok(None);
        };
        check_pins(root)?;
        engine.check_leases(newest)?;
        let Rewritten {
            sought,
            sequence,
            segments,
        } = engine.take_out(&deleted)?;
        let store = engine.id();
        // RocksDB's manifest names the first and the last key of files that are gone, until an opening
        // begins another.
        let lock = engine.close();
        let engine = Self::open_locked(root, opening, lock)?;
        let now = engine.registry()?.now_seconds();
        let mut found = search::values(&engine, &sought)?;
        let (searched, in_bytes) = search::bytes(root, &engine, &sought)?;
        found.extend(in_bytes);
        let receipt = PurgeReceipt {
            bytes_before,
            rewritten_segments: segments,
            ..PurgeReceipt::of(store, sequence, now, &sought, &searched, found, entropy)?
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

    /// Refuses where a consumer has yet to take deletions of commits up to `newest`.
    fn check_leases(&self, newest: u64) -> Result<()> {
        let now = self.registry()?.now_seconds();
        let oldest = leases::oldest(&*self.storage, now)?;
        match oldest.filter(|lease| lease.sequence < newest) {
            None => Ok(()),
            Some(lease) => Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the consumer of the lease {} has taken changes up to the commit {}, and deletions up to {newest} are \
                     to be purged; wait until it has taken them and its lease says so, or release the lease (annals \
                     lease STORE {} --release)",
                    lease.name, lease.sequence, lease.name
                ),
            )),
        }
    }

    /// Rewrites segments and tables without what was deleted.
    fn take_out(&self, deleted: &[Tombstone]) -> Result<Rewritten> {
        self.version.load().check_is_whole()?;
        self.flush()?;
        let segments = || -> Vec<u64> {
            let version = self.version.load();
            version.segments().map(|live| live.entry.id).collect()
        };
        let before = segments();
        self.rewrite_lacking()?;
        self.let_go_of_joins(|done, _| done > 0)?;
        let after = segments();
        let registry = self.registry()?;
        let sought = Sought::of(deleted, &self.version.load(), registry)?;
        let pieces = registry.sweep(&Sweep {
            forgets_user: &|user| sought.users.contains(user),
            forgets_item: &|item, sequence| sought.is_deleted(item, sequence),
            tombstones: deleted,
        })?;
        let tier = self.writable()?;
        {
            let _commit = self.commit.lock();
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
            let joins = Joins::after_others(joins.links.all(), joins.late.all(), []);
            let floor = self.floor_after(&current);
            self.version
                .store(std::sync::Arc::new(current.with_joins(joins, floor)));
        }
        self.renew_log()?;
        Ok(Rewritten {
            sought,
            sequence: self.visible.load(Ordering::Acquire),
            segments: before.iter().filter(|id| !after.contains(id)).count() as u64,
        })
    }

    /// Begins another file of the write-ahead log, and writes the tables anew, so that nothing is left of
    /// what was removed from them.
    fn renew_log(&self) -> Result<()> {
        let tier = self.writable()?;
        {
            let _commit = self.commit.lock();
            self.rotate(tier, false)?;
        }
        self.seal_waiting()?;
        tier.rewrite_tables()?;
        self.note(&self.manifest.lock(), false)
    }
}
