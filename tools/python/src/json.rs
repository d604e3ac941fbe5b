//! Reports as dicts, which Python's own `json` makes of their JSON.

use pyo3::prelude::*;

use crate::errors;

/// A report as a dict.
pub fn object<'py>(py: Python<'py>, report: &impl serde::Serialize) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(report).map_err(errors::internal)?;
    py.import("json")?.call_method1("loads", (text,))
}
