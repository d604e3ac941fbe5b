//! What a purge of an open store is to do about those who still hold deleted bytes.

use std::time::Duration;

/// How a purge goes about snapshots, pins and leases that still hold what is to be purged. By default it waits 10
/// seconds for snapshots, and is refused where there are pins or leases.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PurgeOptions {
    /// How long it waits for snapshots and scans of this process, made before it, to be dropped.
    pub wait: Duration,
    /// Whether it releases pins, and leases whose consumers have not taken the deletions: they have to start over.
    pub force: bool,
}

impl Default for PurgeOptions {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(10),
            force: false,
        }
    }
}

impl PurgeOptions {
    /// Waits this long for snapshots and scans.
    #[must_use]
    pub fn wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Releases pins and leases, or waits for none of them.
    #[must_use]
    pub fn force(self, force: bool) -> Self {
        Self { force, ..self }
    }
}
