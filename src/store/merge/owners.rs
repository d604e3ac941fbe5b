//! Whose rows lie under which key.

use std::sync::Arc;

use super::mask::{Held, Mask};
use crate::column::Strings;
use crate::model::{HashedKey, Result, Schema, UserRange, session_key, session_of, shown_user};
use crate::store::engine::{LiveSegment, ReadView, Snapshot};
use crate::store::joins::Joins;
use crate::text::TextRoom;

/// A session whose rows belong to the user who is asked for.
pub(in crate::store) struct SessionKey {
    pub(in crate::store) key: String,
    /// Segments into which commits up to this are worked have no such rows.
    pub(in crate::store) linked: u64,
}

impl Snapshot {
    /// See [`ReadView::sessions_of`].
    pub(in crate::store) fn sessions_of(&self, user: &str) -> Vec<SessionKey> {
        self.view().sessions_of(user)
    }
}

impl ReadView<'_> {
    /// The sessions whose rows are `user`'s, or that stand in as the user. Cost where the store has
    /// no rows of sessions: a flag for each generation.
    pub(in crate::store) fn sessions_of(self, user: &str) -> Vec<SessionKey> {
        let version = self.version;
        if !version.holds_sessions() {
            return Vec::new();
        }
        let links = &version.joins.links;
        let mut keys = Vec::new();
        if links.of_session(user, self.visible).is_none() {
            keys.push(SessionKey {
                key: session_key(user),
                linked: u64::MAX,
            });
        }
        let linked = links.of_user(user, self.visible);
        keys.extend(linked.iter().map(|link| SessionKey {
            key: session_key(&link.session),
            linked: link.sequence,
        }));
        keys
    }
}

/// Who owns the rows of each key, and what of them was deleted, as of one commit.
pub(in crate::store) struct Owners {
    schema: Arc<Schema>,
    joins: Arc<Joins>,
    upto: u64,
    /// Whether a session that has no user is called by its id, as readers see it, or keeps its key,
    /// as it is stored.
    shown: bool,
}

/// Rows of a session that belong elsewhere than where they lie.
pub(in crate::store) struct Moved {
    pub(in crate::store) owner: String,
    pub(in crate::store) key: String,
}

impl Owners {
    /// As a reader of the commit `upto` sees it.
    pub(in crate::store) fn shown(schema: &Arc<Schema>, joins: &Arc<Joins>, upto: u64) -> Self {
        Self {
            schema: schema.clone(),
            joins: joins.clone(),
            upto,
            shown: true,
        }
    }

    /// As rows are to be stored from now on.
    pub(in crate::store) fn stored(schema: &Arc<Schema>, joins: &Arc<Joins>, upto: u64) -> Self {
        Self {
            shown: false,
            ..Self::shown(schema, joins, upto)
        }
    }

    pub(in crate::store) fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// What was deleted of the rows of a key in a place.
    pub(in crate::store) fn mask(&self, key: &str, held: Held) -> Option<Mask> {
        let deletions = &self.joins.deletions;
        match deletions.is_empty() {
            true => None,
            false => Mask::of(deletions, HashedKey::of(key), || held, self.upto),
        }
    }

    /// What was deleted of all keys alike in a place.
    pub(super) fn mask_of_all(&self, held: Held) -> Option<Mask> {
        Mask::of_all(&self.joins.deletions, held, self.upto)
    }

    /// The keys of a segment of which anything was deleted, in order. Cost: a look into the segment's
    /// directory for each key that any deletion behind it names.
    pub(super) fn deleted_of(&self, live: &LiveSegment, users: &UserRange) -> Result<Vec<String>> {
        let joined = live.entry.joined;
        let keys = self.joins.deletions.keys([joined, self.upto]);
        let mut found = Vec::new();
        for key in keys {
            if users.contains(&key) && live.segment.has_user(&key)? {
                found.push(key);
            }
        }
        Ok(found)
    }

    /// Whether sessions are called by their id.
    pub(super) fn are_shown(&self) -> bool {
        self.shown
    }

    /// Who owns the rows of a key.
    pub(in crate::store) fn of(&self, key: &str) -> String {
        let link = session_of(key).and_then(|session| self.link(session));
        match link {
            Some(user) => user,
            None if self.shown => shown_user(key).to_owned(),
            None => key.to_owned(),
        }
    }

    fn link(&self, session: &str) -> Option<String> {
        let link = self.joins.links.of_session(session, self.upto)?;
        Some(link.user.clone())
    }

    /// The sessions of a segment whose rows belong elsewhere: those that have a user, and where
    /// sessions are called by their id, those with a user of the same name in the segment, or at the
    /// end of the one before it in its run. Cost: a look at each user of the query in a segment that
    /// has sessions.
    pub(in crate::store) fn moved(
        &self,
        live: &LiveSegment,
        before: Option<&LiveSegment>,
        users: &UserRange,
    ) -> Result<Vec<Moved>> {
        let mut moved = Vec::new();
        if live.entry.sessions == 0 {
            return Ok(moved);
        }
        for link in self.joins.links.all() {
            let key = session_key(&link.session);
            let lacks = link.sequence <= self.upto && live.entry.lacks_link(link.sequence);
            let asked = users.contains(&link.user) || users.contains(&key);
            if lacks && asked && live.segment.has_user(&key)? {
                let owner = link.user.clone();
                moved.push(Moved { owner, key });
            }
        }
        if self.shown {
            let before = before.map(|before| before.segment.footer().users[1].as_str());
            self.find_namesakes(&*live.segment.user_ids(), before, users, &mut moved)?;
        }
        moved.sort_by(|a, b| (&a.owner, &a.key).cmp(&(&b.owner, &b.key)));
        Ok(moved)
    }

    /// Adds sessions right behind a user of the same name; `before` is the user ahead of the first id.
    fn find_namesakes<'a>(
        &self,
        ids: &'a dyn Strings,
        before: Option<&'a str>,
        users: &UserRange,
        moved: &mut Vec<Moved>,
    ) -> Result<()> {
        let first = first_of(ids, users)?;
        let mut before = before.filter(|_| first == 1);
        for code in first..=ids.len() as u32 {
            let key = ids.get(code)?;
            if users.to.as_deref().is_some_and(|to| key >= to) {
                break;
            }
            if let Some(session) = session_of(key)
                && before == Some(session)
                && self.link(session).is_none()
            {
                let (owner, key) = (session.to_owned(), key.to_owned());
                moved.push(Moved { owner, key });
            }
            before = Some(key);
        }
        Ok(())
    }
}

/// The code of the first user of a range among sorted ids.
fn first_of(ids: &dyn Strings, users: &UserRange) -> Result<u32> {
    let Some(from) = users.from.as_deref() else {
        return Ok(1);
    };
    let (mut low, mut high) = (1, ids.len() as u32 + 1);
    let mut room = TextRoom::default();
    while low < high {
        let middle = low + (high - low) / 2;
        match ids.read(middle, &mut room)? < from {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    Ok(low)
}
