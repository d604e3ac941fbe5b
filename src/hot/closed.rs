//! The note that a log was closed in order.
//!
//! After a crash the end of a write-ahead log may be torn, and recovery keeps what precedes the
//! tear. Damage in the middle looks the same, and would silently shorten the answer. A log that was
//! closed in order has no torn end: the note tells the next opening to refuse any damage (FORMAT.md
//! section 7.4).

use std::fs::File;
use std::path::Path;

use crate::types::{Error, Result};

const NAME: &str = "CLOSED";

/// Whether the log in `folder` was closed in order and not opened since.
pub(super) fn is_noted(folder: &Path) -> bool {
    folder.join(NAME).exists()
}

/// Notes it, durably. Everything must have been synced.
pub(super) fn note(folder: &Path) -> std::io::Result<()> {
    File::create(folder.join(NAME))?.sync_all()?;
    File::open(folder)?.sync_all()
}

/// Takes the note away, durably, before anything is written.
///
/// # Errors
/// `Io` when the folder cannot be changed.
pub(super) fn forget(folder: &Path) -> Result<()> {
    let path = folder.join(NAME);
    std::fs::remove_file(&path)
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(|error| Error::io(format!("removing {}", path.display()), error))
}

/// What to do about damage in a log that was closed in order.
pub(super) fn advice(folder: &Path) -> String {
    format!(
        "the log was closed in order, so this is damage and no torn end; restore {}, or remove its \
         file {NAME} to keep what precedes the damage",
        folder.display()
    )
}
