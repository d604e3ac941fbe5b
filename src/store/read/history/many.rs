//! The histories of many users in one call.
//!
//! A lookup waits some three times: for the slot of the directory, for where the rows lie, and for the rows. Of
//! many users these waits run side by side: while one user's rows are decoded, those behind it are looked up, each a
//! step further. Where a store is in memory that gains nothing to speak of; where it is on the disk, which serves
//! many reads at a time, it does (docs/experiments/cold.md).

use std::sync::Arc;

use super::super::event::Event;
use super::reading::{LookedUp, read};
use super::resolved::Resolved;
use super::{History, merge};
use crate::model::{Error, HashedKey, HistoryQuery, Order, TierQuery, check_asked_user};
use crate::store::engine::{LiveSegment, Snapshot, Version};

/// Users between two steps of a lookup: about as many as a disk serves at a time.
const APART: usize = 6;

impl Snapshot {
    /// Gives `visit` the history of each user, in the order of the list: the user's place in it, and what
    /// [`Snapshot::history`] would fill in. `history` is a buffer, as there. Unknown users have empty
    /// histories; a user that stands in the list twice is given twice.
    ///
    /// Cost: a [`Snapshot::history`] for each user. What users further down the list need of the disk is asked for
    /// meanwhile: with nothing in the page cache that takes about a quarter of the time.
    ///
    /// # Errors
    /// As [`Snapshot::history`]: what is wrong with the query or with the id of any user before the first visit,
    /// damage when the user that it concerns is reached. What `visit` gives; no user is visited after that.
    ///
    /// # Example
    /// ```
    /// # use annals::{Durability, Error, History, HistoryQuery, Interaction, Limits, Schema, Store};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let store = Store::create(folder.path(), &Schema::builder().build(&Limits::personalize())?)?;
    /// store.write(Interaction::new("ada", "tea", 60), Durability::Buffered)?;
    /// let query = HistoryQuery::default().limit(100);
    /// let mut lengths = Vec::new();
    /// store.snapshot().histories(&["ben", "ada"], &query, &mut History::new(), |_, history| {
    ///     lengths.push(history.len());
    ///     Ok::<_, Error>(())
    /// })?;
    /// assert_eq!(lengths, [0, 1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn histories<U: AsRef<str>, E: From<Error>>(
        &self,
        users: &[U],
        query: &HistoryQuery,
        history: &mut History,
        mut visit: impl FnMut(usize, &History) -> Result<(), E>,
    ) -> Result<(), E> {
        let view = self.view();
        history.order.clear();
        history.parts.begin(view.version);
        view.version.process.check()?;
        for user in users {
            check_asked_user(user.as_ref())?;
        }
        Resolved::update(
            &mut history.resolved,
            &mut history.parts,
            view.schema,
            query,
        )?;
        let mut ahead = Ahead::new(view.version, users);
        for position in 0..users.len() {
            let History {
                resolved,
                parts,
                heads,
                order,
            } = &mut *history;
            let Some(resolved) = resolved else {
                return Err(Error::internal("a query that was resolved and not kept").into());
            };
            resolved.tier.visible = view.visible;
            let Some(Coming { user, found }) = ahead.reach(position, &resolved.tier) else {
                return Err(Error::internal("a user that was asked for and not looked up").into());
            };
            order.clear();
            parts.begin(view.version);
            read(view, *user, found, resolved, parts)?;
            merge(parts.used(), &resolved.tier, heads, order);
            visit(position, history)?;
        }
        Ok(())
    }

    /// Gives `visit` the newest interaction of each user that the query matches, in the order of the list:
    /// the user's place in it, and the interaction, `None` where there is none. The query's own limit and order are
    /// left aside. `history` is a buffer.
    ///
    /// Cost and errors: those of [`Snapshot::histories`] with a limit of 1.
    ///
    /// # Errors
    /// As [`Snapshot::histories`].
    pub fn latest<U: AsRef<str>, E: From<Error>>(
        &self,
        users: &[U],
        query: &HistoryQuery,
        history: &mut History,
        mut visit: impl FnMut(usize, Option<Event<'_>>) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = HistoryQuery {
            limit: Some(1),
            order: Order::NewestFirst,
            ..query.clone()
        };
        self.histories(users, &query, history, |position, history| {
            visit(position, history.get(0))
        })
    }
}

/// The users that come next, and how far they are looked up.
struct Ahead<'a, U> {
    version: &'a Version,
    users: &'a [U],
    /// How many users have had each step.
    reached: [usize; 3],
    /// The users on the way, each in the place of its position in the list.
    coming: Vec<Coming<'a>>,
}

/// A user on the way.
#[derive(Default)]
struct Coming<'a> {
    user: HashedKey<'a>,
    found: Vec<LookedUp<'a>>,
}

/// Users on the way at a time.
const COMING: usize = STEPS * APART + 1;

/// Slots, places of the rows, rows.
const STEPS: usize = 3;

impl<'a, U: AsRef<str>> Ahead<'a, U> {
    fn new(version: &'a Version, users: &'a [U]) -> Self {
        let mut coming = Vec::new();
        coming.resize_with(COMING, Coming::default);
        Self {
            version,
            users,
            reached: [0; STEPS],
            coming,
        }
    }

    /// Takes users behind a position in the list one step further, and gives the one at it.
    fn reach(&mut self, position: usize, query: &TierQuery) -> Option<&Coming<'a>> {
        let [slots, places, rows] = &mut self.reached;
        let upto = |steps: usize| self.users.len().min(position + 1 + steps * APART);
        while *slots < upto(3) {
            let coming = self.coming.get_mut(*slots % COMING)?;
            coming.user = HashedKey::of(self.users.get(*slots)?.as_ref());
            coming.found.clear();
            self.version.prefetch_user(coming.user);
            *slots += 1;
        }
        while *places < upto(2) {
            let Coming { user, found } = self.coming.get_mut(*places % COMING)?;
            let segments = self
                .version
                .runs
                .iter()
                .flat_map(|run| run.of_user(user.text));
            // What is damaged is told when it is the user's turn.
            let look = |live: &'a Arc<LiveSegment>| {
                let looked_up = live.segment.find(*user, query).ok()?;
                Some((&**live, looked_up))
            };
            found.extend(segments.filter_map(look));
            *places += 1;
        }
        while *rows < upto(1) {
            let coming = self.coming.get_mut(*rows % COMING)?;
            for (live, found) in &mut coming.found {
                if let Some(found) = found {
                    live.segment.prefetch_found(found, query);
                }
            }
            *rows += 1;
        }
        self.coming.get(position % COMING)
    }
}
