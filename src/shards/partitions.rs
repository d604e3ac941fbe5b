//! Pins of all shards under one name, and their partitions.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::folder;
use super::map::ShardMap;
use super::set::ShardSet;
use crate::copies::Pin;
use crate::model::{Error, ErrorKind, Result};
use crate::partitions::{Partition, check_parts};
use crate::{Snapshot, Store, StoreBuilder};

/// How long a pin is kept that nobody named.
const DAY: Duration = Duration::from_secs(86_400);

/// Divides the store, or the set of shards, in the folder `path` into partitions: what engines that read by many processes
/// begin with. They are of the pin of the name `pin`, which is there ([`pin`]). Without a name a new pin is made,
/// `partitions-1` and so on, that expires after `lasts` or a day. [`unpin`] lets go of either.
///
/// # Errors
/// As [`Store::partitions`] and [`Store::pin`], or as [`ShardSet::partitions`] and [`ShardSet::pin`].
pub fn partitions(
    path: impl AsRef<Path>,
    pin: Option<&str>,
    lasts: Option<Duration>,
    parts: usize,
) -> Result<Vec<Partition>> {
    check_parts(parts)?;
    let path = path.as_ref();
    let is_set = is_set(path)?;
    let list = |name: &str| match is_set {
        true => ShardSet::partitions(path, name, parts),
        false => Store::partitions(path, name, parts),
    };
    if let Some(name) = pin {
        return list(name);
    }
    let name = first_free(|name| self::pin(path, name, lasts.or(Some(DAY))).map(drop))?;
    let listed = list(&name);
    if listed.is_err() {
        unpin(path, &name)?;
    }
    listed
}

/// Keeps the store, or every shard of the set, in the folder `path` as it is now under a name.
///
/// # Errors
/// As [`Store::pin`] or [`ShardSet::pin`].
pub fn pin(path: impl AsRef<Path>, name: &str, lasts: Option<Duration>) -> Result<Vec<Pin>> {
    let path = path.as_ref();
    match is_set(path)? {
        true => ShardSet::pin(path, name, lasts),
        false => Ok(vec![Store::builder().pin(path, name, lasts)?]),
    }
}

/// The folders of the stores in the folder `path`: its shards, by position, where it is that of a set, and else itself. No
/// store is opened.
///
/// # Errors
/// `NotFound` when there is neither; as [`ShardSet::map_of`] and [`Store::id_of`].
pub fn stores(path: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let path = path.as_ref();
    match folder::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Store::id_of(path)?;
            Ok(vec![path.to_owned()])
        }
        read => {
            let map = read?;
            let folders = map.shards().iter().map(|shard| path.join(shard.folder()));
            Ok(folders.collect())
        }
    }
}

/// Lets go of a pin of the store, or of the set of shards, in the folder `path`.
///
/// # Errors
/// As [`Store::unpin`] or [`ShardSet::unpin`].
pub fn unpin(path: impl AsRef<Path>, name: &str) -> Result<()> {
    let path = path.as_ref();
    match is_set(path)? {
        true => ShardSet::unpin(path, name),
        false => Store::unpin(path, name),
    }
}

/// Whether the folder is that of a set of shards.
fn is_set(path: &Path) -> Result<bool> {
    match folder::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        read => read.map(|_| true),
    }
}

/// Pins under the first of the names `partitions-1` and so on that is free, and gives it.
fn first_free(pin: impl Fn(&str) -> Result<()>) -> Result<String> {
    let mut number = 1_u64;
    loop {
        let name = format!("partitions-{number}");
        match pin(&name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            pinned => return pinned.map(|()| name),
        }
    }
}

impl ShardSet {
    /// Keeps every shard of the set in the folder `path` as it is now under a name, for `lasts` or until it is
    /// released, also while other processes write: see [`StoreBuilder::pin`]. A vector of moments: no commit binds
    /// the shards together. A split or a merge of a shard removes its pin.
    ///
    /// Gives the pins by position. Where one cannot be made, those made are released again.
    ///
    /// # Errors
    /// As [`StoreBuilder::pin`], with the shard; `Locked` when the shards were split or merged meanwhile; as
    /// [`ShardSet::map_of`].
    pub fn pin(path: impl AsRef<Path>, name: &str, lasts: Option<Duration>) -> Result<Vec<Pin>> {
        let path = path.as_ref();
        let map = folder::read(path)?;
        let mut pins = Vec::new();
        let made = each_shard(path, &map, &mut pins, |store, shard| {
            store.pin(shard, name, lasts)
        });
        let made = made.and_then(|()| check_is_current(path, &map));
        if let Err(error) = made {
            for shard in map.shards().iter().take(pins.len()) {
                match Store::unpin(path.join(shard.folder()), name) {
                    Err(failed) if failed.kind() != ErrorKind::NotFound => {
                        return Err(
                            error.within(format!("the pin of {} stays: {failed}", shard.folder()))
                        );
                    }
                    _ => {}
                }
            }
            return Err(error);
        }
        Ok(pins)
    }

    /// Lets go of the pins of this name in all shards of the set in the folder `path`; shards without are passed
    /// over.
    ///
    /// # Errors
    /// `NotFound` when no shard has one; as [`Store::unpin`] and [`ShardSet::map_of`].
    pub fn unpin(path: impl AsRef<Path>, name: &str) -> Result<()> {
        let path = path.as_ref();
        let mut missing = None;
        let mut released = 0;
        for shard in folder::read(path)?.shards() {
            match Store::unpin(path.join(shard.folder()), name) {
                Ok(()) => released += 1,
                Err(error) if error.kind() == ErrorKind::NotFound => missing = Some(error),
                Err(error) => return Err(error),
            }
        }
        match missing {
            Some(error) if released == 0 => Err(error),
            _ => Ok(()),
        }
    }

    /// Divides what all shards of the set in the folder `path` keep under the name `pin` into about `parts`
    /// partitions, shard after shard: each shard into as many as it has of all rows, and one at least. A partition
    /// is of one shard, and is read without the set: see [`crate::partitions`].
    ///
    /// # Errors
    /// `NotFound` when a shard has no such pin; `Locked` when the shards were split or merged meanwhile; as
    /// [`Snapshot::partitions`] and [`ShardSet::map_of`].
    pub fn partitions(path: impl AsRef<Path>, pin: &str, parts: usize) -> Result<Vec<Partition>> {
        let path = path.as_ref();
        let map = folder::read(path)?;
        let mut snapshots: Vec<(Snapshot, u64)> = Vec::new();
        each_shard(path, &map, &mut snapshots, |store, shard| {
            let snapshot = store.open_pin(shard, pin)?.snapshot();
            let rows = snapshot
                .user_shares(1)?
                .iter()
                .map(|share| share.rows)
                .sum();
            Ok((snapshot, rows))
        })?;
        check_is_current(path, &map)?;
        let all: u64 = snapshots.iter().map(|(_, rows)| rows).sum();
        let mut found = Vec::new();
        for (shard, (snapshot, rows)) in map.shards().iter().zip(snapshots) {
            let own = share_of(parts, rows, all);
            found.extend(snapshot.partitions(path.join(shard.folder()), pin, own)?);
        }
        Ok(found)
    }
}

/// Does something with each shard, by position; an error says which.
fn each_shard<T>(
    path: &Path,
    map: &ShardMap,
    done: &mut Vec<T>,
    act: impl Fn(StoreBuilder, &Path) -> Result<T>,
) -> Result<()> {
    for shard in map.shards() {
        let acted = act(Store::builder(), &path.join(shard.folder()));
        done.push(acted.map_err(|error| error.within(shard.folder()))?);
    }
    Ok(())
}

/// # Errors
/// `Locked`.
fn check_is_current(path: &Path, map: &ShardMap) -> Result<()> {
    match folder::read(path)? == *map {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Locked,
            format!(
                "{}: shards were split or merged meanwhile; try again",
                path.display()
            ),
        )),
    }
}

/// The partitions of a shard with so many of all rows: its part of them, rounded, and one at least.
fn share_of(parts: usize, rows: u64, all: u64) -> usize {
    let all = u128::from(all.max(1));
    let share = (parts as u128 * u128::from(rows) + all / 2) / all;
    usize::try_from(share)
        .unwrap_or(usize::MAX)
        .max(usize::from(parts > 0))
}
