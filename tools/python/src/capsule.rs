//! The Arrow C data interface: what crosses the border to other libraries. All `unsafe` of the package is
//! here and in `buffer.rs`.

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{ArrayRef, RecordBatchReader, make_array};
use arrow_schema::{DataType, Schema};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

const SCHEMA: &std::ffi::CStr = c"arrow_schema";
const ARRAY: &std::ffi::CStr = c"arrow_array";
const STREAM: &std::ffi::CStr = c"arrow_array_stream";

/// Batches as what `__arrow_c_stream__` gives.
pub fn stream<'py>(
    py: Python<'py>,
    batches: Box<dyn RecordBatchReader + Send>,
) -> PyResult<Bound<'py, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(batches), STREAM)
}

/// A schema as what `__arrow_c_schema__` gives.
pub fn schema<'py>(py: Python<'py>, schema: &Schema) -> PyResult<Bound<'py, PyCapsule>> {
    let exported = FFI_ArrowSchema::try_from(schema).map_err(unfit)?;
    PyCapsule::new_with_value(py, exported, SCHEMA)
}

/// An array as what `__arrow_c_array__` gives.
pub fn array<'py>(
    py: Python<'py>,
    array: &dyn arrow_array::Array,
) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
    let (array, schema) = arrow_array::ffi::to_ffi(&array.to_data()).map_err(unfit)?;
    Ok((
        PyCapsule::new_with_value(py, schema, SCHEMA)?,
        PyCapsule::new_with_value(py, array, ARRAY)?,
    ))
}

/// The schema that a consumer asked for.
///
/// # Errors
/// `ValueError` for what is no such capsule.
pub fn requested(capsule: &Bound<'_, PyCapsule>) -> PyResult<Schema> {
    let pointer = capsule.pointer_checked(Some(SCHEMA))?;
    #[expect(unsafe_code, reason = "the C data interface is one of pointers")]
    // SAFETY: the capsule's name says that it points to an ArrowSchema, and the capsule owns it beyond
    // this borrow. It is only read.
    let exported = unsafe { pointer.cast::<FFI_ArrowSchema>().as_ref() };
    Schema::try_from(exported).map_err(unfit)
}

/// Batches of what has `__arrow_c_stream__`; `None` where it has not.
///
/// # Errors
/// What the method raises, and `ValueError` for a stream that is not of record batches.
pub fn batches_of(object: &Bound<'_, PyAny>) -> PyResult<Option<RecordBatchStreamReader>> {
    let Some(capsule) = called(object, "__arrow_c_stream__")? else {
        return Ok(None);
    };
    let stream = stream_in(&capsule.cast_into::<PyCapsule>()?)?;
    Ok(Some(
        RecordBatchStreamReader::try_new(stream).map_err(unfit)?,
    ))
}

/// The arrays of what has `__arrow_c_array__` or `__arrow_c_stream__`; `None` where it has neither.
///
/// # Errors
/// As [`batches_of`].
pub fn arrays_of(object: &Bound<'_, PyAny>) -> PyResult<Option<Vec<ArrayRef>>> {
    if let Some(both) = called(object, "__arrow_c_array__")? {
        let (schema, array) = both.extract::<(Bound<'_, PyCapsule>, Bound<'_, PyCapsule>)>()?;
        return Ok(Some(vec![array_in(&schema, &array)?]));
    }
    let Some(capsule) = called(object, "__arrow_c_stream__")? else {
        return Ok(None);
    };
    let stream = stream_in(&capsule.cast_into::<PyCapsule>()?)?;
    let arrays = ArrayStreamReader::try_new(stream).map_err(unfit)?;
    Ok(Some(arrays.collect::<Result<_, _>>().map_err(unfit)?))
}

/// What a method gives; `None` where the object has no such method.
fn called<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    match object.getattr_opt(name)? {
        Some(method) => method.call0().map(Some),
        None => Ok(None),
    }
}

fn stream_in(capsule: &Bound<'_, PyCapsule>) -> PyResult<FFI_ArrowArrayStream> {
    let pointer = capsule.pointer_checked(Some(STREAM))?;
    #[expect(unsafe_code, reason = "the C data interface is one of pointers")]
    // SAFETY: the capsule's name says that it points to an ArrowArrayStream. It is moved out, and what
    // stays is marked as released, as the interface asks of a consumer.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.cast().as_ptr()) };
    match stream.release() {
        Some(_) => Ok(stream),
        None => Err(PyValueError::new_err(
            "an Arrow stream that was consumed before; give the object, not its stream",
        )),
    }
}

fn array_in(schema: &Bound<'_, PyCapsule>, array: &Bound<'_, PyCapsule>) -> PyResult<ArrayRef> {
    let schema = schema.pointer_checked(Some(SCHEMA))?;
    let array = array.pointer_checked(Some(ARRAY))?;
    #[expect(unsafe_code, reason = "the C data interface is one of pointers")]
    // SAFETY: the capsules' names say what they point to. The array is moved out, and what stays is
    // marked as released; the schema is only read. Both are of one producer, so they fit.
    let data = unsafe {
        let array = FFI_ArrowArray::from_raw(array.cast().as_ptr());
        from_ffi(array, schema.cast::<FFI_ArrowSchema>().as_ref())
    };
    Ok(make_array(data.map_err(unfit)?))
}

/// The name of a type, as messages name it.
pub fn name_of(data_type: &DataType) -> String {
    data_type.to_string()
}

pub fn unfit(error: arrow_schema::ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}
