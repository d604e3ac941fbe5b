//! What consumers have taken so far, so that what they have not is kept.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::folders;
use super::named::{check_name, names_in};
use crate::io::{Storage, read_small, replace};
use crate::types::{Error, ErrorKind, Result};

/// The folder of the leases.
const LEASES: &str = "leases";
const ENDING: &str = ".json";

/// What a consumer has taken: changes of later commits can be told until it has taken them, too, or the
/// lease is released or expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    let json = serde_json::to_vec(lease);
    let json = json.map_err(|_| Error::internal("a lease that is no JSON"))?;
    let path = path_of(&lease.name);
    replace(&storage, &path, &format!("{path}.new"), &json)
}

/// The leases of a store by name, those included that have expired.
pub(crate) fn leases(root: &Path) -> Result<Vec<Lease>> {
    folders::check_is_store(root)?;
    read_all(&folders::storage(root))
}

fn read_all(storage: &dyn Storage) -> Result<Vec<Lease>> {
    let mut found = Vec::new();
    for name in names_in(storage, LEASES, ENDING)? {
        let path = path_of(&name);
        let bytes = match read_small(storage, &path) {
            // Released meanwhile.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            read => read?,
        };
        let lease: Lease = serde_json::from_slice(&bytes).map_err(|error| {
            Error::corrupt(format!(
                "{path}: {error}; take the lease again, or release it (annals lease STORE {name} --release)"
            ))
        })?;
        found.push(Lease { name, ..lease });
    }
    Ok(found)
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
pub(super) fn oldest(storage: &dyn Storage, now: u64) -> Result<Option<Lease>> {
    let all = read_all(storage)?;
    let holding = all.into_iter().filter(|lease| lease.holds(now));
    Ok(holding.min_by_key(|lease| lease.sequence))
}

fn path_of(name: &str) -> String {
    format!("{LEASES}/{name}{ENDING}")
}
