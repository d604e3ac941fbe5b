//! A copy of a store, also of one that is written to meanwhile.

use std::path::{Path, PathBuf};

use super::segment_file::SegmentFile;
use crate::hot::{Noted, copy_log};
use crate::io::{LocalStorage, Shared, Storage, copy, link};
use crate::model::{Entropy, Error, ErrorKind, Limits, RESTORE_SEGMENT, Result, Schema};
use crate::store::engine::missing;
use crate::store::folder::{
    Account, FOLDERS, HOT, Identity, Manifest, SegmentEntry, folders, make,
};
use crate::store::open::read_steady;

/// Where a checkpoint takes the files from that never change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// They get a second name where the file system can, which takes neither time nor space, and are
    /// copied elsewhere.
    #[default]
    Link,
    /// Each is copied, so that damage to one store spares the other.
    Copy,
    /// The segments that the store in this folder has, too, get a second name there, once every byte of them
    /// was found to be right; all else is copied.
    LinkTo(PathBuf),
}

/// What a checkpoint took.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Checkpoint {
    /// Segments of the copy.
    pub segments: u64,
    /// Bytes of files that have a second name now.
    pub linked_bytes: u64,
    /// Bytes that were copied.
    pub copied_bytes: u64,
    /// Segments that the store itself has damaged or lacks, a line each: the copy has them from the store
    /// whose files it shares ([`Sharing::LinkTo`]), and is whole.
    pub damaged_in_store: Vec<String>,
    /// Segments that the store whose files were to be shared has damaged or lacks, a line each: the copy
    /// has them from the store itself, and is whole.
    pub damaged_in_shared: Vec<String>,
}

/// A copy that is to be made.
pub(crate) struct NewCheckpoint<'a> {
    pub(crate) entropy: &'a Entropy,
    pub(crate) sharing: &'a Sharing,
}

impl NewCheckpoint<'_> {
    /// Copies the store in the folder `from` to the folder `to`, closed. What is there afterwards is
    /// the whole copy or nothing.
    ///
    /// # Errors
    /// `NotFound` when there is no store; `AlreadyExists` when there is something at `to`;
    /// `Corruption` when the store is damaged; `Locked` when it changes faster than it can be copied; `Io`.
    pub(crate) fn make(&self, from: &Path, to: &Path) -> Result<Checkpoint> {
        folders::check_is_store(from)?;
        folders::check_outside(to, from)?;
        self.make_within(from, to)
    }

    /// The same, also where `to` lies in the store's folder, at a place that is for it.
    pub(super) fn make_within(&self, from: &Path, to: &Path) -> Result<Checkpoint> {
        let shared_with = match self.sharing {
            Sharing::LinkTo(folder) => Some(Earlier::read(folder)?),
            _ => None,
        };
        make(to, folders::readers(from), false, |storage| {
            for folder in FOLDERS {
                storage.create_folder(folder)?;
            }
            storage.create_folder(HOT)?;
            let mut segments = Segments {
                from,
                to,
                links: *self.sharing == Sharing::Link,
                earlier: shared_with.as_ref(),
                placed: Vec::new(),
            };
            let steady = read_steady(from, |storage, manifest| {
                let account = Account::read(&**storage, manifest)?;
                let shared = segments.place_all(manifest)?;
                let (from, to) = (from.join(HOT), to.join(HOT));
                let log = copy_log(&from, &to, &account.noted, segments.links)?;
                Ok((account, log, shared))
            })?;
            let found = steady.manifest;
            let (account, log, mut shared) = steady.read;
            shared += log.shared;
            segments.remove_all_but(&found, storage)?;
            let manifest = Manifest {
                identity: found.identity.of_copy(self.entropy)?,
                ..found
            };
            let account = Account {
                identity: manifest.identity,
                edit: manifest.edit,
                holdings: account.holdings,
                noted: Noted {
                    position: log.position,
                    closed: true,
                },
            };
            for folder in FOLDERS {
                storage.sync_folder(folder)?;
            }
            account.write(storage)?;
            manifest.write(storage)?;
            let (damaged_in_store, damaged_in_shared) = segments.damage(&manifest);
            Ok(Checkpoint {
                segments: manifest.segments.len() as u64,
                linked_bytes: shared.linked,
                copied_bytes: shared.copied,
                damaged_in_store,
                damaged_in_shared,
            })
        })
    }
}

/// A store whose segments the copy may share.
struct Earlier {
    folder: PathBuf,
    identity: Identity,
    segments: Vec<SegmentEntry>,
}

impl Earlier {
    fn read(folder: &Path) -> Result<Self> {
        folders::check_is_store(folder)?;
        let manifest = Manifest::read(&folders::storage(folder))?;
        Ok(Self {
            folder: folder.to_owned(),
            identity: manifest.identity,
            segments: manifest.segments,
        })
    }

    /// Whether it has the same segment.
    fn has(&self, store: Identity, entry: &SegmentEntry) -> bool {
        let same = |one: &SegmentEntry| {
            one.id == entry.id
                && one.file_bytes == entry.file_bytes
                && one.checksum == entry.checksum
        };
        self.identity.store == store.store && self.segments.iter().any(same)
    }
}

/// The segments of a copy in the making.
struct Segments<'a> {
    from: &'a Path,
    to: &'a Path,
    links: bool,
    earlier: Option<&'a Earlier>,
    /// Those that are in place.
    placed: Vec<Placed>,
}

/// A segment that is in place.
#[derive(Clone)]
struct Placed {
    id: u64,
    took: Shared,
    /// What is wrong with it in the store that is copied.
    damaged_in_store: Option<String>,
    /// What is wrong with it in the earlier copy.
    damaged_in_shared: Option<String>,
}

impl Segments<'_> {
    /// Puts those of a manifest in place that are not yet. Gives what all of them took.
    fn place_all(&mut self, manifest: &Manifest) -> Result<Shared> {
        let schema = Schema::parse(&manifest.schema, &Limits::unlimited())?;
        let mut sum = Shared::default();
        for entry in &manifest.segments {
            let known = self.placed.iter().find(|placed| placed.id == entry.id);
            sum += match known {
                Some(placed) => placed.took,
                None => {
                    let placed = self.place(manifest.identity, &schema, entry)?;
                    let took = placed.took;
                    self.placed.push(placed);
                    took
                }
            };
        }
        Ok(sum)
    }

    fn place(&self, store: Identity, schema: &Schema, entry: &SegmentEntry) -> Result<Placed> {
        let path = SegmentEntry::path_of(entry.id);
        let to = self.to.join(&path);
        // One of the attempt before, cut short.
        match std::fs::remove_file(&to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(format!("remove {}", to.display()), error));
            }
            _ => {}
        }
        let from = self.from.join(&path);
        let mut placed = Placed {
            id: entry.id,
            took: Shared::default(),
            damaged_in_store: None,
            damaged_in_shared: None,
        };
        let earlier = self.earlier.filter(|earlier| earlier.has(store, entry));
        if let Some(earlier) = earlier {
            let checked = SegmentFile::new(&earlier.folder, store.store, schema, entry).read();
            placed.damaged_in_shared = damage(checked)?;
            if placed.damaged_in_shared.is_none() {
                let own = SegmentFile::new(self.from, store.store, schema, entry).read();
                placed.damaged_in_store = damage(own)?;
                placed.took = link(&earlier.folder.join(&path), &to)?;
                return Ok(placed);
            }
        }
        placed.took = match self.links {
            true => link(&from, &to),
            false => copy(&from, &to, u64::MAX),
        }
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => missing(entry).caused_by(error),
            _ => error,
        })?;
        let bytes = placed.took.linked + placed.took.copied;
        if bytes != entry.file_bytes {
            return Err(Error::corrupt(format!(
                "{path}: it has {bytes} bytes, but must have {}; {RESTORE_SEGMENT}",
                entry.file_bytes
            ))
            .within(self.from.display()));
        }
        if placed.took.linked == 0 {
            // The bytes that were copied are those of the store: no copy keeps damage.
            let copied = SegmentFile::new(self.to, store.store, schema, entry).read();
            copied.map_err(|error| error.within(self.from.display()))?;
        }
        Ok(placed)
    }

    /// What is wrong with segments of this manifest in the store, and in the earlier copy.
    fn damage(&self, manifest: &Manifest) -> (Vec<String>, Vec<String>) {
        let is_listed = |placed: &&Placed| {
            let mut entries = manifest.segments.iter();
            entries.any(|entry| entry.id == placed.id)
        };
        let listed = || self.placed.iter().filter(is_listed);
        (
            listed()
                .filter_map(|placed| placed.damaged_in_store.clone())
                .collect(),
            listed()
                .filter_map(|placed| placed.damaged_in_shared.clone())
                .collect(),
        )
    }

    /// Removes what an earlier manifest listed, and the last one does not.
    fn remove_all_but(&self, manifest: &Manifest, storage: &LocalStorage) -> Result<()> {
        let is_listed = |id: &u64| manifest.segments.iter().any(|entry| entry.id == *id);
        let placed = self.placed.iter().map(|placed| placed.id);
        placed
            .filter(|id| !is_listed(id))
            .try_for_each(|id| storage.remove(&SegmentEntry::path_of(id)))
    }
}

/// Damage as text; other failures are given back.
fn damage(checked: Result<()>) -> Result<Option<String>> {
    match checked {
        Ok(()) => Ok(None),
        Err(error) => match error.kind() {
            ErrorKind::Corruption | ErrorKind::NotFound => Ok(Some(error.full_message())),
            _ => Err(error),
        },
    }
}
