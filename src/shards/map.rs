//! Which shard has which users: the file `shards.json`. FORMAT.md has its bytes.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_64;

use super::range::{HashRange, user_hash};
use crate::model::{Error, ErrorKind, Result, StoreId, shown};

/// The version of the file that is written, and read.
pub(super) const VERSION: u64 = 1;

/// What the file calls the hash.
const HASH: &str = "xxh3-64";

/// The seed of new sets: `annals` in ASCII. It is not 0, since the directories of segments go by the hash
/// of seed 0, of which the users of one shard must not share the upper bits.
const SEED: u64 = 0x0000_616e_6e61_6c73;

/// Shards that a set may have, at most.
pub const MOST_SHARDS: usize = 4096;

/// What the folder of a shard is called, before its number.
const FOLDER: &str = "shard-";

/// What the line of the check begins with.
const CHECK: &str = "  \"check\"";

const RESTORE: &str = "restore shards.json, and the shards that it names, from one copy of the set";

/// The shards of a set, by ranges of the hash of user ids.
///
/// It never changes; a split or a merge puts another in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardMap {
    seed: u64,
    edit: u64,
    next: u64,
    shards: Vec<Shard>,
}

/// One shard: an ordinary store, which has the users of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    pub(super) range: HashRange,
    pub(super) folder: String,
    /// The identity of the store, as text.
    pub(super) store: String,
}

impl Shard {
    /// The hashes of its users.
    pub fn range(&self) -> HashRange {
        self.range
    }

    /// The name of its folder in that of the set. A name is never used twice in a set.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The identity of its store, as 32 hexadecimal digits.
    pub fn store_id(&self) -> &str {
        &self.store
    }
}

impl ShardMap {
    /// That of a new set: the store of each shard, in folders `shard-1` and so on.
    pub(super) fn new(stores: &[StoreId]) -> Self {
        let ranges = HashRange::parts(stores.len() as u32);
        let shards = ranges.into_iter().zip(stores).zip(1..);
        let shards = shards.map(|((range, store), number)| Shard {
            range,
            folder: folder_name(number),
            store: store.to_string(),
        });
        Self {
            seed: SEED,
            edit: 1,
            next: stores.len() as u64 + 1,
            shards: shards.collect(),
        }
    }

    /// The folders of a new set of so many shards.
    pub(super) fn folders_of_new(shards: usize) -> impl Iterator<Item = String> {
        (1..=shards as u64).map(folder_name)
    }

    /// The shards, by rising hashes.
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// The number of shards.
    pub fn len(&self) -> usize {
        self.shards.len()
    }

    /// Whether there are none; there is always one.
    pub fn is_empty(&self) -> bool {
        self.shards.is_empty()
    }

    /// The seed of the hash.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How often the shards were changed, the making of the set included.
    pub fn edit(&self) -> u64 {
        self.edit
    }

    /// The position of the shard that has the user of this id: among [`ShardMap::shards`], from 0. Cost: a
    /// hash and a binary search.
    pub fn shard_of(&self, user: &str) -> usize {
        let hash = user_hash(user, self.seed);
        // The first range begins at 0.
        let behind = self
            .shards
            .partition_point(|shard| shard.range.first <= hash);
        behind.saturating_sub(1)
    }

    /// The shard at a position.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn shard(&self, position: usize) -> Result<&Shard> {
        self.shards.get(position).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!(
                    "there is no shard {position}; they are 0 to {}",
                    self.shards.len().saturating_sub(1)
                ),
            )
        })
    }

    /// The names of the next new folders.
    ///
    /// # Errors
    /// `InvalidInput` when there are no numbers left.
    pub(super) fn next_folders(&self, count: u64) -> Result<Vec<String>> {
        let end = self.next.checked_add(count);
        let end =
            end.ok_or_else(|| Error::invalid("shards.json: no number is left for a folder"))?;
        Ok((self.next..end).map(folder_name).collect())
    }

    /// That which has `new` in the place of the shards from `first` to `last`. They must have the same
    /// hashes, and folders of [`ShardMap::next_folders`].
    ///
    /// # Errors
    /// `InvalidInput` for more shards than there may be; `Internal`.
    pub(super) fn with(&self, first: usize, last: usize, new: Vec<Shard>) -> Result<Self> {
        let before = self.shards.get(..first).unwrap_or_default();
        let behind = self.shards.get(last + 1..).unwrap_or_default();
        let made = new.len() as u64;
        let map = Self {
            seed: self.seed,
            edit: self.edit + 1,
            next: self.next + made,
            shards: [before, &new, behind].concat(),
        };
        if map.shards.len() > MOST_SHARDS {
            return Err(Error::invalid(format!(
                "{} shards, but a set has at most {MOST_SHARDS}",
                map.shards.len()
            )));
        }
        map.check()
            .map_err(|error| Error::internal(error.message()))?;
        Ok(map)
    }

    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = format!(
            "{{\n  \"version\": {VERSION},\n  \"hash\": \"{HASH}\",\n  \"seed\": \"{:016x}\",\n  \
             \"edit\": {},\n  \"next\": {},\n  \"shards\": [\n",
            self.seed, self.edit, self.next
        );
        for (position, shard) in self.shards.iter().enumerate() {
            let end = if position + 1 < self.shards.len() {
                ","
            } else {
                ""
            };
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "    {{\"first\": \"{:016x}\", \"last\": \"{:016x}\", \"folder\": \"{}\", \"store\": \
                 \"{}\"}}{end}",
                shard.range.first, shard.range.last, shard.folder, shard.store
            );
        }
        text.push_str("  ],\n");
        let check = check_of(text.as_bytes());
        let _ = write!(text, "{CHECK}: \"{check}\"\n}}\n");
        text.into_bytes()
    }

    /// Reads the bytes of the file. They are held to every rule of FORMAT.md, and to be those that
    /// [`ShardMap::encode`] gives.
    ///
    /// # Errors
    /// `Unsupported` when a newer version wrote them; `Corruption`, with the rule that is broken.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let Version { version } = json(bytes)?;
        if version != VERSION {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "shards.json: format version {version}; this build reads version {VERSION}; use a newer \
                     annals"
                ),
            ));
        }
        let file: File = json(bytes)?;
        if file.hash != HASH {
            return Err(damaged(format_args!(
                "hash {} is not known; the only one is {HASH}",
                shown(&file.hash)
            )));
        }
        let shards = file.shards.into_iter().map(|entry| {
            Ok(Shard {
                range: HashRange {
                    first: number("first", &entry.first)?,
                    last: number("last", &entry.last)?,
                },
                folder: entry.folder,
                store: entry.store,
            })
        });
        let map = Self {
            seed: number("seed", &file.seed)?,
            edit: file.edit,
            next: file.next,
            shards: shards.collect::<Result<_>>()?,
        };
        map.check()?;
        let written = map.encode();
        if written == bytes {
            return Ok(map);
        }
        let end = CHECK.as_bytes();
        let covered = bytes.windows(end.len()).rposition(|part| part == end);
        let covered = covered.and_then(|end| bytes.get(..end)).unwrap_or_default();
        Err(match file.check == check_of(covered) {
            true => damaged("it is not in the form in which annals writes it"),
            false => damaged(format_args!(
                "its check is {}, which is not that of its content",
                shown(&file.check)
            )),
        })
    }

    /// Holds it to the rules of FORMAT.md.
    fn check(&self) -> Result<()> {
        if self.seed == 0 {
            return Err(damaged(
                "the seed is 0, which the directories of segments go by",
            ));
        }
        if self.edit == 0 {
            return Err(damaged("edit is 0; it begins at 1"));
        }
        if self.shards.len() > MOST_SHARDS {
            return Err(damaged(format_args!(
                "{} shards; a set has at most {MOST_SHARDS}",
                self.shards.len()
            )));
        }
        let (mut folders, mut stores) = (BTreeSet::new(), BTreeSet::new());
        for (position, shard) in self.shards.iter().enumerate() {
            let wrong = |rule: String| damaged(format_args!("shard {position}: {rule}"));
            let HashRange { first, last } = shard.range;
            if first > last {
                return Err(wrong(format!(
                    "its last hash {last:016x} is before its first {first:016x}"
                )));
            }
            match number_of(&shard.folder) {
                None => {
                    return Err(wrong(format!(
                        "folder {} is not {FOLDER}N with a number from 1",
                        shown(&shard.folder)
                    )));
                }
                Some(number) if number >= self.next => {
                    return Err(wrong(format!(
                        "the number of folder {} is not below next, {}",
                        shard.folder, self.next
                    )));
                }
                Some(_) => {}
            }
            if !is_hex(&shard.store, 32) {
                return Err(wrong(format!(
                    "store {} is not 32 hexadecimal digits",
                    shown(&shard.store)
                )));
            }
            if !folders.insert(&shard.folder) {
                return Err(wrong(format!(
                    "another shard has its folder {}",
                    shard.folder
                )));
            }
            if !stores.insert(&shard.store) {
                return Err(wrong(format!(
                    "another shard has its store {}",
                    shard.store
                )));
            }
        }
        self.check_cover()
    }

    /// Holds the ranges to have each hash once.
    fn check_cover(&self) -> Result<()> {
        let mut next = Some(0u64);
        for (position, shard) in self.shards.iter().enumerate() {
            let first = shard.range.first;
            match next {
                Some(next) if next == first => {}
                Some(next) if next < first => {
                    return Err(damaged(format_args!(
                        "no shard has the hashes {next:016x} to {:016x}, before shard {position}",
                        first - 1
                    )));
                }
                _ => {
                    return Err(damaged(format_args!(
                        "shard {position} begins at {first:016x}, which a shard before it has"
                    )));
                }
            }
            next = shard.range.last.checked_add(1);
        }
        match next {
            None => Ok(()),
            Some(next) => Err(damaged(format_args!(
                "no shard has the hashes {next:016x} to {:016x}, at the end",
                u64::MAX
            ))),
        }
    }
}

/// What is read first, whatever else a later version has.
#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "version")]
    _version: u64,
    hash: String,
    seed: String,
    edit: u64,
    next: u64,
    shards: Vec<Entry>,
    check: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    first: String,
    last: String,
    folder: String,
    store: String,
}

fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(damaged)
}

/// What covers the bytes before it.
fn check_of(bytes: &[u8]) -> String {
    format!("{:016x}", xxh3_64(bytes))
}

/// The folder of the shard with this number.
fn folder_name(number: u64) -> String {
    format!("{FOLDER}{number}")
}

/// The number in the name of a shard's folder: decimal digits without leading zeros, from 1.
pub(super) fn number_of(folder: &str) -> Option<u64> {
    let number = folder.strip_prefix(FOLDER)?.parse().ok();
    number.filter(|number| *number > 0 && folder_name(*number) == folder)
}

/// 64 bits as 16 hexadecimal digits, lower case.
fn number(name: &str, text: &str) -> Result<u64> {
    let number = u64::from_str_radix(text, 16).ok();
    number.filter(|_| is_hex(text, 16)).ok_or_else(|| {
        damaged(format_args!(
            "{name} {} is not 16 hexadecimal digits in lower case",
            shown(text)
        ))
    })
}

fn is_hex(text: &str, digits: usize) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == digits && text.bytes().all(is_digit)
}

fn damaged(what: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("shards.json: {what}; {RESTORE}"))
}

#[cfg(test)]
mod tests;
