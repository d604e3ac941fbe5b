//! Arrays as text.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type};
use arrow_array::{
    Array, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, ListArray, StringArray,
};
use arrow_schema::DataType as ArrowType;

use super::super::text::push_integer;
use crate::model::{Error, Result};

/// A column of a batch, of one of the types that an export with plain strings has.
pub(in crate::export) enum Cells<'a> {
    Text(&'a StringArray),
    Int(&'a Int32Array),
    Long(&'a Int64Array),
    Float(&'a Float32Array),
    Double(&'a Float64Array),
    Boolean(&'a BooleanArray),
    List(&'a ListArray, Box<Cells<'a>>),
}

impl<'a> Cells<'a> {
    pub(in crate::export) fn of(array: &'a dyn Array) -> Result<Self> {
        Ok(match array.data_type() {
            ArrowType::Utf8 => Self::Text(array.as_string()),
            ArrowType::Int32 => Self::Int(array.as_primitive::<Int32Type>()),
            ArrowType::Int64 => Self::Long(array.as_primitive::<Int64Type>()),
            ArrowType::Float32 => Self::Float(array.as_primitive::<Float32Type>()),
            ArrowType::Float64 => Self::Double(array.as_primitive::<Float64Type>()),
            ArrowType::Boolean => Self::Boolean(array.as_boolean()),
            ArrowType::List(_) => {
                let list: &ListArray = array.as_list();
                Self::List(list, Box::new(Self::of(list.values())?))
            }
            other => {
                return Err(Error::internal(format_args!(
                    "a column of {other} to be written as text"
                )));
            }
        })
    }

    fn array(&self) -> &dyn Array {
        match self {
            Self::Text(array) => array,
            Self::Int(array) => array,
            Self::Long(array) => array,
            Self::Float(array) => array,
            Self::Double(array) => array,
            Self::Boolean(array) => array,
            Self::List(array, _) => array,
        }
    }

    pub(in crate::export) fn is_null(&self, row: usize) -> bool {
        self.array().is_null(row)
    }

    /// The items of a list, and the rows of them that are those of a row.
    pub(in crate::export) fn items(
        &self,
        row: usize,
    ) -> Option<(&Cells<'a>, std::ops::Range<usize>)> {
        let Self::List(list, items) = self else {
            return None;
        };
        let start = list.value_offsets().get(row).copied().unwrap_or(0);
        let end = list.value_offsets().get(row + 1).copied().unwrap_or(start);
        Some((items, start as usize..end as usize))
    }

    /// Adds a value that is not null, and no list, without quotes.
    #[inline]
    pub(in crate::export) fn push(&self, row: usize, out: &mut Vec<u8>) {
        let mut float = ryu::Buffer::new();
        match self {
            Self::Text(texts) => out.extend_from_slice(texts.value(row).as_bytes()),
            Self::Int(numbers) => push_integer(i64::from(numbers.value(row)), out),
            Self::Long(numbers) => push_integer(numbers.value(row), out),
            // All numbers are finite.
            Self::Float(numbers) => {
                out.extend_from_slice(float.format_finite(numbers.value(row)).as_bytes());
            }
            Self::Double(numbers) => {
                out.extend_from_slice(float.format_finite(numbers.value(row)).as_bytes());
            }
            Self::Boolean(flags) => {
                out.extend_from_slice(if flags.value(row) { b"true" } else { b"false" });
            }
            Self::List(_, _) => {}
        }
    }

    /// Adds a value as JSON has it.
    pub(in crate::export) fn push_json(&self, row: usize, out: &mut Vec<u8>) -> Result<()> {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match self {
            Self::Text(texts) => serde_json::to_writer(out, texts.value(row))
                .map_err(|error| Error::internal("text that is no JSON").caused_by(error)),
            Self::List(_, _) => {
                out.push(b'[');
                let (items, rows) = self
                    .items(row)
                    .ok_or_else(|| Error::internal("a list without items"))?;
                for (nth, item) in rows.enumerate() {
                    if nth > 0 {
                        out.push(b',');
                    }
                    items.push_json(item, out)?;
                }
                out.push(b']');
                Ok(())
            }
            _ => {
                self.push(row, out);
                Ok(())
            }
        }
    }
}
