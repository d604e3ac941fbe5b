//! Single values as arrays: of what is read row by row.

use std::sync::Arc;

use annals::Value;
use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Float32Builder, Float64Builder, Int32Builder, Int64Builder,
    ListBuilder, StringBuilder, StringDictionaryBuilder,
};
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::error::Result;

use crate::failure::internal;
use crate::schema::item_field;

/// A column that grows by a value at a time.
pub(crate) enum Growing {
    Texts(StringDictionaryBuilder<Int32Type>),
    Plain(StringBuilder),
    Lists(ListBuilder<StringDictionaryBuilder<Int32Type>>),
    Ints(Int32Builder),
    Longs(Int64Builder),
    Floats(Float32Builder),
    Doubles(Float64Builder),
    Booleans(BooleanBuilder),
}

impl Growing {
    /// An empty column of one of the types of [`table_schema`](crate::table_schema), or of plain strings.
    pub(crate) fn of(data_type: &DataType) -> Result<Self> {
        Ok(match data_type {
            DataType::Dictionary(_, _) => Self::Texts(StringDictionaryBuilder::new()),
            DataType::Utf8 => Self::Plain(StringBuilder::new()),
            DataType::List(_) => {
                let items = ListBuilder::new(StringDictionaryBuilder::new());
                Self::Lists(items.with_field(item_field()))
            }
            DataType::Int32 => Self::Ints(Int32Builder::new()),
            DataType::Int64 => Self::Longs(Int64Builder::new()),
            DataType::Float32 => Self::Floats(Float32Builder::new()),
            DataType::Float64 => Self::Doubles(Float64Builder::new()),
            DataType::Boolean => Self::Booleans(BooleanBuilder::new()),
            other => return Err(internal(format_args!("no column is of type {other}"))),
        })
    }

    pub(crate) fn push(&mut self, value: Value) -> Result<()> {
        match (self, value) {
            (Self::Texts(column), Value::String(text)) => {
                column.append(text)?;
            }
            (Self::Plain(column), Value::String(text)) => column.append_value(text),
            (Self::Lists(column), Value::Items(items)) => {
                for item in items {
                    column.values().append(item)?;
                }
                column.append(true);
            }
            (Self::Lists(column), Value::String(items)) => {
                for item in items.split('|') {
                    column.values().append(item)?;
                }
                column.append(true);
            }
            (Self::Ints(column), Value::Int(value)) => column.append_value(value),
            (Self::Longs(column), Value::Long(value)) => column.append_value(value),
            (Self::Floats(column), Value::Float(value)) => column.append_value(value),
            (Self::Doubles(column), Value::Double(value)) => column.append_value(value),
            (Self::Booleans(column), Value::Boolean(value)) => column.append_value(value),
            (column, Value::Null) => column.push_null(),
            (_, value) => {
                return Err(internal(format_args!(
                    "{value:?} in a column of another type"
                )));
            }
        }
        Ok(())
    }

    fn push_null(&mut self) {
        match self {
            Self::Texts(column) => column.append_null(),
            Self::Plain(column) => column.append_null(),
            Self::Lists(column) => column.append(false),
            Self::Ints(column) => column.append_null(),
            Self::Longs(column) => column.append_null(),
            Self::Floats(column) => column.append_null(),
            Self::Doubles(column) => column.append_null(),
            Self::Booleans(column) => column.append_null(),
        }
    }

    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Texts(column) => Arc::new(column.finish()),
            Self::Plain(column) => Arc::new(column.finish()),
            Self::Lists(column) => Arc::new(column.finish()),
            Self::Ints(column) => Arc::new(column.finish()),
            Self::Longs(column) => Arc::new(column.finish()),
            Self::Floats(column) => Arc::new(column.finish()),
            Self::Doubles(column) => Arc::new(column.finish()),
            Self::Booleans(column) => Arc::new(column.finish()),
        }
    }
}
