//! The folder of a read-only opening, for RocksDB's notes.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::model::{Error, Result};

const PREFIX: &str = "annals-reader-";
/// Locked as long as the folder is in use.
const LOCK: &str = "in-use";

/// A folder that the host named, or one of its own that is made when it is asked for first and
/// removed at the end.
pub(super) struct Scratch {
    given: Option<PathBuf>,
    own: Option<Own>,
}

struct Own {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    pub(super) fn new(given: Option<PathBuf>) -> Self {
        Self { given, own: None }
    }

    /// The folder.
    ///
    /// # Errors
    /// `Io` when it cannot be made.
    pub(super) fn folder(&mut self) -> Result<PathBuf> {
        if let Some(given) = &self.given {
            return Ok(given.clone());
        }
        let own = match self.own.take() {
            Some(own) => own,
            None => Own::make()?,
        };
        let folder = own.folder.path().to_owned();
        self.own = Some(own);
        Ok(folder)
    }
}

impl Own {
    /// A new folder among the system's temporary files, of a name that nobody can know before, for the
    /// user alone.
    fn make() -> Result<Self> {
        let parent = std::env::temp_dir();
        let doing = || {
            format!(
                "create a folder in {}, which a reader needs: set TMPDIR, or StoreBuilder::scratch, to one that can be written to",
                parent.display()
            )
        };
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&parent);
        let folder = folder.map_err(|error| Error::io(doing(), error))?;
        remove_abandoned(&parent, folder.path());
        let lock = File::create_new(folder.path().join(LOCK)).and_then(|file| {
            file.try_lock()?;
            Ok(file)
        });
        let lock = lock.map_err(|error| Error::io(doing(), error))?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }
}

/// Removes the folders of readers that were killed: those of this user that nobody has locked. What
/// cannot be removed is left for the next.
fn remove_abandoned(parent: &Path, own: &Path) {
    let Ok(user) = std::fs::symlink_metadata(own).map(|found| found.uid()) else {
        return;
    };
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_reader = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes());
        let folder = entry.path();
        let is_ours = || {
            let found = std::fs::symlink_metadata(&folder);
            found.is_ok_and(|found| found.is_dir() && found.uid() == user)
        };
        if is_reader && folder != own && is_ours() && is_abandoned(&folder) {
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}

/// Whether a folder has a lock file that nobody holds.
fn is_abandoned(folder: &Path) -> bool {
    let lock = File::options().write(true).open(folder.join(LOCK));
    lock.is_ok_and(|file| file.try_lock().is_ok())
}
