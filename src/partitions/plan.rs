//! A pinned snapshot is divided.

use std::path::Path;

use super::partition::{Partition, PinnedSnapshot};
use crate::model::{Error, Result};
use crate::{Snapshot, Store};

/// Partitions of one list, at most: each takes a few searches in each run.
const MOST_PARTS: usize = 1 << 16;

/// # Errors
/// `InvalidInput` for a number of partitions that there cannot be.
pub(crate) fn check_parts(parts: usize) -> Result<()> {
    match (1..=MOST_PARTS).contains(&parts) {
        true => Ok(()),
        false => Err(Error::invalid(format!(
            "{parts} partitions; there may be 1 to {MOST_PARTS}"
        ))),
    }
}

impl Snapshot {
    /// Divides a pinned snapshot into at most `parts` partitions of about as many rows each, in the order of their
    /// users. `path` is the store's folder and `pin` the name of the pin that this is a snapshot of, which the
    /// partitions say; [`Store::partitions`] opens it, and makes sure of that.
    ///
    /// Fewer come where there are fewer users, and one where there is none. Cost: a few searches in the user
    /// directories for each, and a look at each user that is not sealed yet.
    ///
    /// # Errors
    /// `InvalidInput` for no parts, and for more than 65,536; `Corruption` when a user directory is damaged.
    pub fn partitions(
        &self,
        path: impl AsRef<Path>,
        pin: &str,
        parts: usize,
    ) -> Result<Vec<Partition>> {
        check_parts(parts)?;
        let path = path.as_ref();
        let absolute = std::path::absolute(path);
        let path =
            absolute.map_err(|error| Error::io(format!("find {}", path.display()), error))?;
        let snapshot = PinnedSnapshot {
            pin: pin.to_owned(),
            sequence: self.sequence(),
        };
        let shares = self.user_shares(parts)?.into_iter();
        Ok(shares
            .map(|share| Partition {
                path: path.clone(),
                snapshot: snapshot.clone(),
                users: share.users,
                rows: share.rows,
                bytes: share.bytes,
            })
            .collect())
    }
}

impl Store {
    /// Divides what the store in the folder `path` keeps under the name `pin` into partitions: see
    /// [`Snapshot::partitions`].
    ///
    /// # Errors
    /// `NotFound` when there is no pin of this name. As [`StoreBuilder::open_pin`](crate::StoreBuilder::open_pin) and
    /// [`Snapshot::partitions`].
    pub fn partitions(path: impl AsRef<Path>, pin: &str, parts: usize) -> Result<Vec<Partition>> {
        let path = path.as_ref();
        let store = Self::builder().open_pin(path, pin)?;
        store.snapshot().partitions(path, pin, parts)
    }
}
