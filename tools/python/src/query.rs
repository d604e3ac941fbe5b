//! Arguments of reads.

use annals::export::ArrowStrings;
use annals::query::{ScanOrder, UserRange};
use annals::{HistoryQuery, Order, Projection, ScanQuery, Schema, TimeRange};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::{errors, texts, times};

/// A list of strings, or none.
pub fn list(name: &str, argument: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Vec<String>>> {
    let Some(argument) = argument else {
        return Ok(None);
    };
    if argument.is_instance_of::<PyString>() {
        return Ok(Some(vec![argument.extract()?]));
    }
    let strings = texts::strings(name, argument)?;
    Ok(Some(
        strings.iter().map(|string| string.to_string()).collect(),
    ))
}

/// Whether times come as datetimes.
///
/// # Errors
/// `InvalidInputError` for another form than `"int"` and `"datetime"`.
pub fn datetimes(times: &str) -> PyResult<bool> {
    choice("times", times, &[("int", false), ("datetime", true)])
}

/// A value by its name.
///
/// # Errors
/// `InvalidInputError`, with the names there are.
pub fn choice<T: Copy>(argument: &str, given: &str, known: &[(&str, T)]) -> PyResult<T> {
    let found = known.iter().find(|(name, _)| *name == given);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<String> = known.iter().map(|(name, _)| format!("{name:?}")).collect();
        errors::invalid(format!(
            "{argument}: {given:?}; must be one of {}",
            names.join(", ")
        ))
    })
}

/// What a history is asked for.
pub struct HistoryArguments<'a, 'py> {
    pub limit: Option<usize>,
    pub event_types: Option<&'a Bound<'py, PyAny>>,
    pub since: Option<&'a Bound<'py, PyAny>>,
    pub until: Option<&'a Bound<'py, PyAny>>,
    pub columns: Option<&'a Bound<'py, PyAny>>,
    pub oldest_first: bool,
}

impl HistoryArguments<'_, '_> {
    pub fn query(&self) -> PyResult<HistoryQuery> {
        Ok(HistoryQuery::default()
            .limit(self.limit)
            .event_types(list("event_types", self.event_types)?.unwrap_or_default())
            .time(TimeRange::new(
                times::bound("since", self.since)?,
                times::bound("until", self.until)?,
            ))
            .projection(projection(self.columns)?)
            .order(match self.oldest_first {
                true => Order::OldestFirst,
                false => Order::NewestFirst,
            })
            .copies_text(true))
    }
}

pub fn projection(columns: Option<&Bound<'_, PyAny>>) -> PyResult<Projection> {
    let columns = list("columns", columns)?;
    Ok(columns.map_or(Projection::All, Projection::Names))
}

/// A flag for each field of the schema: whether it is asked for.
///
/// # Errors
/// `InvalidInputError` for a name that the schema does not have.
pub fn asked(schema: &Schema, projection: &Projection) -> PyResult<Vec<bool>> {
    match projection {
        Projection::All => Ok(vec![true; schema.fields().len()]),
        Projection::Names(names) => {
            let known = |name: &String| schema.position(name).is_some();
            match names.iter().find(|name| !known(name)) {
                None => {
                    let fields = schema.fields().iter();
                    Ok(fields
                        .map(|field| names.iter().any(|name| name == field.name()))
                        .collect())
                }
                Some(name) => {
                    let names: Vec<&str> = schema.fields().iter().map(|f| f.name()).collect();
                    Err(errors::invalid(format!(
                        "columns: {name}: the schema has no such field; it has {}",
                        names.join(", ")
                    )))
                }
            }
        }
    }
}

/// What a scan is asked for.
pub struct ScanArguments<'a, 'py> {
    pub columns: Option<&'a Bound<'py, PyAny>>,
    pub event_types: Option<&'a Bound<'py, PyAny>>,
    pub since: Option<&'a Bound<'py, PyAny>>,
    pub until: Option<&'a Bound<'py, PyAny>>,
    pub users: Option<(Option<String>, Option<String>)>,
    pub order: &'a str,
    pub batch_rows: usize,
}

impl ScanArguments<'_, '_> {
    pub fn query(&self) -> PyResult<ScanQuery> {
        let (from, to) = self.users.clone().unwrap_or_default();
        Ok(ScanQuery::default()
            .time(TimeRange::new(
                times::bound("since", self.since)?,
                times::bound("until", self.until)?,
            ))
            .users(UserRange::new(from, to))
            .event_types(list("event_types", self.event_types)?.unwrap_or_default())
            .projection(projection(self.columns)?)
            .order(choice(
                "order",
                self.order,
                &[("user-time", ScanOrder::UserTime), ("any", ScanOrder::Any)],
            )?)
            .batch_rows(self.batch_rows))
    }
}

pub fn strings(strings: &str) -> PyResult<ArrowStrings> {
    let known = [
        ("plain", ArrowStrings::Plain),
        ("dictionary", ArrowStrings::Dictionary),
    ];
    choice("strings", strings, &known)
}
