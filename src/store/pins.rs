//! Snapshots that a store keeps under a name, for readers in any process: closed copies of it in its own
//! folder, which share its files.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folders;
use super::lock::StoreLock;
use super::named::{check_name, names_in};
use crate::io::{Storage, read_small};
use crate::types::{Error, ErrorKind, Result};

/// The folder of the pins.
pub(super) const PINS: &str = "pins";

const ENDING: &str = ".json";

/// A snapshot that is kept under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pin {
    /// Letters, digits, `_`, `-` and `.`, at most 64, not beginning with `.`.
    pub name: String,
    /// Its folder: a store, to be opened for reading.
    pub path: PathBuf,
    /// When it was made, in Unix epoch seconds of the store's clock.
    pub made_seconds: u64,
    /// From when on it may be removed, in Unix epoch seconds; `None` for never.
    pub expires_seconds: Option<u64>,
}

/// What is written down of a pin, beside its folder.
#[derive(Serialize, Deserialize)]
pub(super) struct Noted {
    pub(super) made_seconds: u64,
    pub(super) expires_seconds: Option<u64>,
}

impl Noted {
    pub(super) fn pin(self, root: &Path, name: &str) -> Pin {
        Pin {
            name: name.to_owned(),
            path: root.join(PINS).join(name),
            made_seconds: self.made_seconds,
            expires_seconds: self.expires_seconds,
        }
    }

    fn read(root: &Path, name: &str) -> Result<Self> {
        let file = note_of(name);
        let bytes = read_small(&folders::storage(root), &file)?;
        serde_json::from_slice(&bytes).map_err(|error| Error::corrupt(format!("{file}: {error}")))
    }
}

/// The pins of a store by name, those included that have expired and are not removed yet.
pub(crate) fn pins(root: &Path) -> Result<Vec<Pin>> {
    folders::check_is_store(root)?;
    let mut found = Vec::new();
    for name in names(root)? {
        if folders::is_store(&root.join(PINS).join(&name)) {
            found.push(Noted::read(root, &name)?.pin(root, &name));
        }
    }
    Ok(found)
}

/// The folder of a pin.
pub(crate) fn pinned(root: &Path, name: &str) -> Result<PathBuf> {
    check_name(name)?;
    folders::check_is_store(root)?;
    let path = root.join(PINS).join(name);
    match folders::is_store(&path) {
        true => Ok(path),
        false => Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "{}: there is no pin of this name; it was released, or it expired",
                path.display()
            ),
        )),
    }
}

/// Lets go of a pin. Who has it open for reading keeps its files until they are closed.
pub(crate) fn unpin(root: &Path, name: &str) -> Result<()> {
    pinned(root, name)?;
    remove(root, name)
}

/// Refuses to write to a pin.
///
/// # Errors
/// `Unsupported`.
pub(super) fn check_is_no_pin(root: &Path) -> Result<()> {
    let full = root.canonicalize().ok();
    let folder = full.as_deref().and_then(Path::parent);
    let is_pin = folder.is_some_and(|folder| {
        let store = folder.parent().filter(|_| folder.ends_with(PINS));
        store.is_some_and(folders::is_store)
    });
    match is_pin {
        false => Ok(()),
        true => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "{}: it is a pin, which is not written to; copy it to a new store (annals checkpoint {} STORE), or \
                 open it for reading",
                root.display(),
                root.display()
            ),
        )),
    }
}

/// Removes the pins that have expired at `now`, and what is left of pins that were never made to an end.
pub(super) fn remove_expired(root: &Path, now: u64) -> Result<()> {
    for name in names(root)? {
        let path = root.join(PINS).join(&name);
        let goes = match folders::is_store(&path) {
            // One whose note cannot be read is shown as damage by who lists them.
            true => Noted::read(root, &name)
                .is_ok_and(|noted| noted.expires_seconds.is_some_and(|expires| expires <= now)),
            false => true,
        };
        // Another process may be making it.
        let making = || StoreLock::take(&path, folders::readers(root));
        if goes && making().is_ok() {
            remove(root, &name)?;
        }
    }
    Ok(())
}

/// Removes a pin; cut off half-way, what is left of it is no store.
fn remove(root: &Path, name: &str) -> Result<()> {
    let path = root.join(PINS).join(name);
    let failed = |error| Error::io(format!("remove {}", path.display()), error);
    let manifest = path.join(super::manifest::FILE);
    if manifest.exists() {
        std::fs::remove_file(manifest).map_err(failed)?;
    }
    std::fs::remove_dir_all(&path).map_err(failed)?;
    let storage = folders::storage(root);
    match storage.remove(&note_of(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    storage.sync_folder(PINS)
}

/// The names of the pins, made or not: the note comes first, and goes last.
fn names(root: &Path) -> Result<Vec<String>> {
    names_in(&folders::storage(root), PINS, ENDING)
}

pub(super) fn note_of(name: &str) -> String {
    format!("{PINS}/{name}{ENDING}")
}
