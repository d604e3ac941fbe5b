//! Interactions that callers give: dicts, dataclasses, Arrow batches.

use annals::{DataType, Interaction, Role, Schema, Value};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType as ArrowType, TimeUnit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};

use crate::{errors, times};

/// An interaction of a dict, a mapping or a dataclass; `at` is its position among those given.
///
/// # Errors
/// `InvalidInputError`, naming position, field, value and rule.
pub fn interaction(schema: &Schema, at: usize, object: &Bound<'_, PyAny>) -> PyResult<Interaction> {
    let entries = entries(at, object)?;
    let mut given = Given::default();
    for (name, value) in entries {
        let Ok(name) = name.cast::<PyString>() else {
            return Err(errors::invalid(format!(
                "interaction {at}: key {}: must be a string, the name of a field",
                times::shown(&name)
            )));
        };
        let name = name.to_cow()?;
        given
            .take(schema, &name, &value)
            .map_err(|rule| errors::invalid(format!("interaction {at}: field {name}: {rule}")))?;
    }
    given
        .interaction(schema)
        .map_err(|rule| errors::invalid(format!("interaction {at}: {rule}")))
}

type Entries<'py> = Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>;

fn entries<'py>(at: usize, object: &Bound<'py, PyAny>) -> PyResult<Entries<'py>> {
    if let Ok(dict) = object.cast::<PyDict>() {
        return Ok(dict.iter().collect());
    }
    if let Ok(mapping) = object.cast::<PyMapping>() {
        let items = mapping.items()?;
        return items.iter().map(|item| item.extract()).collect();
    }
    static FIELDS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = object.py();
    let is_class = object.is_instance_of::<pyo3::types::PyType>();
    if !is_class && object.hasattr("__dataclass_fields__")? {
        let fields = FIELDS
            .import(py, "dataclasses", "fields")?
            .call1((object,))?;
        let fields = fields.try_iter()?.map(|field| {
            let name = field?.getattr("name")?;
            let value = object.getattr(name.cast::<PyString>()?)?;
            Ok((name, value))
        });
        return fields.collect();
    }
    Err(errors::invalid(format!(
        "interaction {at}: {}; must be a dict or a dataclass with the schema's fields",
        times::shown(object)
    )))
}

/// What was given of an interaction so far.
#[derive(Default)]
struct Given {
    user: Option<String>,
    item: Option<String>,
    timestamp: Option<i64>,
    fields: Vec<(String, Value)>,
}

impl Given {
    fn take(
        &mut self,
        schema: &Schema,
        name: &str,
        value: &Bound<'_, PyAny>,
    ) -> Result<(), String> {
        let Some(id) = position(schema, name) else {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name()).collect();
            return Err(format!(
                "the schema has no such field; it has {}",
                names.join(", ")
            ));
        };
        if id == schema.timestamp() {
            self.timestamp = Some(times::exact(value)?);
        } else if id == schema.user() {
            self.user = Some(text(value)?);
        } else if id == schema.item() {
            self.item = Some(text(value)?);
        } else if let Some(field) = schema.fields().get(id) {
            let value = value_of(value, field.role(), field.data_type())?;
            self.fields.push((field.name().to_owned(), value));
        }
        Ok(())
    }

    fn interaction(self, schema: &Schema) -> Result<Interaction, String> {
        let name = |id: usize| schema.fields().get(id).map_or("?", |field| field.name());
        let lacks = |id: usize| format!("field {}: required, but missing; add it", name(id));
        let user = self.user.ok_or_else(|| lacks(schema.user()))?;
        let item = self.item.ok_or_else(|| lacks(schema.item()))?;
        let timestamp = self.timestamp.ok_or_else(|| lacks(schema.timestamp()))?;
        let interaction = Interaction::new(user, item, timestamp);
        let fields = self.fields.into_iter();
        Ok(fields.fold(interaction, |made, (name, value)| made.with(name, value)))
    }
}

/// The field of a name: as the schema spells it, or without regard to case.
pub fn position(schema: &Schema, name: &str) -> Option<usize> {
    schema.position(name).or_else(|| {
        let mut fields = schema.fields().iter();
        fields.position(|field| field.name().eq_ignore_ascii_case(name))
    })
}

fn text(value: &Bound<'_, PyAny>) -> Result<String, String> {
    match value.cast::<PyString>() {
        Ok(text) => text
            .to_cow()
            .map(|text| text.into_owned())
            .map_err(|error| error.to_string()),
        Err(_) => Err(format!(
            "value {}: must be a string; ids are strings, so use str() where they are numbers",
            times::shown(value)
        )),
    }
}

fn value_of(value: &Bound<'_, PyAny>, role: Role, data_type: DataType) -> Result<Value, String> {
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Value::Boolean(flag.is_true()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        let text = text.to_cow().map_err(|error| error.to_string())?;
        return Ok(Value::String(text.into_owned()));
    }
    if role == Role::Impression
        && (value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>())
    {
        let items = value.try_iter().map_err(|error| error.to_string())?;
        let items = items.map(|item| text(&item.map_err(|error| error.to_string())?));
        return Ok(Value::Items(items.collect::<Result<_, _>>()?));
    }
    let is_float = value.is_instance_of::<PyFloat>();
    if !is_float && (value.is_instance_of::<PyInt>() || value.hasattr("__index__").unwrap_or(false))
    {
        return value
            .extract::<i64>()
            .map(Value::Long)
            .map_err(|_| format!("value {}: beyond 64 bits", times::shown(value)));
    }
    if is_float || value.hasattr("__float__").unwrap_or(false) {
        let number = value.extract::<f64>();
        return number.map(Value::Double).map_err(|error| error.to_string());
    }
    Err(format!(
        "value {}: must be {} {}",
        times::shown(value),
        if data_type == DataType::Int {
            "an"
        } else {
            "a"
        },
        data_type.name()
    ))
}

/// The columns of an Arrow batch by field.
pub struct Batch<'a> {
    schema: &'a Schema,
    user: &'a ArrayRef,
    item: &'a ArrayRef,
    timestamp: &'a ArrayRef,
    others: Vec<(&'a str, Role, &'a ArrayRef)>,
    /// Rows of the batches before.
    before: usize,
    rows: usize,
}

impl<'a> Batch<'a> {
    /// Finds the fields among the columns of a batch, which stands behind `before` rows of others.
    ///
    /// # Errors
    /// The rule: a column that is no field, is there twice or has a type that no field has, a required
    /// field without a column.
    pub fn new(schema: &'a Schema, batch: &'a RecordBatch, before: usize) -> Result<Self, String> {
        let mut columns: Vec<Option<&ArrayRef>> = vec![None; schema.fields().len()];
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let name = field.name();
            let id = position(schema, name)
                .ok_or_else(|| format!("column {name}: the schema has no such field"))?;
            let slot = columns.get_mut(id).filter(|slot| slot.is_none());
            *slot.ok_or_else(|| format!("column {name}: given twice"))? = Some(array);
        }
        let of = |id: usize| columns.get(id).copied().flatten();
        let name = |id: usize| schema.fields().get(id).map_or("?", |field| field.name());
        let required = |id: usize| {
            of(id).ok_or_else(|| format!("column {}: required, but missing; add it", name(id)))
        };
        let timestamp = required(schema.timestamp())?;
        check_times(timestamp.data_type())
            .map_err(|rule| format!("column {}: {rule}", name(schema.timestamp())))?;
        let apart = [schema.user(), schema.item(), schema.timestamp()];
        let others = schema.fields().iter().enumerate();
        let others = others.filter(|(id, _)| !apart.contains(id));
        Ok(Self {
            schema,
            user: required(schema.user())?,
            item: required(schema.item())?,
            timestamp,
            others: others
                .filter_map(|(id, field)| Some((field.name(), field.role(), of(id)?)))
                .collect(),
            before,
            rows: batch.num_rows(),
        })
    }

    /// The interactions, in the order of the rows.
    pub fn interactions(&self) -> impl Iterator<Item = Result<Interaction, String>> {
        (0..self.rows).map(|row| {
            self.interaction(row)
                .map_err(|rule| format!("row {}: {rule}", self.before + row))
        })
    }

    fn interaction(&self, row: usize) -> Result<Interaction, String> {
        let name = |id: usize| {
            self.schema
                .fields()
                .get(id)
                .map_or("?", |field| field.name())
        };
        let id_of = |array: &ArrayRef, id: usize| match text_at(array, row) {
            Some(text) => Ok(text.to_owned()),
            None if array.is_null(row) => {
                Err(format!("field {}: null; must have a value", name(id)))
            }
            None => Err(format!(
                "field {}: a column of {}; ids are strings, so cast it to them",
                name(id),
                array.data_type()
            )),
        };
        let user = id_of(self.user, self.schema.user())?;
        let item = id_of(self.item, self.schema.item())?;
        let timestamp = time_at(self.timestamp, row)
            .map_err(|rule| format!("field {}: {rule}", name(self.schema.timestamp())))?;
        let mut made = Interaction::new(user, item, timestamp);
        for (name, role, array) in &self.others {
            let value =
                value_at(array, *role, row).map_err(|rule| format!("field {name}: {rule}"))?;
            if value != Value::Null {
                made = made.with((*name).to_owned(), value);
            }
        }
        Ok(made)
    }
}

fn check_times(data_type: &ArrowType) -> Result<(), String> {
    match data_type {
        ArrowType::Timestamp(_, None) => Err(
            "timestamps without a zone; give them one (in polars .dt.replace_time_zone(\"UTC\"), in pandas \
             .dt.tz_localize(\"UTC\")), or epoch seconds as integers"
                .to_owned(),
        ),
        ArrowType::Timestamp(..) => Ok(()),
        other if other.is_integer() => Ok(()),
        other => Err(format!(
            "a column of {other}; must be integers, Unix epoch seconds, or timestamps with a zone"
        )),
    }
}

fn time_at(array: &ArrayRef, row: usize) -> Result<i64, String> {
    if array.is_null(row) {
        return Err("null; must have a value".to_owned());
    }
    let (value, scale) = match array.data_type() {
        ArrowType::Timestamp(TimeUnit::Second, _) => {
            (array.as_primitive::<TimestampSecondType>().value(row), 1)
        }
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => (
            array.as_primitive::<TimestampMillisecondType>().value(row),
            1_000,
        ),
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => (
            array.as_primitive::<TimestampMicrosecondType>().value(row),
            1_000_000,
        ),
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => (
            array.as_primitive::<TimestampNanosecondType>().value(row),
            1_000_000_000,
        ),
        _ => (integer_at(array, row)?.ok_or("no integer")?, 1),
    };
    match value.rem_euclid(scale) {
        0 => Ok(value.div_euclid(scale)),
        _ => Err(format!(
            "value {value} of {scale} in a second: has a fraction of a second, and times are kept in whole \
             seconds; truncate it"
        )),
    }
}

/// An integer; `None` where the column has none.
fn integer_at(array: &dyn Array, row: usize) -> Result<Option<i64>, String> {
    Ok(Some(match array.data_type() {
        ArrowType::Int8 => i64::from(array.as_primitive::<Int8Type>().value(row)),
        ArrowType::Int16 => i64::from(array.as_primitive::<Int16Type>().value(row)),
        ArrowType::Int32 => i64::from(array.as_primitive::<Int32Type>().value(row)),
        ArrowType::Int64 => array.as_primitive::<Int64Type>().value(row),
        ArrowType::UInt8 => i64::from(array.as_primitive::<UInt8Type>().value(row)),
        ArrowType::UInt16 => i64::from(array.as_primitive::<UInt16Type>().value(row)),
        ArrowType::UInt32 => i64::from(array.as_primitive::<UInt32Type>().value(row)),
        ArrowType::UInt64 => {
            let value = array.as_primitive::<UInt64Type>().value(row);
            i64::try_from(value).map_err(|_| format!("value {value}: beyond 63 bits"))?
        }
        _ => return Ok(None),
    }))
}

/// A string; `None` where it is null, or the column has none.
fn text_at(array: &ArrayRef, row: usize) -> Option<&str> {
    if array.is_null(row) {
        return None;
    }
    match array.data_type() {
        ArrowType::Utf8 => Some(array.as_string::<i32>().value(row)),
        ArrowType::LargeUtf8 => Some(array.as_string::<i64>().value(row)),
        ArrowType::Utf8View => Some(array.as_string_view().value(row)),
        ArrowType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary_opt()?;
            let key = integer_at(dictionary.keys(), row).ok()??;
            text_at(dictionary.values(), usize::try_from(key).ok()?)
        }
        _ => None,
    }
}

fn value_at(array: &ArrayRef, role: Role, row: usize) -> Result<Value, String> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    if let Some(text) = text_at(array, row) {
        return Ok(Value::String(text.to_owned()));
    }
    if let Some(number) = integer_at(array, row)? {
        return Ok(Value::Long(number));
    }
    match array.data_type() {
        ArrowType::Float32 => Ok(Value::Float(array.as_primitive::<Float32Type>().value(row))),
        ArrowType::Float64 => Ok(Value::Double(
            array.as_primitive::<Float64Type>().value(row),
        )),
        ArrowType::Boolean => Ok(Value::Boolean(array.as_boolean().value(row))),
        ArrowType::List(_) if role == Role::Impression => items(&array.as_list::<i32>().value(row)),
        ArrowType::LargeList(_) if role == Role::Impression => {
            items(&array.as_list::<i64>().value(row))
        }
        ArrowType::Dictionary(..) => Ok(Value::Null),
        other => Err(format!("a column of {other}, which no field takes")),
    }
}

fn items(list: &ArrayRef) -> Result<Value, String> {
    let items = (0..list.len()).map(|at| match text_at(list, at) {
        Some(text) => Ok(text.to_owned()),
        None => Err("an item that is null or no string".to_owned()),
    });
    Ok(Value::Items(items.collect::<Result<_, _>>()?))
}
