//! Why a candidate is kept or dropped.

use std::fmt;

use super::attributes::FilterContext;
use super::bind::{Bound, Standing, bind};
use super::eval::{query_of, types_of};
use super::plan::{Action, Dataset, FilterPlan, Subject};
use super::rows::passes;
use crate::api::{Event, History, NewestPerEventType, Snapshot, Store};
use crate::model::Result;

/// Why a filter keeps or drops one candidate. `Display` gives a line for the candidate and one for
/// each expression.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The candidate.
    pub item: String,
    /// Whether it is kept.
    pub kept: bool,
    /// What each expression has to say, in their order.
    pub expressions: Vec<ExplainedExpression>,
}

/// One of the expressions that `|` joins, and what it made of a candidate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExplainedExpression {
    /// As the plan writes it.
    pub expression: String,
    /// What came of it.
    pub outcome: ExpressionOutcome,
}

/// What an expression made of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionOutcome {
    /// It matches the candidate's attributes.
    MatchesItem,
    /// It matches an interaction of the user with the candidate, of which this is the newest.
    MatchesInteraction {
        /// In epoch seconds.
        timestamp: i64,
        /// Where the schema has event types.
        event_type: Option<String>,
    },
    /// It does not match.
    DoesNotMatch,
    /// It was left out, since this parameter was not given.
    ParameterMissing(String),
    /// It was left out, since this condition behind IF does not hold.
    ConditionFails(String),
}

impl ExpressionOutcome {
    fn matches(&self) -> bool {
        matches!(self, Self::MatchesItem | Self::MatchesInteraction { .. })
    }

    fn applies(&self) -> bool {
        self.matches() || *self == Self::DoesNotMatch
    }
}

impl Snapshot {
    /// Tells why [`Snapshot::filter`] keeps or drops one candidate.
    ///
    /// Cost: for each expression about Interactions a history of the user.
    ///
    /// # Errors
    /// As [`Snapshot::filter`].
    pub fn explain(
        &self,
        plan: &FilterPlan,
        user: &str,
        candidate: &str,
        context: &FilterContext<'_>,
    ) -> Result<Explanation> {
        plan.check_subject(Subject::Items)
            .and_then(|()| plan.check_schema(self.schema()))
            .and_then(|()| self.explained(plan, user, candidate, context))
            .map_err(|error| error.within("filter"))
    }

    fn explained(
        &self,
        plan: &FilterPlan,
        user: &str,
        candidate: &str,
        context: &FilterContext<'_>,
    ) -> Result<Explanation> {
        let [mut includes, mut included, mut excluded] = [false; 3];
        let mut expressions = Vec::new();
        for (expression, standing) in plan.expressions.iter().zip(bind(plan, context, user)?) {
            let outcome = match standing {
                Standing::Missing(name) => ExpressionOutcome::ParameterMissing(name.to_owned()),
                Standing::IfFails(condition) => {
                    ExpressionOutcome::ConditionFails(condition.to_string())
                }
                Standing::Applied(bound) => self.outcome(plan, &bound, user, candidate, context)?,
            };
            match expression.action {
                Action::Include => {
                    includes |= outcome.applies();
                    included |= outcome.matches();
                }
                Action::Exclude => excluded |= outcome.matches(),
            }
            let mut text = String::new();
            // Writing to a string does not fail.
            let _ = expression.write(plan.subject, &mut text);
            expressions.push(ExplainedExpression {
                expression: text,
                outcome,
            });
        }
        Ok(Explanation {
            item: candidate.to_owned(),
            kept: (included || !includes) && !excluded,
            expressions,
        })
    }

    fn outcome(
        &self,
        plan: &FilterPlan,
        bound: &Bound<'_>,
        user: &str,
        candidate: &str,
        context: &FilterContext<'_>,
    ) -> Result<ExpressionOutcome> {
        if bound.dataset != Dataset::Interactions {
            let matches = match context.items {
                Some(items) => bound.holds_for(items, candidate)?,
                None => false,
            };
            return Ok(match matches {
                true => ExpressionOutcome::MatchesItem,
                false => ExpressionOutcome::DoesNotMatch,
            });
        }
        let Some(event_types) = types_of(bound) else {
            return Ok(ExpressionOutcome::DoesNotMatch);
        };
        let query = query_of(bound, event_types, self.schema());
        let mut history = History::new();
        self.history(user, &query, &mut history)?;
        let limit = plan.newest_per_event_type.unwrap_or(usize::MAX);
        let mut newest = NewestPerEventType::new(limit, self.schema());
        for event in history.iter() {
            if newest.takes(&event)? && event.item()? == candidate && passes(bound, &event, user)? {
                return matching(&event);
            }
        }
        Ok(ExpressionOutcome::DoesNotMatch)
    }
}

fn matching(event: &Event<'_>) -> Result<ExpressionOutcome> {
    Ok(ExpressionOutcome::MatchesInteraction {
        timestamp: event.timestamp(),
        event_type: event.event_type()?.map(str::to_owned),
    })
}

impl Store {
    /// Tells why the filter keeps or drops one candidate; see [`Snapshot::explain`].
    ///
    /// # Errors
    /// As [`Snapshot::explain`].
    pub fn explain(
        &self,
        plan: &FilterPlan,
        user: &str,
        candidate: &str,
        context: &FilterContext<'_>,
    ) -> Result<Explanation> {
        self.snapshot().explain(plan, user, candidate, context)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = if self.kept { "kept" } else { "dropped" };
        write!(f, "{}: {kept}", self.item)?;
        for part in &self.expressions {
            write!(f, "\n  {}: {}", part.expression, part.outcome)?;
        }
        Ok(())
    }
}

impl fmt::Display for ExpressionOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MatchesItem => f.write_str("matches"),
            Self::MatchesInteraction {
                timestamp,
                event_type: Some(event_type),
            } => write!(f, "matches {event_type} at {timestamp}"),
            Self::MatchesInteraction { timestamp, .. } => write!(f, "matches at {timestamp}"),
            Self::DoesNotMatch => f.write_str("does not match"),
            Self::ParameterMissing(name) => write!(f, "left out, ${name} is not given"),
            Self::ConditionFails(condition) => write!(f, "left out, {condition} does not hold"),
        }
    }
}
