//! Whether a store has changed since a reader looked.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::folders::HOT;
use super::manifest;
use crate::hot::newest_log;
use crate::types::{Error, Result};

/// What a reader saw of the files: every commit makes the newest file of the log longer, and every edit
/// replaces the manifest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    manifest: Mark,
    log: PathBuf,
    log_mark: Option<Mark>,
}

/// One file: which it is, its bytes, and when it was changed.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Seen {
    /// Looks at the store in `root`. Cost: listing the folder of the hot tier.
    ///
    /// # Errors
    /// `Io`; `Corruption` where a file of the hot tier is none.
    pub(crate) fn now(root: &Path) -> Result<Self> {
        let log = newest_log(&root.join(HOT))?;
        Ok(Self {
            manifest: need(&root.join(manifest::FILE))?,
            log_mark: mark(&log)?,
            log,
        })
    }

    /// Whether nothing has changed since. Cost: two stat calls.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn is_current(&self, root: &Path) -> Result<bool> {
        Ok(mark(&self.log)? == self.log_mark
            && mark(&root.join(manifest::FILE))?.as_ref() == Some(&self.manifest))
    }
}

fn need(path: &Path) -> Result<Mark> {
    let missing = || {
        let error = std::io::Error::from(std::io::ErrorKind::NotFound);
        Error::io(format!("look at {}", path.display()), error)
    };
    mark(path)?.ok_or_else(missing)
}

/// `None` where there is no such file.
fn mark(path: &Path) -> Result<Option<Mark>> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(Some(Mark {
            inode: found.ino(),
            bytes: found.len(),
            changed: (found.mtime(), found.mtime_nsec()),
        })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(format!("look at {}", path.display()), error)),
    }
}
