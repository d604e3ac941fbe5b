//! Validators of rows, lists and requests. Rank 1.

mod validate;

pub use validate::{RowScratch, Validator};
pub(crate) use validate::{
    check_event_bytes, check_properties_chars, place_of_event, value_of_cell,
};
