//! Independent work on the threads there are.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::types::{Error, Result};

/// Runs `jobs`, each with about how much it has to do, on up to `threads` threads, the caller's
/// included, and gives their results in the order of the jobs. The largest are begun first, so that
/// no thread is left with one at the end.
pub(crate) fn run_side_by_side<T: Send>(
    threads: usize,
    jobs: Vec<(usize, impl FnOnce() -> Result<T> + Send)>,
) -> Vec<Result<T>> {
    let count = jobs.len();
    let mut turns: Vec<usize> = (0..count).collect();
    turns.sort_by_key(|nth| Reverse(jobs.get(*nth).map(|(size, _)| *size)));
    let jobs: Vec<_> = jobs
        .into_iter()
        .map(|(_, job)| Mutex::new(Some(job)))
        .collect();
    let results: Vec<_> = (0..count).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((job, result)) = {
            let nth = turns.get(next.fetch_add(1, Ordering::Relaxed));
            nth.and_then(|nth| jobs.get(*nth).zip(results.get(*nth)))
        } {
            let job = job.lock().take();
            *result.lock() = job.map(|job| job());
        }
    };
    std::thread::scope(|scope| {
        // Without a further thread the others do its work.
        let spawn = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads.min(count)).filter_map(spawn).collect();
        work();
        for other in others {
            // What a thread that panicked leaves undone has no result.
            let _ = other.join();
        }
    });
    results
        .into_iter()
        .map(|result| result.into_inner().unwrap_or_else(|| Err(lost())))
        .collect()
}

fn lost() -> Error {
    Error::corrupt("an encoding thread ended without its result")
}
