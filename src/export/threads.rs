//! Work in pieces by several threads, whose results come in the order of the pieces.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use crate::model::{Error, Result};

/// Results of one piece that wait to be taken, at most.
const WAITING: usize = 16;

/// Where a piece of work tells its results.
pub(super) struct Tell<T>(SyncSender<Told<T>>);

enum Told<T> {
    Result(T),
    Failed(Error),
    /// There are no more of this piece.
    Done,
}

impl<T> Tell<T> {
    /// Tells a result; `false` when nobody wants more.
    pub(super) fn tell(&self, result: T) -> bool {
        self.0.send(Told::Result(result)).is_ok()
    }
}

struct Job<P, T> {
    piece: P,
    tell: Tell<T>,
}

/// Results of pieces in their order. Dropping it ends the threads, and waits for them.
///
/// Each thread works on one piece at a time, and holds still where [`WAITING`] results of it wait: so
/// memory is bounded by results, whatever the size of a piece.
pub(super) struct Ordered<P, T> {
    pieces: std::vec::IntoIter<P>,
    /// Of the pieces under way, the first first.
    open: VecDeque<Receiver<Told<T>>>,
    jobs: Option<std::sync::mpsc::Sender<Job<P, T>>>,
    threads: Vec<JoinHandle<()>>,
    at_once: usize,
}

impl<P: Send + 'static, T: Send + 'static> Ordered<P, T> {
    /// Begins. `make` makes the worker of each thread, which is given a piece and tells its results.
    ///
    /// # Errors
    /// `Io` where no thread can be started.
    pub(super) fn new<W>(pieces: Vec<P>, threads: usize, make: impl Fn() -> W) -> Result<Self>
    where
        W: FnMut(P, &Tell<T>) -> Result<()> + Send + 'static,
    {
        let threads = threads.clamp(1, pieces.len().max(1));
        let (jobs, taken) = channel::<Job<P, T>>();
        let taken = Arc::new(Mutex::new(taken));
        let mut started = Vec::new();
        for _ in 0..threads {
            let taken = taken.clone();
            let mut work = make();
            let run = move || {
                loop {
                    let job = taken.lock().recv();
                    let Ok(Job { piece, tell }) = job else {
                        return;
                    };
                    // That nobody listens is no failure.
                    let _ = tell.0.send(match work(piece, &tell) {
                        Ok(()) => Told::Done,
                        Err(error) => Told::Failed(error),
                    });
                }
            };
            let thread = std::thread::Builder::new().name("annals-export".to_owned());
            let thread = thread.spawn(run);
            started.push(thread.map_err(|error| Error::io("start a thread of the export", error))?);
        }
        let mut ordered = Self {
            pieces: pieces.into_iter(),
            open: VecDeque::new(),
            jobs: Some(jobs),
            threads: started,
            at_once: threads + 1,
        };
        ordered.refill();
        Ok(ordered)
    }

    fn refill(&mut self) {
        while self.open.len() < self.at_once {
            let Some(piece) = self.pieces.next() else {
                self.jobs = None;
                return;
            };
            let (tell, receive) = sync_channel(WAITING);
            if let Some(jobs) = &self.jobs {
                // Where all threads are gone, the receiver finds out.
                let _ = jobs.send(Job {
                    piece,
                    tell: Tell(tell),
                });
            }
            self.open.push_back(receive);
        }
    }
}

impl<P: Send + 'static, T: Send + 'static> Iterator for Ordered<P, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let first = self.open.front()?;
            let failed = match first.recv() {
                Ok(Told::Result(result)) => return Some(Ok(result)),
                Ok(Told::Done) => {
                    self.open.pop_front();
                    self.refill();
                    continue;
                }
                Ok(Told::Failed(error)) => error,
                Err(_) => Error::internal("a thread of the export ended before its work"),
            };
            self.open.clear();
            self.pieces = Vec::new().into_iter();
            self.jobs = None;
            return Some(Err(failed));
        }
    }
}

impl<P, T> Drop for Ordered<P, T> {
    fn drop(&mut self) {
        self.jobs = None;
        self.open.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
