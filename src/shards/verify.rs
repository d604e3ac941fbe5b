//! A look at every byte of every shard.

use std::path::Path;

use super::builder::ShardSetBuilder;
use super::folder;
use super::map::{Shard, ShardMap};
use super::range::user_hash;
use crate::Store;
use crate::inspect::VerifyReport;
use crate::model::{Result, UserRange};

/// What a verification of a set found.
#[derive(Debug)]
#[non_exhaustive]
pub struct ShardSetReport {
    /// The shards that `shards.json` names.
    pub map: ShardMap,
    /// What was found in each, by position.
    pub shards: Vec<ShardReport>,
    /// Folders of shards that `shards.json` does not name: what an interrupted split or merge left. They do
    /// no harm, and go with the next one.
    pub unnamed: Vec<String>,
}

/// What a verification of one shard found.
#[derive(Debug)]
#[non_exhaustive]
pub struct ShardReport {
    /// What it found in the store.
    pub store: VerifyReport,
    /// Users whose hash is not of the shard's range: written past the set. Not counted where the store is
    /// damaged.
    pub strays: u64,
    /// The first of them.
    pub first_stray: Option<String>,
    /// Where the store is another than the one that `shards.json` names.
    pub wrong_store: Option<String>,
}

impl ShardSetReport {
    /// Whether every shard is sound, the one that it should be, and has its own users alone.
    pub fn is_sound(&self) -> bool {
        let mut shards = self.shards.iter();
        shards
            .all(|shard| shard.store.is_sound() && shard.strays == 0 && shard.wrong_store.is_none())
    }
}

impl ShardSetBuilder {
    /// Reads every byte of every shard of the set in the folder `path`, as [`StoreBuilder::verify`](crate::StoreBuilder::verify)
    /// does, and looks whether each user is in the right shard; also while other processes write to it. `progress` is told
    /// how many bytes were read so far.
    ///
    /// # Errors
    /// As [`ShardSetBuilder::open`] for `shards.json`, and as
    /// [`StoreBuilder::verify`](crate::StoreBuilder::verify).
    pub fn verify(
        self,
        path: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<ShardSetReport> {
        let path = path.as_ref();
        let map = folder::read(path)?;
        let (mut shards, mut bytes) = (Vec::with_capacity(map.len()), 0);
        for (position, shard) in map.shards().iter().enumerate() {
            let folder = path.join(shard.folder());
            let report = Store::builder().verify(&folder, &mut |read| progress(bytes + read))?;
            bytes += report.bytes;
            let (strays, first_stray) = match report.is_sound() {
                true => strays(&folder, shard, map.seed())?,
                false => (0, None),
            };
            shards.push(ShardReport {
                store: report,
                strays,
                first_stray,
                wrong_store: folder::check_store(path, &map, position)
                    .err()
                    .map(|error| error.full_message()),
            });
        }
        let unnamed = folder::unnamed(path, &map)?;
        Ok(ShardSetReport {
            map,
            shards,
            unnamed,
        })
    }
}

/// How many users of a store are not the shard's, and the first.
fn strays(folder: &Path, shard: &Shard, seed: u64) -> Result<(u64, Option<String>)> {
    let store = Store::open_read_only(folder)?;
    let (mut count, mut first) = (0, None);
    for user in store.snapshot().users(UserRange::default())? {
        let user = user?;
        if !shard.range().contains(user_hash(&user, seed)) {
            count += 1;
            first.get_or_insert(user);
        }
    }
    Ok((count, first))
}
