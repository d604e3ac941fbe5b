//! Who may still hold what is to be purged: pins, leases and snapshots.

use std::path::Path;
use std::time::Instant;

use super::options::PurgeOptions;
use crate::model::{Error, ErrorKind, Result};
use crate::store::engine::Engine;
use crate::store::folder::{self, leases};

/// How often it is looked whether snapshots are gone.
const LOOK: std::time::Duration = std::time::Duration::from_millis(10);

/// Refuses where there are pins: they hold the bytes of what was deleted since.
pub(super) fn check_pins(root: &Path) -> Result<()> {
    let names: Vec<String> = folder::pins(root)?
        .into_iter()
        .map(|pin| pin.name)
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "pins may hold what is to be purged: {}; release them (annals pin STORE NAME --release), or wait until \
             they expire",
            names.join(", ")
        ),
    ))
}

impl Engine {
    /// Sees that neither pins nor leases hold deletions of commits up to `newest`, or anything that they hide.
    pub(super) fn check_holders(
        &self,
        root: &Path,
        newest: u64,
        options: &PurgeOptions,
    ) -> Result<()> {
        if options.force {
            for pin in folder::pins(root)? {
                folder::unpin(root, &pin.name)?;
            }
            let all = folder::leases(root)?.into_iter();
            for lease in all.filter(|lease| lease.sequence < newest) {
                folder::release(root, &lease.name)?;
            }
        }
        check_pins(root)?;
        self.check_leases(newest)
    }

    /// Refuses where a consumer has yet to take deletions of commits up to `newest`.
    fn check_leases(&self, newest: u64) -> Result<()> {
        let now = self.registry()?.now_seconds();
        let oldest = leases::oldest(&*self.storage, now)?;
        match oldest.filter(|lease| lease.sequence < newest) {
            None => Ok(()),
            Some(lease) => Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "the consumer of the lease {} has taken changes up to the commit {}, and deletions up to {newest} are \
                     to be purged; wait until it has taken them and its lease says so, or release the lease (annals \
                     lease STORE {} --release)",
                    lease.name, lease.sequence, lease.name
                ),
            )),
        }
    }

    /// Waits until no snapshot and no scan of this process reads a file that was replaced.
    pub(super) fn await_readers(&self, options: &PurgeOptions) -> Result<()> {
        let begin = Instant::now();
        loop {
            let readers = self.readers_of_replaced();
            if readers == 0 {
                return Ok(());
            }
            if begin.elapsed() >= options.wait {
                return Err(Error::new(
                    ErrorKind::Locked,
                    format!(
                        "{readers} snapshots or scans of this process, made before the purge, still keep files of what \
                         was deleted; later reads do not show it; drop them and purge again"
                    ),
                ));
            }
            std::thread::sleep(LOOK.min(options.wait));
        }
    }
}
