//! The time of day, as a component that a host can replace.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time in Unix epoch seconds. Nothing asks it but retention periods.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    pub(crate) fn new(now_seconds: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now_seconds))
    }

    pub(crate) fn now_seconds(&self) -> u64 {
        (self.0)()
    }
}

impl Default for Clock {
    /// The system's clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the engine's clock comes from, unless the host brings one"
    )]
    fn default() -> Self {
        Self::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0, |since| since.as_secs())
        })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
