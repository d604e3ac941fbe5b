//! Which ids a purge has to see gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::hot::{Names, Registry, Tombstone};
use crate::model::{Result, session_key, shown_user};
use crate::store::engine::Version;

/// The ids that were deleted and that nothing else uses.
#[derive(Default)]
pub(super) struct Sought {
    /// Users, and sessions that stood in as one, by their ids.
    pub(super) users: BTreeSet<String>,
    pub(super) items: BTreeSet<String>,
    /// Those that are used again, or still: by later interactions, or by others.
    pub(super) used: BTreeSet<String>,
    /// Deletions of a part of a user's interactions: their ids go on being used.
    pub(super) parts: u64,
    /// Commits that deleted an item for everybody.
    deleted_items: BTreeMap<String, Vec<u64>>,
}

impl Sought {
    /// What is left to be seen gone once all segments are rewritten and no generation holds a row.
    pub(super) fn of(
        tombstones: &[Tombstone],
        version: &Version,
        registry: &Registry,
    ) -> Result<Self> {
        let mut sought = Self::default();
        for tombstone in tombstones {
            match &tombstone.item {
                Some(item) if tombstone.item_for_everybody().is_some() => {
                    let commits = sought.deleted_items.entry(item.clone()).or_default();
                    commits.push(tombstone.sequence);
                }
                // What is too old is named by no id.
                _ if tombstone.by_retention => {}
                _ if !tombstone.is_of_all() => sought.parts += 1,
                _ => {
                    for key in &tombstone.keys {
                        let id = shown_user(key).to_owned();
                        match version.holds_key(&id)? || version.holds_key(&session_key(&id))? {
                            true => sought.used.insert(id),
                            false => sought.users.insert(id),
                        };
                    }
                }
            }
        }
        let used = &sought.used;
        sought.users.retain(|id| !used.contains(id));
        sought.find_used_sessions(registry)?;
        sought.find_used_items(version, registry)?;
        Ok(sought)
    }

    /// Sessions that a user has who is not to be forgotten: the store goes on knowing whose they are.
    fn find_used_sessions(&mut self, registry: &Registry) -> Result<()> {
        let mut owned = Vec::new();
        registry.each_session(&mut |session, user| {
            if self.users.contains(session) {
                owned.push((session.to_owned(), user.to_owned()));
            }
        })?;
        // A session that is kept may have the name of a user who has others.
        loop {
            let is_kept = |(session, user): &&(String, String)| {
                self.users.contains(session) && !self.users.contains(user)
            };
            let Some((session, _)) = owned.iter().find(is_kept) else {
                return Ok(());
            };
            self.users.remove(session);
            self.used.insert(session.clone());
        }
    }

    fn find_used_items(&mut self, version: &Version, registry: &Registry) -> Result<()> {
        let mut used: BTreeSet<String> = BTreeSet::new();
        for item in self.deleted_items.keys() {
            for live in version.segments() {
                if live.segment.has_item(item)? {
                    used.insert(item.clone());
                    break;
                }
            }
        }
        registry.each_shown_item(&mut |item, sequence| {
            if self.deleted_items.contains_key(item) && !self.is_deleted(item, sequence) {
                used.insert(item.to_owned());
            }
        })?;
        let items = self
            .deleted_items
            .keys()
            .filter(|item| !used.contains(*item));
        self.items = items.cloned().collect();
        self.used.extend(used);
        Ok(())
    }

    /// Whether an item was deleted for everybody after the commit `sequence`.
    pub(super) fn is_deleted(&self, item: &str, sequence: u64) -> bool {
        let commits = self.deleted_items.get(item);
        commits.is_some_and(|commits| commits.iter().any(|commit| sequence < *commit))
    }

    /// All ids that must not be found.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.users.iter().chain(&self.items).map(String::as_str)
    }

    /// Whether a text of the store is one of them: an id, or the key of a session. A user may be called as an
    /// item is; a text that names neither may be any.
    pub(super) fn holds(&self, names: Option<Names>, text: &str) -> bool {
        let is_user = || self.users.contains(shown_user(text));
        let is_item = || self.items.contains(text);
        match names {
            Some(Names::User) => is_user(),
            Some(Names::Item) => is_item(),
            None => is_user() || is_item(),
        }
    }
}
