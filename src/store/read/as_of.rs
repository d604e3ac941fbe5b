//! What was known at an earlier commit.

use crate::model::{Error, Result};
use crate::segment::Origin;
use crate::store::engine::Snapshot;

impl Snapshot {
    /// The store as it was known at an earlier commit: the rows of all commits up to it.
    ///
    /// It is refused where that can no longer be told: where bulk data was imported later, for a FULL
    /// import replaces what was there before; where rows were rewritten since that had belonged to a
    /// session or waited for a recommendation; and where deleted rows were left out of segments since.
    ///
    /// # Errors
    /// `InvalidInput` for a commit that the snapshot does not see, and for one that can no longer be told,
    /// with the earliest that can.
    pub fn as_of(&self, sequence: u64) -> Result<Self> {
        if sequence > self.visible {
            return Err(Error::invalid(format!(
                "as of commit {sequence}: the newest is {}",
                self.visible
            )));
        }
        let earliest = self.earliest();
        if sequence < earliest {
            return Err(Error::invalid(format!(
                "as of commit {sequence}: what was known then can no longer be told, since rows were replaced or \
                 rewritten later; the earliest commit that can is {earliest}"
            )));
        }
        Ok(Self {
            visible: sequence,
            ..self.clone()
        })
    }

    /// The earliest commit of which [`Snapshot::as_of`] can tell what was known.
    pub fn earliest(&self) -> u64 {
        let mut earliest = self.version.removed.newest();
        if self.version.joins.were_any() {
            let recorded = self.version.segments().map(|live| &live.entry);
            let recorded = recorded.filter(|entry| entry.origin == Origin::Recorded);
            earliest = earliest.max(recorded.map(|entry| entry.joined).max().unwrap_or(0));
        }
        earliest.min(self.visible)
    }
}
