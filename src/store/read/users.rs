//! The users of a store, in order.

use super::scan::Scan;
use crate::column::Columns;
use crate::model::{Projection, Result, ScanQuery, UserRange};
use crate::store::engine::Snapshot;

/// Users of a [`Snapshot`], in the order of the UTF-8 bytes of their ids, each once.
pub struct Users {
    scan: Scan,
    batch: Columns,
    /// The next row of the batch.
    next: usize,
    /// The last one that was given.
    last: Option<String>,
    ended: bool,
}

impl Snapshot {
    /// The users within a range who have any interaction; [`UserRange::default`] is all of them. Sessions
    /// that never became a user's are among them, by their ids. Cost: as a scan of no fields, which decodes timestamps
    /// alone; memory of one batch.
    ///
    /// # Errors
    /// As [`Snapshot::scan`]; the iterator gives `Corruption` when bytes it needs are damaged.
    pub fn users(&self, range: UserRange) -> Result<Users> {
        let query = ScanQuery {
            users: range,
            projection: Projection::Names(Vec::new()),
            ..ScanQuery::default()
        };
        let scan = self.scan(&query)?;
        Ok(Users {
            batch: scan.new_batch(),
            scan,
            next: 0,
            last: None,
            ended: false,
        })
    }
}

impl Users {
    fn find(&mut self) -> Result<Option<String>> {
        loop {
            let rest = self.batch.users.get(self.next..).unwrap_or_default();
            let Some(code) = rest.first().copied() else {
                self.next = 0;
                if !self.scan.read(&mut self.batch)? {
                    return Ok(None);
                }
                continue;
            };
            self.next += rest.iter().take_while(|user| **user == code).count();
            let id = self.batch.ids()?.get(code)?;
            if self.last.as_deref() != Some(id) {
                let id = id.to_owned();
                self.last = Some(id.clone());
                return Ok(Some(id));
            }
        }
    }
}

impl Iterator for Users {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let found = self.find().transpose();
        // Behind an error nothing follows: it would be another place of the same scan.
        self.ended = !matches!(found, Some(Ok(_)));
        found
    }
}
