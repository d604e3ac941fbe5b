//! A folder of backups: what marks it, and who may change it.
//!
//! The folder holds a file `BACKUPS`, which says so: a store in it, named by a number, is not opened for
//! writing. Whoever makes or removes a backup holds the file `LOCK` alone, and so is the only one. Whoever
//! restores one holds `BACKUPS` with the others that do; whoever removes backups waits for none of them,
//! and is refused.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;

use super::folders;
use super::lock::{self, StoreLock};
use crate::io::Readers;
use crate::model::{Error, ErrorKind, Result};

/// The file that marks a folder of backups.
const MARK: &str = "BACKUPS";

const TEXT: &str =
    "Backups of an annals store, a folder each. They are read as they are, and not written to;
`annals restore` copies one to a new store.
";

/// One that makes or removes backups.
pub(crate) struct BackupsWriter {
    mark: File,
    path: std::path::PathBuf,
    _lock: StoreLock,
}

impl BackupsWriter {
    /// Makes the folder where it is missing, for those who may read the store in `store`, and takes it.
    ///
    /// # Errors
    /// `Locked`, naming the process, where another makes or removes a backup; `InvalidInput` where it lies in
    /// the store's folder; `Io`.
    pub(crate) fn of_store(folder: &Path, store: &Path) -> Result<Self> {
        folders::check_outside(folder, store)?;
        let readers = folders::readers(store);
        folders::create(folder, readers)?;
        Self::take(folder, readers)
    }

    /// Takes a folder that is there.
    ///
    /// # Errors
    /// `Locked`, `Io`.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        Self::take(folder, Readers::of(&folder.join(MARK)))
    }

    fn take(folder: &Path, readers: Readers) -> Result<Self> {
        let lock = StoreLock::take_file(&folder.join(lock::FILE), readers, |holder| {
            format!(
                "{}: a backup is being made or removed in {holder}; try again when it is done",
                folder.display()
            )
        })?;
        let path = folder.join(MARK);
        let doing = |error| Error::io(format!("write {}", path.display()), error);
        let mut mark = readers.open_or_create(&path).map_err(doing)?;
        if mark.metadata().map_err(doing)?.len() == 0 {
            mark.write_all(TEXT.as_bytes()).map_err(doing)?;
            mark.sync_all().map_err(doing)?;
        }
        Ok(Self {
            mark,
            path: folder.to_owned(),
            _lock: lock,
        })
    }

    /// Runs `remove` while nobody restores a backup.
    ///
    /// # Errors
    /// `Locked` where somebody does; `Io`; what `remove` gives.
    pub(crate) fn removing<T>(&self, remove: impl FnOnce() -> Result<T>) -> Result<T> {
        match self.mark.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    ErrorKind::Locked,
                    format!(
                        "{}: a backup is being restored, so none is removed; remove them when that is done",
                        self.path.display()
                    ),
                ));
            }
            Err(TryLockError::Error(error)) => {
                return Err(Error::io(format!("lock {}", self.path.display()), error));
            }
        }
        let removed = remove();
        let _ = self.mark.unlock();
        removed
    }
}

/// One that restores a backup: none is removed as long as it is held.
pub(crate) struct BackupsReader {
    mark: Option<File>,
}

impl BackupsReader {
    /// Takes the folder together with others that restore from it, and waits while one is removed. A
    /// folder that was made before it had marks, and one that cannot be locked, such as on a medium that
    /// cannot be written to, is read as it is.
    pub(crate) fn of(folder: &Path) -> Self {
        let mark = File::open(folder.join(MARK)).ok();
        Self {
            mark: mark.filter(|mark| mark.lock_shared().is_ok()),
        }
    }
}

impl Drop for BackupsReader {
    fn drop(&mut self) {
        if let Some(mark) = &self.mark {
            let _ = mark.unlock();
        }
    }
}

/// Refuses to write to a store in a folder of backups.
///
/// # Errors
/// `Unsupported`.
pub(in crate::store) fn check_is_no_backup(root: &Path) -> Result<()> {
    let full = root.canonicalize().ok();
    let full = full.or_else(|| std::path::absolute(root).ok());
    let of = full.as_deref().and_then(|full| {
        let number: u64 = full.file_name()?.to_str()?.parse().ok()?;
        let folder = full.parent()?;
        folder.join(MARK).is_file().then_some((folder, number))
    });
    match of {
        None => Ok(()),
        Some((folder, number)) => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "{}: it is a backup, which is not written to; copy it to a new store (annals restore \
                 {}@{number} STORE), or open it for reading",
                root.display(),
                folder.display()
            ),
        )),
    }
}
