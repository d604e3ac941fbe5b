//! Writers that wait for the same sync.

use parking_lot::{Condvar, Mutex};

use crate::model::Result;

/// Lets one writer sync for all whose commits were appended before it began.
#[derive(Default)]
pub(crate) struct GroupSync {
    state: Mutex<SyncState>,
    done: Condvar,
}

#[derive(Default)]
struct SyncState {
    /// Every commit up to this survives power loss.
    synced: u64,
    running: bool,
}

impl GroupSync {
    /// Returns when the commit `sequence`, which is appended, is synced. `appended` tells the
    /// newest appended commit; `sync` makes everything appended durable.
    pub(crate) fn wait(
        &self,
        sequence: u64,
        appended: impl Fn() -> u64,
        sync: impl Fn() -> Result<()>,
    ) -> Result<()> {
        let mut state = self.state.lock();
        while state.synced < sequence {
            if state.running {
                self.done.wait(&mut state);
                continue;
            }
            state.running = true;
            drop(state);
            let upto = appended();
            let result = {
                let _running = Running(self);
                sync()
            };
            state = self.state.lock();
            result?;
            state.synced = state.synced.max(upto);
        }
        Ok(())
    }
}

/// A sync that is running; those that wait for it go on at its end, also where it panics.
struct Running<'a>(&'a GroupSync);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state.lock().running = false;
        self.0.done.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_sync_that_panics_keeps_nobody_waiting() {
        let group = GroupSync::default();
        let begun = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let first = scope.spawn(|| {
                group.wait(
                    1,
                    || 1,
                    || {
                        begun.store(true, Ordering::Release);
                        std::thread::sleep(std::time::Duration::from_millis(50));
                        panic!("the sync");
                    },
                )
            });
            while !begun.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            group.wait(1, || 1, || Ok(())).unwrap();
            assert!(first.join().is_err());
        });
    }
}
