//! What a store should show after the first commits of a plan, as lines of text.

use std::collections::{BTreeMap, BTreeSet};

use annals::ImportMode;

use super::plan::{Commit, Event, Plan, Record};

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
                self.recommendations.insert(id.clone(), items.clone());
            }
            Commit::Put {
                session,
                user,
                events,
                ..
            } => return self.add_events(session, user.as_deref(), events),
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
                impression: event.impression.clone(),
                recommendation: event.recommendation.clone(),
                note: None,
                bulk: false,
            });
            position += 1;
        }
        left_out
    }

    /// Every row as it is shown, by user and then by time.
    pub fn lines(&self) -> Vec<Line> {
        let shown = |row: &Stored| match &row.owner {
            Owner::User(user) => user.clone(),
            Owner::Session(session) => match self.sessions.get(session) {
                Some((first, _)) => first.clone(),
                None => session.clone(),
            },
        };
        let mut rows: Vec<(String, &Stored)> =
            self.rows.iter().map(|row| (shown(row), row)).collect();
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
        let impression = match row.impression.is_empty() {
            true => offered.cloned().unwrap_or_default(),
            false => row.impression.clone(),
        };
        [
            user,
            row.item.clone(),
            row.place.0.to_string(),
            row.event_type.to_owned(),
            impression.join("|"),
            row.recommendation.clone().unwrap_or_default(),
            offered.map_or(String::new(), |_| "home".to_owned()),
            row.note.clone().unwrap_or_default(),
        ]
    }
}
