//! The newest interactions of each event type.

use std::sync::Arc;

use super::event::Event;
use super::history::History;
use crate::column::Strings;
use crate::model::{FieldId, HistoryQuery, Projection, Result, Role, Schema};
use crate::store::engine::Snapshot;

/// Numbers the event types of interactions, as they come, from 0; those that differ only in the case
/// of ASCII letters are one.
pub struct EventTypeNumbers {
    field: Option<FieldId>,
    names: Vec<String>,
    /// By dictionary, and in it by code, the number plus one; 0 is not known yet.
    known: Vec<(Arc<dyn Strings>, Vec<usize>)>,
}

/// Dictionaries that are remembered at a time.
const MAX_KNOWN: usize = 64;

impl EventTypeNumbers {
    /// No event type has a number yet.
    pub fn new(schema: &Schema) -> Self {
        Self {
            field: schema.position_of(Role::EventType),
            names: Vec::new(),
            known: Vec::new(),
        }
    }

    /// The number of an interaction's event type; 0 for all where the schema has none, or where it
    /// was not asked for.
    ///
    /// Cost: a look into a table, once the event type's number is known.
    ///
    /// # Errors
    /// `Corruption` when the string's bytes are damaged.
    pub fn of(&mut self, event: &Event<'_>) -> Result<usize> {
        let Some(field) = self.field else {
            return Ok(0);
        };
        let Some(strings) = event.dictionary(field) else {
            return Ok(0);
        };
        let code = event.code(field) as usize;
        let same = |(known, _): &(Arc<dyn Strings>, _)| Arc::ptr_eq(known, strings);
        let place = match self.known.iter().position(same) {
            Some(place) => place,
            None => {
                if self.known.len() == MAX_KNOWN {
                    self.known.clear();
                }
                self.known.push((strings.clone(), Vec::new()));
                self.known.len() - 1
            }
        };
        let Some((_, numbers)) = self.known.get_mut(place) else {
            return Ok(0);
        };
        if let Some(number) = numbers.get(code).and_then(|number| number.checked_sub(1)) {
            return Ok(number);
        }
        let text = event.text(field)?.unwrap_or_default();
        let same = |name: &String| name.eq_ignore_ascii_case(text);
        let number = self.names.iter().position(same).unwrap_or_else(|| {
            self.names.push(text.to_owned());
            self.names.len() - 1
        });
        if numbers.len() <= code {
            numbers.resize(code + 1, 0);
        }
        if let Some(slot) = numbers.get_mut(code) {
            *slot = number + 1;
        }
        Ok(number)
    }
}

/// Counts interactions by event type, up to a limit each. Those that differ only in the case of
/// letters are one event type.
pub struct NewestPerEventType {
    limit: usize,
    numbers: EventTypeNumbers,
    counts: Vec<usize>,
}

impl NewestPerEventType {
    /// No interaction was counted yet.
    pub fn new(limit: usize, schema: &Schema) -> Self {
        Self {
            limit,
            numbers: EventTypeNumbers::new(schema),
            counts: Vec::new(),
        }
    }

    /// Counts the user's next older interaction, and tells whether it is among the newest of its
    /// event type.
    ///
    /// # Errors
    /// `Corruption` when the event type's bytes are damaged.
    pub fn takes(&mut self, event: &Event<'_>) -> Result<bool> {
        let number = self.numbers.of(event)?;
        if self.counts.len() <= number {
            self.counts.resize(number + 1, 0);
        }
        let Some(count) = self.counts.get_mut(number) else {
            return Ok(false);
        };
        *count += 1;
        Ok(*count <= self.limit)
    }
}

impl Snapshot {
    /// Gives `visit` the user's `newest` interactions of each of these event types (empty for all),
    /// with item and event type, newest first.
    pub(super) fn each_newest(
        &self,
        user: &str,
        event_types: &[String],
        newest: usize,
        history: &mut History,
        visit: &mut dyn FnMut(&Event<'_>) -> Result<()>,
    ) -> Result<()> {
        let event_type = self.schema.position_of(Role::EventType);
        let fields = [Some(self.schema.item()), event_type];
        let fields = fields.iter().flatten();
        let names = fields.filter_map(|id| Some(self.schema.fields().get(*id)?.name()));
        let query = HistoryQuery {
            event_types: event_types.to_vec(),
            projection: Projection::names(names),
            ..HistoryQuery::default()
        };
        self.history(user, &query, history)?;
        let mut counts = NewestPerEventType::new(newest, &self.schema);
        for event in history.iter() {
            if counts.takes(&event)? {
                visit(&event)?;
            }
        }
        Ok(())
    }
}
