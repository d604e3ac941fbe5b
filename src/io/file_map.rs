//! A file in memory maps.

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use memmap2::{Advice, Mmap};

/// A memory map, for lookups, and another one for scans where there is one.
pub struct FileMap {
    pub(super) bytes: Bytes,
    /// The map of these bytes, where the system reads nothing ahead in it.
    pub(super) map: Option<Arc<Mmap>>,
    pub(super) scans: Option<Bytes>,
}

impl FileMap {
    /// Two maps of one file.
    pub(super) fn new(lookups: Mmap, scans: Mmap) -> Self {
        // Where it is refused, the system reads ahead for lookups, too.
        let advised = lookups.advise(Advice::Random).is_ok();
        let map = Arc::new(lookups);
        Self {
            bytes: Bytes::from_owner(Shared(map.clone())),
            map: advised.then_some(map),
            scans: Some(Bytes::from_owner(scans)),
        }
    }
}

impl Deref for FileMap {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Bytes in memory.
impl From<Bytes> for FileMap {
    fn from(bytes: Bytes) -> Self {
        Self {
            bytes,
            map: None,
            scans: None,
        }
    }
}

/// Keeps a map for bytes of it.
struct Shared(Arc<Mmap>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
