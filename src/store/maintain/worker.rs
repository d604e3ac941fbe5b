//! The background threads: one seals generations, one compacts runs.
//!
//! They are two, since writers that wait for a seal must not wait for a compaction.

use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::model::{Error, ErrorKind, Proceed, Result, always, observe};
use crate::store::engine::{Engine, Wake};

/// How often the thread looks whether its store is still there.
const LOOK: Duration = Duration::from_millis(500);

/// What a background thread does.
#[derive(Clone, Copy)]
enum Duty {
    /// Seals the generations that wait; writers may be waiting for it.
    Seal,
    /// Compacts runs, which may take long.
    Compact,
}

impl Duty {
    const ALL: [(Self, &'static str); 2] = [
        (Self::Seal, "annals-seal"),
        (Self::Compact, "annals-compact"),
    ];

    /// Whether there is work that nobody asks for.
    fn is_due(self, engine: &Weak<Engine>) -> bool {
        let is_due = |engine: Arc<Engine>| engine.expires_now();
        matches!(self, Self::Compact) && engine.upgrade().is_some_and(is_due)
    }

    fn wake(self, engine: &Engine) -> &Wake {
        match self {
            Self::Seal => &engine.sealer,
            Self::Compact => &engine.compactor,
        }
    }

    /// Does it, for as long as `proceed` says so: a seal to its end, a compaction to the end of a
    /// block or a column.
    fn work(self, engine: &Engine, proceed: Proceed<'_>) -> Result<()> {
        engine.writable()?;
        match self {
            Self::Seal => {
                engine.prepare_next()?;
                engine.seal_waiting()
            }
            Self::Compact => {
                if engine.expires_now() {
                    engine.expire()?;
                }
                if engine.compaction_stopped.lock().is_some() {
                    return Ok(());
                }
                engine.compact_if_needed(proceed)?;
                engine.rewrite_expired(proceed)
            }
        }
    }
}

impl Duty {
    /// Damage that a compaction meets was there before, and a bug that it meets ends it before it has
    /// published anything: it changed nothing, and what is written elsewhere is sound; there are no more
    /// compactions, and what is too old goes on being hidden. Any other failure refuses writes. Gives
    /// whether the thread goes on.
    fn goes_on_after(self, engine: &Engine, error: Error) -> bool {
        match (self, error.kind()) {
            (Self::Compact, ErrorKind::Corruption | ErrorKind::Internal) => {
                observe::trouble(&error.full_message());
                let mut stopped = engine.compaction_stopped.lock();
                stopped.get_or_insert_with(|| error.full_message());
                true
            }
            _ => {
                engine.poison(error);
                false
            }
        }
    }
}

/// The background threads of a store; dropping it stops them, after the seal at hand, and within a
/// compaction, which is begun again when the store is opened again.
pub(crate) struct Worker {
    threads: Vec<(Wake, JoinHandle<()>)>,
}

impl Worker {
    pub(crate) fn start(engine: &Arc<Engine>) -> Result<Self> {
        let mut worker = Self {
            threads: Vec::new(),
        };
        for (duty, name) in Duty::ALL {
            let wake = duty.wake(engine).clone();
            wake.set_running(true);
            let (weak, shared) = (Arc::downgrade(engine), wake.clone());
            let thread = std::thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || run(duty, &weak, &shared))
                .map_err(|error| Error::io(format!("start the thread {name}"), error))?;
            worker.threads.push((wake, thread));
            duty.wake(engine).up();
        }
        Ok(worker)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        for (wake, _) in &self.threads {
            wake.stop();
        }
        for (_, thread) in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Poisons the store should the thread panic, and lets waiting writers go either way.
struct Guard<'a>(&'a Weak<Engine>, &'a Wake);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let engine = self.0.upgrade();
        if let (true, Some(engine)) = (std::thread::panicking(), &engine) {
            let _ = engine.poison(Error::internal("a maintenance thread panicked"));
        }
        self.1.set_running(false);
        if let Some(engine) = engine {
            engine.commit.notify_sealed();
        }
    }
}

impl Engine {
    /// The work of the background threads: seals what waits, compacts what has to be.
    pub(crate) fn maintain(&self) -> Result<()> {
        if !self.retention.lock().is_for_ever() {
            self.expire()?;
        }
        Duty::ALL
            .iter()
            .try_for_each(|(duty, _)| duty.work(self, &always))
    }
}

fn run(duty: Duty, engine: &Weak<Engine>, wake: &Wake) {
    let _guard = Guard(engine, wake);
    while wake.wait(LOOK, || duty.is_due(engine)) {
        let Some(engine) = engine.upgrade() else {
            return;
        };
        if let Err(error) = duty.work(&engine, &|| go_on(wake)) {
            // Who stops the work knows; its handles to the engine go on.
            if wake.is_stopped() || !duty.goes_on_after(&engine, error) {
                return;
            }
        }
    }
}

/// Whether the thread may go on with its work.
fn go_on(wake: &Wake) -> Result<()> {
    if wake.is_stopped() {
        let why = "the store is being closed";
        return Err(Error::new(ErrorKind::Unsupported, why));
    }
    Ok(())
}
