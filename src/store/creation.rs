//! Making a store: all of it or nothing.

use std::ffi::OsString;
use std::path::Path;

use super::account::{self, Account};
use super::lock::{self, StoreLock};
use super::manifest::{self, Identity, Manifest};
use super::recovery::{FOLDERS, HOT, SEGMENTS};
use crate::hot::{Holdings, Log, OnDamage, RocksLog, Tier};
use crate::io::{LocalStorage, Readers, Storage};
use crate::types::{Entropy, Error, ErrorKind, Limits, Result, Schema};

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
    /// Makes the store in the folder `root`, closed. The manifest comes last: before it is there, there
    /// is no store.
    ///
    /// # Errors
    /// `AlreadyExists` when there is a store, or something else where it would lie; `Io`.
    pub(crate) fn create(&self, root: &Path) -> Result<()> {
        check_is_free(root, self.into_nonempty)?;
        super::folders::create(root, self.readers)?;
        let _lock = StoreLock::take(root, self.readers)?;
        // Again, under the lock: another process may have been quicker.
        check_is_free(root, self.into_nonempty)?;
        let storage = LocalStorage::new(root, self.readers);
        begin(&storage)?;
        remove_leftovers(root)?;
        let identity = Identity::random(self.entropy)?;
        let manifest = Manifest::new(identity, self.schema.json(), self.limits);
        storage.create_folder(HOT)?;
        let log = RocksLog::create(&root.join(HOT), self.generation_bytes)?;
        found(&storage, std::sync::Arc::new(log), manifest, self.schema)?;
        end(&storage)
    }
}

/// Writes what every store has, the manifest last.
pub(super) fn found(
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
pub(super) fn end(storage: &dyn Storage) -> Result<()> {
    match storage.list("")?.iter().any(|name| name == CREATING) {
        true => {
            storage.remove(CREATING)?;
            storage.sync_folder("")
        }
        false => Ok(()),
    }
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
    for name in [HOT, SEGMENTS, "temporary"] {
        let path = root.join(name);
        match std::fs::remove_dir_all(&path) {
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
    "temporary",
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
             store may lie beside what is there"
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
