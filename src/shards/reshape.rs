//! Splits and merges of shards: copies of their rows in new folders, and one replacement of `shards.json`.

use std::path::Path;

use super::builder::ShardSetBuilder;
use super::copy::{Target, copy_rows};
use super::folder::{self, SetFolder, check_store, remove_folder};
use super::map::{Shard, ShardMap};
use super::range::HashRange;
use crate::export::Content;
use crate::model::{Error, ErrorKind, Result};
use crate::{Snapshot, Store};

/// What a split or a merge did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reshaped {
    /// Interactions that were copied.
    pub rows: u64,
    /// The folders of the shards that went.
    pub removed: Vec<String>,
    /// The folders of the shards that stand in their place, by rising hashes.
    pub added: Vec<String>,
    /// The shards there are now.
    pub map: ShardMap,
}

/// What a repair set aside in a store, by the name of its folder.
const QUARANTINE: &str = "quarantine";

impl ShardSetBuilder {
    /// Splits the shard at a position of the set in the folder `path` into two, of which each has half of its
    /// hashes: the rows are copied to two new stores, `shards.json` is replaced, and the old store is removed. Nobody
    /// may have the shard open for writing; the other shards are not concerned. Readers go on
    /// with what they have open, and see the new shards once they open the set again.
    ///
    /// Before the new shards are published, the digest of their interactions is held against that of the
    /// old one. Where the call fails or the process dies before, the set is as it was; what is left of
    /// new stores goes with the next split or merge.
    ///
    /// Interactions keep their values, whether they were imported, and their order within a second; they get
    /// new sequence numbers, the stores get new identities. Schema, limits and rules of retention are kept, and
    /// receipts of purges stay in the set's folder `purges`. Refused is a shard that remembers
    /// event ids, sessions or recommendations, which cannot be copied; and one that has damaged segments, or some that a
    /// repair set aside.
    ///
    /// Cost: a scan of the shard, an import of its rows, and the disk that they take twice.
    ///
    /// # Errors
    /// `NotFound`, `InvalidInput` for a shard of one hash, `Corruption` for one that is damaged, `Unsupported` for one that
    /// is refused for another reason, `Locked`; those of the stores.
    pub fn split(self, path: impl AsRef<Path>, shard: usize) -> Result<Reshaped> {
        self.reshape(path.as_ref(), shard, shard, |range| {
            let halves = range.halves().ok_or_else(|| {
                Error::invalid(format!(
                    "shard {shard} has a single hash; it cannot be split"
                ))
            })?;
            Ok(halves.to_vec())
        })
    }

    /// Makes one shard of two neighbours, of which `second` comes behind `first`; in all else as
    /// [`ShardSetBuilder::split`].
    ///
    /// # Errors
    /// As [`ShardSetBuilder::split`]; `InvalidInput` when the two are no neighbours.
    pub fn merge(self, path: impl AsRef<Path>, first: usize, second: usize) -> Result<Reshaped> {
        if first.checked_add(1) != Some(second) {
            return Err(Error::invalid(format!(
                "shards {first} and {second} are no neighbours; merge a shard with the one behind it"
            )));
        }
        self.reshape(path.as_ref(), first, second, |range| Ok(vec![range]))
    }

    /// Puts shards of the ranges that `cut` gives in the place of those from `first` to `last`.
    fn reshape(
        self,
        path: &Path,
        first: usize,
        last: usize,
        cut: impl FnOnce(HashRange) -> Result<Vec<HashRange>>,
    ) -> Result<Reshaped> {
        let mut map = folder::read(path)?;
        let folder = SetFolder::take(path)?;
        // Another may have changed it before the folder was taken.
        map = match folder::read(path)? {
            same if same == map => map,
            newer => {
                return Err(Error::new(
                    ErrorKind::Locked,
                    format!(
                        "{}: the shards were changed meanwhile, to {}; look which one you mean now",
                        path.display(),
                        newer.len()
                    ),
                ));
            }
        };
        let (low, high) = (map.shard(first)?.range(), map.shard(last)?.range());
        let whole = if first == last {
            Some(low)
        } else {
            low.with(high)
        };
        let ranges = cut(whole.ok_or_else(|| Error::internal("shards that are no neighbours"))?)?;
        folder.remove_unnamed(&map)?;
        let old = self.sources(path, &map, first, last)?;
        let names = map.next_folders(ranges.len() as u64)?;
        let parts: Vec<(HashRange, String)> = ranges.into_iter().zip(names).collect();
        let copied = self
            .copies(path, &map, &old, &parts)
            .and_then(|(rows, shards)| Ok((rows, map.with(first, last, shards)?)));
        let (rows, new) = match copied {
            Ok(copied) => copied,
            Err(error) => {
                for (_, name) in &parts {
                    remove_folder(&path.join(name))?;
                }
                return Err(error);
            }
        };
        folder.replace(&new)?;
        drop(old);
        let removed = map.shards().get(first..=last).unwrap_or_default();
        let removed: Vec<String> = removed
            .iter()
            .map(|shard| shard.folder().to_owned())
            .collect();
        for name in &removed {
            folder.retire(name)?;
        }
        Ok(Reshaped {
            rows,
            removed,
            added: parts.into_iter().map(|(_, name)| name).collect(),
            map: new,
        })
    }

    /// Opens the shards that are to go for writing, so that nothing is written to them any more.
    fn sources(
        &self,
        path: &Path,
        map: &ShardMap,
        first: usize,
        last: usize,
    ) -> Result<Vec<Store>> {
        let mut stores = Vec::new();
        for position in first..=last {
            check_store(path, map, position)?;
            let folder = path.join(map.shard(position)?.folder());
            let store = Store::builder()
                .settings(self.settings_of(1))
                .open(&folder)?;
            check_moves(&store, position)?;
            stores.push(store);
        }
        if let [one, other] = stores.as_slice()
            && (one.schema().fields() != other.schema().fields()
                || one.limits() != other.limits()
                || one.retention() != other.retention())
        {
            return Err(Error::invalid(format!(
                "shards {first} and {last} differ in schema, limits or rules of retention; give both the same"
            )));
        }
        Ok(stores)
    }

    /// Copies what the old stores hold to new ones, one for each part, closes them, and tells the
    /// interactions and the new shards.
    fn copies(
        &self,
        path: &Path,
        map: &ShardMap,
        old: &[Store],
        parts: &[(HashRange, String)],
    ) -> Result<(u64, Vec<Shard>)> {
        let model = old
            .first()
            .ok_or_else(|| Error::internal("no shard to copy"))?;
        let group_may_read = folder::group_may_read(path);
        let mut targets = Vec::with_capacity(parts.len());
        for (range, name) in parts {
            let store = Store::builder()
                .settings(self.settings_of(parts.len()))
                .limits(model.limits().clone())
                .group_may_read(group_may_read)
                .create(path.join(name), model.schema())?;
            targets.push(Target {
                range: *range,
                store,
            });
        }
        let sources: Vec<Snapshot> = old.iter().map(Store::snapshot).collect();
        let mut rows = 0;
        for source in &sources {
            rows += copy_rows(source, map.seed(), &targets)?;
        }
        for target in &targets {
            target.store.flush()?;
        }
        let copies: Vec<Snapshot> = targets
            .iter()
            .map(|target| target.store.snapshot())
            .collect();
        let (before, after) = (content(&sources)?, content(&copies)?);
        if before != after {
            return Err(Error::internal(format!(
                "the copies have {} interactions of digest {after}, the shards {} of {before}; the set was not \
                 changed",
                after.rows, before.rows
            )));
        }
        let retention = model.retention();
        let shards = targets.iter().zip(parts).map(|(target, (range, name))| {
            // What grows too old meanwhile is not counted as lost.
            if !retention.is_for_ever() {
                target.store.set_retention(&retention)?;
            }
            Ok(Shard {
                range: *range,
                folder: name.clone(),
                store: target.store.id().to_string(),
            })
        });
        Ok((rows, shards.collect::<Result<_>>()?))
    }
}

/// The interactions of all.
fn content(snapshots: &[Snapshot]) -> Result<Content> {
    let mut snapshots = snapshots.iter();
    snapshots.try_fold(Content::default(), |sum, one| Ok(sum.plus(one.content()?)))
}

/// Refuses a shard with something that would not come along.
fn check_moves(store: &Store, shard: usize) -> Result<()> {
    let refused = |what: String| {
        Error::new(
            ErrorKind::Unsupported,
            format!(
                "{}: shard {shard} is not copied: {what}",
                store.path().display()
            ),
        )
    };
    if let Some(damage) = store.damaged_segments().into_iter().next() {
        return Err(Error::corrupt(format!(
            "{}: shard {shard} is damaged, and not copied: {damage}",
            store.path().display()
        )));
    }
    if store.path().join(QUARANTINE).exists() {
        return Err(refused(format!(
            "a repair set damaged segments aside in its folder {QUARANTINE}; move that folder away first"
        )));
    }
    let known = Store::builder().remembered(store.path())?;
    if known.event_ids + known.sessions + known.recommendations > 0 {
        return Err(refused(format!(
            "it remembers {} event ids, {} sessions and {} recommendations, which cannot be copied, and without \
             which events would be counted twice or lose their user; leave it as it is, or make a new set of more \
             shards and send the events to it",
            known.event_ids, known.sessions, known.recommendations
        )));
    }
    Ok(())
}
