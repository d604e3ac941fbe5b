//! What a purge has still to see gone: it outlives a purge that was cut off, or that found something.

use std::collections::BTreeMap;
use std::path::Path;

use super::receipt::PURGES;
use crate::hot::Tombstone;
use crate::io::Storage;
use crate::model::{ErrorKind, Result};
use crate::store::folder::{checked_json, folders};

/// The file, within the folder of the store. It names ids as they are.
pub(super) const PENDING: &str = "purges/pending.json";

/// Deletions that were not seen gone yet, with those that an earlier purge left; the file holds them all.
pub(super) fn with_earlier(root: &Path, deleted: Vec<Tombstone>) -> Result<Vec<Tombstone>> {
    let mut all: BTreeMap<u64, Tombstone> = BTreeMap::new();
    let known = read(root)?.into_iter().chain(deleted);
    all.extend(known.map(|tombstone| (tombstone.sequence, tombstone)));
    let all: Vec<Tombstone> = all.into_values().collect();
    if !all.is_empty() {
        let storage = folders::storage(root);
        storage.create_folder(PURGES)?;
        storage.sync_folder("")?;
        checked_json::write(&storage, PENDING, &all)?;
    }
    Ok(all)
}

/// What a purge that did not end has to see gone.
///
/// # Errors
/// `Corruption`, `Io`.
pub(in crate::store) fn read(root: &Path) -> Result<Vec<Tombstone>> {
    let advice = "it lists what a purge that did not end has to see gone: copy it from a backup, or remove it and delete \
                  the ids again";
    match checked_json::read(&folders::storage(root), PENDING, advice) {
        Ok(known) => Ok(known),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// All of it is gone.
pub(super) fn end(root: &Path) -> Result<()> {
    let storage = folders::storage(root);
    storage.remove(PENDING)?;
    storage.sync_folder(PURGES)
}
