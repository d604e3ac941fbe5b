//! Making a store: all of it or nothing.

use std::ffi::OsString;
use std::path::Path;

use super::account::{self, Account};
use super::backups_folder::check_is_no_backup;
use super::folders::{FOLDERS, HOT, SEGMENTS, TEMPORARY};
use super::lock::{self, StoreLock};
use super::manifest::{self, Identity, Manifest};
use crate::hot::{Holdings, Log, OnDamage, RocksLog, Tier};
use crate::io::{LocalStorage, Readers, Storage};
use crate::model::{Entropy, Error, ErrorKind, Limits, Result, Schema};

/// A file that is there while a store is being made: what a crash leaves beside it is no store.
const CREATING: &str = "CREATING";

/// What a new store is.
pub(crate) struct NewStore<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) limits: &'a Limits,
    pub(crate) entropy: &'a Entropy,
    /// What a generation may hold.
    pub(crate) generation_bytes: u64,
    /// Whether the folder may hold files of others.
    pub(crate) into_nonempty: bool,
    /// Who may read it, beside its owner.
    pub(crate) readers: Readers,
}

impl NewStore<'_> {
    /// Makes the store in the folder `root`, closed.
    ///
    /// # Errors
    /// `AlreadyExists` when there is a store, or something else where it would lie; `Unsupported` in a
    /// folder of backups; `Io`.
    pub(crate) fn create(&self, root: &Path) -> Result<()> {
        check_is_no_backup(root)?;
        make(root, self.readers, self.into_nonempty, |storage| {
            let identity = Identity::random(self.entropy)?;
            let manifest = Manifest::new(identity, self.schema.json(), self.limits);
            storage.create_folder(HOT)?;
            let log = RocksLog::create(&root.join(HOT), self.generation_bytes)?;
            found(storage, std::sync::Arc::new(log), manifest, self.schema)
        })
    }
}

/// Makes a store in the folder `root` by `build`, which writes the manifest last: before it is there,
/// there is no store. Where that fails, what was made is removed.
///
/// # Errors
/// `AlreadyExists` when there is a store, or something else where it would lie; `Io`; what `build` gives.
pub(in crate::store) fn make<T>(
    root: &Path,
    readers: Readers,
    into_nonempty: bool,
    build: impl FnOnce(&LocalStorage) -> Result<T>,
) -> Result<T> {
    check_is_free(root, into_nonempty)?;
    let was_there = root.exists();
    super::folders::create(root, readers)?;
    let made = make_in(root, readers, into_nonempty, build);
    if made.is_err() && !was_there && !root.join(manifest::FILE).exists() {
        // Fails where another process was quicker, and that is right.
        let _ =
            std::fs::remove_file(root.join(lock::FILE)).and_then(|()| std::fs::remove_dir(root));
    }
    made
}

fn make_in<T>(
    root: &Path,
    readers: Readers,
    into_nonempty: bool,
    build: impl FnOnce(&LocalStorage) -> Result<T>,
) -> Result<T> {
    let _lock = StoreLock::take(root, readers)?;
    // Again, under the lock: another process may have been quicker.
    check_is_free(root, into_nonempty)?;
    let storage = LocalStorage::new(root, readers);
    begin(&storage)?;
    remove_leftovers(root)?;
    match build(&storage) {
        Ok(built) => {
            end(&storage)?;
            Ok(built)
        }
        // Once there is a manifest, what failed may be its sync alone.
        Err(error) if root.join(manifest::FILE).exists() => Err(error),
        Err(error) => {
            // What cannot be removed stays behind the mark, and is no store.
            let _ = remove_leftovers(root).and_then(|()| end(&storage));
            Err(error)
        }
    }
}

/// Writes what every store has, the manifest last.
pub(in crate::store) fn found(
    storage: &dyn Storage,
    log: std::sync::Arc<dyn Log>,
    mut manifest: Manifest,
    schema: &Schema,
) -> Result<()> {
    for folder in FOLDERS {
        storage.create_folder(folder)?;
    }
    let schema = std::sync::Arc::new(schema.clone());
    let tier = Tier::open(log, schema, Holdings::default(), OnDamage::Refuse);
    let id = manifest.take_id();
    tier.begin(id)?;
    manifest.generations.push(id);
    let noted = tier.close()?;
    Account::new(&manifest, noted, true).write(storage)?;
    manifest.write(storage)
}

/// Ends a making that is done but for the mark.
pub(in crate::store) fn end(storage: &dyn Storage) -> Result<()> {
    match storage.list("")?.iter().any(|name| name == CREATING) {
        true => {
            storage.remove(CREATING)?;
            storage.sync_folder("")
        }
        false => Ok(()),
    }
}

/// Whether a file of this name is there only while something is under way.
pub(in crate::store) fn is_leftover(name: &str) -> bool {
    [CREATING, manifest::NEW_FILE, account::NEW_FILE].contains(&name)
}

/// Whether a folder without a store is what a making left that did not come to its end: the next one
/// takes it.
pub(crate) fn is_unfinished(root: &Path) -> bool {
    names_in(root).is_ok_and(|names| {
        let has = |name: &str| names.iter().any(|found| found == name);
        !has(manifest::FILE) && (has(CREATING) || names.iter().all(|name| *name == lock::FILE))
    })
}

fn begin(storage: &dyn Storage) -> Result<()> {
    if !storage.list("")?.iter().any(|name| name == CREATING) {
        storage.create(CREATING)?.sync()?;
    }
    storage.sync_folder("")
}

/// Removes what a making left that did not come to its end. There was nothing under these names when
/// it began.
fn remove_leftovers(root: &Path) -> Result<()> {
    for name in OWN.iter().filter(|name| **name != manifest::FILE) {
        let path = root.join(name);
        let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
        let removed = match is_folder {
            true => std::fs::remove_dir_all(&path),
            false => std::fs::remove_file(&path),
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(format!("remove {}", path.display()), error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Names that a store has in its folder.
const OWN: [&str; 7] = [
    manifest::FILE,
    manifest::NEW_FILE,
    account::FILE,
    account::NEW_FILE,
    HOT,
    SEGMENTS,
    TEMPORARY,
];

/// A manifest counts first: data without one is a store that lost it, and must not be taken for
/// leftovers.
fn check_is_free(root: &Path, into_nonempty: bool) -> Result<()> {
    let names = names_in(root)?;
    let has = |name: &str| names.iter().any(|found| found == name);
    let taken = |what: String| {
        let message = format!("{}: {what}", root.display());
        Err(Error::new(ErrorKind::AlreadyExists, message))
    };
    if has(manifest::FILE) {
        return taken("there is a store already; open it".to_owned());
    }
    if has(CREATING) {
        return Ok(());
    }
    if let Some(name) = OWN.iter().find(|name| has(name)) {
        return taken(format!(
            "{name} lies where the store would have its own; if it is of a store without its \
             manifest, restore that, else choose another folder"
        ));
    }
    let others = names.iter().filter(|name| *name != lock::FILE);
    match others.min() {
        Some(first) if !into_nonempty => taken(format!(
            "the folder is not empty (it holds {first:?}); choose an empty one, or say that the \
             store may lie beside what is there (StoreBuilder::into_nonempty, --into-nonempty)"
        )),
        _ => Ok(()),
    }
}

/// The names in a folder; none where there is no folder.
fn names_in(root: &Path) -> Result<Vec<OsString>> {
    let listed = match std::fs::read_dir(root) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(entries) => entries
            .map(|entry| Ok(entry?.file_name()))
            .collect::<std::io::Result<_>>(),
    };
    listed.map_err(|error| Error::io(format!("list {}", root.display()), error))
}
