//! Rules on values, as errors say them.

use crate::model::{DataType, lifting};

pub(super) const EMPTY: &str = "an empty cell is null, and the field is not nullable; give a value";
pub(super) const NEGATIVE_TIMESTAMP: &str =
    "a timestamp must not be negative; write Unix epoch seconds";
pub(super) const MARK_IN_USER: &str =
    "holds U+0000, which ends the keys of sessions; leave it out of the id";

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
