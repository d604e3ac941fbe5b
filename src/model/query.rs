//! What a read asks for.

use serde::{Deserialize, Serialize};

use super::{FieldHint, FieldId, Hint, Result, Schema};

/// A half-open range of timestamps, in epoch seconds. The default is every timestamp.
///
/// ```
/// use annals::TimeRange;
///
/// let day = TimeRange::since(1_700_006_400).until(1_700_092_800);
/// assert!(day.contains(1_700_006_400) && !day.contains(1_700_092_800));
/// assert_eq!(TimeRange::ALL.until(60), TimeRange::new(None, Some(60)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
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

    /// From `since` on, inclusive, without an end.
    pub fn since(since: i64) -> Self {
        Self::new(Some(since), None)
    }

    /// The same with an end: the first timestamp after the range, or `None` for no end. A range that ends where it
    /// begins, or before, holds nothing.
    #[must_use]
    pub fn until(mut self, until: impl Into<Option<i64>>) -> Self {
        self.until = until.into();
        self
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
///
/// Each field has a method of its name, which sets it and says what it is by default.
///
/// ```
/// use annals::{HistoryQuery, Projection, TimeRange};
///
/// let query = HistoryQuery::default()
///     .limit(100)
///     .event_types(["view"])
///     .time(TimeRange::since(1_700_000_000))
///     .projection(Projection::names(["ITEM_ID"]));
/// assert_eq!(query.limit, Some(100));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryQuery {
    /// At most so many interactions; `None` for all.
    pub limit: Option<usize>,
    /// Only these event types; empty for all.
    pub event_types: Vec<String>,
    /// Only timestamps within.
    pub time: TimeRange,
    /// Which fields.
    pub projection: Projection,
    /// Newest or oldest first.
    pub order: Order,
    /// Whether [`History::copy_text`](crate::History::copy_text) follows.
    pub copies_text: bool,
}

impl HistoryQuery {
    /// At most so many interactions: the newest, or the oldest when the [order](Self::order()) says so. Any number; 0
    /// gives none. Default: `None`, which is all.
    #[must_use]
    pub fn limit(mut self, limit: impl Into<Option<usize>>) -> Self {
        self.limit = limit.into();
        self
    }

    /// Only these event types, matched without regard to ASCII case; none for all. A type that the store never saw
    /// matches nothing. Default: all.
    #[must_use]
    pub fn event_types<S: Into<String>>(mut self, types: impl IntoIterator<Item = S>) -> Self {
        self.event_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Only timestamps within, in epoch seconds. Default: [`TimeRange::ALL`].
    #[must_use]
    pub fn time(mut self, time: TimeRange) -> Self {
        self.time = time;
        self
    }

    /// Which fields. The read is an `InvalidInput` error for a name that the schema does not have. Default: all.
    #[must_use]
    pub fn projection(mut self, projection: Projection) -> Self {
        self.projection = projection;
        self
    }

    /// Newest or oldest first. Default: [`Order::NewestFirst`].
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Whether [`History::copy_text`](crate::History::copy_text) follows: strings of a large dictionary
    /// are asked for from memory as soon as their codes are known, and come while other fields are copied: that
    /// with the most strings is best copied last. It changes nothing but how long both take. Default: false.
    #[must_use]
    pub fn copies_text(mut self, copies: bool) -> Self {
        self.copies_text = copies;
        self
    }
}

/// A half-open range of user ids, in the order of their UTF-8 bytes. The default is every user.
///
/// ```
/// use annals::query::UserRange;
///
/// let range = UserRange::default().from("b").to("c");
/// assert!(range.contains("bea") && !range.contains("carl"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UserRange {
    /// First user inside; `None` for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// First user after; `None` for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl UserRange {
    /// `from` inclusive, `to` exclusive; `None` for no bound.
    pub fn new(from: Option<String>, to: Option<String>) -> Self {
        Self { from, to }
    }

    /// The same from this user on, inclusive. Default: from the first.
    #[must_use]
    pub fn from(mut self, user: impl Into<String>) -> Self {
        self.from = Some(user.into());
        self
    }

    /// The same up to this user, exclusive. A range that ends where it begins, or before, holds nothing. Default: to
    /// the last.
    #[must_use]
    pub fn to(mut self, user: impl Into<String>) -> Self {
        self.to = Some(user.into());
        self
    }

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
///
/// Each field has a method of its name, which sets it and says what it is by default.
///
/// ```
/// use annals::{Projection, ScanQuery, TimeRange};
/// use annals::query::ScanOrder;
///
/// let query = ScanQuery::default()
///     .time(TimeRange::since(1_700_000_000))
///     .projection(Projection::names(["ITEM_ID"]))
///     .order(ScanOrder::Any);
/// assert_eq!(query.time.since, 1_700_000_000);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanQuery {
    /// Only timestamps within.
    pub time: TimeRange,
    /// Only users within.
    pub users: UserRange,
    /// Only these event types; empty for all.
    pub event_types: Vec<String>,
    /// What the rows that are wanted meet, all of them: rows that do not may come, too, see [`Hint`]. Default: none.
    pub hints: Vec<Hint>,
    /// Only rows that came so.
    pub origins: Origins,
    /// Which fields.
    pub projection: Projection,
    /// The order of the rows.
    pub order: ScanOrder,
    /// Whether batches say with which commit each row came.
    pub arrival: bool,
    /// Whether sessions that stand in as users come under their keys.
    pub session_keys: bool,
    /// Rows of a batch, at most.
    pub batch_rows: usize,
}

impl Default for ScanQuery {
    fn default() -> Self {
        Self {
            time: TimeRange::ALL,
            users: UserRange::default(),
            event_types: Vec::new(),
            hints: Vec::new(),
            origins: Origins::All,
            projection: Projection::All,
            order: ScanOrder::UserTime,
            arrival: false,
            session_keys: false,
            batch_rows: 1 << 13,
        }
    }
}

impl ScanQuery {
    /// Only timestamps within, in epoch seconds. Default: [`TimeRange::ALL`].
    #[must_use]
    pub fn time(mut self, time: TimeRange) -> Self {
        self.time = time;
        self
    }

    /// Only users within. The scan is an `InvalidInput` error for a bound that holds U+0000. Default: all.
    #[must_use]
    pub fn users(mut self, users: UserRange) -> Self {
        self.users = users;
        self
    }

    /// Only these event types, matched without regard to ASCII case; none for all. A type that the store never saw
    /// matches nothing. Default: all.
    #[must_use]
    pub fn event_types<S: Into<String>>(mut self, types: impl IntoIterator<Item = S>) -> Self {
        self.event_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Only rows that came so. Default: [`Origins::All`].
    #[must_use]
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// Which fields. The scan is an `InvalidInput` error for a name that the schema does not have. Default: all.
    #[must_use]
    pub fn projection(mut self, projection: Projection) -> Self {
        self.projection = projection;
        self
    }

    /// The order of the rows. Default: [`ScanOrder::UserTime`].
    #[must_use]
    pub fn order(mut self, order: ScanOrder) -> Self {
        self.order = order;
        self
    }

    /// Whether batches say of each row with which commit it came, and whether it was recorded one by
    /// one ([`Columns::sequences`](crate::columns::Columns::sequences),
    /// [`Columns::recorded`](crate::columns::Columns::recorded)). Default: false.
    #[must_use]
    pub fn arrival(mut self, arrival: bool) -> Self {
        self.arrival = arrival;
        self
    }

    /// Whether a session that stands in as a user comes under its key, its id and U+0000, and not under
    /// its id alone, as a user of that name does. Default: false.
    #[must_use]
    pub fn session_keys(mut self, keys: bool) -> Self {
        self.session_keys = keys;
        self
    }

    /// What rows that are wanted meet; rows that do not may come, too. Default: nothing.
    ///
    /// # Errors
    /// When it is read, `InvalidInput` for a hint that does not fit its field.
    #[must_use]
    pub fn hints(mut self, hints: impl IntoIterator<Item = Hint>) -> Self {
        self.hints = hints.into_iter().collect();
        self
    }

    /// Rows of a batch, at most; the scan is an `InvalidInput` error for 0. Default 8,192: what a batch of a few
    /// columns of strings takes stays near the processor.
    #[must_use]
    pub fn batch_rows(mut self, rows: usize) -> Self {
        self.batch_rows = rows;
        self
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
    /// What rows may be passed over by, where that is known of many at once. Cursors alone look at it.
    pub hints: Vec<FieldHint>,
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
            hints: Vec::new(),
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
            hints: Vec::new(),
        }
    }
}
