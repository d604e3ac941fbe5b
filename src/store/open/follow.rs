//! Whether a store has changed since a reader looked, and going on from there.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::hot::{LogPlace, TableEntry, insert_logged, newest_log};
use crate::model::{Error, Result};
use crate::store::engine::Engine;
use crate::store::folder::{HOT, manifest};

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

    /// Whether the log has only grown in the file that was the newest.
    pub(crate) fn only_grew(&self, now: &Self) -> bool {
        self.manifest == now.manifest && self.log == now.log
    }

    /// Whether the manifest is still the same.
    ///
    /// # Errors
    /// `Io`.
    pub(crate) fn is_published(&self, root: &Path) -> Result<bool> {
        Ok(mark(&root.join(manifest::FILE))?.as_ref() == Some(&self.manifest))
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

impl Engine {
    /// Goes on, in a store that is open for reading, to what came into the log since; `is_published` tells
    /// whether the manifest is still the one that was read. `false` where more than rows and notes has come, and
    /// the store has to be read anew; what is shown has not changed then.
    pub(crate) fn catch_up(&self, is_published: impl Fn() -> Result<bool>) -> Result<bool> {
        let mut held = self.tail.lock();
        let Some(tail) = held.as_mut() else {
            return Ok(false);
        };
        let version = self.version.load_full();
        let before = self.visible.load(Ordering::Acquire).max(version.floor);
        let (mut newest, mut rows, mut is_known) = (before, 0, true);
        let mut entries = Vec::new();
        let read = tail.read(&mut |place, key, value| {
            match (place, value) {
                (LogPlace::Generation(id), Some(value)) => {
                    let generation = version.generations.iter().find(|hot| hot.id() == id);
                    match generation {
                        Some(hot) => {
                            newest = newest.max(insert_logged(&self.schema, hot, key, value)?);
                            rows += 1;
                        }
                        None => is_known = false,
                    }
                }
                (LogPlace::Table(table), Some(value)) => {
                    entries.push(TableEntry::of(table.kind, key, value)?);
                }
                // What is let go of concerns nobody.
                (_, None) => {}
            }
            Ok(())
        });
        // Whether what is wrong is damage, reading it anew will tell.
        if !matches!(read, Ok(true)) || !is_known || !is_published()? {
            *held = None;
            return Ok(false);
        }
        let joins = &version.joins;
        for entry in entries {
            match entry {
                TableEntry::Link(link) => joins.links.add(Arc::new(link)),
                TableEntry::Late(late) => joins.late.add(Arc::new(late)),
                TableEntry::Tombstone(one) => joins.deletions.add(Arc::new(one)),
                TableEntry::Commit(sequence) => newest = newest.max(sequence),
                TableEntry::Other => {}
            }
        }
        if rows > 0 {
            self.refresh_event_types()?;
        }
        self.visible.store(newest, Ordering::Release);
        Ok(true)
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
