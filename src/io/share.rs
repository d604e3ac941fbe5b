//! A file of one folder in another: the same file under a second name, or a copy of it.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::local::{open_file, said};
use crate::model::{Error, Result};

/// Bytes of files that another folder has now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Of files that have a second name.
    pub linked: u64,
    /// Of files that were copied.
    pub copied: u64,
}

impl std::ops::AddAssign for Shared {
    fn add_assign(&mut self, other: Self) {
        self.linked += other.linked;
        self.copied += other.copied;
    }
}

/// Gives a file that never changes a second name, where the file system can, else copies it.
///
/// # Errors
/// As [`copy`].
pub fn link(from: &Path, to: &Path) -> Result<Shared> {
    let found = fs::symlink_metadata(from).map_err(said("look for", from))?;
    if found.is_file() && fs::hard_link(from, to).is_ok() {
        return Ok(Shared {
            linked: found.len(),
            copied: 0,
        });
    }
    copy(from, to, u64::MAX)
}

/// Copies the first bytes of a file, at most `most`, durably but for the new name. The copy is for
/// those who may read the file.
///
/// # Errors
/// `NotFound`; `Corruption` for a symbolic link; `AlreadyExists`; `Io`.
pub fn copy(from: &Path, to: &Path, most: u64) -> Result<Shared> {
    let file = open_file(from)?;
    let mode = file.metadata().map_err(said("read", from))?;
    let mode = mode.permissions().mode() & 0o777;
    let mut options = OpenOptions::new();
    let created = options.write(true).create_new(true).mode(mode).open(to);
    let mut new = created.map_err(said("create", to))?;
    let copied = std::io::copy(&mut file.take(most), &mut new);
    let copied = copied.map_err(|error| {
        Error::io(
            format!("copy {} to {}", from.display(), to.display()),
            error,
        )
    })?;
    new.sync_all().map_err(said("sync", to))?;
    Ok(Shared { linked: 0, copied })
}
