//! The background thread: seals generations and compacts runs.

use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::engine::Engine;
use crate::types::{Error, Result};

/// How often the thread looks whether its store is still there.
const LOOK: Duration = Duration::from_millis(500);

/// Wakes the background thread, and tells whether there is one.
#[derive(Default)]
pub(crate) struct Wake {
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    called: bool,
    running: bool,
    stop: bool,
}

impl Wake {
    /// Asks the thread to look for work.
    pub(super) fn up(&self) {
        self.state.0.lock().called = true;
        self.state.1.notify_one();
    }

    pub(super) fn is_running(&self) -> bool {
        self.state.0.lock().running
    }
}

/// The background thread of a store; dropping it stops the thread after the work at hand.
pub(crate) struct Worker {
    state: Arc<(Mutex<State>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(crate) fn start(engine: &Arc<Engine>) -> Result<Self> {
        let state = engine.wake.state.clone();
        state.0.lock().running = true;
        let weak = Arc::downgrade(engine);
        let shared = state.clone();
        let thread = std::thread::Builder::new()
            .name("annals-maintenance".to_owned())
            .spawn(move || run(&weak, &shared))
            .map_err(|error| Error::io("start the maintenance thread", error))?;
        engine.wake.up();
        Ok(Self {
            state,
            thread: Some(thread),
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.state.0.lock().stop = true;
        self.state.1.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Poisons the store should the thread panic, and lets waiting writers go either way.
struct Guard<'a>(&'a Weak<Engine>, &'a (Mutex<State>, Condvar));

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let engine = self.0.upgrade();
        if let (true, Some(engine)) = (std::thread::panicking(), &engine) {
            let _ = engine.poison(Error::corrupt("the maintenance thread panicked"));
        }
        self.1.0.lock().running = false;
        if let Some(engine) = engine {
            engine.sealed.notify_all();
        }
    }
}

impl Engine {
    /// The work of the background thread: seals what waits, compacts what has to be.
    pub(crate) fn maintain(&self) -> Result<()> {
        self.writable()?;
        self.seal_waiting()?;
        self.compact_if_needed()
    }
}

fn run(engine: &Weak<Engine>, state: &(Mutex<State>, Condvar)) {
    let _guard = Guard(engine, state);
    loop {
        {
            let mut state_now = state.0.lock();
            while !state_now.called && !state_now.stop {
                state.1.wait_for(&mut state_now, LOOK);
            }
            if state_now.stop {
                return;
            }
            state_now.called = false;
        }
        let Some(engine) = engine.upgrade() else {
            return;
        };
        if let Err(error) = engine.maintain() {
            let _ = engine.poison(error);
            return;
        }
    }
}
