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
    log_mark: Mark,
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
        // First: who begins another file of the log replaces the manifest behind it, which then counts as
        // news. The other way round, the new file might be missed and the new manifest be known.
        let manifest = need(&root.join(manifest::FILE))?;
        let mut log = newest_log(&root.join(HOT))?;
        loop {
            if let Some(log_mark) = mark(&log)? {
                return Ok(Self {
                    manifest,
                    log,
                    log_mark,
                });
            }
            // A file that goes is followed by another, which the commits are in.
            let next = newest_log(&root.join(HOT))?;
            if next == log {
                return Err(missing(&log));
            }
            log = next;
        }
    }

    /// Whether nothing has changed since. Cost: two stat calls.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn is_current(&self, root: &Path) -> Result<bool> {
        Ok(mark(&self.log)?.as_ref() == Some(&self.log_mark)
            && mark(&root.join(manifest::FILE))?.as_ref() == Some(&self.manifest))
    }
}

fn need(path: &Path) -> Result<Mark> {
    mark(path)?.ok_or_else(|| missing(path))
}

fn missing(path: &Path) -> Error {
    let error = std::io::Error::from(std::io::ErrorKind::NotFound);
    Error::io(format!("look at {}", path.display()), error)
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
