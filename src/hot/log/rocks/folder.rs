//! The files of RocksDB's folder, by name.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::super::position::FileMark;
use crate::model::{Error, RESTORE_STORE, Result};

const CURRENT: &str = "CURRENT";

/// Bytes that the file CURRENT has at most: a name and a line feed.
const CURRENT_BYTES: u64 = 64;

pub(super) fn manifest_name(number: u64) -> String {
    format!("MANIFEST-{number:06}")
}

pub(super) fn log_name(number: u64) -> String {
    format!("{number:06}.log")
}

pub(super) fn table_name(number: u64) -> String {
    format!("{number:06}.sst")
}

/// Whether there is a database at all.
pub(super) fn is_database(folder: &Path) -> Result<bool> {
    let path = folder.join(CURRENT);
    let found = std::fs::symlink_metadata(&path);
    match found {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(said("looking for", &path, error)),
    }
}

/// The manifest that counts, by the file CURRENT, and its bytes. The writer may put another one in its place meanwhile.
pub(super) fn manifest(folder: &Path) -> Result<FileMark> {
    let mut number = current(folder)?;
    loop {
        let error = match bytes_of(&folder.join(manifest_name(number))) {
            Ok(bytes) => return Ok(FileMark { number, bytes }),
            Err(error) => error,
        };
        let newer = current(folder)?;
        if newer <= number {
            return Err(error);
        }
        number = newer;
    }
}

/// The number of the manifest that the file CURRENT names.
fn current(folder: &Path) -> Result<u64> {
    let path = folder.join(CURRENT);
    let named = |bytes: &[u8]| {
        let name = bytes.strip_prefix(b"MANIFEST-")?.strip_suffix(b"\n")?;
        let digits = name.iter().all(u8::is_ascii_digit);
        std::str::from_utf8(name)
            .ok()
            .filter(|_| digits)?
            .parse()
            .ok()
    };
    if bytes_of(&path)? > CURRENT_BYTES {
        return Err(damaged(&path, "it is no file CURRENT of RocksDB"));
    }
    let bytes = std::fs::read(&path).map_err(|error| said("reading", &path, error))?;
    named(&bytes).ok_or_else(|| {
        let text = bytes.escape_ascii();
        damaged(&path, format!("it names no manifest, but holds \"{text}\""))
    })
}

/// Makes the manifest of this name the one that counts, durably but for the file's name, in a folder that
/// has none.
pub(super) fn write_current(folder: &Path, manifest: &str) -> Result<()> {
    let path = folder.join(CURRENT);
    std::fs::write(&path, format!("{manifest}\n"))
        .map_err(|error| said("writing", &path, error))?;
    sync(&path)
}

/// Removes the files in a folder.
pub(super) fn clear(folder: &Path) -> Result<()> {
    let removed = std::fs::read_dir(folder)
        .and_then(|mut entries| entries.try_for_each(|entry| std::fs::remove_file(entry?.path())));
    removed.map_err(|error| said("clearing", folder, error))
}

/// The bytes of a file that must be there.
///
/// # Errors
/// `Corruption` where it is missing or no file.
pub(super) fn bytes_of(path: &Path) -> Result<u64> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Ok(found.len()),
        Ok(_) => Err(damaged(path, "it is no file, but a folder or a link")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(damaged(path, "it is missing"))
        }
        Err(error) => Err(said("looking for", path, error)),
    }
}

/// The files whose names are a number and this ending, with their bytes.
pub(super) fn numbered(folder: &Path, ending: &str) -> Result<BTreeMap<u64, u64>> {
    let mut found = BTreeMap::new();
    let entries = std::fs::read_dir(folder).map_err(|error| said("listing", folder, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| said("listing", folder, error))?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(ending));
        let Some(number) = number.and_then(|number| number.parse().ok()) else {
            continue;
        };
        match bytes_of(&entry.path()) {
            Ok(bytes) => drop(found.insert(number, bytes)),
            // Removed since it was listed.
            Err(_) if !entry.path().exists() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// How often a folder is listed until it shows a file of the log.
const LISTINGS: usize = 100;

/// The newest file of the write-ahead log. The writer may put another one in its place while the folder is listed, so that
/// a listing shows neither.
///
/// # Errors
/// `Corruption` where there is none; `Io`.
pub(crate) fn newest_log(folder: &Path) -> Result<PathBuf> {
    for _ in 0..LISTINGS {
        if let Some(newest) = logs(folder)?.pop() {
            return Ok(folder.join(log_name(newest.number)));
        }
        std::thread::yield_now();
    }
    Err(damaged(folder, "it has no file of the write-ahead log"))
}

/// The files of the write-ahead log, rising.
pub(super) fn logs(folder: &Path) -> Result<Vec<FileMark>> {
    let logs = numbered(folder, ".log")?.into_iter();
    Ok(logs
        .map(|(number, bytes)| FileMark { number, bytes })
        .collect())
}

/// Has what was written to a file, or the names in a folder, survive power loss.
pub(super) fn sync(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|file| file.sync_data())
        .map_err(|error| said("syncing", path, error))
}

/// Cuts a file to so many bytes, durably.
pub(super) fn cut(path: &Path, bytes: u64) -> Result<()> {
    let doing = |file: File| {
        file.set_len(bytes)?;
        file.sync_all()
    };
    let file = File::options().write(true).open(path);
    file.and_then(doing)
        .map_err(|error| said("cutting", path, error))
}

/// Renames a file of the folder to a name that RocksDB does not know, durably; gives the new path.
pub(super) fn set_aside(folder: &Path, name: &str) -> Result<PathBuf> {
    let (from, to) = (folder.join(name), folder.join(format!("damaged-{name}")));
    std::fs::rename(&from, &to)
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(|error| said("renaming", &from, error))?;
    Ok(to)
}

/// Copies a file to a name that RocksDB does not know, durably.
pub(super) fn keep_copy(folder: &Path, name: &str) -> Result<PathBuf> {
    let (from, to) = (folder.join(name), folder.join(format!("damaged-{name}")));
    std::fs::copy(&from, &to)
        .and_then(|_| File::open(&to)?.sync_all())
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(|error| said("copying", &from, error))?;
    Ok(to)
}

pub(super) fn said(doing: &str, path: &Path, error: std::io::Error) -> Error {
    Error::io(format!("{doing} {}", path.display()), error)
}

pub(super) fn damaged(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("{}: {what}; {RESTORE_STORE}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// A writer begins another file of the log and removes the one before: while a folder is listed, one may be gone already
    /// and the other not be there yet.
    #[test]
    fn a_log_is_found_while_another_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number: u64| folder.path().join(log_name(number));
        std::fs::write(path(1), "a").unwrap();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 2.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    std::fs::write(path(number), "a").unwrap();
                    std::fs::remove_file(path(number - 1)).unwrap();
                }
            });
            let found: Vec<Result<PathBuf>> =
                (0..20_000).map(|_| newest_log(folder.path())).collect();
            over.store(true, Ordering::Relaxed);
            let lost = found.iter().filter(|found| found.is_err()).count();
            assert_eq!(lost, 0);
        });
    }
}
