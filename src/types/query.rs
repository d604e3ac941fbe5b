//! What a read asks for.

use serde::{Deserialize, Serialize};

use super::{FieldId, Result, Schema};

/// A half-open range of timestamps, in epoch seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// First timestamp inside.
    pub since: i64,
    /// First timestamp after; `None` for no end.
    pub until: Option<i64>,
}

impl TimeRange {
    /// Every timestamp.
    pub const ALL: Self = Self {
        since: i64::MIN,
        until: None,
    };

    /// `since` inclusive, `until` exclusive; `None` for no bound.
    pub fn new(since: Option<i64>, until: Option<i64>) -> Self {
        Self {
            since: since.unwrap_or(i64::MIN),
            until,
        }
    }

    /// Whether the range holds `timestamp`.
    pub fn contains(&self, timestamp: i64) -> bool {
        timestamp >= self.since && self.until.is_none_or(|until| timestamp < until)
    }

    /// Whether the range holds everything from `min` to `max`, both inclusive.
    pub(crate) fn covers(&self, min: i64, max: i64) -> bool {
        self.contains(min) && self.contains(max)
    }

    /// Whether the range holds anything from `min` to `max`, both inclusive.
    pub(crate) fn meets(&self, min: i64, max: i64) -> bool {
        max >= self.since && self.until.is_none_or(|until| min < until)
    }
}

impl Default for TimeRange {
    fn default() -> Self {
        Self::ALL
    }
}

/// Which fields a read gives. User and timestamp always come; they cost next to nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Projection {
    /// Every field of the schema.
    #[default]
    All,
    /// The fields with these names.
    Names(Vec<String>),
}

impl Projection {
    /// The fields with these names.
    pub fn names<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::Names(names.into_iter().map(Into::into).collect())
    }

    /// A flag for each field of the schema: whether it is asked for.
    pub(crate) fn resolve(&self, schema: &Schema) -> Result<Vec<bool>> {
        match self {
            Self::All => Ok(vec![true; schema.fields().len()]),
            Self::Names(names) => {
                let mut asked = vec![false; schema.fields().len()];
                for name in names {
                    let id: FieldId = schema.require(name)?;
                    if let Some(flag) = asked.get_mut(id) {
                        *flag = true;
                    }
                }
                Ok(asked)
            }
        }
    }
}

/// The order of a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By falling timestamp; equal timestamps by falling arrival.
    #[default]
    NewestFirst,
    /// By rising timestamp; equal timestamps by arrival.
    OldestFirst,
}

/// What to read of one user's history. The default is everything, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    /// At most so many interactions: the newest, or the oldest when `order` says so. Default: all.
    pub limit: Option<usize>,
    /// Only these event types, matched without regard to ASCII case; empty for all.
    pub event_types: Vec<String>,
    /// Only timestamps within.
    pub time: TimeRange,
    /// Which fields.
    pub projection: Projection,
    /// Newest or oldest first.
    pub order: Order,
    /// Whether [`History::copy_text`](crate::History::copy_text) follows: strings of a large dictionary
    /// are asked for from memory as soon as their codes are known, and come while other fields are copied: that
    /// with the most strings is best copied last. It changes nothing but how long both take. Default: false.
    pub copies_text: bool,
}

/// A half-open range of user ids, in the order of their UTF-8 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRange {
    /// First user inside; `None` for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First user after; `None` for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl UserRange {
    /// Whether the range holds `user`.
    pub fn contains(&self, user: &str) -> bool {
        self.from.as_deref().is_none_or(|from| user >= from)
            && self.to.as_deref().is_none_or(|to| user < to)
    }

    /// The users that are in both ranges; where there are none, a range that ends where it begins.
    pub(crate) fn within(&self, other: &Self) -> Self {
        let from = self.from.as_ref().max(other.from.as_ref()).cloned();
        // None is no bound, and orders before all.
        let to = match (&self.to, &other.to) {
            (Some(own), Some(other)) => Some(own.min(other).clone()),
            (own, other) => own.as_ref().or(other.as_ref()).cloned(),
        };
        match (&from, &to) {
            (Some(first), Some(end)) if first > end => Self {
                to: from.clone(),
                from,
            },
            _ => Self { from, to },
        }
    }

    /// Whether the range holds anything from `min` to `max`, both inclusive.
    pub(crate) fn meets(&self, min: &str, max: &str) -> bool {
        self.from.as_deref().is_none_or(|from| max >= from)
            && self.to.as_deref().is_none_or(|to| min < to)
    }
}

/// The order of a scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScanOrder {
    /// By user id, then timestamp, then arrival, over the whole store.
    #[default]
    UserTime,
    /// Part by part, each in user and timestamp order: cheaper, nothing is merged.
    Any,
}

/// How rows came into the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origins {
    /// By imports and one by one.
    #[default]
    All,
    /// By bulk imports.
    Bulk,
    /// One by one: by writes and event requests.
    Put,
}

impl Origins {
    /// Whether rows that were recorded one by one, or else imported, are among them.
    pub(crate) fn contain(self, recorded: bool) -> bool {
        match self {
            Self::All => true,
            Self::Bulk => !recorded,
            Self::Put => recorded,
        }
    }
}

/// What to read of the whole store. The default is everything in user and timestamp order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanQuery {
    /// Only timestamps within.
    pub time: TimeRange,
    /// Only users within.
    pub users: UserRange,
    /// Only these event types, matched without regard to ASCII case; empty for all.
    pub event_types: Vec<String>,
    /// Only rows that came so.
    pub origins: Origins,
    /// Which fields.
    pub projection: Projection,
    /// The order of the rows.
    pub order: ScanOrder,
    /// Whether batches say of each row with which commit it came, and whether it was recorded one by
    /// one ([`Columns::sequences`](crate::Columns::sequences),
    /// [`Columns::recorded`](crate::Columns::recorded)). Default: false.
    pub arrival: bool,
    /// Whether a session that stands in as a user comes under its key, its id and U+0000, and not under
    /// its id alone, as a user of that name does. Default: false.
    pub session_keys: bool,
    /// Rows of a batch, at most. Default 8,192: what a batch of a few columns of strings
    /// takes stays near the processor.
    pub batch_rows: usize,
}

impl Default for ScanQuery {
    fn default() -> Self {
        Self {
            time: TimeRange::ALL,
            users: UserRange::default(),
            event_types: Vec::new(),
            origins: Origins::All,
            projection: Projection::All,
            order: ScanOrder::UserTime,
            arrival: false,
            session_keys: false,
            batch_rows: 1 << 13,
        }
    }
}

/// What one tier is asked for about one user: a query with its names resolved and the snapshot's
/// view fixed.
#[derive(Clone, Debug)]
pub struct TierQuery {
    /// At most so many rows.
    pub limit: usize,
    /// Which end the limit counts from. The rows come in rising order either way.
    pub newest: bool,
    /// Only these event types, without regard to ASCII case; empty for all.
    pub event_types: Vec<String>,
    /// Only timestamps within.
    pub time: TimeRange,
    /// Only rows of commits up to this sequence number.
    pub visible: u64,
    /// A flag for each schema field: whether its column is filled.
    pub asked: Vec<bool>,
    /// Whether the sequence column is filled.
    pub sequences: bool,
    /// Whether strings are about to be copied out.
    pub copies_text: bool,
}

impl TierQuery {
    /// The same of rows from a time on.
    pub(crate) fn from(mut self, since: i64) -> Self {
        self.time.since = self.time.since.max(since);
        self
    }

    /// The newest row's timestamp.
    pub(crate) fn newest_time() -> Self {
        Self {
            limit: 1,
            newest: true,
            event_types: Vec::new(),
            time: TimeRange::ALL,
            visible: u64::MAX,
            asked: Vec::new(),
            sequences: false,
            copies_text: false,
        }
    }

    /// Every row, column and sequence number.
    pub fn everything(schema: &Schema) -> Self {
        Self {
            limit: usize::MAX,
            newest: true,
            event_types: Vec::new(),
            time: TimeRange::ALL,
            visible: u64::MAX,
            asked: vec![true; schema.fields().len()],
            sequences: true,
            copies_text: false,
        }
    }
}
