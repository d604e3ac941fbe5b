//! Writers that wait for the same sync.

use parking_lot::{Condvar, Mutex};

use crate::types::Result;

/// Lets one writer sync for all whose commits were appended before it began.
#[derive(Default)]
pub(crate) struct GroupSync {
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Default)]
struct State {
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
            let result = sync();
            state = self.state.lock();
            state.running = false;
            self.done.notify_all();
            result?;
            state.synced = state.synced.max(upto);
        }
        Ok(())
    }
}
