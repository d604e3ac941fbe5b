//! Rows in the order of their commits, changed in place.

use std::collections::{BTreeMap, BTreeSet};

use annals::Retention;

use crate::support::model::Deleted;

/// The store's clock at the begin, in epoch seconds.
pub(super) const START: u64 = 1000;

#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// The user, or the session that stands in.
    pub(super) owner: String,
    pub(super) is_session: bool,
    pub(super) item: String,
    pub(super) at: i64,
    pub(super) event_type: String,
    pub(super) count: i64,
    pub(super) score: Option<f32>,
    pub(super) impression: Vec<String>,
    pub(super) recommendation: Option<String>,
    pub(super) source: Option<String>,
    pub(super) bulk: bool,
    pub(super) sequence: u64,
}

#[derive(Clone, Debug)]
enum Known {
    Awaited(u64, u64),
    Recorded(Vec<String>),
}

#[derive(Clone, Default)]
pub(super) struct Model {
    pub(super) rows: Vec<Row>,
    pub(super) sequence: u64,
    pub(super) retention: Retention,
    /// Seconds since the begin.
    pub(super) now: u64,
    sessions: BTreeMap<String, String>,
    known: BTreeMap<String, Known>,
    ids: BTreeSet<u32>,
    /// Users of whom everything was deleted since the last purge.
    gone: BTreeSet<String>,
    /// Whether anything was.
    pub(super) purgeable: Vec<()>,
}

impl Model {
    pub(super) fn assert_sequence(&self, sequence: u64) {
        assert_eq!(sequence, self.sequence);
    }

    pub(super) fn put(
        &mut self,
        session: &str,
        user: Option<&str>,
        id: Option<u32>,
        rows: &[Row],
        [has_impressions, has_recommendations]: [bool; 2],
    ) {
        let rows = match id {
            Some(id) if !self.ids.insert(id) => return,
            Some(_) => &rows[..1],
            None => rows,
        };
        self.sequence += 1;
        let known = self.sessions.get(session).cloned();
        let (owner, is_session) = match user.or(known.as_deref()) {
            Some(user) => (user.to_owned(), false),
            None => (session.to_owned(), true),
        };
        if let Some(user) = user {
            if known.is_none() {
                let own = |row: &&mut Row| row.is_session && row.owner == session;
                for row in self.rows.iter_mut().filter(own) {
                    (row.owner, row.is_session) = (user.to_owned(), false);
                }
            }
            self.sessions.insert(session.to_owned(), user.to_owned());
        }
        for row in rows {
            let mut row = Row {
                owner: owner.clone(),
                is_session,
                sequence: self.sequence,
                score: None,
                ..row.clone()
            };
            if let (Some(id), true) = (&row.recommendation, has_recommendations) {
                match self.known.get(id).cloned() {
                    Some(Known::Recorded(items)) => {
                        if row.impression.is_empty() && has_impressions {
                            row.impression = items;
                        }
                        row.source = Some("home".to_owned());
                    }
                    known => {
                        let first = match known {
                            Some(Known::Awaited(first, _)) => first,
                            _ => self.sequence,
                        };
                        self.known
                            .insert(id.clone(), Known::Awaited(first, self.sequence));
                    }
                }
            }
            self.rows.push(row);
        }
    }

    pub(super) fn write(&mut self, rows: &[Row]) {
        if !rows.is_empty() {
            self.add(rows, false);
        }
    }

    pub(super) fn import(&mut self, rows: &[Row], full: bool) {
        if full {
            self.rows.retain(|row| !row.bulk);
        } else if rows.is_empty() {
            return;
        }
        self.add(rows, true);
    }

    fn add(&mut self, rows: &[Row], bulk: bool) {
        self.sequence += 1;
        let sequence = self.sequence;
        let stored = rows.iter().map(|row| Row {
            bulk,
            sequence,
            ..row.clone()
        });
        self.rows.extend(stored);
    }

    pub(super) fn recommend(&mut self, id: &str, items: &[String], has_impressions: bool) {
        let awaited = match self.known.get(id) {
            Some(Known::Recorded(_)) => return,
            Some(Known::Awaited(first, last)) => Some(*first..=*last),
            None => None,
        };
        self.sequence += 1;
        self.known
            .insert(id.to_owned(), Known::Recorded(items.to_vec()));
        let Some(awaited) = awaited else { return };
        let waits = |row: &&mut Row| {
            !row.bulk
                && row.recommendation.as_deref() == Some(id)
                && awaited.contains(&row.sequence)
        };
        for row in self.rows.iter_mut().filter(waits) {
            if row.impression.is_empty() && has_impressions {
                row.impression = items.to_vec();
            }
            row.source.get_or_insert_with(|| "home".to_owned());
        }
    }

    pub(super) fn delete(&mut self, deleted: &Deleted) {
        self.sequence += 1;
        self.purgeable.push(());
        match deleted {
            Deleted::Item(item) => {
                self.rows.retain(|row| row.item != *item);
                for row in &mut self.rows {
                    row.impression.retain(|shown| shown != item);
                }
                for known in self.known.values_mut() {
                    if let Known::Recorded(items) = known {
                        items.retain(|shown| shown != item);
                    }
                }
            }
            Deleted::OfUsers {
                users,
                item,
                since,
                until,
            } => {
                self.rows.retain(|row| {
                    !(users.contains(&row.owner)
                        && item.as_ref().is_none_or(|item| *item == row.item)
                        && since.is_none_or(|since| row.at >= since)
                        && until.is_none_or(|until| row.at < until))
                });
                if item.is_none() && since.is_none() && until.is_none() {
                    self.gone.extend(users.iter().cloned());
                }
            }
        }
    }

    pub(super) fn expire(&mut self) {
        let now = (START + self.now) as i64;
        let retention = self.retention.clone();
        let before = |age: u64| now - age as i64;
        if let Some(age) = retention.max_age_seconds {
            self.rows.retain(|row| row.at >= before(age));
        }
        for (name, age) in &retention.max_age_seconds_of {
            self.rows
                .retain(|row| row.at >= before(*age) || !row.event_type.eq_ignore_ascii_case(name));
        }
        if let Some(age) = retention.session_seconds {
            let mut newest: BTreeMap<String, i64> = BTreeMap::new();
            for row in self.rows.iter().filter(|row| row.is_session) {
                let at = newest.entry(row.owner.clone()).or_insert(row.at);
                *at = row.at.max(*at);
            }
            self.rows
                .retain(|row| !row.is_session || newest[&row.owner] >= before(age));
        }
        if let Some(count) = retention.newest_of_user {
            let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
            for row in &self.rows {
                times.entry(row.owner.clone()).or_default().push(row.at);
            }
            for times in times.values_mut() {
                times.sort_by_key(|at| std::cmp::Reverse(*at));
                times.truncate(count as usize);
            }
            self.rows
                .retain(|row| times[&row.owner].last().is_some_and(|at| row.at >= *at));
        }
    }

    /// Whose sessions are forgotten.
    pub(super) fn purge(&mut self) {
        let used = self.users();
        let gone = std::mem::take(&mut self.gone);
        self.sessions
            .retain(|_, user| !gone.contains(user) || used.contains(user));
        self.purgeable.clear();
    }

    pub(super) fn users(&self) -> Vec<String> {
        let users: BTreeSet<&String> = self.rows.iter().map(|row| &row.owner).collect();
        users.into_iter().cloned().collect()
    }

    /// The rows in the order of a scan.
    pub(super) fn lines(&self, is_asked: impl Fn(&Row) -> bool) -> Vec<String> {
        let mut rows: Vec<&Row> = self.rows.iter().filter(|row| is_asked(row)).collect();
        rows.sort_by_key(|row| (&row.owner, row.at, row.sequence));
        rows.iter().map(|row| row.line()).collect()
    }
}

impl Row {
    fn line(&self) -> String {
        format!(
            "{},{},{},{},{},{},{},{},{}",
            self.owner,
            self.item,
            self.at,
            self.event_type,
            self.count,
            self.score
                .map_or(String::new(), |score| f64::from(score).to_string()),
            self.impression.join("|"),
            self.recommendation.as_deref().unwrap_or_default(),
            self.source.as_deref().unwrap_or_default()
        )
    }
}
