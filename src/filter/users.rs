//! A plan held against every user of the store.

use super::attributes::FilterContext;
use super::bind::{Bound, Standing, bind};
use super::eval::projection_of;
use super::plan::{Action, Dataset, FilterPlan, Subject};
use super::rows::passes;
use crate::api::{Event, EventTypeNumbers, Snapshot, Store};
use crate::model::{Result, ScanQuery};

impl Snapshot {
    /// The users that the filter keeps, in the order of their ids' bytes. Asked are the users that
    /// have interactions in the store; which of them are kept, the same rules say as for
    /// candidates ([`Snapshot::filter`]).
    ///
    /// Cost: a scan of the whole store, of the fields that the filter names.
    ///
    /// # Errors
    /// As [`Snapshot::filter`]; `InvalidInput` for a plan that keeps items.
    pub fn filter_users(
        &self,
        plan: &FilterPlan,
        context: &FilterContext<'_>,
    ) -> Result<Vec<String>> {
        plan.check_subject(Subject::Users)
            .and_then(|()| plan.check_schema(self.schema()))
            .and_then(|()| self.users_kept(plan, context))
            .map_err(|error| error.within("filter"))
    }

    fn users_kept(&self, plan: &FilterPlan, context: &FilterContext<'_>) -> Result<Vec<String>> {
        let standings = bind(plan, context, "")?;
        let bounds = standings.iter().filter_map(|standing| match standing {
            Standing::Applied(bound) => Some(bound),
            Standing::Missing(_) | Standing::IfFails(_) => None,
        });
        let bounds: Vec<&Bound<'_>> = bounds.collect();
        let query = ScanQuery {
            projection: projection_of(bounds.iter().copied(), self.schema()),
            ..ScanQuery::default()
        };
        let mut numbers = EventTypeNumbers::new(self.schema());
        let mut users = Users::new(plan, context, bounds);
        let mut scan = self.scan(&query)?;
        let mut batch = scan.new_batch();
        while scan.read(&mut batch)? {
            let ids = batch.ids()?;
            let mut last = 0;
            for (row, code) in batch.users.iter().enumerate() {
                if *code != last {
                    last = *code;
                    users.begin(ids.get(*code)?)?;
                }
                let event = Event::of_row(self.schema(), &batch, row);
                users.add(&event, numbers.of(&event)?)?;
            }
        }
        users.finish()
    }
}

/// The users so far, and the one whose rows come.
struct Users<'a> {
    plan: &'a FilterPlan,
    context: &'a FilterContext<'a>,
    bounds: Vec<&'a Bound<'a>>,
    user: Option<String>,
    /// For each expression and event type, how many interactions of the type are newer than the
    /// newest that passed.
    newer: Vec<Vec<Option<usize>>>,
    kept: Vec<String>,
}

impl<'a> Users<'a> {
    fn new(
        plan: &'a FilterPlan,
        context: &'a FilterContext<'a>,
        bounds: Vec<&'a Bound<'a>>,
    ) -> Self {
        Self {
            plan,
            context,
            newer: vec![Vec::new(); bounds.len()],
            bounds,
            user: None,
            kept: Vec::new(),
        }
    }

    /// The rows of `user` come next, or go on.
    fn begin(&mut self, user: &str) -> Result<()> {
        if self.user.as_deref() == Some(user) {
            return Ok(());
        }
        self.end()?;
        self.user = Some(user.to_owned());
        Ok(())
    }

    /// Takes the user's next newer interaction.
    fn add(&mut self, event: &Event<'_>, event_type: usize) -> Result<()> {
        let user = self.user.as_deref().unwrap_or_default();
        for (bound, newer) in self.bounds.iter().zip(&mut self.newer) {
            if bound.dataset != Dataset::Interactions {
                continue;
            }
            if newer.len() <= event_type {
                newer.resize(event_type + 1, None);
            }
            if let Some(newer) = newer.get_mut(event_type) {
                *newer = match passes(bound, event, user)? {
                    true => Some(0),
                    false => newer.map(|newer| newer + 1),
                };
            }
        }
        Ok(())
    }

    /// Decides about the user whose rows have come.
    fn end(&mut self) -> Result<()> {
        let Some(user) = self.user.take() else {
            return Ok(());
        };
        let limit = self.plan.newest_per_event_type.unwrap_or(usize::MAX);
        let [mut includes, mut included, mut excluded] = [false; 3];
        for (bound, newer) in self.bounds.iter().zip(&mut self.newer) {
            let matches = match (bound.dataset, self.context.users) {
                (Dataset::Interactions, _) => {
                    let among_newest = |newer: &usize| *newer < limit;
                    newer.iter().flatten().any(among_newest)
                }
                (_, Some(users)) => bound.holds_for(users, &user)?,
                (_, None) => false,
            };
            newer.clear();
            match bound.action {
                Action::Include => {
                    includes = true;
                    included |= matches;
                }
                Action::Exclude => excluded |= matches,
            }
        }
        if (included || !includes) && !excluded {
            self.kept.push(user);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<String>> {
        self.end()?;
        Ok(self.kept)
    }
}

impl Store {
    /// The users that the filter keeps; see [`Snapshot::filter_users`].
    ///
    /// # Errors
    /// As [`Snapshot::filter_users`].
    pub fn filter_users(
        &self,
        plan: &FilterPlan,
        context: &FilterContext<'_>,
    ) -> Result<Vec<String>> {
        self.snapshot().filter_users(plan, context)
    }
}
