//! One interaction of a history, and the values of its fields.

use std::sync::Arc;

use crate::column::{Column, Columns, Strings};
use crate::model::{Cell, DataType, Error, FieldId, Result, Role, Schema, Value, f32_of_bits};

/// One interaction of a [`History`](crate::History), or of a batch of a [`Scan`](crate::query::Scan).
#[derive(Clone, Copy)]
pub struct Event<'a> {
    pub(in crate::store) schema: &'a Schema,
    pub(in crate::store) columns: &'a Columns,
    pub(in crate::store) row: usize,
}

impl<'a> Event<'a> {
    /// The interaction at a row of a scan's batch. A row beyond the end has no values.
    pub fn of_row(schema: &'a Schema, columns: &'a Columns, row: usize) -> Self {
        Self {
            schema,
            columns,
            row,
        }
    }

    /// `TIMESTAMP`, in epoch seconds.
    pub fn timestamp(&self) -> i64 {
        self.columns.timestamps.get(self.row).copied().unwrap_or(0)
    }

    /// `ITEM_ID`.
    ///
    /// # Errors
    /// `Corruption` when the string's bytes are damaged.
    pub fn item(&self) -> Result<&'a str> {
        Ok(self.text(self.schema.item())?.unwrap_or(""))
    }

    /// `EVENT_TYPE`, where the schema has it and it was asked for.
    ///
    /// # Errors
    /// As [`Event::item`].
    pub fn event_type(&self) -> Result<Option<&'a str>> {
        match self.schema.position_of(Role::EventType) {
            Some(field) => self.text(field),
            None => Ok(None),
        }
    }

    /// A string field's value; `None` where null, not asked for, or not a string.
    ///
    /// # Errors
    /// As [`Event::item`].
    pub fn text(&self, field: FieldId) -> Result<Option<&'a str>> {
        text_at(self.columns, field, self.row)
    }

    /// The code of a string field's value within the history's part; 0 where null or not asked
    /// for. Equal codes of events with the same [`Event::dictionary`] are equal strings.
    pub fn code(&self, field: FieldId) -> u32 {
        match self.columns.fields.get(field) {
            Some(Column::Strings(codes)) => codes.get(self.row).copied().unwrap_or(0),
            _ => 0,
        }
    }

    /// The dictionary that [`Event::code`] belongs to.
    pub fn dictionary(&self, field: FieldId) -> Option<&'a Arc<dyn Strings>> {
        self.columns.dictionaries.get(field)?.as_ref()
    }

    /// Any field's value; null also where it was not asked for.
    ///
    /// # Errors
    /// As [`Event::item`].
    pub fn value(&self, field: FieldId) -> Result<Value> {
        value_at(self.schema, self.columns, field, self.row)
    }
}

fn text_at(columns: &Columns, field: FieldId, row: usize) -> Result<Option<&str>> {
    let Some(Column::Strings(codes)) = columns.fields.get(field) else {
        return Ok(None);
    };
    match (codes.get(row), columns.dictionaries.get(field)) {
        (None | Some(0), _) => Ok(None),
        (Some(code), Some(Some(strings))) => strings.get(*code).map(Some),
        _ => Err(no_dictionary()),
    }
}

fn no_dictionary() -> Error {
    Error::internal("codes without a dictionary")
}

/// A field's value at a row of columns that carry their dictionaries, the item list of an
/// impression included; the user and the timestamp, too, where the columns have them. Null where
/// they do not have the field or the row.
///
/// # Errors
/// `Corruption` when a string's bytes are damaged.
pub fn value_at(schema: &Schema, columns: &Columns, field: FieldId, row: usize) -> Result<Value> {
    if field == schema.timestamp() {
        let at = columns.timestamps.get(row).copied();
        return Ok(at.map_or(Value::Null, Value::Long));
    }
    if field == schema.user() {
        return match (&columns.user_ids, columns.users.get(row)) {
            (Some(ids), Some(code)) => Ok(Value::String(ids.get(*code)?.to_owned())),
            _ => Ok(Value::Null),
        };
    }
    Ok(match columns.fields.get(field) {
        None | Some(Column::Absent) => Value::Null,
        Some(Column::Strings(_)) => match text_at(columns, field, row)? {
            Some(text) => Value::String(text.to_owned()),
            None => Value::Null,
        },
        Some(Column::Numbers(numbers)) => {
            let data_type = schema.fields().get(field).map(|field| field.data_type());
            match numbers.get(row) {
                Some(bits) => number(data_type.unwrap_or(DataType::Long), bits),
                None => Value::Null,
            }
        }
        Some(Column::Lists(lists)) => {
            let strings = columns.dictionaries.get(schema.item());
            let items = lists.get(row).iter().map(|code| match strings {
                Some(Some(strings)) => strings.get(*code).map(str::to_owned),
                _ => Err(no_dictionary()),
            });
            let items: Vec<String> = items.collect::<Result<_>>()?;
            if items.is_empty() {
                Value::Null
            } else {
                Value::Items(items)
            }
        }
    })
}

fn number(data_type: DataType, bits: u64) -> Value {
    match data_type {
        DataType::Int => Value::Int(Cell::i64_of_bits(bits) as i32),
        DataType::Float => Value::Float(f32_of_bits(bits)),
        DataType::Double => Value::Double(f64::from_bits(bits)),
        DataType::Boolean => Value::Boolean(bits != 0),
        DataType::Long | DataType::String => Value::Long(Cell::i64_of_bits(bits)),
    }
}
