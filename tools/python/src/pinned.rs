//! A pin as Python sees it.

use std::time::Duration;

use annals::copies::Pin;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::times;

/// How long something is kept: seconds, or a timedelta.
///
/// # Errors
/// `InvalidInputError` for what is neither.
pub fn lasts(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Duration>> {
    given
        .map(|given| times::seconds("lasts", given).map(Duration::from_secs))
        .transpose()
}

/// A pin as a dict.
pub fn of_pin(py: Python<'_>, pin: Pin) -> PyResult<Bound<'_, PyDict>> {
    let answer = PyDict::new(py);
    answer.set_item("name", pin.name)?;
    answer.set_item("path", pin.path)?;
    answer.set_item("made_seconds", pin.made_seconds)?;
    answer.set_item("expires_seconds", pin.expires_seconds)?;
    Ok(answer)
}
