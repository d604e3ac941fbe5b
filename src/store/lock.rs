//! One writer a store: an advisory lock on a file.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::io::Readers;
use crate::types::{Error, ErrorKind, Result};

pub(super) const FILE: &str = "LOCK";

/// Held as long as a store is open for writing; the system lets go when the process ends.
pub(crate) struct StoreLock {
    file: File,
}

impl StoreLock {
    pub(crate) fn take(root: &Path, readers: Readers) -> Result<Self> {
        let path = root.join(FILE);
        let doing = || format!("lock {}", path.display());
        let file = readers.open_or_create(&path);
        let file = file.map_err(|error| Error::io(doing(), error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                ErrorKind::Locked,
                format!(
                    "{}: the store is open for writing in another process or handle; \
                     close it there, or open this one read-only",
                    root.display()
                ),
            )),
            Err(TryLockError::Error(error)) => Err(Error::io(doing(), error)),
        }
    }
}

impl Drop for StoreLock {
    /// Closing alone would not do: a process that is being started at the moment holds a copy of
    /// the descriptor, and with it the lock, until its program is loaded.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}
