//! Snapshots that a store keeps under a name, for readers in any process: closed copies of it in its own
//! folder, which share its files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lock::StoreLock;
use super::named::{check_name, names_in};
use super::{checked_json, folders};
use crate::io::Storage;
use crate::model::{Error, ErrorKind, Result};

/// The folder of the pins.
pub(in crate::store) const PINS: &str = "pins";

const ENDING: &str = ".json";

/// A snapshot that is kept under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
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
pub(in crate::store) struct Noted {
    pub(in crate::store) made_seconds: u64,
    pub(in crate::store) expires_seconds: Option<u64>,
}

impl Noted {
    pub(in crate::store) fn pin(self, root: &Path, name: &str) -> Pin {
        Pin {
            name: name.to_owned(),
            path: root.join(PINS).join(name),
            made_seconds: self.made_seconds,
            expires_seconds: self.expires_seconds,
        }
    }

    fn read(root: &Path, name: &str) -> Result<Self> {
        let advice = format!(
            "release the pin (annals pin STORE {name} --release), or keep it without a note"
        );
        checked_json::read(&folders::storage(root), &note_of(name), &advice)
    }
}

/// The pins of a store by name, those included that have expired and are not removed yet.
///
/// # Errors
/// `Corruption` for one whose note, or whose manifest, is damaged or missing.
pub(crate) fn pins(root: &Path) -> Result<Vec<Pin>> {
    folders::check_is_store(root)?;
    let mut found = Vec::new();
    for name in names(root)? {
        if is_kept(root, &name) {
            found.push(checked(root, &name)?.pin(root, &name));
        }
    }
    Ok(found)
}

/// What is noted of a pin that is whole.
pub(in crate::store) fn checked(root: &Path, name: &str) -> Result<Noted> {
    let release = format!("release the pin (annals pin STORE {name} --release)");
    let noted = Noted::read(root, name).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Error::corrupt(format!("{}: the file is missing; {release}", note_of(name)))
        }
        _ => error,
    })?;
    match folders::is_store(&root.join(PINS).join(name)) {
        true => Ok(noted),
        false => Err(Error::corrupt(format!(
            "{PINS}/{name}: its MANIFEST is missing; {release}"
        ))),
    }
}

/// Whether a pin was made to its end, and is not being removed: damaged or not.
pub(in crate::store) fn is_kept(root: &Path, name: &str) -> bool {
    let path = root.join(PINS).join(name);
    path.is_dir() && !super::creation::is_unfinished(&path)
}

/// The folder of a pin.
pub(crate) fn pinned(root: &Path, name: &str) -> Result<PathBuf> {
    check_name(name)?;
    folders::check_is_store(root)?;
    match is_kept(root, name) {
        true => Ok(root.join(PINS).join(name)),
        false => Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "{}: there is no pin of this name; it was released, or it expired",
                root.join(PINS).join(name).display()
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
pub(in crate::store) fn check_is_no_pin(root: &Path) -> Result<()> {
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
pub(in crate::store) fn remove_expired(root: &Path, now: u64) -> Result<()> {
    for name in names(root)? {
        let path = root.join(PINS).join(&name);
        remove_left(&root.join(PINS).join(format!(".{name}")))?;
        let goes = match is_kept(root, &name) {
            // A damaged one is shown by who lists them.
            true => checked(root, &name)
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

/// Removes a pin; what is left of it where that is cut off has a name that no pin has.
fn remove(root: &Path, name: &str) -> Result<()> {
    let pins = root.join(PINS);
    let (path, going) = (pins.join(name), pins.join(format!(".{name}")));
    let failed = |error| Error::io(format!("remove {}", path.display()), error);
    if path.exists() {
        remove_left(&going)?;
        std::fs::rename(&path, &going).map_err(failed)?;
    }
    let storage = folders::storage(root);
    match storage.remove(&note_of(name)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    remove_left(&going)?;
    storage.sync_folder(PINS)
}

fn remove_left(going: &Path) -> Result<()> {
    match std::fs::remove_dir_all(going) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("remove {}", going.display()), error))
        }
        _ => Ok(()),
    }
}

/// The names of the pins, made or not, and of those that are being removed: by their notes or their folders.
pub(in crate::store) fn names(root: &Path) -> Result<BTreeSet<String>> {
    let noted = names_in(&folders::storage(root), PINS, ENDING)?;
    let mut names: BTreeSet<String> = noted.into_iter().collect();
    let pins = root.join(PINS);
    let failed = |error| Error::io(format!("list {}", pins.display()), error);
    let entries = match std::fs::read_dir(&pins) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(names),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            let name = entry.file_name().to_string_lossy().into_owned();
            names.insert(name.strip_prefix('.').map_or(name.clone(), str::to_owned));
        }
    }
    Ok(names)
}

pub(in crate::store) fn note_of(name: &str) -> String {
    format!("{PINS}/{name}{ENDING}")
}
