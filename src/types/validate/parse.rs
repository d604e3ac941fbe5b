//! Text to cells.

use super::Validator;
use crate::types::{Cell, DataType, Decimal, Error, FieldId, Result, Role, bits_of_f32, lifting};

pub(super) const EMPTY: &str = "an empty cell is null, and the field is not nullable; give a value";
pub(super) const NEGATIVE_TIMESTAMP: &str =
    "a timestamp must not be negative; write Unix epoch seconds";
pub(super) const MARK_IN_USER: &str =
    "holds U+0000, which ends the keys of sessions; leave it out of the id";
const FRACTIONAL_TIMESTAMP: &str =
    "a timestamp must be a whole number; write Unix epoch seconds without a fraction";
const TEXT_TIMESTAMP: &str =
    "a timestamp must be a whole number; write dates as Unix epoch seconds";
const DATE_TIMESTAMP: &str = "a timestamp must be a whole number; write dates as Unix epoch seconds, or import \
                              them with --time-unit iso";
const HUGE_TIMESTAMP: &str = "a timestamp must fit 64 bits; write Unix epoch seconds";

/// The rule of a type, and what to write.
pub(super) fn rule_of(data_type: DataType) -> &'static str {
    match data_type {
        DataType::String => "must be a string; write text",
        DataType::Int => {
            "must be a whole number from -2147483648 to 2147483647; \
             write digits, or declare the field long, float or double"
        }
        DataType::Long => {
            "must be a whole number from -9223372036854775808 to 9223372036854775807; \
             write digits, or declare the field float or double"
        }
        DataType::Float => {
            "must be a finite number within the range of float; NaN and infinity are refused; \
             write a decimal number"
        }
        DataType::Double => {
            "must be a finite number within the range of double; NaN and infinity are refused; \
             write a decimal number"
        }
        DataType::Boolean => "must be a boolean; write true or false, in lower case",
    }
}

/// The rule on names of reserved fields as values.
pub(super) fn reserved_name() -> String {
    let lift = lifting("refuse_reserved_values");
    format!("a reserved field name must not be a value; rename it or {lift}")
}

/// The rule on ids that stand for none.
pub(super) fn placeholder_id() -> String {
    let lift = lifting("refuse_placeholder_ids");
    format!("stands for no id in many programs; give the id, or leave the row out, or {lift}")
}

impl Validator {
    /// The cell that a text stands for, as in a CSV file. Empty text is null.
    ///
    /// Numbers are checked here; lengths and reserved names by [`Validator::check_row`]. Whole numbers may
    /// be written with a fraction of 0 or an exponent (`3.0`, `3e0`). Floats are rounded to the nearest.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field, the value and the rule.
    pub fn parse_cell<'a>(&self, field: FieldId, text: &'a str) -> Result<Cell<'a>> {
        let Some(definition) = self.schema.fields().get(field) else {
            return Err(Error::invalid(format!(
                "the schema has no field at position {field}"
            )));
        };
        if text.is_empty() {
            return if definition.nullable {
                Ok(Cell::Null)
            } else {
                Err(self.violation(field, text, EMPTY))
            };
        }
        let cell = match definition.data_type {
            DataType::String => Some(Cell::Text(text)),
            DataType::Int => whole(text)
                .filter(|number| i32::try_from(*number).is_ok())
                .map(Cell::of_i64),
            DataType::Long if definition.role == Role::Timestamp => {
                return self.parse_timestamp(text).map(Cell::of_i64);
            }
            DataType::Long => whole(text).map(Cell::of_i64),
            DataType::Float => text
                .parse::<f32>()
                .ok()
                .filter(|number| number.is_finite())
                .map(|number| Cell::Bits(bits_of_f32(number))),
            DataType::Double => text
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite())
                .map(|number| Cell::Bits(number.to_bits())),
            DataType::Boolean => match text {
                "true" => Some(Cell::Bits(1)),
                "false" => Some(Cell::Bits(0)),
                _ => None,
            },
        };
        cell.ok_or_else(|| self.violation(field, text, rule_of(definition.data_type)))
    }

    /// The timestamp that a text stands for: Unix epoch seconds, a whole number from 0, also written
    /// with a fraction of 0 or an exponent.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field, the value and the rule.
    pub fn parse_timestamp(&self, text: &str) -> Result<i64> {
        let rule = match whole(text) {
            Some(seconds) if seconds >= 0 => return Ok(seconds),
            Some(_) => NEGATIVE_TIMESTAMP,
            None => timestamp_rule(text),
        };
        Err(self.violation(self.schema.timestamp(), text, rule))
    }
}

/// The whole number that a text stands for: 3, 3.0 and 3e0 are the same.
fn whole(text: &str) -> Option<i64> {
    let plain = text.parse().ok();
    plain.or_else(|| Decimal::parse(text)?.exactly())
}

fn timestamp_rule(text: &str) -> &'static str {
    if text.is_empty() {
        return "must not be empty; write Unix epoch seconds";
    }
    match Decimal::parse(text) {
        None if begins_with_date(text) => DATE_TIMESTAMP,
        None => TEXT_TIMESTAMP,
        Some(number) if number.negative => NEGATIVE_TIMESTAMP,
        Some(number) if number.has_fraction => FRACTIONAL_TIMESTAMP,
        Some(_) => HUGE_TIMESTAMP,
    }
}

/// Whether a text begins as `2024-01-31` does.
fn begins_with_date(text: &str) -> bool {
    let date = text.as_bytes().first_chunk::<10>();
    date.is_some_and(|date| {
        let mut letters = date.iter().zip(b"0000-00-00");
        letters.all(|(letter, form)| match form {
            b'-' => letter == form,
            _ => letter.is_ascii_digit(),
        })
    })
}
