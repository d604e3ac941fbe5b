//! The process that something was made in.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Error, ErrorKind, Result};

/// Forks from the first process on: each child counts one more than its parent.
static FORKS: AtomicU32 = AtomicU32::new(0);
static COUNTED: Once = Once::new();

/// Tells whether this is still the process that something was made in. In a process that was forked from it there
/// are none of its threads, locks may be held for ever, and its files are the parent's.
///
/// To ask the system for the number of the process takes half a microsecond, as long as a lookup; so forks are
/// counted, which costs a look at a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(u32);

extern "C" fn count_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

impl Process {
    /// This one.
    pub(crate) fn this() -> Self {
        #[expect(unsafe_code, reason = "the C library calls it back after a fork")]
        COUNTED.call_once(|| {
            // SAFETY: `count_fork` only adds to an atomic number, which is allowed in a child of many threads, and is
            // there for as long as the program.
            let failed = unsafe { libc::pthread_atfork(None, None, Some(count_fork)) };
            // Without memory for it forks are not noticed, as before there was this.
            debug_assert_eq!(failed, 0);
        });
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Whether it is this one.
    #[inline]
    pub(crate) fn is_this(self) -> bool {
        self.0 == FORKS.load(Ordering::Relaxed)
    }

    /// # Errors
    /// `Unsupported` in a process that was forked from it.
    #[inline]
    pub(crate) fn check(self) -> Result<()> {
        match self.is_this() {
            true => Ok(()),
            false => Err(forked()),
        }
    }
}

impl Default for Process {
    fn default() -> Self {
        Self::this()
    }
}

#[cold]
fn forked() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "the store was opened in the process that this one was forked from; open it again here, for reading while \
         that process writes",
    )
}
