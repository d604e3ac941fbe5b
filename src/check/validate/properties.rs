//! The properties of an event: which field each one stands for, and its value.

use std::borrow::Cow;

use super::convert::{describe, value_of_cell};
use super::events::IGNORE_UNKNOWN;
use super::{Validator, shown};
use crate::model::{DataType, Error, Field, FieldId, PutEvent, Result, Role, Value};

/// What an event says, its properties included.
pub(super) struct Properties<'a> {
    /// From the event, or the property `itemId`.
    pub(super) item: Option<Cow<'a, str>>,
    /// From the event, or the property `eventValue`.
    pub(super) event_value: Option<f64>,
    /// The metadata fields that properties stand for.
    pub(super) fields: Vec<(Cow<'static, str>, Value)>,
}

/// What a property stands for.
enum Target<'a> {
    Item,
    EventValue,
    Field(FieldId, &'a Field),
    Unknown,
}

impl Validator {
    /// Reads an event's properties. Names are told apart as the schema does: without regard to case
    /// and underscores, so that `numRatings` and `NUM_RATINGS` are the same.
    pub(super) fn properties<'a>(
        &self,
        event: &'a PutEvent<'_>,
        ignore_unknown: bool,
    ) -> Result<Properties<'a>> {
        let mut found = Properties {
            item: event.item_id.as_deref().map(Cow::Borrowed),
            event_value: event.event_value,
            fields: Vec::with_capacity(event.properties.len() + 5),
        };
        if let Some(value) = event.event_value.filter(|value| !fits_float(*value)) {
            return Err(not_a_number("eventValue", &Value::Double(value)));
        }
        let (mut item_seen, mut value_seen) = (false, false);
        for (name, value) in &event.properties {
            let repeated = match self.target(name) {
                Target::Item => {
                    found.set_item(name, value)?;
                    std::mem::replace(&mut item_seen, true)
                }
                Target::EventValue => {
                    found.set_event_value(name, value)?;
                    std::mem::replace(&mut value_seen, true)
                }
                Target::Field(id, field) => {
                    let set = found.fields.iter().any(|(set, _)| *set == field.name);
                    let value = self.property(id, field, value)?;
                    found.fields.push((field.name.clone().into(), value));
                    set
                }
                Target::Unknown if ignore_unknown => false,
                Target::Unknown => return Err(self.unknown_property(name)),
            };
            if repeated {
                return Err(of_property(name, "is given twice; give it once"));
            }
        }
        Ok(found)
    }

    fn target(&self, name: &str) -> Target<'_> {
        let fields = self.schema.fields();
        let found = fields
            .iter()
            .position(|field| is_same_name(&field.name, name));
        match found.and_then(|id| Some((id, fields.get(id)?))) {
            Some((id, field)) if field.role == Role::Metadata => Target::Field(id, field),
            _ if is_same_name("ITEM_ID", name) => Target::Item,
            _ if is_same_name("EVENT_VALUE", name) => Target::EventValue,
            _ => Target::Unknown,
        }
    }

    /// Whether a property of this name stands for something: a metadata field, the item or the value.
    pub(crate) fn knows_property(&self, name: &str) -> bool {
        !matches!(self.target(name), Target::Unknown)
    }

    pub(super) fn unknown_property(&self, name: &str) -> Error {
        let fields = self.schema.fields().iter();
        let known = fields.filter(|field| field.role == Role::Metadata);
        let known: Vec<&str> = ["itemId", "eventValue"]
            .into_iter()
            .chain(known.map(Field::name))
            .collect();
        of_property(
            name,
            &format!(
                "no such property; it may be {}; {IGNORE_UNKNOWN}",
                known.join(", ")
            ),
        )
    }

    /// The value of a metadata field. Text stands for what it would in a CSV cell, and a whole
    /// number, also one that is written with a fraction of 0, for its digits in a field of text.
    fn property(&self, id: FieldId, field: &Field, value: &Value) -> Result<Value> {
        let data_type = field.data_type;
        Ok(match (data_type, value) {
            (DataType::String, Value::Int(_) | Value::Long(_)) => Value::String(describe(value)),
            (DataType::String, Value::Double(number)) if is_whole(*number) => {
                Value::String((*number as i64).to_string())
            }
            (DataType::String, value) => value.clone(),
            (_, Value::String(text)) => value_of_cell(data_type, self.parse_cell(id, text)?),
            (DataType::Int | DataType::Long, Value::Double(number)) if is_whole(*number) => {
                Value::Long(*number as i64)
            }
            (DataType::Float | DataType::Double, Value::Long(number)) => {
                Value::Double(*number as f64)
            }
            (_, value) => value.clone(),
        })
    }
}

impl Properties<'_> {
    fn set_item(&mut self, name: &str, value: &Value) -> Result<()> {
        let item = match value {
            Value::Null => return Ok(()),
            Value::String(_) | Value::Int(_) | Value::Long(_) => describe(value),
            Value::Double(number) if is_whole(*number) => (*number as i64).to_string(),
            other => {
                let value = shown(&describe(other));
                let rule = format!("value {value}: must be a string; write an item id in quotes");
                return Err(of_property(name, &rule));
            }
        };
        if self.item.as_ref().is_some_and(|given| *given != item) {
            return Err(differs(name, &item));
        }
        self.item = Some(Cow::Owned(item));
        Ok(())
    }

    fn set_event_value(&mut self, name: &str, value: &Value) -> Result<()> {
        let number = match value {
            Value::Null => return Ok(()),
            // As an empty cell.
            Value::String(text) if text.is_empty() => return Ok(()),
            Value::Int(number) => Some(f64::from(*number)),
            Value::Long(number) => Some(*number as f64),
            Value::Float(number) => Some(f64::from(*number)),
            Value::Double(number) => Some(*number),
            Value::String(text) => text.parse().ok(),
            Value::Boolean(_) | Value::Items(_) => None,
        };
        let number = number
            .filter(|number| fits_float(*number))
            .ok_or_else(|| not_a_number(&format!("properties.{name}"), value))?;
        if self
            .event_value
            .is_some_and(|given| given as f32 != number as f32)
        {
            return Err(differs(name, &describe(value)));
        }
        self.event_value = Some(number);
        Ok(())
    }
}

fn of_property(name: &str, rule: &str) -> Error {
    Error::of_field(&format!("properties.{name}"), rule)
}

fn not_a_number(name: &str, value: &Value) -> Error {
    let value = shown(&describe(value));
    let rule = "must be a finite number within the range of float; NaN and infinity are none; write a \
                number, or leave it out";
    Error::of_field(name, format!("value {value}: {rule}"))
}

fn differs(name: &str, value: &str) -> Error {
    let value = shown(value);
    let rule = format!("value {value}: differs from the event's own; give it once");
    of_property(name, &rule)
}

fn fits_float(number: f64) -> bool {
    (number as f32).is_finite()
}

/// Whether a double stands for one whole number alone.
fn is_whole(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0
}

/// Whether names differ by case and underscores alone, and so are the same (see `Schema`).
fn is_same_name(field: &str, name: &str) -> bool {
    fn folded(name: &str) -> impl Iterator<Item = u8> {
        let letters = name.bytes().filter(|byte| *byte != b'_');
        letters.map(|byte| byte.to_ascii_uppercase())
    }
    field == name || folded(field).eq(folded(name))
}
