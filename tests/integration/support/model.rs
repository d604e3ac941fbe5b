//! What a store should answer: a sorted map.

use std::collections::{BTreeMap, BTreeSet};

use annals::query::{ScanOrder, UserRange};
use annals::{
    Deletion, HistoryQuery, ImportMode, Order, Projection, ScanQuery, Snapshot, TimeRange, Value,
};

use super::hints::HintOn;
use super::read::{self, Line, line};
use super::record::Record;

/// The rows of a store, in (user, timestamp, arrival) order.
#[derive(Clone, Default)]
pub(crate) struct Model {
    rows: BTreeMap<Key, Stored>,
    pub(crate) sequence: u64,
}

type Key = (String, i64, u64, usize);

#[derive(Clone)]
struct Stored {
    record: Record,
    bulk: bool,
}

/// What is deleted.
#[derive(Clone, Debug)]
pub(crate) enum Deleted {
    OfUsers {
        users: Vec<String>,
        item: Option<String>,
        since: Option<i64>,
        until: Option<i64>,
    },
    Item(String),
}

impl Deleted {
    pub(crate) fn deletion(&self) -> Deletion {
        match self {
            Self::Item(item) => Deletion::item(item),
            Self::OfUsers {
                users,
                item,
                since,
                until,
            } => {
                let mut deletion = Deletion::users(users);
                if let Some(item) = item {
                    deletion = deletion.with_item(item);
                }
                if let Some(since) = since {
                    deletion = deletion.since(*since);
                }
                if let Some(until) = until {
                    deletion = deletion.until(*until);
                }
                deletion
            }
        }
    }
}

impl Model {
    /// A deletion that was committed.
    pub(crate) fn delete(&mut self, deleted: &Deleted) {
        self.sequence += 1;
        match deleted {
            Deleted::Item(item) => {
                self.rows.retain(|_, row| row.record.item != *item);
                for row in self.rows.values_mut() {
                    row.record.impression.retain(|shown| shown != item);
                }
            }
            Deleted::OfUsers {
                users,
                item,
                since,
                until,
            } => {
                let time = TimeRange::new(*since, *until);
                self.rows.retain(|(user, at, _, _), row| {
                    let is_item = item.as_ref().is_none_or(|item| *item == row.record.item);
                    !(users.contains(user) && time.contains(*at) && is_item)
                });
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A batch that was written.
    pub(crate) fn write(&mut self, records: &[Record]) {
        if !records.is_empty() {
            self.add(records, false);
        }
    }

    /// An import that was committed.
    pub(crate) fn import(&mut self, records: &[Record], mode: ImportMode) {
        match mode {
            ImportMode::Full => self.rows.retain(|_, row| !row.bulk),
            ImportMode::Incremental if records.is_empty() => return,
            ImportMode::Incremental => {}
        }
        self.add(records, true);
    }

    fn add(&mut self, records: &[Record], bulk: bool) {
        self.sequence += 1;
        for (index, record) in records.iter().enumerate() {
            let key = (record.user.clone(), record.timestamp, self.sequence, index);
            let record = record.clone();
            self.rows.insert(key, Stored { record, bulk });
        }
    }

    pub(crate) fn users(&self) -> BTreeSet<&str> {
        self.rows.keys().map(|key| key.0.as_str()).collect()
    }

    fn matching<'a>(
        &'a self,
        users: &'a UserRange,
        time: TimeRange,
        event_types: &'a [String],
    ) -> impl Iterator<Item = &'a Record> + 'a {
        let records = self.rows.values().map(|row| &row.record);
        records.filter(move |record| {
            let asked = |asked: &String| asked.eq_ignore_ascii_case(&record.event_type);
            users.contains(&record.user)
                && time.contains(record.timestamp)
                && (event_types.is_empty() || event_types.iter().any(asked))
        })
    }

    pub(crate) fn scan(&self, query: &ScanQuery) -> Vec<Line> {
        self.matching(&query.users, query.time, &query.event_types)
            .map(|record| projected(record, &query.projection))
            .collect()
    }

    pub(crate) fn history(&self, user: &str, query: &HistoryQuery) -> Vec<Line> {
        let all = UserRange::default();
        let mut found: Vec<Line> = self
            .matching(&all, query.time, &query.event_types)
            .filter(|record| record.user == user)
            .map(|record| projected(record, &query.projection))
            .collect();
        if query.order == Order::NewestFirst {
            found.reverse();
        }
        found.truncate(query.limit.unwrap_or(usize::MAX));
        found
    }

    pub(crate) fn unseen(&self, user: &str, candidates: &[&str], types: &[String]) -> Vec<bool> {
        let all = UserRange::default();
        let seen: BTreeSet<&str> = self
            .matching(&all, TimeRange::ALL, types)
            .filter(|record| record.user == user)
            .map(|record| record.item.as_str())
            .collect();
        candidates.iter().map(|item| !seen.contains(item)).collect()
    }

    /// Compares everything that a snapshot shows.
    pub(crate) fn assert_equals(&self, snapshot: &Snapshot) {
        assert_eq!(snapshot.sequence(), self.sequence);
        let all = ScanQuery::default();
        assert_eq!(read::scan(snapshot, &all), self.scan(&all));
        self.assert_scans(snapshot, &all.order(ScanOrder::Any));
        for user in self.users() {
            let query = HistoryQuery::default();
            assert_eq!(
                read::history(snapshot, user, &query),
                self.history(user, &query)
            );
        }
    }

    /// Compares a scan with hints: every row comes that meets them, and none that is not there.
    pub(crate) fn assert_hinted(&self, snapshot: &Snapshot, query: &ScanQuery, hints: &[HintOn]) {
        let hinted = query.clone().hints(hints.iter().map(HintOn::hint));
        let mut found = read::scan(snapshot, &hinted);
        let mut all = self.scan(query);
        let mut wanted: Vec<Line> = self
            .matching(&query.users, query.time, &query.event_types)
            .filter(|record| hints.iter().all(|hint| hint.meets(record)))
            .map(|record| projected(record, &query.projection))
            .collect();
        if query.order == ScanOrder::Any {
            for lines in [&mut found, &mut all, &mut wanted] {
                lines.sort();
            }
        }
        assert!(
            is_within(&wanted, &found),
            "{hinted:?}: {wanted:?} in {found:?}"
        );
        assert!(is_within(&found, &all), "{hinted:?}: {found:?} in {all:?}");
    }

    /// Compares a scan: in order where the query asks for one.
    pub(crate) fn assert_scans(&self, snapshot: &Snapshot, query: &ScanQuery) {
        let (mut found, mut want) = (read::scan(snapshot, query), self.scan(query));
        if query.order == ScanOrder::Any {
            found.sort();
            want.sort();
        }
        assert_eq!(found, want, "{query:?}");
    }
}

/// Whether the lines of a part come in the same order in the whole.
fn is_within(part: &[Line], whole: &[Line]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|line| whole.any(|other| other == line))
}

/// User and timestamp always come.
fn projected(record: &Record, projection: &Projection) -> Line {
    let schema = super::schema();
    let mut values = record.values();
    if let Projection::Names(names) = projection {
        for (field, value) in schema.fields().iter().zip(&mut values) {
            let kept = ["USER_ID", "TIMESTAMP"].contains(&field.name());
            if !kept && !names.iter().any(|name| name == field.name()) {
                *value = Value::Null;
            }
        }
    }
    line(&values)
}
