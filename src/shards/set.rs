//! A set of shards that is open, and what is written to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

use super::commit::{ShardCommit, failed};
use super::folder;
use super::import::ShardImport;
use super::map::ShardMap;
use super::moving::{Moved, move_session};
use super::snapshot::ShardSnapshot;
use crate::check::{RowScratch, Validator};
use crate::model::{
    Commit, Deletion, Durability, Error, ErrorKind, EventsCommit, HistoryQuery, Projection,
    PutEvents, Recommendation, Result, Schema, WriteBatch, shown,
};
use crate::{History, ImportMode, Store};

/// Stores side by side, of which each has the users whose hash lies in a range.
///
/// A handle: cloning it is cheap. It has the shards that were there when it was opened; a split or merge
/// by another process is seen once it is opened again ([`ShardSet::is_current`] tells).
#[derive(Clone)]
pub struct ShardSet {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    map: Arc<ShardMap>,
    /// By position; `None` where this process did not open the shard.
    stores: Vec<Option<Store>>,
    /// One of them, for what is the same in all.
    any: Store,
    /// Held by those who write events without a user, and alone by who moves a session.
    sessions: RwLock<()>,
}

/// What the recording of events answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShardEvents {
    /// The position of the shard that has the events.
    pub shard: usize,
    /// What that shard answered.
    pub done: EventsCommit,
    /// Events of the session without a user that lay in another shard, and followed to this one.
    pub moved: u64,
    /// The other shard, where they stay under the session's id: there is a user of the session's name, too, or that
    /// shard is not open here and may have some.
    pub left_in: Option<usize>,
}

impl ShardSet {
    /// The opened stores of a map, by position; `None` where no shard was opened at all.
    ///
    /// # Errors
    /// `InvalidInput` where two have different fields.
    pub(super) fn of(path: PathBuf, map: ShardMap, stores: Vec<Option<Store>>) -> Result<Self> {
        let mut open = map.shards().iter().zip(&stores);
        let mut open = open
            .by_ref()
            .filter_map(|(shard, store)| Some((shard, store.as_ref()?)));
        let (first, any) = open
            .next()
            .ok_or_else(|| Error::internal("a set without an open shard"))?;
        for (shard, store) in open {
            if store.schema().fields() != any.schema().fields() {
                return Err(Error::invalid(format!(
                    "{}: {} and {} have different schemas; give both the same (annals schema evolve)",
                    path.display(),
                    first.folder(),
                    shard.folder()
                )));
            }
        }
        Ok(Self {
            inner: Arc::new(Inner {
                any: any.clone(),
                path,
                map: Arc::new(map),
                stores,
                sessions: RwLock::new(()),
            }),
        })
    }

    /// The folder of the set, as it was given.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Which shard has which users.
    pub fn map(&self) -> &Arc<ShardMap> {
        &self.inner.map
    }

    /// The schema, which all shards have.
    pub fn schema(&self) -> &Arc<Schema> {
        self.inner.any.schema()
    }

    /// Checks values as writes do.
    pub fn validator(&self) -> &Validator {
        self.inner.any.validator()
    }

    /// Whether the shards are those that `shards.json` names now. Cost: the file is read.
    ///
    /// # Errors
    /// As [`ShardSetBuilder::open`](super::ShardSetBuilder::open).
    pub fn is_current(&self) -> Result<bool> {
        Ok(folder::read(&self.inner.path)? == *self.inner.map)
    }

    /// The position of the shard that has the user of this id.
    pub fn shard_of(&self, user: &str) -> usize {
        self.inner.map.shard_of(user)
    }

    /// The store of the shard at a position.
    ///
    /// # Errors
    /// `NotFound` when there is no such shard; `Unsupported` when this process did not open it.
    pub fn store(&self, shard: usize) -> Result<&Store> {
        let named = self.inner.map.shard(shard)?;
        let store = self.inner.stores.get(shard).and_then(Option::as_ref);
        store.ok_or_else(|| {
            Error::new(
                ErrorKind::Unsupported,
                format!(
                    "{}: shard {shard} ({}) is not open here; open it (ShardSetBuilder::only), or hand this \
                     to the process that has it open",
                    self.inner.path.display(),
                    named.folder()
                ),
            )
        })
    }

    /// The stores of all shards, by position.
    ///
    /// # Errors
    /// As [`ShardSet::store`].
    pub fn stores(&self) -> Result<Vec<&Store>> {
        (0..self.inner.map.len())
            .map(|shard| self.store(shard))
            .collect()
    }

    /// The interactions of a batch by shard, each in their order; shards without any are left out.
    pub fn route(&self, batch: WriteBatch) -> Vec<(usize, WriteBatch)> {
        let mut parts: Vec<WriteBatch> = Vec::new();
        parts.resize_with(self.inner.map.len(), WriteBatch::new);
        for interaction in batch.interactions {
            if let Some(part) = parts.get_mut(self.shard_of(interaction.user())) {
                part.push(interaction);
            }
        }
        let parts = parts.into_iter().enumerate();
        parts.filter(|(_, part)| !part.is_empty()).collect()
    }

    /// Writes interactions to the shards of their users, shard after shard: to each all or none of its own, as
    /// one commit of that shard. **It is not atomic across shards.** All interactions are checked before
    /// the first is written, so that one that breaks a rule leaves nothing behind; but when a shard fails, or
    /// the process dies, the shards before have their part. The error then says which.
    ///
    /// Gives the commits by shard. Cost: as [`Store::write`] for each shard that gets any, a sync included.
    ///
    /// # Errors
    /// As [`Store::write`], and as [`ShardSet::store`] before anything is written.
    pub fn write(
        &self,
        batch: impl Into<WriteBatch>,
        durability: Durability,
    ) -> Result<Vec<ShardCommit>> {
        let batch = batch.into();
        let (mut scratch, mut shards) = (RowScratch::default(), Vec::new());
        for (position, interaction) in batch.interactions.iter().enumerate() {
            let shard = self.shard_of(interaction.user());
            let checked = self.store(shard).and_then(|store| {
                let validator = store.validator();
                validator.with_row(interaction, &mut scratch, |_| Ok(()))
            });
            checked.map_err(|error| {
                error.within(format!(
                    "interaction {position} (user {})",
                    shown(interaction.user())
                ))
            })?;
            shards.push(shard);
        }
        self.each(self.route(batch), |store, part| {
            store.write(part, durability)
        })
    }

    /// Hides interactions from all later reads: those of users in the shards of these users, and an item
    /// for everybody in every shard. Each shard makes a commit of its own; it is not atomic across shards, and may
    /// be called again when one failed.
    ///
    /// # Errors
    /// As [`Store::delete`] and [`ShardSet::store`].
    pub fn delete(&self, deletion: &Deletion, durability: Durability) -> Result<Vec<ShardCommit>> {
        deletion.check()?;
        let of = |users: Vec<String>| {
            let mut part = deletion.clone();
            part.users = users;
            part
        };
        let mut parts: Vec<Vec<String>> = vec![Vec::new(); self.inner.map.len()];
        for user in &deletion.users {
            if let Some(part) = parts.get_mut(self.shard_of(user)) {
                part.push(user.clone());
            }
        }
        let is_of_users = !deletion.users.is_empty();
        let parts = parts.into_iter().enumerate();
        let parts = parts.filter(|(_, users)| !is_of_users || !users.is_empty());
        let parts: Vec<(usize, Deletion)> =
            parts.map(|(shard, users)| (shard, of(users))).collect();
        self.each(parts, |store, part| store.delete(&part, durability))
    }

    /// Records the events of a session in the shard of their user, or without a user in that of the session:
    /// by the same hash, of the session's id. All else is as [`Store::put_events`] has it within that shard.
    ///
    /// Events that came without a user follow their session, once it has a user whom another shard has
    /// ([`ShardEvents::moved`]): they are written there, synced, before these, and then deleted here. Later events without a
    /// user go to the session's shard again, and follow with the next that names the user. An event id is known to the shard
    /// that its request went to: the same event sent once without and once with its user may count twice.
    ///
    /// Cost: as in one store; where the session belongs to another shard than the user, a lookup there.
    ///
    /// # Errors
    /// As [`Store::put_events`] and [`ShardSet::store`]; `InvalidInput` where the user's shard does not take an event of
    /// the session: nothing was recorded then.
    pub fn put_events(
        &self,
        request: &PutEvents<'_>,
        durability: Durability,
    ) -> Result<ShardEvents> {
        let home = self.shard_of(&request.session_id);
        let Some(user) = &request.user_id else {
            let _shared = self.inner.sessions.read();
            let done = self.store(home)?.put_events(request, durability)?;
            return Ok(ShardEvents {
                shard: home,
                done,
                moved: 0,
                left_in: None,
            });
        };
        let shard = self.shard_of(user);
        let store = self.store(shard)?;
        let (mut moved, mut left_in) = (0, None);
        if home != shard {
            match self.inner.stores.get(home).and_then(Option::as_ref) {
                None => left_in = Some(home),
                Some(from) if holds(from, &request.session_id)? => {
                    // One that is refused moves nothing.
                    store.validator().check_events(request)?;
                    let _alone = self.inner.sessions.write();
                    let session = &request.session_id;
                    let done = move_session(from, store, session, user, durability);
                    match done.map_err(|error| {
                        error.within(format!(
                            "move the session {} to shard {shard}",
                            shown(session)
                        ))
                    })? {
                        Moved::Events(events) => moved = events,
                        Moved::Stays => left_in = Some(home),
                    }
                }
                Some(_) => {}
            }
        }
        let done = store.put_events(request, durability)?;
        Ok(ShardEvents {
            shard,
            done,
            moved,
            left_in,
        })
    }

    /// Records what was recommended, in every shard: an event that names it may come to any. An id that is
    /// known keeps its first record, so that it may be called again when a shard failed.
    ///
    /// # Errors
    /// As [`Store::record_recommendation`] and [`ShardSet::store`].
    pub fn record_recommendation(
        &self,
        recommendation: &Recommendation,
        durability: Durability,
    ) -> Result<Vec<ShardCommit>> {
        let all = (0..self.inner.map.len()).map(|shard| (shard, ())).collect();
        self.each(all, |store, ()| {
            store.record_recommendation(recommendation, durability)
        })
    }

    /// Begins a bulk import into all shards: see [`ShardImport`].
    ///
    /// # Errors
    /// As [`Store::import`] and [`ShardSet::store`].
    pub fn import(&self, mode: ImportMode) -> Result<ShardImport> {
        self.stores()?;
        self.import_own(mode)
    }

    /// Begins a bulk import into the shards that are open here ([`ShardSetBuilder::only`]): rows of others
    /// are passed over. So several processes import the same files side by side, each into its own
    /// shards.
    ///
    /// # Errors
    /// As [`Store::import`].
    ///
    /// [`ShardSetBuilder::only`]: super::ShardSetBuilder::only
    pub fn import_own(&self, mode: ImportMode) -> Result<ShardImport> {
        let stores = self.inner.stores.iter();
        let imports =
            stores.map(|store| store.as_ref().map(|store| store.import(mode)).transpose());
        let imports = imports.collect::<Result<_>>()?;
        Ok(ShardImport::new(self.inner.map.clone(), mode, imports))
    }

    /// A view of all shards, each of its own moment: see [`ShardSnapshot`].
    ///
    /// # Errors
    /// As [`ShardSet::store`].
    pub fn snapshot(&self) -> Result<ShardSnapshot> {
        let snapshots = self.stores()?.into_iter().map(Store::snapshot);
        Ok(ShardSnapshot::new(
            self.inner.map.clone(),
            snapshots.collect(),
        ))
    }

    /// Has each shard take its part, in their order.
    fn each<T>(
        &self,
        parts: Vec<(usize, T)>,
        mut take: impl FnMut(&Store, T) -> Result<Commit>,
    ) -> Result<Vec<ShardCommit>> {
        for (shard, _) in &parts {
            self.store(*shard)?;
        }
        let mut done: Vec<ShardCommit> = Vec::with_capacity(parts.len());
        for (shard, part) in parts {
            let commit = self.store(shard).and_then(|store| take(store, part));
            let commit = commit.map_err(|error| failed(&done, shard, error))?;
            done.push(ShardCommit { shard, commit });
        }
        Ok(done)
    }
}

/// Whether a store shows interactions under a name.
fn holds(store: &Store, name: &str) -> Result<bool> {
    let query = HistoryQuery {
        limit: Some(1),
        projection: Projection::Names(Vec::new()),
        ..HistoryQuery::default()
    };
    let mut history = History::new();
    store.history(name, &query, &mut history)?;
    Ok(!history.is_empty())
}
