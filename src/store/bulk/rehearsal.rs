//! A bulk import that writes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::bulk::ImportMode;
use crate::model::{Cell, FieldId, Result, Role, Row};
use crate::store::engine::Engine;

/// Holds rows to all that a bulk import holds them to, and keeps none. The store may be open for reading
/// alone, and no byte of it changes.
pub struct ImportRehearsal {
    engine: Arc<Engine>,
    /// Those there would be when the import was published.
    event_types: BTreeSet<String>,
    event_type: Option<FieldId>,
    rows: u64,
}

impl ImportRehearsal {
    pub(crate) fn new(engine: Arc<Engine>, mode: ImportMode) -> Result<Self> {
        Ok(Self {
            event_types: engine.event_types_beside(mode)?,
            event_type: engine.schema.position_of(Role::EventType),
            rows: 0,
            engine,
        })
    }

    /// Checks a row against schema and limits, with the event types of those before it.
    ///
    /// # Errors
    /// `InvalidInput` when the row breaks a rule; more can be checked.
    pub fn push_row(&mut self, row: &Row<'_>) -> Result<()> {
        self.engine.validator.check_row(row)?;
        let cell = self.event_type.and_then(|field| row.cells.get(field));
        if let Some(Cell::Text(name)) = cell
            && !self.event_types.contains(*name)
        {
            let distinct = self.event_types.len() + 1;
            self.engine.check_event_types(&[name], distinct)?;
            self.event_types.insert((*name).to_owned());
        }
        self.rows += 1;
        Ok(())
    }

    /// Rows that passed so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}
