//! Numbers and flags by the buffer protocol: `numpy.asarray`, `torch.frombuffer` and `memoryview` take them
//! without a copy.

use std::ffi::{CStr, c_int};

use arrow_array::{ArrayRef, BooleanArray};
use arrow_buffer::Buffer as ArrowBuffer;
use pyo3::exceptions::{PyBufferError, PyIndexError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyo3::{IntoPyObjectExt, ffi};

use crate::capsule;

/// What the values are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Flag,
    Int32,
    Int64,
    Float32,
    Float64,
}

impl Kind {
    /// The letter of the `struct` module.
    fn format(self) -> &'static CStr {
        match self {
            Self::Flag => c"?",
            Self::Int32 => c"i",
            Self::Int64 => c"q",
            Self::Float32 => c"f",
            Self::Float64 => c"d",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Flag => 1,
            Self::Int32 | Self::Float32 => 4,
            Self::Int64 | Self::Float64 => 8,
        }
    }
}

/// Values of one type, read-only, one behind the other.
///
/// It is what ``unseen`` and ``filter`` answer (one flag for each candidate, in their order), and what
/// ``Rows.buffer`` gives. ``numpy.asarray(it)``, ``memoryview(it)`` and Arrow libraries (for flags) take it
/// without a copy.
#[pyclass(frozen, module = "annalsdb", sequence)]
pub struct Buffer {
    values: ArrowBuffer,
    kind: Kind,
    // The buffer protocol takes a pointer to them.
    shape: [ffi::Py_ssize_t; 1],
    strides: [ffi::Py_ssize_t; 1],
}

impl Buffer {
    pub fn new(values: ArrowBuffer, kind: Kind) -> Self {
        Self {
            shape: [(values.len() / kind.bytes()) as ffi::Py_ssize_t],
            strides: [kind.bytes() as ffi::Py_ssize_t],
            values,
            kind,
        }
    }

    /// A byte of 0 or 1 for each flag.
    pub fn of_flags(flags: &[bool]) -> Self {
        let bytes: Vec<u8> = flags.iter().map(|flag| u8::from(*flag)).collect();
        Self::new(ArrowBuffer::from_vec(bytes), Kind::Flag)
    }

    fn len(&self) -> usize {
        self.shape.first().map_or(0, |len| *len as usize)
    }

    fn value<'py>(&self, py: Python<'py>, at: usize) -> PyResult<Bound<'py, PyAny>> {
        let size = self.kind.bytes();
        let bytes = self.values.as_slice().get(at * size..(at + 1) * size);
        let bytes = bytes.ok_or_else(|| PyIndexError::new_err("index out of range"))?;
        match (self.kind, bytes) {
            (Kind::Flag, [flag]) => (*flag != 0).into_bound_py_any(py),
            (Kind::Int32, [a, b, c, d]) => {
                i32::from_ne_bytes([*a, *b, *c, *d]).into_bound_py_any(py)
            }
            (Kind::Float32, [a, b, c, d]) => {
                f32::from_ne_bytes([*a, *b, *c, *d]).into_bound_py_any(py)
            }
            (Kind::Int64, bytes) => {
                let bytes = bytes.try_into().unwrap_or_default();
                i64::from_ne_bytes(bytes).into_bound_py_any(py)
            }
            (_, bytes) => {
                let bytes = bytes.try_into().unwrap_or_default();
                f64::from_ne_bytes(bytes).into_bound_py_any(py)
            }
        }
    }
}

#[pymethods]
impl Buffer {
    fn __len__(&self) -> usize {
        self.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, at: isize) -> PyResult<Bound<'py, PyAny>> {
        let from_end = if at < 0 { self.len() as isize } else { 0 };
        let at = usize::try_from(at + from_end);
        self.value(py, at.unwrap_or(usize::MAX / 16))
    }

    /// The values as a list of Python's own.
    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        (0..self.len()).map(|at| self.value(py, at)).collect()
    }

    fn __repr__(&self) -> String {
        format!(
            "<annalsdb.Buffer of {} values, {:?}>",
            self.len(),
            self.kind
        )
    }

    /// The flags as an Arrow boolean array, one bit each.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // What cannot be honoured here may be left alone by the interface: there is one array.
        let _ = requested_schema;
        let array: ArrayRef = match self.kind {
            Kind::Flag => {
                let flags = self.values.as_slice().iter().map(|flag| *flag != 0);
                std::sync::Arc::new(BooleanArray::from_iter(flags.map(Some)))
            }
            Kind::Int32 => primitive::<arrow_array::types::Int32Type>(&self.values),
            Kind::Int64 => primitive::<arrow_array::types::Int64Type>(&self.values),
            Kind::Float32 => primitive::<arrow_array::types::Float32Type>(&self.values),
            Kind::Float64 => primitive::<arrow_array::types::Float64Type>(&self.values),
        };
        capsule::array(py, &*array)
    }

    #[expect(unsafe_code, reason = "the buffer protocol is one of pointers")]
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("no view to fill"));
        }
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err(
                "the values are read-only; copy them",
            ));
        }
        let this = slf.get();
        let asked = |what: c_int| flags & what == what;
        // SAFETY: the interpreter gives a view to be filled. Values, shape and strides belong to the
        // object, which the view keeps alive and which is frozen; the format is static. None of them is
        // written to: the view is read-only.
        unsafe {
            (*view).buf = this.values.as_ptr().cast_mut().cast();
            (*view).len = this.values.len() as ffi::Py_ssize_t;
            (*view).readonly = 1;
            (*view).itemsize = this.kind.bytes() as ffi::Py_ssize_t;
            (*view).format = match asked(ffi::PyBUF_FORMAT) {
                true => this.kind.format().as_ptr().cast_mut(),
                false => std::ptr::null_mut(),
            };
            (*view).ndim = 1;
            (*view).shape = match asked(ffi::PyBUF_ND) {
                true => this.shape.as_ptr().cast_mut(),
                false => std::ptr::null_mut(),
            };
            (*view).strides = match asked(ffi::PyBUF_STRIDES) {
                true => this.strides.as_ptr().cast_mut(),
                false => std::ptr::null_mut(),
            };
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = std::ptr::null_mut();
            (*view).obj = slf.into_any().into_ptr();
        }
        Ok(())
    }
}

fn primitive<T: arrow_array::types::ArrowPrimitiveType>(values: &ArrowBuffer) -> ArrayRef {
    std::sync::Arc::new(arrow_array::PrimitiveArray::<T>::new(
        values.clone().into(),
        None,
    ))
}
