//! Deletions: a commit that hides what came before it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::hot::{EncodedRows, Notes, Tombstone};
use crate::model::{Commit, Deletion, Durability, Result, session_key};
use crate::store::engine::{Engine, Version};

impl Engine {
    /// Hides interactions of commits before this one, all or nothing. Their bytes go with seals,
    /// compactions and a purge.
    pub(crate) fn delete(&self, deletion: &Deletion, durability: Durability) -> Result<Commit> {
        deletion.check()?;
        let sequence = self.append_tombstone(deletion)?;
        self.settle(sequence, durability)?;
        Ok(Commit { sequence, rows: 0 })
    }

    fn append_tombstone(&self, deletion: &Deletion) -> Result<u64> {
        let (_held, generation) = self.room(self.commit.lock())?;
        let registry = self.registry()?;
        let sequence = self.visible.load(Ordering::Acquire) + 1;
        let tombstone = Tombstone {
            sequence,
            keys: self.version.load().keys_of(&deletion.users),
            item: deletion.item.clone(),
            event_type: None,
            time: deletion.time,
            by_retention: false,
        };
        let mut notes = Notes::default();
        registry.note_tombstone(&tombstone, &mut notes)?;
        registry.note_commit(sequence, &mut notes)?;
        let no_rows = EncodedRows::default();
        self.apply(&generation, no_rows, &notes, sequence, || {
            let version = self.version.load();
            version.joins.deletions.add(Arc::new(tombstone));
        })?;
        Ok(sequence)
    }
}

impl Version {
    /// What the rows of users lie under today: their own keys, those of sessions that are theirs, and those
    /// of sessions that are shown under their ids.
    pub(in crate::store) fn keys_of(&self, users: &[String]) -> Vec<String> {
        let links = &self.joins.links;
        let mut keys = Vec::with_capacity(users.len());
        for user in users {
            keys.push(user.clone());
            if !self.holds_sessions() {
                continue;
            }
            if links.of_session(user, u64::MAX).is_none() {
                keys.push(session_key(user));
            }
            let linked = links.of_user(user, u64::MAX);
            keys.extend(linked.iter().map(|link| session_key(&link.session)));
        }
        keys.sort();
        keys.dedup();
        keys
    }
}
