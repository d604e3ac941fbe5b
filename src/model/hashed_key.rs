//! What rows lie under, with its hash.

use xxhash_rust::xxh3::xxh3_64;

/// A user's id, or the key of a session that stands in as the user, and the hash under which every
/// place looks for it.
#[derive(Clone, Copy, Default)]
pub struct HashedKey<'a> {
    /// The key.
    pub text: &'a str,
    /// Its XXH3 hash of 64 bits.
    pub hash: u64,
}

impl<'a> HashedKey<'a> {
    /// Hashes a key.
    #[inline]
    pub fn of(text: &'a str) -> Self {
        Self {
            text,
            hash: xxh3_64(text.as_bytes()),
        }
    }
}
