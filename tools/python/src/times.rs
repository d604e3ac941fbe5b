//! Times of Python as Unix epoch seconds: whole numbers, or datetimes that have a zone.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDateTime, PyDelta, PyDeltaAccess, PyInt, PyTzInfo, PyTzInfoAccess};

use crate::errors;

const DAY: i64 = 86_400;

/// A time, and whether it is a fraction of a second later.
struct Time {
    seconds: i64,
    has_fraction: bool,
}

/// The first whole second at or after a time, as a bound of a range has it: `since` is inclusive, `until`
/// exclusive.
///
/// # Errors
/// `InvalidInputError` for a datetime without a zone, and for what is no time.
pub fn bound(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Option<i64>> {
    let Some(value) = value else {
        return Ok(None);
    };
    let time = time_of(value).map_err(|rule| errors::invalid(format!("{name}: {rule}")))?;
    Ok(Some(time.seconds + i64::from(time.has_fraction)))
}

/// The time of an interaction.
///
/// # Errors
/// The rule that it breaks: as [`bound`], and a fraction of a second.
pub fn exact(value: &Bound<'_, PyAny>) -> Result<i64, String> {
    let time = time_of(value)?;
    if time.has_fraction {
        return Err(format!(
            "{value}: has a fraction of a second, and times are kept in whole seconds; use \
             .replace(microsecond=0)"
        ));
    }
    Ok(time.seconds)
}

fn time_of(value: &Bound<'_, PyAny>) -> Result<Time, String> {
    if let Ok(datetime) = value.cast::<PyDateTime>() {
        return time_of_datetime(datetime);
    }
    match whole(value) {
        Some(seconds) => Ok(Time {
            seconds,
            has_fraction: false,
        }),
        None => Err(format!(
            "{}: no time; give Unix epoch seconds as an int, or a datetime with a zone",
            shown(value)
        )),
    }
}

fn whole(value: &Bound<'_, PyAny>) -> Option<i64> {
    let is_whole = !value.is_instance_of::<PyBool>()
        && (value.is_instance_of::<PyInt>() || value.hasattr("__index__").unwrap_or(false));
    if is_whole { value.extract().ok() } else { None }
}

/// How long something is: whole seconds, as an int or a timedelta.
///
/// # Errors
/// `InvalidInputError`, naming the argument, for a fraction of a second, less than nothing, and what is neither.
pub fn seconds(name: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
    let seconds = match value.cast::<PyDelta>() {
        Ok(delta) if delta.get_microseconds() != 0 => None,
        Ok(delta) => Some(i64::from(delta.get_days()) * DAY + i64::from(delta.get_seconds())),
        Err(_) => whole(value),
    };
    seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .ok_or_else(|| {
            errors::invalid(format!(
                "{name}: {}; must be whole seconds, from 0 on, as an int or a timedelta",
                shown(value)
            ))
        })
}

fn time_of_datetime(datetime: &Bound<'_, PyDateTime>) -> Result<Time, String> {
    if datetime.get_tzinfo().is_none() {
        return Err(format!(
            "{datetime}: a datetime without a zone; use .replace(tzinfo=timezone.utc), or another zone"
        ));
    }
    let failed = |error: PyErr| error.to_string();
    let since = since_epoch(datetime).map_err(failed)?;
    let seconds = i64::from(since.get_days()) * DAY + i64::from(since.get_seconds());
    Ok(Time {
        seconds,
        has_fraction: since.get_microseconds() != 0,
    })
}

fn since_epoch<'py>(datetime: &Bound<'py, PyDateTime>) -> PyResult<Bound<'py, PyDelta>> {
    let py = datetime.py();
    let utc = PyTzInfo::utc(py)?.to_owned();
    let epoch = PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, Some(&utc))?;
    Ok(datetime.sub(epoch)?.cast_into::<PyDelta>()?)
}

/// Seconds as a datetime of UTC.
///
/// # Errors
/// `OverflowError` beyond the year 9999.
pub fn datetime_of(py: Python<'_>, seconds: i64) -> PyResult<Bound<'_, PyAny>> {
    let utc = PyTzInfo::utc(py)?.to_owned();
    let epoch = PyDateTime::new(py, 1970, 1, 1, 0, 0, 0, 0, Some(&utc))?;
    let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let days = i32::try_from(days).map_err(|_| {
        pyo3::exceptions::PyOverflowError::new_err(format!("{seconds} seconds: no datetime"))
    })?;
    epoch.add(PyDelta::new(py, days, rest as i32, 0, true)?)
}

/// A value as a message names it.
pub fn shown(value: &Bound<'_, PyAny>) -> String {
    const MOST: usize = 80;
    let text = value
        .repr()
        .map_or_else(|_| "a value".to_owned(), |text| text.to_string());
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
