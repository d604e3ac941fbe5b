//! A copy of a store, also of one that is written to meanwhile.

use std::path::{Path, PathBuf};

use super::account::Account;
use super::creation::make;
use super::folders::{self, FOLDERS, HOT};
use super::manifest::{Identity, Manifest, SegmentEntry};
use super::reading::read_steady;
use crate::hot::{Noted, copy_log};
use crate::io::{LocalStorage, Shared, Storage, copy, link};
use crate::types::{Entropy, Error, ErrorKind, Result};

/// Where a checkpoint takes the files from that never change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sharing {
    /// They get a second name where the file system can, which takes neither time nor space, and are
    /// copied elsewhere.
    #[default]
    Link,
    /// Each is copied, so that damage to one store spares the other.
    Copy,
    /// The segments that the store in this folder has, too, get a second name there; all else is copied.
    LinkTo(PathBuf),
}

/// What a checkpoint took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Checkpoint {
    /// Segments of the copy.
    pub segments: u64,
    /// Bytes of files that have a second name now.
    pub linked_bytes: u64,
    /// Bytes that were copied.
    pub copied_bytes: u64,
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
        if is_within(to, from) {
            return Err(Error::invalid(format!(
                "{}: it lies in the folder of the store; choose one outside",
                to.display()
            )));
        }
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
            Ok(Checkpoint {
                segments: manifest.segments.len() as u64,
                linked_bytes: shared.linked,
                copied_bytes: shared.copied,
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

    /// The file of a segment that is the same there.
    fn file_of(&self, store: Identity, entry: &SegmentEntry) -> Option<PathBuf> {
        let same = |one: &&SegmentEntry| {
            one.id == entry.id
                && one.file_bytes == entry.file_bytes
                && one.checksum == entry.checksum
        };
        let known = self.segments.iter().find(same)?;
        let is_same_store = self.identity.store == store.store;
        is_same_store.then(|| self.folder.join(SegmentEntry::path_of(known.id)))
    }
}

/// The segments of a copy in the making.
struct Segments<'a> {
    from: &'a Path,
    to: &'a Path,
    links: bool,
    earlier: Option<&'a Earlier>,
    /// Those that are in place, and what each took.
    placed: Vec<(u64, Shared)>,
}

impl Segments<'_> {
    /// Puts those of a manifest in place that are not yet. Gives what all of them took.
    fn place_all(&mut self, manifest: &Manifest) -> Result<Shared> {
        let mut sum = Shared::default();
        for entry in &manifest.segments {
            let known = self.placed.iter().find(|(id, _)| *id == entry.id);
            sum += match known {
                Some((_, shared)) => *shared,
                None => {
                    let shared = self.place(manifest.identity, entry)?;
                    self.placed.push((entry.id, shared));
                    shared
                }
            };
        }
        Ok(sum)
    }

    fn place(&self, store: Identity, entry: &SegmentEntry) -> Result<Shared> {
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
        let earlier = self
            .earlier
            .and_then(|earlier| earlier.file_of(store, entry));
        let shared = match (earlier, self.links) {
            (Some(earlier), _) => link(&earlier, &to),
            (None, true) => link(&from, &to),
            (None, false) => copy(&from, &to, u64::MAX),
        };
        let shared = shared.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::corrupt(format!(
                "{path}: the manifest lists this segment of {} rows, but its file is missing",
                entry.rows
            ))
            .caused_by(error),
            _ => error,
        })?;
        let bytes = shared.linked + shared.copied;
        match bytes == entry.file_bytes {
            true => Ok(shared),
            false => Err(Error::corrupt(format!(
                "{path}: it has {bytes} bytes, but must have {}",
                entry.file_bytes
            ))),
        }
    }

    /// Removes what an earlier manifest listed, and the last one does not.
    fn remove_all_but(&self, manifest: &Manifest, storage: &LocalStorage) -> Result<()> {
        let is_listed = |id: &u64| manifest.segments.iter().any(|entry| entry.id == *id);
        let placed = self.placed.iter().map(|(id, _)| *id);
        placed
            .filter(|id| !is_listed(id))
            .try_for_each(|id| storage.remove(&SegmentEntry::path_of(id)))
    }
}

/// Whether a folder, which need not be there, lies in another.
fn is_within(inner: &Path, outer: &Path) -> bool {
    let full = |path: &Path| {
        let there = path.ancestors().find_map(|part| part.canonicalize().ok());
        there.or_else(|| std::path::absolute(path).ok())
    };
    match (full(inner), full(outer)) {
        (Some(inner), Some(outer)) => inner.starts_with(outer),
        _ => false,
    }
}
