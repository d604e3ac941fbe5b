//! Long work that can be stopped.

use super::Result;

/// Asked before each piece of long work; an error ends the work, which then leaves nothing behind.
pub(crate) type Proceed<'a> = &'a (dyn Fn() -> Result<()> + Sync);

/// For work that nobody stops.
pub(crate) fn always() -> Result<()> {
    Ok(())
}
