//! A query with its names resolved.

use std::sync::Arc;

use super::part::Parts;
use crate::model::{HistoryQuery, Order, Result, Schema, TierQuery};

/// The query of the last call, with its names resolved.
pub(super) struct Resolved {
    pub(super) schema: Arc<Schema>,
    query: HistoryQuery,
    pub(super) tier: TierQuery,
}

impl Resolved {
    /// The query with its names resolved; those of the last call are kept where it was the same.
    pub(super) fn update<'a>(
        last: &'a mut Option<Self>,
        parts: &mut Parts,
        schema: &Arc<Schema>,
        query: &HistoryQuery,
    ) -> Result<&'a mut Self> {
        let same = |last: &Self| Arc::ptr_eq(&last.schema, schema) && last.query == *query;
        if !last.as_ref().is_some_and(same) {
            *last = None;
            parts.clear();
        }
        match last {
            Some(same) => Ok(same),
            None => Ok(last.insert(Self::of(schema, query)?)),
        }
    }

    fn of(schema: &Arc<Schema>, query: &HistoryQuery) -> Result<Self> {
        Ok(Self {
            schema: schema.clone(),
            query: query.clone(),
            tier: TierQuery {
                limit: query.limit.unwrap_or(usize::MAX),
                newest: query.order == Order::NewestFirst,
                event_types: query.event_types.clone(),
                time: query.time,
                visible: 0,
                asked: query.projection.resolve(schema)?,
                sequences: false,
                copies_text: query.copies_text,
                hints: Vec::new(),
            },
        })
    }

    /// At most how many rows are asked for.
    pub(super) fn limit(&self) -> usize {
        self.query.limit.unwrap_or(usize::MAX)
    }

    /// The question to a place: so many rows, with sequence numbers or without. They order what
    /// lies in different places at the same time.
    pub(super) fn ask(&mut self, limit: usize, sequences: bool) -> &TierQuery {
        self.tier.limit = limit;
        self.tier.sequences = sequences;
        &self.tier
    }
}
