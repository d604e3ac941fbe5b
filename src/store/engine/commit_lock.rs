//! The lock that commits are numbered and appended under.
#![expect(
    clippy::disallowed_types,
    reason = "parking_lot's lock is handed to who waited longest, which stops all writers until it runs"
)]

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a writer that waits for room looks again by itself.
const RECHECK: Duration = Duration::from_millis(50);

/// Held while a commit is numbered and appended.
///
/// The standard library's lock, which whoever comes first takes. One that is handed over to the
/// thread that has waited longest stops all others until that thread runs, which with more threads
/// than cores takes until its turn.
#[derive(Default)]
pub(in crate::store) struct CommitLock {
    lock: Mutex<()>,
    /// Signals that a generation was sealed, to writers that wait for room.
    sealed: Condvar,
}

/// The lock, held.
pub(in crate::store) type CommitGuard<'a> = MutexGuard<'a, ()>;

impl CommitLock {
    pub(in crate::store) fn lock(&self) -> CommitGuard<'_> {
        // `was_abandoned` tells what a thread that panicked may have left behind.
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a thread panicked while it held the lock: what it appended may lack a number.
    pub(super) fn was_abandoned(&self) -> bool {
        self.lock.is_poisoned()
    }

    /// Lets the lock go until a generation was sealed, or for a while.
    pub(in crate::store) fn wait_for_seal<'a>(&self, held: CommitGuard<'a>) -> CommitGuard<'a> {
        let waited = self.sealed.wait_timeout(held, RECHECK);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Wakes the writers that wait for room.
    pub(in crate::store) fn notify_sealed(&self) {
        self.sealed.notify_all();
    }
}
