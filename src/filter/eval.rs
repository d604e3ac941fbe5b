//! A plan held against candidates.

use super::attributes::FilterContext;
use super::bind::{Bound, Standing, bind};
use super::plan::{Action, Dataset, FilterPlan, Subject};
use super::rows::{is_by_type, only_types, passes};
use crate::api::{Event, Interacted, NewestPerEventType, Snapshot, Store, Unseen};
use crate::model::{Error, HistoryQuery, Projection, Result, Role, Schema};

/// Memory for [`Snapshot::filter`] that can be used for many calls.
#[derive(Default)]
pub struct Filtered {
    unseen: Unseen,
    interacted: Interacted,
    included: Vec<bool>,
    excluded: Vec<bool>,
    kept: Vec<usize>,
}

impl Filtered {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Snapshot {
    /// The positions of the candidates that the filter keeps for a user, in their order.
    ///
    /// Kept is what any INCLUDE matches and no EXCLUDE does; where there are only EXCLUDEs, what
    /// none of them matches. An EXCLUDE whose parameters are not all given is left out, and so is an
    /// expression whose IF does not hold: with nothing left, every candidate is kept. At most the
    /// newest interactions of each event type count
    /// ([`Limits::max_filter_interactions_per_event_type`](crate::Limits)).
    ///
    /// Cost: for each expression about Interactions that of [`Snapshot::unseen`] or
    /// [`Snapshot::interacted`]; for each about Items a value for each candidate and condition.
    ///
    /// # Errors
    /// `InvalidInput` for a plan that selects users or was compiled for another schema, for a
    /// parameter that an INCLUDE lacks, that the plan does not name, or that is of the wrong kind,
    /// for attributes that the plan asks about and that were not given, and for a user id that holds
    /// U+0000; `Corruption` when bytes
    /// it needs are damaged; and what [`Attributes`](super::Attributes) give.
    pub fn filter<'a, S: AsRef<str>>(
        &self,
        plan: &FilterPlan,
        user: &str,
        candidates: &[S],
        context: &FilterContext<'_>,
        buffer: &'a mut Filtered,
    ) -> Result<&'a [usize]> {
        plan.check_subject(Subject::Items)
            .and_then(|()| plan.check_schema(self.schema()))
            .and_then(|()| self.filter_checked(plan, user, candidates, context, buffer))
            .map_err(|error| error.within("filter"))?;
        Ok(&buffer.kept)
    }

    fn filter_checked<S: AsRef<str>>(
        &self,
        plan: &FilterPlan,
        user: &str,
        candidates: &[S],
        context: &FilterContext<'_>,
        buffer: &mut Filtered,
    ) -> Result<()> {
        let standings = bind(plan, context, user)?;
        let Filtered {
            unseen,
            interacted,
            included,
            excluded,
            kept,
        } = buffer;
        let include = |standing: &Standing<'_>| match standing {
            Standing::Applied(bound) => bound.action == Action::Include,
            Standing::Missing(_) | Standing::IfFails(_) => false,
        };
        // Without an INCLUDE everything is included.
        let all = !standings.iter().any(include);
        for (flags, from) in [(&mut *included, all), (&mut *excluded, false)] {
            flags.clear();
            flags.resize(candidates.len(), from);
        }
        for standing in &standings {
            let Standing::Applied(bound) = standing else {
                continue;
            };
            let matched = match bound.action {
                Action::Include => &mut *included,
                Action::Exclude => &mut *excluded,
            };
            match bound.dataset {
                Dataset::Interactions => {
                    let buffers = (&mut *unseen, &mut *interacted);
                    self.match_interactions(plan, bound, user, candidates, buffers, matched)?;
                }
                _ => match_items(bound, candidates, context, matched)?,
            }
        }
        let flags = included.iter_mut().zip(excluded.iter());
        flags.for_each(|(included, excluded)| *included &= !excluded);
        kept.clear();
        kept.reserve(candidates.len());
        let positions = included.iter().enumerate();
        kept.extend(positions.filter_map(|(at, keep)| keep.then_some(at)));
        Ok(())
    }

    /// Sets the flags of the candidates that the user's interactions match.
    fn match_interactions<S: AsRef<str>>(
        &self,
        plan: &FilterPlan,
        bound: &Bound<'_>,
        user: &str,
        candidates: &[S],
        (unseen, interacted): (&mut Unseen, &mut Interacted),
        matched: &mut [bool],
    ) -> Result<()> {
        let limit = plan.newest_per_event_type.unwrap_or(usize::MAX);
        let Some(event_types) = types_of(bound) else {
            return Ok(());
        };
        if is_by_type(bound) {
            let flags = self.unseen_among_newest(user, candidates, &event_types, limit, unseen)?;
            let flags = matched.iter_mut().zip(flags);
            flags.for_each(|(matched, unseen)| *matched |= !unseen);
            return Ok(());
        }
        let query = query_of(bound, event_types, self.schema());
        let mut newest = NewestPerEventType::new(limit, self.schema());
        let accept = |event: &Event<'_>| Ok(newest.takes(event)? && passes(bound, event, user)?);
        let flags = self.interacted(user, candidates, &query, accept, interacted)?;
        let flags = matched.iter_mut().zip(flags);
        flags.for_each(|(matched, interacted)| *matched |= interacted);
        Ok(())
    }
}

/// The event types that an expression has to see, empty for all; `None` where nothing can pass.
pub(super) fn types_of(bound: &Bound<'_>) -> Option<Vec<String>> {
    match only_types(bound) {
        None => Some(Vec::new()),
        Some(types) if types.is_empty() => None,
        Some(types) => Some(types.into_iter().map(str::to_owned).collect()),
    }
}

/// The interactions that an expression has to see, newest first.
pub(super) fn query_of(
    bound: &Bound<'_>,
    event_types: Vec<String>,
    schema: &Schema,
) -> HistoryQuery {
    HistoryQuery {
        event_types,
        projection: projection_of(std::iter::once(bound), schema),
        ..HistoryQuery::default()
    }
}

/// The fields that conditions on interactions look at, and the item and the event type.
pub(super) fn projection_of<'a>(
    bounds: impl Iterator<Item = &'a Bound<'a>>,
    schema: &Schema,
) -> Projection {
    let conditions = bounds
        .filter(|bound| bound.dataset == Dataset::Interactions)
        .flat_map(|bound| bound.any.iter().flatten());
    let asked = conditions.map(|condition| condition.declared.id);
    let mut fields: Vec<usize> = asked.collect();
    fields.push(schema.item());
    fields.extend(schema.position_of(Role::EventType));
    fields.sort_unstable();
    fields.dedup();
    let fields = fields.iter().filter_map(|id| schema.fields().get(*id));
    Projection::names(fields.map(|field| field.name()))
}

fn match_items<S: AsRef<str>>(
    bound: &Bound<'_>,
    candidates: &[S],
    context: &FilterContext<'_>,
    matched: &mut [bool],
) -> Result<()> {
    let Some(items) = context.items else {
        return Ok(());
    };
    for (candidate, matched) in candidates.iter().zip(matched) {
        *matched = *matched || bound.holds_for(items, candidate.as_ref())?;
    }
    Ok(())
}

impl FilterPlan {
    pub(super) fn check_subject(&self, subject: Subject) -> Result<()> {
        if self.subject == subject {
            return Ok(());
        }
        Err(Error::invalid(match self.subject {
            Subject::Users => "it selects users (UserID); call filter_users",
            Subject::Items => "it keeps items (ItemID); call filter with candidates",
        }))
    }

    pub(super) fn check_schema(&self, schema: &Schema) -> Result<()> {
        if std::ptr::eq(&*self.schema, schema) || *self.schema == *schema {
            return Ok(());
        }
        Err(Error::invalid(
            "it was compiled for another schema; compile it with that of the store",
        ))
    }
}

impl Store {
    /// The positions of the candidates that the filter keeps for a user, in their order; see
    /// [`Snapshot::filter`], which fills a buffer that is used again instead of allocating.
    ///
    /// # Errors
    /// As [`Snapshot::filter`].
    pub fn filter<S: AsRef<str>>(
        &self,
        plan: &FilterPlan,
        user: &str,
        candidates: &[S],
        context: &FilterContext<'_>,
    ) -> Result<Vec<usize>> {
        let mut buffer = Filtered::new();
        let kept = self.snapshot();
        let kept = kept.filter(plan, user, candidates, context, &mut buffer)?;
        Ok(kept.to_vec())
    }
}
