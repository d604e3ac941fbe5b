//! Calls that may take long: Ctrl-C ends them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use pyo3::prelude::*;

use crate::errors::{self, Failed};

/// How often it is looked whether a signal came.
const LOOK: Duration = Duration::from_millis(50);

/// What the work and its caller tell each other.
#[derive(Default)]
pub struct Watch {
    /// Whether the work is to end.
    pub stop: AtomicBool,
    /// How far the work is.
    pub done: AtomicU64,
}

/// What becomes of work whose caller goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AtSignal {
    /// It is told by [`Watch::stop`], and its end is waited for.
    WaitForEnd,
    /// It goes on to its end alone: it only reads, or does what the store would do by itself later.
    Leave,
}

/// Does the work on a thread of its own, without the interpreter lock, while this one looks for signals
/// and tells `tick` how far the work is. An exception of a signal's handler, as Ctrl-C raises it, or of
/// `tick` ends the call.
///
/// # Errors
/// Those of the work, of signal handlers and of `tick`.
pub fn run<T: Send + 'static, E: Into<Failed> + Send + 'static>(
    py: Python<'_>,
    at_signal: AtSignal,
    mut tick: impl FnMut(u64) -> PyResult<()>,
    work: impl FnOnce(&Watch) -> Result<T, E> + Send + 'static,
) -> PyResult<T> {
    let watch = Arc::new(Watch::default());
    let (sender, mut receiver) = sync_channel(1);
    let of_work = watch.clone();
    let thread = std::thread::Builder::new().name("annalsdb-call".to_owned());
    let started = thread.spawn(move || {
        // Nobody is there to take it where the caller went.
        let _ = sender.send(work(&of_work));
    });
    started.map_err(|error| errors::internal(format_args!("start a thread: {error}")))?;
    let mut ended: Option<PyErr> = None;
    loop {
        let result;
        (receiver, result) = py.detach(move || {
            let result = receiver.recv_timeout(LOOK);
            (receiver, result)
        });
        match (result, ended.take()) {
            (Err(RecvTimeoutError::Disconnected), _) => {
                return Err(errors::internal("the work panicked"));
            }
            (Ok(_), Some(error)) => return Err(error),
            (Ok(result), None) => return result.map_err(|failed| failed.into().raise()),
            (Err(RecvTimeoutError::Timeout), Some(error)) => ended = Some(error),
            (Err(RecvTimeoutError::Timeout), None) => {
                let told = tick(watch.done.load(Ordering::Relaxed));
                if let Err(error) = py.check_signals().and(told) {
                    watch.stop.store(true, Ordering::Relaxed);
                    if at_signal == AtSignal::Leave {
                        return Err(error);
                    }
                    ended = Some(error);
                }
            }
        }
    }
}

/// For work of which nobody wants to know how far it is.
pub fn quiet(_done: u64) -> PyResult<()> {
    Ok(())
}
