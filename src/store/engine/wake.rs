//! The bell of a background thread: who needs its work rings, and it waits for that.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Wakes a background thread, and tells whether there is one. All clones are the same.
#[derive(Clone, Default)]
pub(in crate::store) struct Wake(Arc<(Mutex<WakeState>, Condvar)>);

#[derive(Default)]
struct WakeState {
    called: bool,
    running: bool,
    stop: bool,
}

impl Wake {
    /// Asks the thread to look for work.
    pub(in crate::store) fn up(&self) {
        self.0.0.lock().called = true;
        self.0.1.notify_one();
    }

    pub(in crate::store) fn is_running(&self) -> bool {
        self.0.0.lock().running
    }

    /// Says whether the thread runs.
    pub(in crate::store) fn set_running(&self, running: bool) {
        self.0.0.lock().running = running;
    }

    /// Asks the thread to end.
    pub(in crate::store) fn stop(&self) {
        self.0.0.lock().stop = true;
        self.0.1.notify_all();
    }

    pub(in crate::store) fn is_stopped(&self) -> bool {
        self.0.0.lock().stop
    }

    /// Waits until the thread is asked for work, or `is_due` says that there is some, which is looked at
    /// again after each `look`. Gives whether it is to work: not where it is to end.
    pub(in crate::store) fn wait(&self, look: Duration, is_due: impl Fn() -> bool) -> bool {
        let mut state = self.0.0.lock();
        while !state.called && !state.stop && !is_due() {
            self.0.1.wait_for(&mut state, look);
        }
        if state.stop {
            return false;
        }
        state.called = false;
        true
    }
}
