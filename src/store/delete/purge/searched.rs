//! What a search byte by byte went through.

use std::collections::BTreeSet;

pub(super) struct Searched {
    /// The ids that were looked for.
    pub(super) in_bytes: BTreeSet<String>,
    pub(super) files: u64,
    pub(super) bytes: u64,
}
