//! Sessions whose earlier events are a user's, while their rows still lie under the session.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Acquire, Ordering::Release};

use parking_lot::RwLock;
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use crate::hot::Link;

/// Links, only ever added to. A reader passes over those of commits above its own.
#[derive(Default)]
pub(crate) struct Links {
    count: AtomicUsize,
    known: RwLock<LinksBySession>,
}

#[derive(Default)]
struct LinksBySession {
    all: Vec<Arc<Link>>,
    of_session: HashMap<String, Arc<Link>, Xxh3DefaultBuilder>,
    of_user: HashMap<String, Vec<Arc<Link>>, Xxh3DefaultBuilder>,
}

impl Links {
    pub(in crate::store) fn add(&self, link: Arc<Link>) {
        let mut known = self.known.write();
        known.of_session.insert(link.session.clone(), link.clone());
        let of_user = known.of_user.entry(link.user.clone()).or_default();
        of_user.push(link.clone());
        known.all.push(link);
        self.count.store(known.all.len(), Release);
    }

    pub(in crate::store) fn is_empty(&self) -> bool {
        self.count.load(Acquire) == 0
    }

    /// All of them, in the order of adding.
    pub(in crate::store) fn all(&self) -> Vec<Arc<Link>> {
        match self.is_empty() {
            true => Vec::new(),
            false => self.known.read().all.clone(),
        }
    }

    /// The link of a session, as of the commit `visible`.
    pub(in crate::store) fn of_session(&self, session: &str, visible: u64) -> Option<Arc<Link>> {
        if self.is_empty() {
            return None;
        }
        let known = self.known.read();
        let link = known.of_session.get(session);
        link.filter(|link| link.sequence <= visible).cloned()
    }

    /// The links to a user, as of the commit `visible`.
    pub(in crate::store) fn of_user(&self, user: &str, visible: u64) -> Vec<Arc<Link>> {
        if self.is_empty() {
            return Vec::new();
        }
        let known = self.known.read();
        let links = known.of_user.get(user).into_iter().flatten();
        links
            .filter(|link| link.sequence <= visible)
            .cloned()
            .collect()
    }
}
