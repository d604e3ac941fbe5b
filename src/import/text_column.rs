//! Values of Arrow arrays as the texts that CSV cells of them would hold.

use std::fmt::Write;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, GenericListArray, LargeStringArray, OffsetSizeTrait,
    StringArray, StringViewArray,
};
use arrow_schema::{DataType, TimeUnit};

use super::form::check_bars;
use crate::model::{Error, Result};

/// One column of a batch. A value that is null is empty.
pub(super) enum TextColumn<'a> {
    Empty,
    Text(&'a StringArray),
    LargeText(&'a LargeStringArray),
    TextView(&'a StringViewArray),
    /// What is no text in the file.
    Written(Written),
    /// The position of each row's value.
    Dictionary(Vec<Option<usize>>, Box<TextColumn<'a>>),
}

/// Whether values of a type are times.
pub(super) fn is_time(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
    )
}

impl<'a> TextColumn<'a> {
    /// Times are Unix epoch seconds, their fractions kept or dropped; items of lists have bars between
    /// them.
    ///
    /// # Errors
    /// `InvalidInput` for a type that no field takes, and for an item of a list that holds a bar.
    pub(super) fn of(name: &str, array: &'a ArrayRef, keep_fractions: bool) -> Result<Self> {
        let found = Self::of_array(&**array, keep_fractions)?;
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

    /// The text of a row.
    #[inline]
    pub(super) fn get(&self, row: usize) -> &str {
        match self {
            Self::Text(values) if values.is_valid(row) => values.value(row),
            Self::LargeText(values) if values.is_valid(row) => values.value(row),
            Self::TextView(values) if values.is_valid(row) => values.value(row),
            Self::Written(values) => values.get(row),
            Self::Dictionary(positions, values) => match positions.get(row) {
                Some(Some(position)) => values.get(*position),
                _ => "",
            },
            Self::Empty | Self::Text(_) | Self::LargeText(_) | Self::TextView(_) => "",
        }
    }

    /// `None` for a type that no field takes.
    fn of_array(array: &'a dyn Array, keep_fractions: bool) -> Result<Option<Self>> {
        let written = match array.data_type() {
            DataType::Null => return Ok(Some(Self::Empty)),
            DataType::Utf8 => return Ok(array.as_string_opt().map(Self::Text)),
            DataType::LargeUtf8 => return Ok(array.as_string_opt().map(Self::LargeText)),
            DataType::Utf8View => return Ok(array.as_string_view_opt().map(Self::TextView)),
            DataType::Dictionary(..) => return Self::of_dictionary(array, keep_fractions),
            DataType::List(_) => match array.as_list_opt::<i32>() {
                Some(lists) => Written::of_lists(lists, keep_fractions)?,
                None => None,
            },
            DataType::LargeList(_) => match array.as_list_opt::<i64>() {
                Some(lists) => Written::of_lists(lists, keep_fractions)?,
                None => None,
            },
            _ => Written::of_scalars(array, keep_fractions),
        };
        Ok(written.map(Self::Written))
    }

    fn of_dictionary(array: &'a dyn Array, keep_fractions: bool) -> Result<Option<Self>> {
        let Some(dictionary) = array.as_any_dictionary_opt() else {
            return Ok(None);
        };
        if dictionary.values().is_empty() {
            return Ok(Some(Self::Empty));
        }
        let Some(values) = Self::of_array(&**dictionary.values(), keep_fractions)? else {
            return Ok(None);
        };
        let keys = dictionary.normalized_keys().into_iter().enumerate();
        let positions = keys.map(|(row, key)| array.is_valid(row).then_some(key));
        Ok(Some(Self::Dictionary(
            positions.collect(),
            Box::new(values),
        )))
    }
}

/// Texts that were made of values, one behind the other.
#[derive(Default)]
pub(super) struct Written {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl Written {
    #[inline]
    fn get(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(Some(&0), |at| self.ends.get(at));
        match (start, self.ends.get(row)) {
            (Some(start), Some(end)) => self.text.get(*start..*end).unwrap_or_default(),
            _ => "",
        }
    }

    /// Lets `write` add the text of each value that is not null.
    fn of(array: &dyn Array, mut write: impl FnMut(usize, &mut String)) -> Self {
        let mut out = Self::default();
        out.ends.reserve_exact(array.len());
        for row in 0..array.len() {
            if array.is_valid(row) {
                write(row, &mut out.text);
            }
            out.ends.push(out.text.len());
        }
        out
    }

    fn of_scalars(array: &dyn Array, keep_fractions: bool) -> Option<Self> {
        let times = |of_second| Times {
            of_second,
            keep_fractions,
        };
        match array.data_type() {
            DataType::Boolean => {
                let values = array.as_boolean_opt()?;
                let name = |row| if values.value(row) { "true" } else { "false" };
                Some(Self::of(array, |row, out| out.push_str(name(row))))
            }
            DataType::Float32 => Self::of_floats::<Float32Type>(array),
            DataType::Float64 => Self::of_floats::<Float64Type>(array),
            DataType::Int8 => Self::of_whole::<Int8Type>(array),
            DataType::Int16 => Self::of_whole::<Int16Type>(array),
            DataType::Int32 => Self::of_whole::<Int32Type>(array),
            DataType::Int64 => Self::of_whole::<Int64Type>(array),
            DataType::UInt8 => Self::of_whole::<UInt8Type>(array),
            DataType::UInt16 => Self::of_whole::<UInt16Type>(array),
            DataType::UInt32 => Self::of_whole::<UInt32Type>(array),
            DataType::UInt64 => Self::of_whole::<UInt64Type>(array),
            DataType::Timestamp(TimeUnit::Second, _) => {
                times(1).write::<TimestampSecondType>(array)
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                times(1_000).write::<TimestampMillisecondType>(array)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                times(1_000_000).write::<TimestampMicrosecondType>(array)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                times(1_000_000_000).write::<TimestampNanosecondType>(array)
            }
            DataType::Date64 => times(1_000).write::<Date64Type>(array),
            DataType::Date32 => {
                let days = array.as_primitive_opt::<Date32Type>()?;
                let seconds = |row| i64::from(days.value(row)) * SECONDS_OF_DAY;
                Some(Self::of(array, |row, out| push_whole(seconds(row), out)))
            }
            _ => None,
        }
    }

    fn of_whole<T: ArrowPrimitiveType<Native: itoa::Integer>>(array: &dyn Array) -> Option<Self> {
        let values = array.as_primitive_opt::<T>()?;
        Some(Self::of(array, |row, out| {
            push_whole(values.value(row), out);
        }))
    }

    fn of_floats<T: ArrowPrimitiveType<Native: std::fmt::Display>>(
        array: &dyn Array,
    ) -> Option<Self> {
        let values = array.as_primitive_opt::<T>()?;
        Some(Self::of(array, |row, out| {
            // Writing to a string does not fail.
            let _ = write!(out, "{}", values.value(row));
        }))
    }

    fn of_lists<O: OffsetSizeTrait>(
        lists: &GenericListArray<O>,
        keep_fractions: bool,
    ) -> Result<Option<Self>> {
        let Some(items) = TextColumn::of_array(&**lists.values(), keep_fractions)? else {
            return Ok(None);
        };
        let offsets = lists.value_offsets();
        let at = |row: usize| offsets.get(row).map_or(0, |offset| offset.as_usize());
        let mut done = Ok(());
        let written = Self::of(lists, |row, out| {
            if done.is_ok() {
                done = push_items(&items, at(row)..at(row + 1), out);
            }
        });
        done.map(|()| Some(written))
    }
}

fn push_items(items: &TextColumn<'_>, range: Range<usize>, out: &mut String) -> Result<()> {
    for (at, item) in range.enumerate() {
        if at > 0 {
            out.push('|');
        }
        let item = items.get(item);
        check_bars(item)?;
        out.push_str(item);
    }
    Ok(())
}

fn push_whole(value: impl itoa::Integer, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// How times are written.
struct Times {
    /// How many of their units make a second.
    of_second: i64,
    keep_fractions: bool,
}

impl Times {
    fn write<T: ArrowPrimitiveType<Native = i64>>(self, array: &dyn Array) -> Option<Written> {
        let values = array.as_primitive_opt::<T>()?;
        let places = self.of_second.ilog10() as usize;
        Some(Written::of(array, |row, out| {
            let value = values.value(row);
            push_whole(value.div_euclid(self.of_second), out);
            let fraction = value.rem_euclid(self.of_second);
            if self.keep_fractions && fraction > 0 {
                // Writing to a string does not fail.
                let _ = write!(out, ".{fraction:0places$}");
            }
        }))
    }
}

const SECONDS_OF_DAY: i64 = 86_400;
