//! The folder of a store.

use std::path::Path;

use super::manifest;
use crate::io::{LocalStorage, Readers, Storage};
use crate::model::{Error, ErrorKind, Result};

/// The folder of RocksDB.
pub(in crate::store) const HOT: &str = "hot";
pub(in crate::store) const SEGMENTS: &str = "segments";
/// What a set of shards has in place of a manifest.
const SHARDS: &str = "shards.json";
pub(in crate::store) const TEMPORARY: &str = "temporary";
/// Folders of the store; temporary files hold what an import has not published.
pub(in crate::store) const FOLDERS: [&str; 2] = [SEGMENTS, TEMPORARY];

/// Creates a folder, and those on the way to it, so that they survive power loss.
pub(in crate::store) fn create(root: &Path, readers: Readers) -> Result<()> {
    let doing = || format!("create folder {}", root.display());
    let full = std::path::absolute(root).map_err(|error| Error::io(doing(), error))?;
    let missing = full.ancestors().take_while(|folder| !folder.exists());
    let made_in: Vec<&Path> = missing.filter_map(Path::parent).collect();
    let made = readers.create_folder(root, true);
    made.map_err(|error| Error::io(doing(), error))?;
    for folder in made_in {
        LocalStorage::new(folder, readers).sync_folder("")?;
    }
    Ok(())
}

/// The files of a store that is there; what is made in it is for those who may read its manifest.
pub(in crate::store) fn storage(root: &Path) -> LocalStorage {
    LocalStorage::new(root, readers(root))
}

/// Who may read a store that is there.
pub(in crate::store) fn readers(root: &Path) -> Readers {
    Readers::of(&root.join(manifest::FILE))
}

/// Whether there is a store in the folder `root`; where that cannot be told, there is none.
pub(crate) fn is_store(root: &Path) -> bool {
    check_is_store(root).is_ok()
}

/// Refuses a folder `root` without a store.
///
/// # Errors
/// `NotFound`, `Io`.
pub(in crate::store) fn check_is_store(root: &Path) -> Result<()> {
    let path = root.join(manifest::FILE);
    match path.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => {
            let shards = match root.join(SHARDS).exists() {
                true => {
                    "; it is a set of shards: use annals shard, or name one of its stores, such as shard-0"
                }
                false => "",
            };
            Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "{}: no store here (no file {}){shards}",
                    root.display(),
                    manifest::FILE
                ),
            ))
        }
        Err(error) => Err(Error::io(format!("look for {}", path.display()), error)),
    }
}

/// Refuses a folder `to`, which need not be there, that lies in the folder of the store `root`.
///
/// # Errors
/// `InvalidInput`.
pub(in crate::store) fn check_outside(to: &Path, root: &Path) -> Result<()> {
    match is_within(to, root) {
        false => Ok(()),
        true => Err(Error::invalid(format!(
            "{}: it lies in the folder of the store; choose one outside",
            to.display()
        ))),
    }
}

/// Whether a folder, which need not be there, lies in another.
fn is_within(inner: &Path, outer: &Path) -> bool {
    let full = |path: &Path| {
        let there = path.ancestors().find_map(|part| part.canonicalize().ok());
        there.or_else(|| std::path::absolute(path).ok())
    };
    match (full(inner), full(outer)) {
        (Some(inner), Some(outer)) => inner.starts_with(outer),
        _ => false,
    }
}
