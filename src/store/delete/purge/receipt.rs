//! What a purge did, to be kept and checked again later.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::place::FoundPlace;
use super::searched::Searched;
use super::sought::Sought;
use crate::io::{Storage, read_small, replace};
use crate::model::{Entropy, Error, Result, StoreId};
use crate::store::folder::folders;

/// The folder of the receipts.
pub(in crate::store) const PURGES: &str = "purges";

/// Kinds of ids.
pub(super) const USER: &str = "user";
pub(super) const ITEM: &str = "item";

/// What a purge deleted and where it looked. It names no id: each stands as a salted hash, with which
/// one who knows the id can tell that it was meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PurgeReceipt {
    /// The identity of the store, in hexadecimal.
    pub store: String,
    /// Deletions of commits up to this were purged.
    pub sequence: u64,
    /// When it was made, in Unix epoch seconds.
    pub time: u64,
    /// Hexadecimal; stands before the ids that are hashed.
    pub salt: String,
    /// Users, sessions and items of which nothing must be left.
    pub deleted: Vec<PurgedId>,
    /// Hashes of ids that were deleted and are used again, or still: they stand where they are used.
    pub still_used: Vec<String>,
    /// Deletions of a part of some users' interactions, whose ids go on being used.
    pub partial_deletions: u64,
    /// Segments that were rewritten.
    pub rewritten_segments: u64,
    /// Bytes of all files of the store before it.
    pub bytes_before: u64,
    /// The same behind it.
    pub bytes_after: u64,
    /// Files that were searched, byte by byte, for ids with `in_bytes`.
    pub searched_files: u64,
    /// Where deleted ids were found: nowhere, if all is well.
    pub found: Vec<PurgeFinding>,
}

/// An id that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PurgedId {
    /// `user` or `item`; a session that never became a user's is a `user`.
    pub kind: String,
    /// SHA-256 of the salt and the id, in hexadecimal.
    pub hash: String,
    /// Whether all files were searched for its bytes. Ids below 8 bytes, and those that other texts of the store
    /// contain, were searched for among all values alone.
    pub in_bytes: bool,
}

/// A place where a deleted id was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PurgeFinding {
    /// The hash of the id.
    pub hash: String,
    /// The file, within the folder of the store, or the folder of the hot tier.
    pub file: String,
    /// Whether it is a value, and of what, or bytes somewhere.
    pub place: String,
}

impl PurgeReceipt {
    /// Whether nothing of what was deleted was found.
    pub fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    /// The hash under which the receipt names an id.
    pub fn hash_of(&self, id: &str) -> String {
        hash(&self.salt, id)
    }

    pub(super) fn of(
        store: StoreId,
        sequence: u64,
        time: u64,
        sought: &Sought,
        searched: &Searched,
        found: Vec<FoundPlace>,
        entropy: &Entropy,
    ) -> Result<Self> {
        let salt = hex(&entropy.bytes::<16>()?);
        let deleted = |kind: &str, id: &String| PurgedId {
            kind: kind.to_owned(),
            hash: hash(&salt, id),
            in_bytes: searched.in_bytes.contains(id),
        };
        let users = sought.users.iter().map(|id| deleted(USER, id));
        let items = sought.items.iter().map(|id| deleted(ITEM, id));
        let found = found.into_iter().map(|place| PurgeFinding {
            hash: hash(&salt, &place.id),
            file: place.file,
            place: place.what,
        });
        Ok(Self {
            store: store.to_string(),
            sequence,
            time,
            deleted: users.chain(items).collect(),
            still_used: sought.used.iter().map(|id| hash(&salt, id)).collect(),
            partial_deletions: sought.parts,
            rewritten_segments: 0,
            bytes_before: 0,
            bytes_after: searched.bytes,
            searched_files: searched.files,
            found: found.collect(),
            salt,
        })
    }

    /// The receipt of a file in the folder of the receipts.
    pub(super) fn read(root: &Path, name: &str) -> Result<Self> {
        let path = format!("{PURGES}/{name}");
        let bytes = read_small(&folders::storage(root), &path)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Error::corrupt(format!(
                "{path}: not a receipt of a purge ({error}); copy it from a backup"
            ))
        })
    }

    /// Writes it beside the files of the store, under the number of its commit.
    pub(super) fn keep(&self, root: &Path) -> Result<()> {
        let storage = folders::storage(root);
        storage.create_folder(PURGES)?;
        let json = serde_json::to_vec_pretty(self);
        let json = json.map_err(|_| Error::internal("a receipt that is no JSON"))?;
        let path = format!("{PURGES}/{:010}.json", self.sequence);
        replace(&storage, &path, &format!("{path}.new"), &json)
    }
}

fn hash(salt: &str, id: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(salt.as_bytes());
    digest.update(id.as_bytes());
    hex(&digest.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
