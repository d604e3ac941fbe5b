//! A view of all shards.

use std::sync::Arc;

use super::map::ShardMap;
use crate::column::Columns;
use crate::export::{Content, Export};
use crate::model::{Error, HistoryQuery, Result, ScanQuery};
use crate::query::{Scan, Unseen};
use crate::{History, Snapshot};

/// A snapshot of each shard of a set: a vector of moments, one a shard, which no commit of the set binds
/// together. Each holds what [`Snapshot`] says of its shard. Cheap to clone.
#[derive(Clone)]
pub struct ShardSnapshot {
    map: Arc<ShardMap>,
    /// By position.
    snapshots: Vec<Snapshot>,
}

impl ShardSnapshot {
    pub(super) fn new(map: Arc<ShardMap>, snapshots: Vec<Snapshot>) -> Self {
        Self { map, snapshots }
    }

    /// Which shard has which users.
    pub fn map(&self) -> &Arc<ShardMap> {
        &self.map
    }

    /// The snapshots of the shards, by position.
    pub fn shards(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// The newest commit that it sees of each shard, by position: with [`ShardSnapshot::as_of`] it is seen
    /// again later.
    pub fn sequences(&self) -> Vec<u64> {
        self.snapshots.iter().map(Snapshot::sequence).collect()
    }

    /// Each shard as it was known at an earlier commit of its own: see [`Snapshot::as_of`].
    ///
    /// # Errors
    /// `InvalidInput` for another number of commits than of shards; as [`Snapshot::as_of`].
    pub fn as_of(&self, sequences: &[u64]) -> Result<Self> {
        if sequences.len() != self.snapshots.len() {
            return Err(Error::invalid(format!(
                "{} commits for {} shards; give one of each, as ShardSnapshot::sequences does",
                sequences.len(),
                self.snapshots.len()
            )));
        }
        let shards = self.snapshots.iter().zip(sequences).enumerate();
        let shards = shards.map(|(shard, (snapshot, sequence))| {
            let earlier = snapshot.as_of(*sequence);
            earlier.map_err(|error| error.within(format!("shard {shard}")))
        });
        Ok(Self {
            map: self.map.clone(),
            snapshots: shards.collect::<Result<_>>()?,
        })
    }

    /// The snapshot of the shard that has a user: for filters, and all else that is asked about one user.
    ///
    /// # Errors
    /// `Internal`.
    pub fn of(&self, user: &str) -> Result<&Snapshot> {
        let snapshot = self.snapshots.get(self.map.shard_of(user));
        snapshot.ok_or_else(|| Error::internal("a shard without its snapshot"))
    }

    /// Fills `out` with interactions of a user; see [`Snapshot::history`]. Cost: that in one shard.
    ///
    /// # Errors
    /// As [`Snapshot::history`].
    pub fn history(&self, user: &str, query: &HistoryQuery, out: &mut History) -> Result<()> {
        self.of(user)?.history(user, query, out)
    }

    /// Tells which candidates a user has not interacted with; see [`Snapshot::unseen`]. Cost: that in one
    /// shard.
    ///
    /// # Errors
    /// As [`Snapshot::unseen`].
    pub fn unseen<'a, S: AsRef<str>>(
        &self,
        user: &str,
        candidates: &[S],
        event_types: &[String],
        buffer: &'a mut Unseen,
    ) -> Result<&'a [bool]> {
        self.of(user)?.unseen(user, candidates, event_types, buffer)
    }

    /// Reads all shards, one after the other: see [`Snapshot::scan`]. The rows of a user come together, since
    /// they are of one shard; the order of the query holds within each shard.
    ///
    /// # Errors
    /// As [`Snapshot::scan`].
    pub fn scan(&self, query: &ScanQuery) -> Result<ShardScan> {
        let scans = self.snapshots.iter().map(|snapshot| snapshot.scan(query));
        let mut scans = scans.collect::<Result<Vec<_>>>()?;
        scans.reverse();
        Ok(ShardScan {
            shard: 0,
            rest: scans,
        })
    }

    /// Sets up an export of all shards, as one: see [`Export`].
    ///
    /// # Errors
    /// `Internal`.
    pub fn export(&self) -> Result<Export> {
        let shards = self.snapshots.split_first();
        let (first, others) = shards.ok_or_else(|| Error::internal("a set without shards"))?;
        Ok(Export::of(first, others))
    }

    /// A digest of all interactions of all shards: that of one store with the same interactions. Cost: all
    /// columns are read.
    ///
    /// # Errors
    /// `Corruption`.
    pub fn content(&self) -> Result<Content> {
        let mut shards = self.snapshots.iter();
        shards.try_fold(Content::default(), |sum, shard| {
            Ok(sum.plus(shard.content()?))
        })
    }
}

/// Batches of rows of a [`ShardSnapshot`], each with the position of its shard.
pub struct ShardScan {
    shard: usize,
    /// The scans of this shard and those behind it, the last shard first.
    rest: Vec<Scan>,
}

impl ShardScan {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// As [`Scan::next_batch`].
    pub fn next_batch(&mut self) -> Result<Option<(usize, Columns)>> {
        while let Some(scan) = self.rest.last_mut() {
            if let Some(batch) = scan.next_batch()? {
                return Ok(Some((self.shard, batch)));
            }
            self.rest.pop();
            self.shard += 1;
        }
        Ok(None)
    }
}

impl Iterator for ShardScan {
    type Item = Result<(usize, Columns)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}
