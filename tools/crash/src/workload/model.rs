//! What a store should show after the first commits of a plan, as lines of text.

use std::collections::{BTreeMap, BTreeSet};

use annals::ImportMode;

use super::plan::{Commit, Deleted, Event, Plan, Record};

/// Values of a row in the order of the schema.
pub type Line = [String; 8];

#[derive(Clone, Debug)]
enum Owner {
    User(String),
    Session(String),
}

#[derive(Clone, Debug)]
struct Stored {
    owner: Owner,
    /// Timestamp, commit and position: the order of a user's rows.
    place: (i64, u64, usize),
    item: String,
    event_type: &'static str,
    impression: Vec<String>,
    recommendation: Option<String>,
    /// Whether the recommendation was not recorded yet when it was written.
    awaits: bool,
    note: Option<String>,
    bulk: bool,
}

#[derive(Default)]
pub struct Model {
    rows: Vec<Stored>,
    ids: BTreeSet<String>,
    /// First and newest user of each session.
    sessions: BTreeMap<String, (String, String)>,
    recommendations: BTreeMap<String, Vec<String>>,
    sequence: u64,
}

impl Model {
    /// The state after so many commits.
    pub fn after(plan: Plan, commits: u64) -> Self {
        let mut model = Self::default();
        model.go_on(plan, commits);
        model
    }

    /// Adds the commits that follow, up to the number `last`.
    pub fn go_on(&mut self, plan: Plan, last: u64) {
        while self.sequence < last {
            self.add(&plan.commit(self.sequence + 1));
        }
    }

    /// Adds a commit; gives the positions of its events that are left out.
    pub fn add(&mut self, commit: &Commit) -> Vec<usize> {
        self.sequence += 1;
        match commit {
            Commit::Write(records, _) => self.add_records(records, false),
            Commit::Import(records, mode) => {
                if *mode == ImportMode::Full {
                    self.rows.retain(|row| !row.bulk);
                }
                self.add_records(records, true);
            }
            Commit::Recommend { id, items, .. } => {
                self.recommend(id, items);
            }
            Commit::Put {
                session,
                user,
                events,
                ..
            } => return self.add_events(session, user.as_deref(), events),
            Commit::Delete { deleted, .. } => self.delete(deleted),
        }
        Vec::new()
    }

    fn add_records(&mut self, records: &[Record], bulk: bool) {
        for (position, record) in records.iter().enumerate() {
            self.rows.push(Stored {
                owner: Owner::User(record.user.clone()),
                place: (record.timestamp, self.sequence, position),
                item: record.item.clone(),
                event_type: record.event_type,
                impression: Vec::new(),
                recommendation: None,
                awaits: false,
                note: record.note.clone(),
                bulk,
            });
        }
    }

    fn add_events(&mut self, session: &str, user: Option<&str>, events: &[Event]) -> Vec<usize> {
        let known = self.sessions.get(session).cloned();
        let owner = match (user, &known) {
            (Some(user), _) => Owner::User(user.to_owned()),
            (None, Some((_, newest))) => Owner::User(newest.clone()),
            (None, None) => Owner::Session(session.to_owned()),
        };
        if let Some(user) = user {
            let first = known.map_or(user.to_owned(), |(first, _)| first);
            let users = (first, user.to_owned());
            self.sessions.insert(session.to_owned(), users);
        }
        let (mut left_out, mut position) = (Vec::new(), 0);
        for (index, event) in events.iter().enumerate() {
            if !self.ids.insert(event.id.clone()) {
                left_out.push(index);
                continue;
            }
            self.rows.push(Stored {
                owner: owner.clone(),
                place: (event.timestamp, self.sequence, position),
                item: event.item.clone(),
                event_type: event.event_type,
                impression: self.shown_at(event),
                recommendation: event.recommendation.clone(),
                awaits: (event.recommendation.as_ref())
                    .is_some_and(|id| !self.recommendations.contains_key(id)),
                note: None,
                bulk: false,
            });
            position += 1;
        }
        left_out
    }

    /// Its own impression, or the items of its recommendation where that is known by then.
    fn shown_at(&self, event: &Event) -> Vec<String> {
        let known = event.recommendation.as_ref();
        let known = known.and_then(|id| self.recommendations.get(id));
        match (event.impression.is_empty(), known) {
            (true, Some(items)) => items.clone(),
            _ => event.impression.clone(),
        }
    }

    /// Rows that waited for it get its items where they have no impression by now.
    fn recommend(&mut self, id: &str, items: &[String]) {
        for row in &mut self.rows {
            let is_named = row.recommendation.as_deref() == Some(id);
            if is_named && row.awaits && row.impression.is_empty() {
                row.impression = items.to_vec();
            }
            row.awaits &= !is_named;
        }
        self.recommendations.insert(id.to_owned(), items.to_vec());
    }

    fn delete(&mut self, deleted: &Deleted) {
        let mut rows = std::mem::take(&mut self.rows);
        match deleted {
            Deleted::User(user, until) => rows.retain(|row| {
                let is_older = until.is_none_or(|until| row.place.0 < until);
                self.shown(row) != *user || !is_older
            }),
            Deleted::Item(item) => {
                rows.retain(|row| row.item != *item);
                let shown = rows.iter_mut().map(|row| &mut row.impression);
                let shown = shown.chain(self.recommendations.values_mut());
                shown.for_each(|items| items.retain(|other| other != item));
            }
        }
        self.rows = rows;
    }

    /// Under whom a row is shown.
    fn shown(&self, row: &Stored) -> String {
        match &row.owner {
            Owner::User(user) => user.clone(),
            Owner::Session(session) => match self.sessions.get(session) {
                Some((first, _)) => first.clone(),
                None => session.clone(),
            },
        }
    }

    /// Every row as it is shown, by user and then by time.
    pub fn lines(&self) -> Vec<Line> {
        let mut rows: Vec<(String, &Stored)> =
            self.rows.iter().map(|row| (self.shown(row), row)).collect();
        rows.sort_by(|(user, row), (other_user, other)| {
            (user, row.place).cmp(&(other_user, other.place))
        });
        rows.into_iter()
            .map(|(user, row)| self.line(user, row))
            .collect()
    }

    fn line(&self, user: String, row: &Stored) -> Line {
        let offered = row.recommendation.as_ref();
        let offered = offered.and_then(|id| self.recommendations.get(id));
        [
            user,
            row.item.clone(),
            row.place.0.to_string(),
            row.event_type.to_owned(),
            row.impression.join("|"),
            row.recommendation.clone().unwrap_or_default(),
            offered.map_or(String::new(), |_| "home".to_owned()),
            row.note.clone().unwrap_or_default(),
        ]
    }
}
