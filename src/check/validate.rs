//! Values against a schema and limits.
//!
//! Every error reads `field NAME: value "...": rule; what to do`.

mod convert;
mod events;
mod parse;
mod properties;
mod rules;
mod session;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::sync::Arc;

use crate::model::{
    Cell, DataType, Error, Field, FieldId, Limits, Result, Role, Row, Schema, bits_of_f32,
    f32_of_bits, holds_mark, is_placeholder_id, items_of, lifting, shown,
};

pub use convert::RowScratch;
pub(crate) use convert::value_of_cell;
pub(crate) use events::{check_event_bytes, check_properties_chars, place_of_event};

/// Checks values against a schema and limits. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Validator {
    schema: Arc<Schema>,
    limits: Limits,
}

impl Validator {
    /// A validator of rows of this schema.
    pub fn new(schema: Arc<Schema>, limits: Limits) -> Self {
        Self { schema, limits }
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Checks a row against every rule on values: kinds and ranges, nulls, lengths, item ids of an
    /// impression, reserved names.
    ///
    /// Costs one pass over the cells; characters are counted only where the bytes exceed a limit.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field, the value and the rule.
    pub fn check_row(&self, row: &Row<'_>) -> Result<()> {
        self.check_cells(row)?;
        self.check_text(self.schema.user(), row.user)?;
        self.check_timestamp(row.timestamp)?;
        for (id, cell) in row.cells.iter().enumerate() {
            self.check_cell(id, cell)?;
        }
        Ok(())
    }

    /// Checks that a row has one cell for each field.
    #[inline]
    pub(crate) fn check_cells(&self, row: &Row<'_>) -> Result<()> {
        let (cells, fields) = (row.cells.len(), self.schema.fields().len());
        if cells == fields {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "the row has {cells} cells and the schema {fields} fields; give one cell for each field"
        )))
    }

    #[inline]
    pub(crate) fn check_timestamp(&self, timestamp: i64) -> Result<()> {
        if timestamp >= 0 {
            return Ok(());
        }
        let value = timestamp.to_string();
        Err(self.violation(self.schema.timestamp(), &value, rules::NEGATIVE_TIMESTAMP))
    }

    /// Checks a cell against the rules of its field.
    pub(crate) fn check_cell(&self, id: FieldId, cell: &Cell<'_>) -> Result<()> {
        let Some(field) = self.schema.fields().get(id) else {
            return Ok(());
        };
        match (field.role, cell) {
            (Role::User | Role::Timestamp, Cell::Null) => Ok(()),
            (Role::User | Role::Timestamp, _) => Err(Error::of_field(
                &field.name,
                "stands apart from the cells of a row; leave its cell null",
            )),
            (_, Cell::Null) if field.nullable => Ok(()),
            (_, Cell::Null) => Err(self.null(id)),
            (_, Cell::Text(text)) if field.data_type == DataType::String => {
                self.check_text(id, text)
            }
            (_, Cell::Bits(bits)) if field.data_type != DataType::String => {
                self.check_bits(id, field, *bits)
            }
            (_, Cell::Text(text)) => Err(self.wrong_kind(id, text, "a string")),
            (_, Cell::Bits(bits)) => {
                Err(self.wrong_kind(id, &format!("{bits:#x}"), "a number's bits"))
            }
        }
    }

    /// Checks a string of a field.
    pub(crate) fn check_text(&self, id: FieldId, text: &str) -> Result<()> {
        self.check_length(id, text)?;
        match self.schema.fields().get(id).map(Field::role) {
            Some(Role::Impression) => self.check_items(id, text),
            Some(Role::User) if holds_mark(text) => {
                Err(self.violation(id, text, rules::MARK_IN_USER))
            }
            Some(Role::User) if self.is_refused_id(text) => {
                Err(self.violation(id, text, rules::placeholder_id()))
            }
            _ => self.check_reserved(id, text),
        }
    }

    /// Checks the length of a field's string.
    #[inline]
    pub(crate) fn check_length(&self, id: FieldId, text: &str) -> Result<()> {
        let Some(field) = self.schema.fields().get(id) else {
            return Ok(());
        };
        if text.is_empty() {
            return Err(self.violation(id, text, "must not be empty; give a value"));
        }
        if text.len() > Limits::MAX_CELL_BYTES {
            let rule = format!(
                "{} bytes; a store holds at most {} in one value",
                text.len(),
                Limits::MAX_CELL_BYTES
            );
            return Err(self.violation(id, text, rule));
        }
        let limits = &self.limits;
        let (max, limit) = match field.role {
            Role::User | Role::Item => (limits.max_id_chars, "max_id_chars"),
            Role::EventType => (limits.max_event_type_chars, "max_event_type_chars"),
            Role::AttributionSource => (
                limits.max_attribution_source_chars,
                "max_attribution_source_chars",
            ),
            // Whoever reads them is warned of those that are longer than the service takes.
            _ => return Ok(()),
        };
        self.check_chars(id, text, max, limit)
    }

    fn check_items(&self, id: FieldId, joined: &str) -> Result<()> {
        items_of(joined).try_for_each(|item| self.check_item(id, joined, item))
    }

    /// Checks an item of an impression by the rules of items.
    pub(crate) fn check_item(&self, id: FieldId, joined: &str, item: &str) -> Result<()> {
        if item.is_empty() {
            return Err(self.violation(
                id,
                joined,
                "holds an empty item id; write item ids joined by single bars",
            ));
        }
        self.check_chars(id, item, self.limits.max_id_chars, "max_id_chars")?;
        self.check_reserved(id, item)
    }

    fn check_chars(&self, id: FieldId, text: &str, max: Option<usize>, limit: &str) -> Result<()> {
        let Some(max) = max.filter(|max| text.len() > *max) else {
            return Ok(());
        };
        let chars = text.chars().count();
        if chars <= max {
            return Ok(());
        }
        let lift = lifting(limit);
        let rule = format!("{chars} characters; shorten it to {max} or {lift}");
        Err(self.violation(id, text, rule))
    }

    fn check_reserved(&self, id: FieldId, text: &str) -> Result<()> {
        if self.is_refused_name(text) {
            return Err(self.violation(id, text, rules::reserved_name()));
        }
        Ok(())
    }

    /// Whether a value is the name of a reserved field, where that is refused.
    #[inline]
    fn is_refused_name(&self, text: &str) -> bool {
        // Reserved names begin with a capital; most values are told apart by that alone.
        let capital = text.as_bytes().first().is_some_and(u8::is_ascii_uppercase);
        capital && self.limits.refuse_reserved_values && Role::of_name(text) != Role::Metadata
    }

    /// Whether an id of a user or session is none, where that is refused.
    #[inline]
    fn is_refused_id(&self, id: &str) -> bool {
        self.limits.refuse_placeholder_ids && is_placeholder_id(id)
    }

    fn check_bits(&self, id: FieldId, field: &Field, bits: u64) -> Result<()> {
        let sound = match field.data_type {
            DataType::Int => i32::try_from(Cell::i64_of_bits(bits)).is_ok(),
            DataType::Float => {
                bits == bits_of_f32(f32_of_bits(bits)) && f32_of_bits(bits).is_finite()
            }
            DataType::Double => f64::from_bits(bits).is_finite(),
            DataType::Boolean => bits <= 1,
            DataType::Long | DataType::String => true,
        };
        if sound {
            return Ok(());
        }
        let shown = match field.data_type {
            DataType::Int => Cell::i64_of_bits(bits).to_string(),
            DataType::Float if bits <= u64::from(u32::MAX) => format!("{:?}", f32_of_bits(bits)),
            DataType::Double => format!("{:?}", f64::from_bits(bits)),
            _ => format!("{bits:#x}"),
        };
        Err(self.violation(id, &shown, rules::rule_of(field.data_type)))
    }

    fn wrong_kind(&self, id: FieldId, value: &str, kind: &str) -> Error {
        let want = self
            .schema
            .fields()
            .get(id)
            .map_or("", |field| field.data_type.name());
        self.violation(id, value, format!("is {kind}; give a value of type {want}"))
    }

    fn null(&self, id: FieldId) -> Error {
        Error::of_field(
            self.name(id),
            "value null: the field is not nullable; give a value",
        )
    }

    fn name(&self, id: FieldId) -> &str {
        self.schema.fields().get(id).map_or("?", Field::name)
    }

    fn violation(&self, id: FieldId, value: &str, rule: impl Display) -> Error {
        Error::of_field(self.name(id), format!("value {}: {rule}", shown(value)))
    }
}
