//! Opening the store that a command asks.

use std::path::Path;

use annals::{Result, Store};

use crate::output::{count, warn};

/// Opens a store for reading, and says on standard error where it does not show all that was written.
pub fn open_for_reading(path: &Path) -> Result<Store> {
    let store = Store::open_read_only(path)?;
    let report = store.recovery_report();
    if let Some(damage) = &report.damage {
        let hidden = count(report.dropped_records, "commit");
        warn([format_args!(
            "{damage}; what precedes the damage is shown, {hidden} behind it is not: restore the folder \
             of the hot tier from a copy, or see `annals repair --help`"
        )]);
    }
    Ok(store)
}
