//! The folder of a set: its file, its lock, and what interrupted changes leave in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::map::{ShardMap, number_of};
use crate::Store;
use crate::model::{Error, ErrorKind, Result};

pub(super) const FILE: &str = "shards.json";
const NEW: &str = "shards.json.new";
const LOCK: &str = "LOCK";
/// There while a set is made.
const CREATING: &str = "CREATING";
/// Receipts of purges of shards that were split or merged, by the folders that they had.
const PURGES: &str = "purges";
/// Ends the name of a shard that is being removed.
const REMOVED: &str = ".removed";

/// Bytes that the file may have: more than one of all shards that there may be.
const MOST_BYTES: u64 = 1 << 20;

const GROUP_MAY_READ: u32 = 0o040;

/// The folder of a set, held by the one who changes its shards.
pub(super) struct SetFolder {
    path: PathBuf,
    _lock: File,
}

/// The shards of the set in a folder.
///
/// # Errors
/// `NotFound` when there is none; as [`ShardMap::decode`]; `Io`.
pub(super) fn read(folder: &Path) -> Result<ShardMap> {
    let path = folder.join(FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "{}: no set of shards here (no file {FILE})",
                    folder.display()
                ),
            ));
        }
        Err(error) => return Err(said("open", &path, error)),
    };
    let mut bytes = Vec::new();
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| said("read", &path, error))?;
    let map = match bytes.len() as u64 > MOST_BYTES {
        true => Err(Error::corrupt(format!(
            "{FILE}: more than {MOST_BYTES} bytes"
        ))),
        false => ShardMap::decode(&bytes),
    };
    map.map_err(|error| error.within(folder.display()))
}

impl SetFolder {
    /// Takes the folder of a set that is there.
    ///
    /// # Errors
    /// `Locked` where its shards are changed by another; `NotFound`; `Io`.
    pub(super) fn take(path: &Path) -> Result<Self> {
        let lock = path.join(LOCK);
        let mode = file_mode(group_may_read(path));
        let mut options = OpenOptions::new();
        let options = options.create(true).append(true).mode(mode);
        let file = options
            .open(&lock)
            .map_err(|error| said("lock", &lock, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: file,
            }),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                ErrorKind::Locked,
                format!(
                    "{}: the shards of this set are being changed elsewhere; try again when that is done",
                    path.display()
                ),
            )),
            Err(TryLockError::Error(error)) => Err(said("lock", &lock, error)),
        }
    }

    /// Takes a folder, which is made where it is missing, to make a set in it. What the making of a set
    /// left that was cut short is removed.
    ///
    /// # Errors
    /// `AlreadyExists` where there is a set, or something else; `Locked`, `Io`.
    pub(super) fn begin(path: &Path, group_may_read: bool) -> Result<Self> {
        let mode = if group_may_read { 0o750 } else { 0o700 };
        let made = DirBuilder::new().recursive(true).mode(mode).create(path);
        made.map_err(|error| said("create folder", path, error))?;
        let names = names_in(path)?;
        let is_begun = names.iter().any(|name| name == CREATING);
        let exists = |what: &str| {
            Error::new(
                ErrorKind::AlreadyExists,
                format!("{}: {what}", path.display()),
            )
        };
        if names.iter().any(|name| name == FILE) {
            return Err(exists(
                "there is a set of shards already; open it, or choose another folder",
            ));
        }
        if !is_begun && names.iter().any(|name| name != LOCK) {
            return Err(exists(
                "the folder is not empty; choose one that is missing or empty",
            ));
        }
        let folder = Self::take(path)?;
        let begun = path.join(CREATING);
        let mut options = OpenOptions::new();
        let options = options
            .create(true)
            .append(true)
            .mode(file_mode(group_may_read));
        options
            .open(&begun)
            .map_err(|error| said("create", &begun, error))?;
        folder.sync()?;
        folder.remove_made()?;
        Ok(folder)
    }

    /// Publishes a set that was made.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn finish(&self, map: &ShardMap, group_may_read: bool) -> Result<()> {
        self.write(map, file_mode(group_may_read))?;
        remove_file(&self.path.join(CREATING))?;
        self.sync()
    }

    /// Removes what was made of a set that is not published.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn remove_made(&self) -> Result<()> {
        for name in names_in(&self.path)? {
            if number_of(&name).is_some() {
                remove_folder(&self.path.join(name))?;
            }
        }
        Ok(())
    }

    /// Puts another map in the place of the one that is there, atomically and durably.
    ///
    /// # Errors
    /// `Io`; which of the two counts is then not known.
    pub(super) fn replace(&self, map: &ShardMap) -> Result<()> {
        self.write(map, file_mode(group_may_read(&self.path)))
    }

    fn write(&self, map: &ShardMap, mode: u32) -> Result<()> {
        let (new, path) = (self.path.join(NEW), self.path.join(FILE));
        remove_file(&new)?;
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(mode);
        let written = options.open(&new).and_then(|mut file| {
            file.write_all(&map.encode())?;
            file.sync_all()
        });
        written.map_err(|error| said("write", &new, error))?;
        fs::rename(&new, &path).map_err(|error| said("replace", &path, error))?;
        self.sync()
    }

    fn sync(&self) -> Result<()> {
        let synced = File::open(&self.path).and_then(|folder| folder.sync_all());
        synced.map_err(|error| said("sync", &self.path, error))
    }

    /// Removes the folders of shards that `map`, the published one, does not name: what a change left
    /// that was interrupted. First every shard that it names is held to be there, so that a file of
    /// another moment removes nothing.
    ///
    /// # Errors
    /// As [`check_store`]; `Io`.
    pub(super) fn remove_unnamed(&self, map: &ShardMap) -> Result<()> {
        for position in 0..map.len() {
            check_store(&self.path, map, position)?;
        }
        for name in unnamed(&self.path, map)? {
            match name.ends_with(REMOVED) {
                true => remove_folder(&self.path.join(name))?,
                false => self.retire(&name)?,
            }
        }
        Ok(())
    }

    /// Removes a shard that is named no more. Its receipts of purges stay, in the folder of the set.
    ///
    /// # Errors
    /// `Io`; what is left goes with the next change.
    pub(super) fn retire(&self, folder: &str) -> Result<()> {
        let from = self.path.join(folder);
        let receipts = from.join(PURGES);
        if receipts.is_dir() {
            let kept = self.path.join(PURGES);
            let mode =
                fs::metadata(&receipts).map_or(0o700, |found| found.permissions().mode() & 0o777);
            let made = DirBuilder::new().recursive(true).mode(mode).create(&kept);
            made.map_err(|error| said("create folder", &kept, error))?;
            let moved = fs::rename(&receipts, kept.join(folder));
            moved.map_err(|error| said("move", &receipts, error))?;
        }
        let to = self.path.join(format!("{folder}{REMOVED}"));
        fs::rename(&from, &to).map_err(|error| said("remove", &from, error))?;
        remove_folder(&to)?;
        self.sync()
    }
}

/// Folders of shards that a map does not name, by their names.
///
/// # Errors
/// `Io`.
pub(super) fn unnamed(path: &Path, map: &ShardMap) -> Result<Vec<String>> {
    let is_named = |name: &str| map.shards().iter().any(|shard| shard.folder() == name);
    let mut names = names_in(path)?;
    names.retain(|name| {
        let own = name.strip_suffix(REMOVED).unwrap_or(name);
        number_of(own).is_some() && !is_named(name)
    });
    names.sort();
    Ok(names)
}

/// Holds a shard to be the store that the map names.
///
/// # Errors
/// `NotFound`, `Corruption`.
pub(super) fn check_store(path: &Path, map: &ShardMap, position: usize) -> Result<()> {
    let shard = map.shard(position)?;
    let id = Store::id_of(path.join(shard.folder()))?.to_string();
    match id == shard.store_id() {
        true => Ok(()),
        false => Err(Error::corrupt(format!(
            "{}: the store is {id}, but {FILE} names {}; put the store that belongs here back",
            path.join(shard.folder()).display(),
            shard.store_id()
        ))),
    }
}

/// Whether the group may read the set in a folder.
pub(super) fn group_may_read(path: &Path) -> bool {
    let found = fs::symlink_metadata(path.join(FILE));
    found.is_ok_and(|found| found.permissions().mode() & GROUP_MAY_READ != 0)
}

fn file_mode(group_may_read: bool) -> u32 {
    match group_may_read {
        true => 0o600 | GROUP_MAY_READ,
        false => 0o600,
    }
}

/// What is in a folder; names that are not UTF-8 are no names of ours.
fn names_in(path: &Path) -> Result<Vec<String>> {
    let failed = |error| said("list", path, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        names.push(
            entry
                .map_err(failed)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    Ok(names)
}

fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(said("remove", path, error))
        }
        _ => Ok(()),
    }
}

pub(super) fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(said("remove", path, error))
        }
        _ => Ok(()),
    }
}

fn said(doing: &str, path: &Path, error: std::io::Error) -> Error {
    Error::io(format!("{doing} {}", path.display()), error)
}
