//! What consumers have taken so far, so that what they have not is kept.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::named::{check_name, names_in};
use super::{checked_json, folders};
use crate::io::Storage;
use crate::model::{Error, ErrorKind, Result};

/// The folder of the leases.
pub(in crate::store) const LEASES: &str = "leases";
pub(in crate::store) const ENDING: &str = ".json";

/// What a consumer has taken: changes of later commits can be told until it has taken them, too, or the
/// lease is released or expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Lease {
    /// Letters, digits, `_`, `-` and `.`, at most 64, not beginning with `.`.
    #[serde(default)]
    pub name: String,
    /// The newest commit that the consumer has taken.
    pub sequence: u64,
    /// When it was taken or renewed, in Unix epoch seconds.
    pub taken_seconds: u64,
    /// From when on it holds nothing, in Unix epoch seconds; `None` for never.
    pub expires_seconds: Option<u64>,
}

impl Lease {
    fn holds(&self, now: u64) -> bool {
        self.expires_seconds.is_none_or(|expires| now < expires)
    }
}

/// Writes a lease, in the place of an earlier one of its name.
pub(crate) fn lease(root: &Path, lease: &Lease) -> Result<()> {
    check_name(&lease.name)?;
    folders::check_is_store(root)?;
    let storage = folders::storage(root);
    storage.create_folder(LEASES)?;
    storage.sync_folder("")?;
    checked_json::write(&storage, &path_of(&lease.name), lease)
}

/// The leases of a store by name, those included that have expired.
pub(crate) fn leases(root: &Path) -> Result<Vec<Lease>> {
    folders::check_is_store(root)?;
    read_all(&folders::storage(root))
}

fn read_all(storage: &dyn Storage) -> Result<Vec<Lease>> {
    let mut found = Vec::new();
    for name in names_in(storage, LEASES, ENDING)? {
        match read_one(storage, &name) {
            // Released meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            lease => found.push(lease?),
        }
    }
    Ok(found)
}

fn read_one(storage: &dyn Storage, name: &str) -> Result<Lease> {
    let advice =
        format!("take the lease again, or release it (annals lease STORE {name} --release)");
    let lease: Lease = checked_json::read(storage, &path_of(name), &advice)?;
    Ok(Lease {
        name: name.to_owned(),
        ..lease
    })
}

/// A lease of the store in `root`.
pub(in crate::store) fn read(root: &Path, name: &str) -> Result<Lease> {
    read_one(&folders::storage(root), name)
}

/// Releases a lease.
pub(crate) fn release(root: &Path, name: &str) -> Result<()> {
    check_name(name)?;
    folders::check_is_store(root)?;
    let storage = folders::storage(root);
    storage
        .remove(&path_of(name))
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::new(
                ErrorKind::NotFound,
                format!("{}: there is no lease of the name {name}", root.display()),
            ),
            _ => error,
        })?;
    storage.sync_folder(LEASES)
}

/// The lease of the least sequence number among those that hold at `now`.
pub(in crate::store) fn oldest(storage: &dyn Storage, now: u64) -> Result<Option<Lease>> {
    let all = read_all(storage)?;
    let holding = all.into_iter().filter(|lease| lease.holds(now));
    Ok(holding.min_by_key(|lease| lease.sequence))
}

fn path_of(name: &str) -> String {
    format!("{LEASES}/{name}{ENDING}")
}
