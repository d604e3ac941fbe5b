//! Schemas, limits and settings, as callers give them.

use annals::{Durability, Limits, Settings};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::{errors, query, times};

/// A schema as JSON text: given so, or as what `json.dumps` makes it of.
pub fn schema_json(schema: &Bound<'_, PyAny>) -> PyResult<String> {
    match schema.cast::<PyString>() {
        Ok(text) => Ok(text.to_cow()?.into_owned()),
        Err(_) => dumps(schema),
    }
}

fn dumps(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let json = value.py().import("json")?;
    json.call_method1("dumps", (value,))?.extract()
}

/// Limits: `"personalize"`, `"unlimited"`, or a dict of those that differ from Personalize's.
pub fn limits(limits: Option<&Bound<'_, PyAny>>) -> PyResult<Limits> {
    let Some(given) = limits else {
        return Ok(Limits::personalize());
    };
    if let Ok(name) = given.cast::<PyString>() {
        let known = [("personalize", false), ("unlimited", true)];
        return Ok(match query::choice("limits", &name.to_cow()?, &known)? {
            true => Limits::unlimited(),
            false => Limits::personalize(),
        });
    }
    parsed("limits", given)
}

/// Settings: a dict of those that differ from the default.
pub fn settings(settings: Option<&Bound<'_, PyAny>>) -> PyResult<Settings> {
    settings.map_or_else(
        || Ok(Settings::default()),
        |given| parsed("settings", given),
    )
}

fn parsed<T: serde::de::DeserializeOwned>(name: &str, given: &Bound<'_, PyAny>) -> PyResult<T> {
    if !given.is_instance_of::<PyDict>() {
        return Err(errors::invalid(format!(
            "{name}: {}; must be a dict",
            times::shown(given)
        )));
    }
    let text = dumps(given)?;
    serde_json::from_str(&text).map_err(|error| errors::invalid(format!("{name}: {error}")))
}

pub fn durability(durability: &str) -> PyResult<Durability> {
    let known = [
        ("synced", Durability::Synced),
        ("buffered", Durability::Buffered),
    ];
    query::choice("durability", durability, &known)
}
