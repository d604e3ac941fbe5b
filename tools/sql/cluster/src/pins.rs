//! Pins that a process has open.

use std::collections::VecDeque;
use std::path::PathBuf;

use annals::Snapshot;
use annals::partitions::Partition;
use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use parking_lot::Mutex;

/// Pins that are kept open for the next query, the last used ones.
const MOST: usize = 64;

/// Opens pins, each once.
#[derive(Debug)]
pub(crate) struct Pins {
    /// Stores elsewhere are refused.
    root: Option<PathBuf>,
    open: Mutex<VecDeque<Open>>,
}

struct Open {
    pin: Partition,
    snapshot: Snapshot,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.pin.fmt(f)
    }
}

impl Pins {
    /// Of stores below a folder, or of all.
    pub(crate) fn below(root: Option<PathBuf>) -> Self {
        Self {
            root,
            open: Mutex::default(),
        }
    }

    /// # Errors
    /// `Plan` for a store that is not below the root; as [`Partition::open`].
    pub(crate) fn open(&self, pin: &Partition) -> Result<Snapshot> {
        self.check_place(pin)?;
        let mut open = self.open.lock();
        let known = open.iter().position(|known| known.pin == *pin);
        let found = match known.and_then(|at| open.remove(at)) {
            Some(found) => found,
            None => {
                let store = pin.open();
                let store = store.map_err(|error| DataFusionError::External(Box::new(error)))?;
                Open {
                    pin: pin.clone(),
                    snapshot: store.snapshot(),
                }
            }
        };
        let snapshot = found.snapshot.clone();
        open.push_back(found);
        if open.len() > MOST {
            open.pop_front();
        }
        Ok(snapshot)
    }

    fn check_place(&self, pin: &Partition) -> Result<()> {
        let Some(root) = &self.root else {
            return Ok(());
        };
        // Links and steps upwards are followed before the two are compared.
        let path = pin.path.canonicalize()?;
        match path.starts_with(root.canonicalize()?) {
            true => Ok(()),
            false => plan_err!(
                "{} is not below {}, the root of this worker",
                path.display(),
                root.display()
            ),
        }
    }
}
