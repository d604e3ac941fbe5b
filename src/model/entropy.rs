//! Random bytes, as a component that a host can replace.

use std::fmt;
use std::sync::Arc;

use super::{Error, ErrorKind, Result};

type Fill = dyn Fn(&mut [u8]) -> std::io::Result<()> + Send + Sync;

/// Gives random bytes. Nothing asks for them but the making of a store, for its identity.
#[derive(Clone)]
pub(crate) struct Entropy(Arc<Fill>);

impl Entropy {
    pub(crate) fn new(
        fill: impl Fn(&mut [u8]) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(fill))
    }

    /// So many random bytes.
    ///
    /// # Errors
    /// `Io` when there are none to be had.
    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        (self.0)(&mut bytes).map_err(|error| {
            Error::new(
                ErrorKind::Io,
                "taking random bytes for the identity of a store",
            )
            .caused_by(error)
        })?;
        Ok(bytes)
    }
}

impl Default for Entropy {
    /// The operating system's.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the engine's randomness comes from, unless the host brings it"
    )]
    fn default() -> Self {
        Self::new(|bytes| getrandom::fill(bytes).map_err(std::io::Error::other))
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}
