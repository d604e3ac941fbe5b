//! Opening the store that a command asks.

use std::path::Path;

use annals::shards::ShardSet;
use annals::{Result, Store};

use crate::output::{count, warn};

/// Opens a store for reading, and says on standard error where it does not show all that was written.
pub fn open_for_reading(path: &Path) -> Result<Store> {
    let store = Store::open_read_only(path)?;
    tell_of_damage(&store);
    Ok(store)
}

/// Whether a folder is that of a set of shards.
pub fn is_set(path: &Path) -> bool {
    path.join("shards.json").exists()
}

/// As [`open_for_reading`]; of a set of shards, the one that has the user.
pub fn open_of_user(path: &Path, user: &str) -> Result<Store> {
    if !is_set(path) {
        return open_for_reading(path);
    }
    let set = ShardSet::builder().only_of(user).open_read_only(path)?;
    let store = set.store(set.shard_of(user))?.clone();
    tell_of_damage(&store);
    Ok(store)
}

/// Says on standard error where a store that is open for reading does not show all that was written.
pub fn tell_of_damage(store: &Store) {
    warn(store.damaged_segments());
    let report = store.recovery_report();
    if let Some(damage) = &report.damage {
        let hidden = count(report.dropped_records, "whole commit");
        let damaged = damaged(report.damaged_bytes);
        warn([format_args!(
            "{damage}; what precedes the damage is shown, and what stands behind it is not ({hidden}{damaged}): \
             restore the whole store from a backup (annals restore BACKUPS@N NEWSTORE), or see `annals \
             repair --help`"
        )]);
    }
}

/// What cannot be counted in commits.
pub fn damaged(bytes: u64) -> String {
    match bytes {
        0 => String::new(),
        bytes => format!(
            ", and {} of damaged ones (1 commit at least)",
            count(bytes, "byte")
        ),
    }
}
