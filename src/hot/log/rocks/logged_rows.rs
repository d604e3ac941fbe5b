//! Rows that stand in the logs when a log is opened.

use std::collections::BTreeMap;

use super::super::tally::Tally;
use super::super::{families, key};
use super::survey::{OnDamage, Survey, Tail};
use crate::model::{Error, Result};

/// Rows of a generation that stand in the logs at the opening.
#[derive(Clone, Copy, Debug)]
pub(super) struct LoggedRows {
    /// Their first and their last commit.
    pub(super) commits: [u64; 2],
    pub(super) tally: Tally,
}

/// Reads the logs, and tallies the rows of each generation in them.
pub(super) fn logged_rows(
    survey: &Survey,
    on_damage: OnDamage,
) -> Result<(BTreeMap<u64, LoggedRows>, Tail)> {
    let mut logged: BTreeMap<u64, LoggedRows> = BTreeMap::new();
    let families = &survey.database.families;
    let tail = survey.read_logs(on_damage, &mut |entry| {
        let family = families.get(&entry.change.family);
        let family = family.filter(|family| entry.log >= family.log_number);
        let id = family.and_then(|family| families::generation_of(&family.name));
        let (Some(id), Some(value)) = (id, entry.change.value) else {
            return Ok(());
        };
        let row_key = entry.change.key;
        let commit = key::sequence(row_key)
            .ok_or_else(|| Error::corrupt(format!("key {}", row_key.escape_ascii())))?;
        let rows = logged.entry(id).or_insert(LoggedRows {
            commits: [commit; 2],
            tally: Tally::default(),
        });
        let [first, last] = &mut rows.commits;
        (*first, *last) = ((*first).min(commit), (*last).max(commit));
        rows.tally.add(row_key, value);
        Ok(())
    })?;
    Ok((logged, tail))
}
