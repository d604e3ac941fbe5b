//! What each rule of a selection left out.

use serde::{Deserialize, Serialize};

/// Rows that each rule of a selection left out, of those that the rules before left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Dropped {
    /// Of another origin.
    pub origin: u64,
    /// Outside of the time range.
    pub time: u64,
    /// Of a commit that was not asked for.
    pub after: u64,
    /// Of another event type, or below the least value of theirs.
    pub events: u64,
    /// Of sessions that never became users.
    pub sessions: u64,
    /// Equal to an earlier row.
    pub distinct: u64,
    /// Of items with too few interactions.
    pub min_item_events: u64,
    /// Of users with too few interactions.
    pub min_user_events: u64,
    /// Older than the newest of the store.
    pub newest: u64,
    /// Older than the newest of their user.
    pub newest_per_user: u64,
    /// Beyond the limit.
    pub limit: u64,
}

impl Dropped {
    /// The rules with their counts, in the order in which they apply.
    pub fn by_rule(&self) -> [(&'static str, u64); 11] {
        [
            ("origin", self.origin),
            ("time", self.time),
            ("after", self.after),
            ("events", self.events),
            ("sessions", self.sessions),
            ("distinct", self.distinct),
            ("min_item_events", self.min_item_events),
            ("min_user_events", self.min_user_events),
            ("newest", self.newest),
            ("newest_per_user", self.newest_per_user),
            ("limit", self.limit),
        ]
    }

    /// All of them.
    pub fn sum(&self) -> u64 {
        self.by_rule().iter().map(|(_, rows)| rows).sum()
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.after += other.after;
        self.origin += other.origin;
        self.time += other.time;
        self.events += other.events;
        self.sessions += other.sessions;
        self.distinct += other.distinct;
        self.min_item_events += other.min_item_events;
        self.min_user_events += other.min_user_events;
        self.newest += other.newest;
        self.newest_per_user += other.newest_per_user;
        self.limit += other.limit;
    }
}
