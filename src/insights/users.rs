//! One scan by user and time: users, how many have enough interactions, and rows that are there twice.

use super::duplicates::Duplicates;
use crate::api::Snapshot;
use crate::model::{Result, ScanQuery};

/// Figures about users.
#[derive(Default)]
pub(super) struct Users {
    pub(super) all: u64,
    /// With as many interactions as were asked for, or more.
    pub(super) with_enough: u64,
    /// Rows that equal an earlier one.
    pub(super) duplicate_rows: u64,
}

/// Counts in a scan by user, in which the rows of a user stand together.
pub(super) fn count(snapshot: &Snapshot, enough: u64) -> Result<Users> {
    let mut scan = snapshot.scan(&ScanQuery::default())?;
    let schema = scan.schema().clone();
    let mut duplicates = Duplicates::default();
    let mut batch = scan.new_batch();
    let mut users = Users::default();
    let mut current: Option<(String, u64)> = None;
    while scan.read(&mut batch)? {
        duplicates.add(&batch, &schema)?;
        for run in batch.users.chunk_by(|a, b| a == b) {
            let user = batch.ids()?.get(run.first().copied().unwrap_or(0))?;
            match &mut current {
                Some((known, rows)) if known == user => *rows += run.len() as u64,
                _ => {
                    users.add(current.take(), enough);
                    current = Some((user.to_owned(), run.len() as u64));
                }
            }
        }
    }
    users.add(current, enough);
    users.duplicate_rows = duplicates.rows();
    Ok(users)
}

impl Users {
    /// The share of users with enough interactions; 0 where there are no users.
    pub(super) fn share_with_enough(&self) -> f64 {
        share(self.with_enough, self.all)
    }

    fn add(&mut self, user: Option<(String, u64)>, enough: u64) {
        if let Some((_, rows)) = user {
            self.all += 1;
            self.with_enough += u64::from(rows >= enough);
        }
    }
}

/// A part of a whole; 0 where there is no whole.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}
