//! Which of some candidates a user has interacted with, in a way that the caller decides.

use super::candidates::Candidates;
use super::event::Event;
use super::history::History;
use crate::model::{Error, HistoryQuery, Result};
use crate::store::engine::Snapshot;

/// Memory for [`Snapshot::interacted`] that can be used for many calls.
#[derive(Default)]
pub struct Interacted {
    history: History,
    candidates: Candidates,
    interacted: Vec<bool>,
}

impl Snapshot {
    /// Tells which candidates the user has an interaction with that the query gives and `accept`
    /// takes: a flag for each candidate, in their order. Exact; the same candidate may stand several
    /// times. `accept` is called once for each interaction of the query, in its order, whatever its
    /// item; the query's projection must have the item, and what `accept` looks at.
    ///
    /// Where only event types decide, [`Snapshot::unseen`] is cheaper.
    ///
    /// Cost: that of [`Snapshot::history`], hashing the candidates, and a probe for each accepted
    /// interaction.
    ///
    /// # Errors
    /// What `accept` gives; `InvalidInput` beyond 2^24 candidates, for a field that the schema does
    /// not have, for a projection without the item, and for a user id that holds U+0000; `Corruption`
    /// when bytes it needs are damaged.
    pub fn interacted<'a, S: AsRef<str>>(
        &self,
        user: &str,
        candidates: &[S],
        query: &HistoryQuery,
        mut accept: impl FnMut(&Event<'_>) -> Result<bool>,
        buffer: &'a mut Interacted,
    ) -> Result<&'a [bool]> {
        let Interacted {
            history,
            candidates: table,
            interacted,
        } = buffer;
        let asked = query.projection.resolve(&self.schema)?;
        if asked.get(self.schema.item()) != Some(&true) {
            return Err(Error::invalid(
                "a query whose projection lacks ITEM_ID; add it",
            ));
        }
        interacted.clear();
        interacted.resize(candidates.len(), false);
        self.history(user, query, history)?;
        if history.is_empty() {
            return Ok(interacted);
        }
        table.fill(candidates)?;
        for event in history.iter() {
            if accept(&event)? {
                mark_event(&event, table, candidates, interacted, true)?;
            }
        }
        Ok(interacted)
    }
}

/// Sets the flags of the candidates that an interaction is with to `value`.
pub(super) fn mark_event<S: AsRef<str>>(
    event: &Event<'_>,
    table: &Candidates,
    candidates: &[S],
    flags: &mut [bool],
    value: bool,
) -> Result<()> {
    let field = event.schema.item();
    let Some(items) = event.dictionary(field) else {
        return Err(Error::internal("a history that was read without its items"));
    };
    let code = event.code(field);
    for position in table.find(items.hash(code)?) {
        let same = candidates.get(position).map(AsRef::as_ref) == Some(items.get(code)?);
        if let Some(flag) = flags.get_mut(position).filter(|_| same) {
            *flag = value;
        }
    }
    Ok(())
}

impl Interacted {
    /// An empty buffer.
    pub fn new() -> Self {
        Self::default()
    }
}
