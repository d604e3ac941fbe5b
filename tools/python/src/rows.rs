//! Rows that were read: a sequence of dicts over Arrow arrays.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchIterator};
use arrow_schema::{DataType, SchemaRef};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList, PyString};

use crate::buffer::{Buffer, Kind};
use crate::cast::Cast;
use crate::{capsule, errors, times};

/// Rows that were read from a store, in memory of their own.
///
/// They are a sequence of dicts, keyed by the schema's field names, and at the same time Arrow data:
/// ``polars.DataFrame(rows)``, ``pyarrow.table(rows)`` and whatever takes ``__arrow_c_stream__`` have them
/// without a copy. ``buffer`` gives one column of numbers to numpy.
#[pyclass(frozen, module = "annalsdb", sequence)]
pub struct Rows {
    batch: RecordBatch,
}

impl Rows {
    pub fn new(batch: RecordBatch) -> Self {
        Self { batch }
    }

    fn dict<'py>(
        &self,
        py: Python<'py>,
        names: &[Bound<'py, PyString>],
        row: usize,
    ) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, column) in names.iter().zip(self.batch.columns()) {
            dict.set_item(name, value(py, column, row)?)?;
        }
        Ok(dict)
    }

    fn names<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyString>> {
        let schema = self.batch.schema();
        let fields = schema.fields().iter();
        fields
            .map(|field| PyString::intern(py, field.name()))
            .collect()
    }

    fn column(&self, name: &str) -> PyResult<&ArrayRef> {
        self.batch.column_by_name(name).ok_or_else(|| {
            let schema = self.batch.schema();
            let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            PyKeyError::new_err(format!(
                "{name}: no such column; there are {}",
                names.join(", ")
            ))
        })
    }
}

#[pymethods]
impl Rows {
    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, at: isize) -> PyResult<Bound<'py, PyDict>> {
        let len = self.batch.num_rows();
        let from_end = if at < 0 { len as isize } else { 0 };
        match usize::try_from(at + from_end) {
            Ok(at) if at < len => self.dict(py, &self.names(py), at),
            _ => Err(PyIndexError::new_err("row out of range")),
        }
    }

    fn __repr__(&self) -> String {
        let schema = self.batch.schema();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        format!(
            "<annalsdb.Rows of {} rows: {}>",
            self.batch.num_rows(),
            names.join(", ")
        )
    }

    /// The names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        let schema = self.batch.schema();
        schema.fields().iter().map(|f| f.name().clone()).collect()
    }

    /// All rows, as dicts.
    fn to_dicts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let names = self.names(py);
        let list = PyList::empty(py);
        for row in 0..self.batch.num_rows() {
            list.append(self.dict(py, &names, row)?)?;
        }
        Ok(list)
    }

    /// One column's values, as a list.
    fn to_list<'py>(&self, py: Python<'py>, column: &str) -> PyResult<Bound<'py, PyList>> {
        let column = self.column(column)?;
        let list = PyList::empty(py);
        for row in 0..column.len() {
            list.append(value(py, column, row)?)?;
        }
        Ok(list)
    }

    /// One column of numbers, for numpy, without a copy.
    fn buffer(&self, column: &str) -> PyResult<Buffer> {
        let array = self.column(column)?;
        if array.null_count() > 0 {
            return Err(PyValueError::new_err(format!(
                "{column}: {} of {} values are null, which a buffer of numbers cannot hold; take the \
                 rows by Arrow",
                array.null_count(),
                array.len()
            )));
        }
        let (kind, values) = match array.data_type() {
            DataType::Int32 => (Kind::Int32, of::<Int32Type>(array)),
            DataType::Int64 => (Kind::Int64, of::<Int64Type>(array)),
            DataType::Float32 => (Kind::Float32, of::<Float32Type>(array)),
            DataType::Float64 => (Kind::Float64, of::<Float64Type>(array)),
            other => {
                return Err(PyValueError::new_err(format!(
                    "{column}: {other} is no column of plain numbers; take the rows by Arrow"
                )));
            }
        };
        Ok(Buffer::new(values, kind))
    }

    /// The schema, by the Arrow C data interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::schema(py, &self.batch.schema())
    }

    /// The rows, by the Arrow C data interface, in the types of `requested_schema`.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let batch = match requested_schema {
            None => self.batch.clone(),
            Some(asked) => {
                let cast = Cast::plan(&self.batch.schema(), &capsule::requested(&asked)?)?;
                cast.apply(&self.batch).map_err(capsule::unfit)?
            }
        };
        let schema: SchemaRef = batch.schema();
        let batches = RecordBatchIterator::new([Ok(batch)], schema);
        capsule::stream(py, Box::new(batches))
    }
}

fn of<T: arrow_array::types::ArrowPrimitiveType>(array: &ArrayRef) -> arrow_buffer::Buffer {
    array.as_primitive::<T>().values().inner().clone()
}

/// A value of Python: what the row has.
pub fn value<'py>(py: Python<'py>, array: &ArrayRef, row: usize) -> PyResult<Bound<'py, PyAny>> {
    if array.is_null(row) {
        return Ok(py.None().into_bound(py));
    }
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).into_bound_py_any(py),
        DataType::Int64 => array
            .as_primitive::<Int64Type>()
            .value(row)
            .into_bound_py_any(py),
        DataType::Int32 => array
            .as_primitive::<Int32Type>()
            .value(row)
            .into_bound_py_any(py),
        DataType::Float32 => {
            let number = array.as_primitive::<Float32Type>().value(row);
            number.into_bound_py_any(py)
        }
        DataType::Float64 => {
            let number = array.as_primitive::<Float64Type>().value(row);
            number.into_bound_py_any(py)
        }
        DataType::Boolean => array.as_boolean().value(row).into_bound_py_any(py),
        DataType::Timestamp(..) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(row);
            times::datetime_of(py, micros.div_euclid(1_000_000))
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>().value(row);
            let out = PyList::empty(py);
            for at in 0..list.len() {
                out.append(value(py, &list, at)?)?;
            }
            Ok(out.into_any())
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct();
            let out = PyDict::new(py);
            for (field, column) in fields.iter().zip(columns.columns()) {
                out.set_item(field.name(), value(py, column, row)?)?;
            }
            Ok(out.into_any())
        }
        DataType::Dictionary(..) => {
            let dictionary = array.as_dictionary::<Int32Type>();
            let key = dictionary.keys().value(row);
            value(py, dictionary.values(), key as usize)
        }
        other => Err(errors::internal(format_args!("a column of {other}"))),
    }
}

/// A batch whose timestamps are datetimes of UTC instead of seconds.
pub fn with_datetimes(batch: &RecordBatch, timestamp: &str) -> PyResult<RecordBatch> {
    let cast = Cast::datetimes(&batch.schema(), timestamp)?;
    cast.apply(batch).map_err(capsule::unfit)
}
