//! Which ids a purge has to see gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::hot::{Names, Registry, Tombstone};
use crate::model::{Result, session_key, shown_user};
use crate::store::engine::{Engine, Version};

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
    /// Deletions of later commits are not purged.
    upto: u64,
}

impl Sought {
    /// What deletions of commits up to `upto` name.
    pub(super) fn of(tombstones: &[Tombstone], upto: u64) -> Self {
        let mut sought = Self {
            upto,
            ..Self::default()
        };
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
                    let ids = tombstone.keys.iter().map(|key| shown_user(key).to_owned());
                    sought.users.extend(ids);
                }
            }
        }
        sought.items = sought.deleted_items.keys().cloned().collect();
        sought
    }

    /// Leaves out those that something else uses by now: what came after the deletions, and later deletions, which
    /// name them. No row of an earlier commit may lie in the version any more.
    pub(super) fn leave_out_used(&mut self, engine: &Engine, version: &Version) -> Result<()> {
        let registry = engine.registry()?;
        self.find_used_users(version)?;
        self.find_used_sessions(registry)?;
        self.find_used_items(engine, version)?;
        let mut later = registry.tombstones()?;
        later.retain(|one| one.sequence > self.upto);
        for tombstone in later {
            for key in &tombstone.keys {
                self.leave_out_user(shown_user(key));
            }
            if let Some(item) = &tombstone.item
                && self.items.remove(item)
            {
                self.used.insert(item.clone());
            }
        }
        Ok(())
    }

    fn leave_out_user(&mut self, id: &str) {
        if self.users.remove(id) {
            self.used.insert(id.to_owned());
        }
    }

    fn find_used_users(&mut self, version: &Version) -> Result<()> {
        for id in self.users.clone() {
            if version.holds_key(&id)? || version.holds_key(&session_key(&id))? {
                self.leave_out_user(&id);
            }
        }
        Ok(())
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
            self.leave_out_user(session);
        }
    }

    fn find_used_items(&mut self, engine: &Engine, version: &Version) -> Result<()> {
        let mut used: BTreeSet<String> = BTreeSet::new();
        for generation in &version.generations {
            let Some(items) = generation.dictionary(engine.schema.item()) else {
                continue;
            };
            for code in 1..=items.len() as u32 {
                let item = items.get(code)?;
                if self.items.contains(item) {
                    used.insert(item.to_owned());
                }
            }
        }
        for item in &self.items {
            for live in version.segments() {
                if live.segment.has_item(item)? {
                    used.insert(item.clone());
                    break;
                }
            }
        }
        engine.registry()?.each_shown_item(&mut |item, sequence| {
            if self.items.contains(item) && !self.is_deleted(item, sequence) {
                used.insert(item.to_owned());
            }
        })?;
        self.items.retain(|item| !used.contains(item));
        self.used.extend(used);
        Ok(())
    }

    /// Whether an item was deleted for everybody after the commit `sequence`.
    pub(super) fn is_deleted(&self, item: &str, sequence: u64) -> bool {
        let commits = self.deleted_items.get(item);
        commits.is_some_and(|commits| commits.iter().any(|commit| sequence < *commit))
    }

    /// Whether it is still to be seen gone.
    pub(super) fn has(&self, id: &str) -> bool {
        self.users.contains(id) || self.items.contains(id)
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
