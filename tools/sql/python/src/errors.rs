//! Errors as exceptions of Python.

use annals::{Error, ErrorKind};
use annals_datafusion::engine_error;
use datafusion::error::DataFusionError;
use pyo3::PyErr;
use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyRuntimeError, PyValueError};

/// `FileNotFoundError` where there is no store, `ValueError` for what breaks a rule, `OSError` for what the system or the
/// store refuses and for damage, `RuntimeError` for a bug.
pub fn raise(error: &Error) -> PyErr {
    let message = error.full_message();
    match error.kind() {
        ErrorKind::NotFound => PyFileNotFoundError::new_err(message),
        ErrorKind::InvalidInput => PyValueError::new_err(message),
        ErrorKind::Internal => PyRuntimeError::new_err(message),
        _ => PyOSError::new_err(message),
    }
}

/// As [`raise`], of the engine's error in one of DataFusion.
pub fn of_query(error: &DataFusionError) -> PyErr {
    match engine_error(error) {
        Some(found) => raise(found),
        None => PyValueError::new_err(error.strip_backtrace()),
    }
}
