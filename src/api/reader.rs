//! A store that another process writes to, followed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::{Snapshot, Store};
use crate::model::{Error, Result, Settings};
use crate::store::Seen;

/// A store that is read while another process, or this one, writes to it, and that goes on with what is
/// written. A handle: cloning it is cheap, and all clones are the same reader. The writer is not disturbed.
///
/// ```
/// use std::time::Duration;
/// use annals::{Durability, Interaction, Limits, Schema, Store};
///
/// # fn main() -> annals::Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("store");
/// let schema = Schema::builder().build(&Limits::personalize())?;
/// let store = Store::create(&path, &schema)?;
///
/// let reader = Store::open_reader(&path)?;
/// store.write(Interaction::new("ada", "tea", 60), Durability::Buffered)?;
/// assert_eq!(reader.snapshot().sequence(), 0);
/// assert!(reader.refresh()?);
/// assert_eq!(reader.snapshot().sequence(), 1);
/// // Or on a thread, as long as the guard lives.
/// let _following = reader.follow(Duration::from_millis(100))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Reader {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    settings: Settings,
    scratch: Option<PathBuf>,
    current: ArcSwap<Store>,
    /// What the files were when the current state was read. Held while they are read anew.
    seen: Mutex<Seen>,
}

impl Reader {
    pub(super) fn open(path: &Path, settings: Settings, scratch: Option<PathBuf>) -> Result<Self> {
        // Before the store is read: what comes meanwhile counts as news.
        let seen = Seen::now(path);
        let store = Store::read_only(path, settings.clone(), scratch.clone())?;
        let seen = seen?;
        Ok(Self {
            inner: Arc::new(Inner {
                path: store.path().to_owned(),
                settings,
                scratch,
                current: ArcSwap::from_pointee(store),
                seen: Mutex::new(seen),
            }),
        })
    }

    /// The store, read-only, at the last refresh or, where one has gone on in the same file of the log since, a
    /// later one; a snapshot stays as it is. Cost: a count.
    pub fn store(&self) -> Arc<Store> {
        self.inner.current.load_full()
    }

    /// A consistent view of the store at the last refresh.
    pub fn snapshot(&self) -> Snapshot {
        self.inner.current.load().snapshot()
    }

    /// Goes on to what is written by now: every commit that was acknowledged before the call. Gives whether
    /// anything had changed. Snapshots that were taken before stay as they are.
    ///
    /// Cost: two stat calls where nothing has changed; what has come into the log since, where it is in the same
    /// file; else the log of the hot tier is read, and the footers of segments that are new.
    ///
    /// # Errors
    /// As [`StoreBuilder::open_read_only`](super::StoreBuilder::open_read_only); the state of before goes on
    /// to be shown.
    pub fn refresh(&self) -> Result<bool> {
        let inner = &self.inner;
        let mut seen = inner.seen.lock();
        if seen.is_current(&inner.path)? {
            return Ok(false);
        }
        let now = Seen::now(&inner.path)?;
        if seen.only_grew(&now)
            && (inner.current.load()).catch_up(|| now.is_published(&inner.path))?
        {
            *seen = now;
            return Ok(true);
        }
        let store = inner
            .current
            .load()
            .read_again(inner.settings.clone(), inner.scratch.clone())?;
        inner.current.store(Arc::new(store));
        *seen = now;
        Ok(true)
    }

    /// Refreshes on a thread of its own, each time that `interval` has passed, until the guard is dropped.
    ///
    /// # Errors
    /// `Io` when no thread can be started.
    pub fn follow(&self, interval: Duration) -> Result<Following> {
        let (stop, stopped) = channel::<()>();
        let failure = Arc::new(Mutex::new(None));
        let (reader, told) = (self.clone(), failure.clone());
        let run = move || {
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                *told.lock() = reader.refresh().err();
            }
        };
        let thread = std::thread::Builder::new().name("annals-follow".to_owned());
        let thread = thread.spawn(run);
        let thread = thread.map_err(|error| Error::io("start a thread that follows", error))?;
        Ok(Following {
            stop: Some(stop),
            thread: Some(thread),
            failure,
        })
    }
}

/// A thread that refreshes a [`Reader`]; it ends when this is dropped.
pub struct Following {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    failure: Arc<Mutex<Option<Error>>>,
}

impl Following {
    /// Takes the error of the last refresh, where it failed; the next one tries again.
    pub fn take_failure(&self) -> Option<Error> {
        self.failure.lock().take()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A refresh does not panic; if it did, there is nobody to tell.
            let _ = thread.join();
        }
    }
}
