//! The items that a user has bought or watched, as a set to probe candidates in.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::peer::Texts;

/// Reused from call to call.
#[derive(Default)]
pub struct Seen {
    items: Texts,
    slots: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Seen {
    pub fn clear(&mut self) {
        self.items.clear();
        self.slots.clear();
    }

    pub fn insert(&mut self, item: &[u8]) {
        let (items, hasher) = (&self.items, &self.hasher);
        let hash = hasher.hash_one(item);
        if self
            .slots
            .find(hash, |at| items.get(*at as usize) == item)
            .is_some()
        {
            return;
        }
        let at = self.items.ends.len() as u32;
        self.items.push(item);
        let items = &self.items;
        self.slots
            .insert_unique(hash, at, |at| hasher.hash_one(items.get(*at as usize)));
    }

    /// A flag for each candidate: whether it is not in the set.
    pub fn probe(&self, candidates: &[&str], out: &mut Vec<bool>) {
        out.clear();
        out.extend(candidates.iter().map(|candidate| {
            let item = candidate.as_bytes();
            let hash = self.hasher.hash_one(item);
            self.slots
                .find(hash, |at| self.items.get(*at as usize) == item)
                .is_none()
        }));
    }
}
