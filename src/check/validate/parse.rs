//! Text to cells.

use super::Validator;
use super::rules::{EMPTY, NEGATIVE_TIMESTAMP, rule_of};
use crate::model::{Cell, DataType, Decimal, Error, FieldId, Result, Role, bits_of_f32};

const FRACTIONAL_TIMESTAMP: &str =
    "a timestamp must be a whole number; write Unix epoch seconds without a fraction";
const TEXT_TIMESTAMP: &str =
    "a timestamp must be a whole number; write dates as Unix epoch seconds";
const DATE_TIMESTAMP: &str = "a timestamp must be a whole number; write dates as Unix epoch seconds, or import \
                              them with --time-unit iso";
const HUGE_TIMESTAMP: &str = "a timestamp must fit 64 bits; write Unix epoch seconds";

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
