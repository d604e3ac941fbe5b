//! A requested schema: the same columns in types that hold the same values.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int64Array, LargeStringArray, ListArray,
    RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use pyo3::PyResult;
use pyo3::exceptions::PyValueError;

/// What is done to batches, so that they have the types that a consumer asked for.
#[derive(Clone)]
pub struct Cast {
    schema: SchemaRef,
}

impl Cast {
    /// How batches of `own` get the types of `asked`.
    ///
    /// # Errors
    /// `ValueError`, naming the column, where a value could be lost, or the columns are others.
    pub fn plan(own: &Schema, asked: &Schema) -> PyResult<Self> {
        let names = |schema: &Schema| -> Vec<String> {
            let fields = schema.fields().iter();
            fields.map(|field| field.name().clone()).collect()
        };
        if names(own) != names(asked) {
            return Err(PyValueError::new_err(format!(
                "the requested schema has the columns {}, and the data {}; ask for the same",
                names(asked).join(", "),
                names(own).join(", ")
            )));
        }
        let mut fields = Vec::with_capacity(own.fields().len());
        for (own, asked) in own.fields().iter().zip(asked.fields()) {
            if !can_cast(own.data_type(), asked.data_type()) {
                return Err(PyValueError::new_err(format!(
                    "column {}: the requested type {} cannot hold every value of {}",
                    own.name(),
                    asked.data_type(),
                    own.data_type()
                )));
            }
            let data_type = asked.data_type().clone();
            fields.push(Field::new(own.name(), data_type, own.is_nullable()));
        }
        Ok(Self {
            schema: Arc::new(Schema::new(fields)),
        })
    }

    /// How the seconds of a column become timestamps of microseconds, of UTC.
    pub fn datetimes(own: &Schema, timestamp: &str) -> PyResult<Self> {
        let fields = own
            .fields()
            .iter()
            .map(|field| match field.name() == timestamp {
                true => {
                    let data_type = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
                    Field::new(field.name(), data_type, field.is_nullable())
                }
                false => field.as_ref().clone(),
            });
        Self::plan(own, &Schema::new(fields.collect::<Vec<_>>()))
    }

    /// The schema of the batches that come out.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = batch.columns().iter().zip(self.schema.fields());
        let columns = columns.map(|(array, field)| cast(array, field.data_type()));
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = columns.collect::<Result<_, _>>()?;
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
    }
}

fn is_utc(zone: Option<&str>) -> bool {
    zone.is_some_and(|zone| ["UTC", "Etc/UTC", "+00:00", "Z"].contains(&zone))
}

fn can_cast(from: &DataType, to: &DataType) -> bool {
    use DataType as T;
    match (from, to) {
        (from, to) if from == to => true,
        (T::Utf8, T::LargeUtf8 | T::Utf8View) => true,
        (T::Utf8, T::Dictionary(key, value)) => **key == T::Int32 && **value == T::Utf8,
        (T::Dictionary(_, value), T::Utf8) => **value == T::Utf8,
        (T::Int32, T::Int64 | T::Float64) | (T::Float32, T::Float64) => true,
        (T::Int64, T::Timestamp(_, zone)) => is_utc(zone.as_deref()),
        (T::Timestamp(TimeUnit::Microsecond, _), T::Timestamp(_, zone)) => is_utc(zone.as_deref()),
        (T::Timestamp(TimeUnit::Microsecond, _), T::Int64) => true,
        (T::List(from), T::List(to)) => can_cast(from.data_type(), to.data_type()),
        _ => false,
    }
}

const MICROS: i64 = 1_000_000;

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    use DataType as T;
    let from = array.data_type();
    Ok(match (from, to) {
        (from, to) if from == to => array.clone(),
        (T::Utf8, T::LargeUtf8) => {
            let strings = array.as_string::<i32>();
            Arc::new(strings.iter().collect::<LargeStringArray>())
        }
        (T::Utf8, T::Utf8View) => Arc::new(StringViewArray::from(array.as_string::<i32>())),
        (T::Utf8, T::Dictionary(..)) => {
            let strings = array.as_string::<i32>();
            Arc::new(strings.iter().collect::<DictionaryArray<Int32Type>>())
        }
        (T::Dictionary(..), T::Utf8) => {
            let dictionary = array.as_dictionary::<Int32Type>();
            let values = dictionary.values().as_string::<i32>();
            let keys = dictionary.keys().iter();
            let strings = keys.map(|key| key.map(|key| values.value(key as usize)));
            Arc::new(strings.collect::<StringArray>())
        }
        (T::Int32, T::Int64) => {
            let numbers = array.as_primitive::<Int32Type>();
            Arc::new(numbers.unary::<_, Int64Type>(i64::from))
        }
        (T::Int32, T::Float64) => {
            let numbers = array.as_primitive::<Int32Type>().iter();
            Arc::new(numbers.map(|n| n.map(f64::from)).collect::<Float64Array>())
        }
        (T::Float32, T::Float64) => {
            let numbers = array.as_primitive::<Float32Type>().iter();
            Arc::new(numbers.map(|n| n.map(f64::from)).collect::<Float64Array>())
        }
        (T::Int64, T::Timestamp(unit, zone)) => {
            timestamps(array.as_primitive::<Int64Type>(), *unit, zone.clone())?
        }
        (T::Timestamp(TimeUnit::Microsecond, _), T::Int64) => Arc::new(seconds_of(array)),
        (T::Timestamp(TimeUnit::Microsecond, _), T::Timestamp(unit, zone)) => {
            timestamps(&seconds_of(array), *unit, zone.clone())?
        }
        (T::List(_), T::List(item)) => {
            let list = array.as_list::<i32>();
            let values = cast(list.values(), item.data_type())?;
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            Arc::new(ListArray::try_new(item.clone(), offsets, values, nulls)?)
        }
        (from, to) => return Err(ArrowError::CastError(format!("{from} to {to}"))),
    })
}

fn seconds_of(array: &ArrayRef) -> Int64Array {
    let micros = array.as_primitive::<TimestampMicrosecondType>();
    micros.unary(|micros| micros.div_euclid(MICROS))
}

/// Seconds as timestamps of a unit.
///
/// # Errors
/// `CastError` for a time that 64 bits of the unit do not reach.
pub fn timestamps(
    seconds: &Int64Array,
    unit: TimeUnit,
    zone: Option<Arc<str>>,
) -> Result<ArrayRef, ArrowError> {
    let scale = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => MICROS,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    let scaled: Int64Array = seconds.try_unary(|seconds| {
        seconds.checked_mul(scale).ok_or_else(|| {
            ArrowError::CastError(format!(
                "{seconds} seconds do not fit a timestamp of {unit:?}"
            ))
        })
    })?;
    let (values, nulls) = (scaled.values().clone(), scaled.nulls().cloned());
    Ok(match unit {
        TimeUnit::Second => {
            Arc::new(TimestampSecondArray::new(values, nulls).with_timezone_opt(zone))
        }
        TimeUnit::Millisecond => {
            Arc::new(TimestampMillisecondArray::new(values, nulls).with_timezone_opt(zone))
        }
        TimeUnit::Microsecond => {
            Arc::new(TimestampMicrosecondArray::new(values, nulls).with_timezone_opt(zone))
        }
        TimeUnit::Nanosecond => {
            Arc::new(TimestampNanosecondArray::new(values, nulls).with_timezone_opt(zone))
        }
    })
}
