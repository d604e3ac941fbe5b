//! The rule of retention that keeps the newest interactions of each user.

use std::sync::atomic::Ordering;

use super::history::History;
use crate::hot::Tombstone;
use crate::model::{HistoryQuery, Projection, Result, ScanQuery, TimeRange};
use crate::store::engine::{Engine, Snapshot};

impl Engine {
    /// Hides what is older than the newest `count` interactions of each user. Cost: a scan of timestamps alone,
    /// where anything was committed since the last one; and a commit for each user who has older ones.
    pub(in crate::store) fn drop_beyond_newest(&self, count: usize) -> Result<()> {
        let snapshot = self.snapshot();
        if self.newest_swept.load(Ordering::Acquire) == snapshot.visible {
            return Ok(());
        }
        snapshot.each_user(|user, rows| match rows > count {
            true => self.drop_before_newest(user, count),
            false => Ok(()),
        })?;
        self.newest_swept.store(snapshot.visible, Ordering::Release);
        Ok(())
    }

    fn drop_before_newest(&self, user: &str, count: usize) -> Result<()> {
        self.append_expiry(|sequence| {
            // Others may have written or deleted meanwhile.
            let snapshot = self.snapshot();
            let Some(oldest) = snapshot.oldest_of_newest(user, count)? else {
                return Ok(None);
            };
            Ok(Some(Tombstone {
                sequence,
                keys: snapshot.version.keys_of(&[user.to_owned()]),
                item: None,
                event_type: None,
                time: TimeRange::new(None, Some(oldest)),
                by_retention: true,
            }))
        })
    }
}

impl Snapshot {
    /// Gives `visit` each user, and how many interactions are the user's.
    fn each_user(&self, mut visit: impl FnMut(&str, usize) -> Result<()>) -> Result<()> {
        let mut scan = self.scan(&ScanQuery {
            projection: Projection::Names(Vec::new()),
            ..ScanQuery::default()
        })?;
        let mut batch = scan.new_batch();
        let (mut user, mut rows) = (String::new(), 0);
        while scan.read(&mut batch)? {
            for run in batch.users.chunk_by(|a, b| a == b) {
                let Some(code) = run.first() else { continue };
                let id = batch.ids()?.get(*code)?;
                if id != user {
                    if rows > 0 {
                        visit(&user, rows)?;
                    }
                    (user, rows) = (id.to_owned(), 0);
                }
                rows += run.len();
            }
        }
        match rows {
            0 => Ok(()),
            _ => visit(&user, rows),
        }
    }

    /// The timestamp of the oldest of the newest `count` interactions of a user who has any from before it.
    fn oldest_of_newest(&self, user: &str, count: usize) -> Result<Option<i64>> {
        let newest = HistoryQuery {
            limit: Some(count),
            projection: Projection::Names(Vec::new()),
            ..HistoryQuery::default()
        };
        let mut history = History::new();
        self.history(user, &newest, &mut history)?;
        let Some(oldest) = history.iter().last().map(|event| event.timestamp()) else {
            return Ok(None);
        };
        let before = HistoryQuery {
            limit: Some(1),
            time: TimeRange::new(None, Some(oldest)),
            ..newest
        };
        self.history(user, &before, &mut history)?;
        Ok((!history.is_empty()).then_some(oldest))
    }
}
