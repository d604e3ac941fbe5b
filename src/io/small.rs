//! Small files that are read and replaced whole.

use super::Storage;
use crate::model::{Error, Result};

/// Bytes that such a file may have: far more than any has.
const MOST_BYTES: usize = 1 << 30;

/// The bytes of a small file.
///
/// # Errors
/// `NotFound`; `Corruption` when it is larger than any such file; `Io`.
pub fn read_small(storage: &dyn Storage, path: &str) -> Result<Vec<u8>> {
    let file = storage.open(path)?;
    let len = file.len()?;
    if len > MOST_BYTES {
        return Err(Error::corrupt(format!(
            "{path}: {len} bytes; no such file has more than {MOST_BYTES}"
        )));
    }
    let mut bytes = vec![0; len];
    file.read_at(0, &mut bytes)?;
    Ok(bytes)
}

/// Replaces a file by these bytes, atomically and durably, by way of the file `new` in the same folder.
///
/// # Errors
/// `Io`; which of the two states counts is then not known.
pub fn replace(storage: &dyn Storage, path: &str, new: &str, bytes: &[u8]) -> Result<()> {
    // What a crash left of an earlier try.
    let (folder, name) = new.rsplit_once('/').unwrap_or(("", new));
    if storage.list(folder)?.iter().any(|other| other == name) {
        storage.remove(new)?;
    }
    let mut file = storage.create(new)?;
    file.append(bytes)?;
    file.sync()?;
    storage.rename(new, path)?;
    storage.sync_folder(folder)
}
