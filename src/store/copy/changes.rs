//! What happened to the rows of a store since a commit.

use serde::{Deserialize, Serialize};

use crate::hot::{LateRecord, Link, Tombstone};
use crate::model::{Error, Result, session_of, shown_user};
use crate::store::engine::{Engine, Snapshot, Version};

/// What happened to rows of commits up to [`Changes::since`], and the snapshot that has those that arrived
/// later. Who has the earlier rows applies the steps to them in their order, and then adds the rows of later commits
/// as the snapshot shows them.
#[derive(Clone)]
#[non_exhaustive]
pub struct Changes {
    /// The commit from which on changes are told.
    pub since: u64,
    /// The newest commit that they tell of.
    pub until: u64,
    /// The store as it is now.
    pub snapshot: Snapshot,
    /// By rising commit.
    pub steps: Vec<Change>,
}

/// A commit that changed rows of earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Change {
    /// Rows are gone: those of the users, or of everybody where none is named; with the item, of the event
    /// type (whatever the case of its ASCII letters) and of the time, where these are given. Where an item is gone
    /// for everybody, it is gone from impressions, too; one that is empty then is null.
    Deleted {
        /// The commit.
        sequence: u64,
        /// As reads show them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        users: Vec<String>,
        /// Only rows with this item.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<String>,
        /// Only rows of this event type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_type: Option<String>,
        /// Only rows from this timestamp on, in epoch seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<i64>,
        /// Only rows before this timestamp.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<i64>,
    },
    /// A session became a user: rows that were shown under its id are the user's.
    Joined {
        /// The commit.
        sequence: u64,
        /// The session's id.
        session: String,
        /// The user's id.
        user: String,
    },
    /// A recommendation was recorded after events that name it: those without an impression have these items
    /// as theirs, and those without an attribution source have this one.
    Recommended {
        /// The commit.
        sequence: u64,
        /// The first and the last commit of those events. Rows of bulk imports, and rows of other commits, that
        /// name it stay as they are.
        commits: [u64; 2],
        /// The id of the recommendation.
        recommendation: String,
        /// What was shown.
        items: Vec<String>,
        /// Where it came from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    },
}

impl Changes {
    /// The same up to an earlier commit: what later ones did and brought is left out, and comes with the changes since
    /// `sequence`. Rows come as the snapshot shows them: those that a later commit hides do not come, whose step has nothing to
    /// remove then. So the same changes, asked for again when the store has gone on, add up to the same in the end.
    ///
    /// # Errors
    /// `InvalidInput` for a commit that they do not tell of.
    pub fn up_to(mut self, sequence: u64) -> Result<Self> {
        if !(self.since..=self.until).contains(&sequence) {
            return Err(Error::invalid(format!(
                "changes up to commit {sequence}: they tell of the commits from {} to {}",
                self.since, self.until
            )));
        }
        self.steps.retain(|step| step.sequence() <= sequence);
        self.until = sequence;
        Ok(self)
    }
}

impl Change {
    /// The commit.
    pub fn sequence(&self) -> u64 {
        match self {
            Self::Deleted { sequence, .. }
            | Self::Joined { sequence, .. }
            | Self::Recommended { sequence, .. } => *sequence,
        }
    }

    fn of_tombstone(tombstone: &Tombstone) -> Self {
        // A user's keys come with those of their sessions, which are shown as the user.
        let own = tombstone
            .keys
            .iter()
            .filter(|key| session_of(key).is_none());
        let mut users: Vec<String> = own.cloned().collect();
        if users.is_empty() {
            let sessions = tombstone.keys.iter().map(|key| shown_user(key).to_owned());
            users.extend(sessions);
        }
        Self::Deleted {
            sequence: tombstone.sequence,
            users,
            item: tombstone.item.clone(),
            event_type: tombstone.event_type.clone(),
            from: Some(tombstone.time.since).filter(|since| *since > i64::MIN),
            until: tombstone.time.until,
        }
    }

    fn of_link(link: &Link) -> Self {
        Self::Joined {
            sequence: link.sequence,
            session: link.session.clone(),
            user: link.user.clone(),
        }
    }

    fn of_late(late: &LateRecord) -> Self {
        Self::Recommended {
            sequence: late.sequence,
            commits: late.awaited,
            recommendation: late.id.clone(),
            items: late.items.clone(),
            source: late.source.clone(),
        }
    }
}

/// What the store remembers of earlier commits' rows.
struct Remembered {
    links: Vec<Link>,
    late: Vec<LateRecord>,
    tombstones: Vec<Tombstone>,
    /// Commits up to this may have been forgotten.
    forgotten: u64,
}

impl Engine {
    /// What happened to rows of commits up to `since`; of 0, nothing.
    pub(crate) fn changes_since(&self, since: u64) -> Result<Changes> {
        let (snapshot, known) = match self.remembers() {
            Some(registry) => {
                // Nobody commits or lets go of anything meanwhile.
                let _commit = self.commit.lock();
                let known = Remembered {
                    links: registry.links()?,
                    late: registry.late()?,
                    tombstones: registry.tombstones()?,
                    forgotten: registry.forgotten()?,
                };
                (self.snapshot(), known)
            }
            None => {
                let snapshot = self.snapshot();
                let joins = snapshot.version.joins.clone();
                let known = Remembered {
                    links: owned(joins.links.all()),
                    late: owned(joins.late.all()),
                    tombstones: owned(joins.deletions.all()),
                    forgotten: self.forgotten,
                };
                (snapshot, known)
            }
        };
        let start_over = |why: String| {
            Err(Error::invalid(format!(
                "changes since commit {since}: {why}; start over with an export of all"
            )))
        };
        let visible = snapshot.visible;
        if since == 0 {
            // Nothing can have happened to rows that nobody has.
            return Ok(Changes {
                since,
                until: visible,
                snapshot,
                steps: Vec::new(),
            });
        }
        let replaced = snapshot.version.removed.replaced;
        if since > visible {
            return start_over(format!("the newest commit is {visible}"));
        }
        if since < replaced {
            return start_over(format!(
                "a FULL import or a repair removed rows since, with the commit {replaced}"
            ));
        }
        if since < known.forgotten {
            return start_over(format!(
                "what happened up to the commit {} is not remembered any more; a lease keeps it",
                known.forgotten
            ));
        }
        if let Some(session) = known.ambiguous(&snapshot.version, since)? {
            return start_over(format!(
                "the session {session:?} became a user, or was dropped, and there is a user of its name"
            ));
        }
        Ok(Changes {
            since,
            until: visible,
            steps: known.steps(since, visible),
            snapshot,
        })
    }
}

impl Remembered {
    fn steps(&self, since: u64, visible: u64) -> Vec<Change> {
        let links = self.links.iter().map(Change::of_link);
        let late = self.late.iter().map(Change::of_late);
        let deleted = self.tombstones.iter().map(Change::of_tombstone);
        let all = links.chain(late).chain(deleted);
        let mut steps: Vec<Change> = all
            .filter(|step| (since + 1..=visible).contains(&step.sequence()))
            .collect();
        steps.sort_by_key(Change::sequence);
        steps
    }

    /// A session that something happened to and whose rows reads show as those of a user of its name.
    fn ambiguous(&self, version: &Version, since: u64) -> Result<Option<String>> {
        let links = self.links.iter().filter(|link| link.sequence > since);
        let joined = links.map(|link| link.session.as_str());
        let tombstones = self.tombstones.iter();
        let is_of_session = |key: &String| session_of(key).is_some();
        let dropped = tombstones
            .filter(|one| one.sequence > since && one.by_retention)
            .filter(|one| one.keys.iter().all(is_of_session))
            .flat_map(|one| &one.keys);
        for session in joined.chain(dropped.map(|key| shown_user(key))) {
            if version.holds_key(session)? {
                return Ok(Some(session.to_owned()));
            }
        }
        Ok(None)
    }
}

fn owned<T: Clone>(shared: Vec<std::sync::Arc<T>>) -> Vec<T> {
    shared.iter().map(|one| T::clone(one)).collect()
}
