//! Values of Arrow arrays as CSV cells.

use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, LargeStringArray, PrimitiveArray, StringArray, StringViewArray,
};
use arrow_schema::{DataType, TimeUnit};

use super::form::check_bars;
use crate::types::{Error, Result};

/// One column of a batch.
pub(super) enum Cells<'a> {
    Text(&'a StringArray),
    LargeText(&'a LargeStringArray),
    TextView(&'a StringViewArray),
    Boolean(&'a BooleanArray),
    Float(&'a PrimitiveArray<Float32Type>),
    Double(&'a PrimitiveArray<Float64Type>),
    Whole(Box<dyn Fn(usize) -> i128 + 'a>, &'a dyn Array),
    /// Times, and how many of their units make a second.
    Times(Box<dyn Fn(usize) -> i64 + 'a>, i64, &'a dyn Array),
    Dictionary(Vec<usize>, Box<Cells<'a>>, &'a dyn Array),
    List(
        Box<dyn Fn(usize) -> std::ops::Range<usize> + 'a>,
        Box<Cells<'a>>,
        &'a dyn Array,
    ),
}

/// Whether values of a type are times.
pub(super) fn is_time(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
    )
}

impl<'a> Cells<'a> {
    /// # Errors
    /// `InvalidInput` for a type that no field takes.
    pub(super) fn of(name: &str, array: &'a ArrayRef) -> Result<Self> {
        let found = Self::of_array(&**array);
        found.ok_or_else(|| {
            Error::of_field(
                name,
                format_args!(
                    "values of the type {}, which no field takes; write text, numbers, booleans, times or \
                     lists of them, or take other columns (--map)",
                    array.data_type()
                ),
            )
        })
    }

    fn of_array(array: &'a dyn Array) -> Option<Self> {
        macro_rules! whole {
            ($kind:ty) => {{
                let values = array.as_primitive_opt::<$kind>()?;
                Self::Whole(Box::new(|row| values.value(row).into()), array)
            }};
        }
        macro_rules! times {
            ($kind:ty, $of_second:expr) => {{
                let values = array.as_primitive_opt::<$kind>()?;
                Self::Times(Box::new(|row| values.value(row).into()), $of_second, array)
            }};
        }
        Some(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string_opt()?),
            DataType::LargeUtf8 => Self::LargeText(array.as_string_opt()?),
            DataType::Utf8View => Self::TextView(array.as_string_view_opt()?),
            DataType::Boolean => Self::Boolean(array.as_boolean_opt()?),
            DataType::Float32 => Self::Float(array.as_primitive_opt()?),
            DataType::Float64 => Self::Double(array.as_primitive_opt()?),
            DataType::Int8 => whole!(Int8Type),
            DataType::Int16 => whole!(Int16Type),
            DataType::Int32 => whole!(Int32Type),
            DataType::Int64 => whole!(Int64Type),
            DataType::UInt8 => whole!(UInt8Type),
            DataType::UInt16 => whole!(UInt16Type),
            DataType::UInt32 => whole!(UInt32Type),
            DataType::UInt64 => whole!(UInt64Type),
            DataType::Timestamp(TimeUnit::Second, _) => times!(TimestampSecondType, 1),
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                times!(TimestampMillisecondType, 1_000)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                times!(TimestampMicrosecondType, 1_000_000)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                times!(TimestampNanosecondType, 1_000_000_000)
            }
            DataType::Date64 => times!(Date64Type, 1_000),
            DataType::Date32 => {
                let days = array.as_primitive_opt::<Date32Type>()?;
                let seconds = |row| i64::from(days.value(row)) * SECONDS_OF_DAY;
                Self::Times(Box::new(seconds), 1, array)
            }
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary_opt()?;
                if dictionary.values().is_empty() {
                    return Some(Self::Dictionary(
                        Vec::new(),
                        Box::new(Self::none(array)),
                        array,
                    ));
                }
                let values = Self::of_array(&**dictionary.values())?;
                Self::Dictionary(dictionary.normalized_keys(), Box::new(values), array)
            }
            DataType::List(_) => {
                let list = array.as_list_opt::<i32>()?;
                let offsets = list.value_offsets();
                let at = |row: usize| offsets.get(row).map_or(0, |at| *at as usize);
                let items = Self::of_array(&**list.values())?;
                Self::List(
                    Box::new(move |row| at(row)..at(row + 1)),
                    Box::new(items),
                    array,
                )
            }
            DataType::LargeList(_) => {
                let list = array.as_list_opt::<i64>()?;
                let offsets = list.value_offsets();
                let at = |row: usize| offsets.get(row).map_or(0, |at| *at as usize);
                let items = Self::of_array(&**list.values())?;
                Self::List(
                    Box::new(move |row| at(row)..at(row + 1)),
                    Box::new(items),
                    array,
                )
            }
            DataType::Null => Self::none(array),
            _ => return None,
        })
    }

    fn none(array: &'a dyn Array) -> Self {
        Self::Whole(Box::new(|_| 0), array)
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Text(values) => values.is_null(row),
            Self::LargeText(values) => values.is_null(row),
            Self::TextView(values) => values.is_null(row),
            Self::Boolean(values) => values.is_null(row),
            Self::Float(values) => values.is_null(row),
            Self::Double(values) => values.is_null(row),
            Self::Whole(_, values)
            | Self::Times(_, _, values)
            | Self::Dictionary(_, _, values)
            | Self::List(_, _, values) => {
                *values.data_type() == DataType::Null || values.is_null(row)
            }
        }
    }

    /// Adds the cell of a row; one that is null is empty. Times are Unix epoch seconds, their fractions
    /// kept or dropped.
    ///
    /// # Errors
    /// `InvalidInput` for an item of a list that holds a bar.
    pub(super) fn write(&self, row: usize, keep_fractions: bool, out: &mut String) -> Result<()> {
        if self.is_null(row) {
            return Ok(());
        }
        match self {
            Self::Text(values) => write_text(values.value(row), out),
            Self::LargeText(values) => write_text(values.value(row), out),
            Self::TextView(values) => write_text(values.value(row), out),
            Self::Boolean(values) => out.push_str(if values.value(row) { "true" } else { "false" }),
            // Writing to a string does not fail.
            Self::Float(values) => drop(write!(out, "{}", values.value(row))),
            Self::Double(values) => drop(write!(out, "{}", values.value(row))),
            Self::Whole(value, _) => {
                let mut digits = itoa::Buffer::new();
                out.push_str(digits.format(value(row)));
            }
            Self::Times(value, of_second, _) => {
                let value = value(row);
                let fraction = value.rem_euclid(*of_second);
                let mut digits = itoa::Buffer::new();
                out.push_str(digits.format(value.div_euclid(*of_second)));
                if keep_fractions && fraction > 0 {
                    let places = of_second.ilog10() as usize;
                    let _ = write!(out, ".{fraction:0places$}");
                }
            }
            Self::Dictionary(keys, values, _) => {
                let key = keys.get(row).copied().unwrap_or_default();
                values.write(key, keep_fractions, out)?;
            }
            Self::List(items, values, _) => {
                let mut joined = String::new();
                for (at, item) in items(row).enumerate() {
                    if at > 0 {
                        joined.push('|');
                    }
                    let start = joined.len();
                    values.write_bare(item, keep_fractions, &mut joined)?;
                    check_bars(joined.get(start..).unwrap_or_default())?;
                }
                write_text(&joined, out);
            }
        }
        Ok(())
    }

    /// The same without quotes.
    fn write_bare(&self, row: usize, keep_fractions: bool, out: &mut String) -> Result<()> {
        let text = match self {
            Self::Text(values) if !values.is_null(row) => values.value(row),
            Self::LargeText(values) if !values.is_null(row) => values.value(row),
            Self::TextView(values) if !values.is_null(row) => values.value(row),
            Self::Dictionary(keys, values, array) if !array.is_null(row) => {
                let key = keys.get(row).copied().unwrap_or_default();
                return values.write_bare(key, keep_fractions, out);
            }
            _ => return self.write(row, keep_fractions, out),
        };
        out.push_str(text);
        Ok(())
    }
}

const SECONDS_OF_DAY: i64 = 86_400;

/// Adds a text, in quotes where it needs them.
fn write_text(text: &str, out: &mut String) {
    if !text
        .bytes()
        .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
    {
        out.push_str(text);
        return;
    }
    out.push('"');
    for part in text.split_inclusive('"') {
        out.push_str(part);
        if part.ends_with('"') {
            out.push('"');
        }
    }
    out.push('"');
}
