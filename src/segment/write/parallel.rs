//! Independent work on the threads there are.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::model::{Error, Result};

/// Runs `jobs`, each with about how much it has to do, on up to `threads` threads, the caller's
/// included, and gives their results in the order of the jobs. The largest are begun first, so that
/// no thread is left with one at the end.
pub(crate) fn run_side_by_side<T: Send>(
    threads: usize,
    jobs: Vec<(usize, impl FnOnce() -> Result<T> + Send)>,
) -> Vec<Result<T>> {
    let mut results = Vec::with_capacity(jobs.len());
    run_in_turn(threads, jobs, |result| results.push(result));
    results
}

/// The same, with each result given to `take` as soon as those before it were, on any of the threads.
pub(super) fn run_in_turn<T: Send>(
    threads: usize,
    jobs: Vec<(usize, impl FnOnce() -> Result<T> + Send)>,
    take: impl FnMut(Result<T>) + Send,
) {
    let count = jobs.len();
    let mut turns: Vec<usize> = (0..count).collect();
    turns.sort_by_key(|nth| Reverse(jobs.get(*nth).map(|(size, _)| *size)));
    let jobs: Vec<_> = jobs
        .into_iter()
        .map(|(_, job)| Mutex::new(Some(job)))
        .collect();
    let results: Vec<_> = (0..count).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let taken = Mutex::new((0, take));
    let work = || {
        while let Some((job, result)) = {
            let nth = turns.get(next.fetch_add(1, Ordering::Relaxed));
            nth.and_then(|nth| jobs.get(*nth).zip(results.get(*nth)))
        } {
            let job = job.lock().take();
            *result.lock() = job.map(|job| job());
            let (taken, take) = &mut *taken.lock();
            while let Some(result) = results.get(*taken).and_then(|result| result.lock().take()) {
                *taken += 1;
                take(result);
            }
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
    let (taken, mut take) = taken.into_inner();
    for result in results.into_iter().skip(taken) {
        take(result.into_inner().unwrap_or_else(|| Err(lost())));
    }
}

fn lost() -> Error {
    Error::internal("an encoding thread ended without its result")
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::model::ErrorKind;

    #[test]
    fn a_job_whose_thread_panics_is_an_error_of_ours() {
        let caller = std::thread::current().id();
        let both = Barrier::new(2);
        let job = |_| {
            (1, || {
                both.wait();
                assert_eq!(
                    std::thread::current().id(),
                    caller,
                    "a panic that a test is about"
                );
                Ok(())
            })
        };
        let results = run_side_by_side(2, (0..2).map(job).collect());
        let failed: Vec<_> = results.into_iter().filter_map(Result::err).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].kind(), ErrorKind::Internal);
    }
}
