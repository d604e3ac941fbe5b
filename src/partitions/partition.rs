//! A part of a pinned snapshot, and how it is read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Store;
use crate::model::{Error, ErrorKind, Result, ScanQuery, UserRange};
use crate::query::Scan;

/// A range of the users of a pinned snapshot. As JSON:
///
/// ```json
/// {"path": "/data/store", "snapshot": {"pin": "training", "sequence": 1200},
///  "users": {"from": "b", "to": "n"}, "rows": 51200, "bytes": 614400}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Partition {
    /// The folder of the store; of a set of shards, that of the shard.
    pub path: PathBuf,
    /// What it is a part of.
    pub snapshot: PinnedSnapshot,
    /// Its users; a bound that is missing is none.
    pub users: UserRange,
    /// Rows, about: those that a deletion hides count.
    pub rows: u64,
    /// Bytes of these rows in files, about, and in memory where they are not sealed.
    pub bytes: u64,
}

/// A snapshot that a store keeps under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PinnedSnapshot {
    /// The name of the pin.
    pub pin: String,
    /// The newest commit that it sees.
    pub sequence: u64,
}

impl Partition {
    /// Opens the pinned store for reading. Who reads several partitions of a pin opens it once, and
    /// scans by [`Partition::query`].
    ///
    /// Cost: as [`StoreBuilder::open_read_only`](crate::StoreBuilder::open_read_only): footers of segments, and the rows that
    /// were not sealed as the pin was made.
    ///
    /// # Errors
    /// `NotFound` when the pin is gone: it was released, it expired, or its shard was split or merged.
    /// `InvalidInput` when a pin of its name was made later, of another commit. Else as
    /// [`StoreBuilder::open_read_only`](crate::StoreBuilder::open_read_only).
    pub fn open(&self) -> Result<Store> {
        let PinnedSnapshot { pin, sequence } = &self.snapshot;
        let opened = Store::builder().open_pin(&self.path, pin);
        let store = opened.map_err(|error| match error.kind() {
            ErrorKind::NotFound => error.within(format!(
                "partition of the pin {pin}: it is gone; pin the store anew and list its partitions again"
            )),
            _ => error.within(format!("partition of the pin {pin}")),
        })?;
        let found = store.snapshot().sequence();
        if found == *sequence {
            return Ok(store);
        }
        Err(Error::invalid(format!(
            "{}: a partition of the pin {pin} as of commit {sequence}, but the pin of this name is of commit {found} now; \
             list its partitions again",
            self.path.display()
        )))
    }

    /// A query for the rows of this partition alone.
    pub fn query(&self, query: &ScanQuery) -> ScanQuery {
        ScanQuery {
            users: self.users.within(&query.users),
            ..query.clone()
        }
    }

    /// Opens the pinned store, and reads the rows of this partition that the query asks for.
    ///
    /// Cost: that of [`Partition::open`], and of a scan of its users: other users' rows are not read.
    ///
    /// # Errors
    /// As [`Partition::open`] and [`Snapshot::scan`](crate::Snapshot::scan).
    pub fn scan(&self, query: &ScanQuery) -> Result<Scan> {
        self.open()?.scan(&self.query(query))
    }
}
