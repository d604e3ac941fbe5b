//! What is deleted, how long rows are kept, and purges.

use std::path::PathBuf;

use annals::inspect::PurgeReceipt;
use annals::{Deletion, Retention};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::long::{self, AtSignal};
use crate::texts::Texts;
use crate::{errors, json, options, times};

/// An argument that is given or left out. None is a value like another here: where it stood for "left out", a
/// variable that is None by mistake would delete more than was meant.
pub enum Argument<'py> {
    Missing,
    Given(Bound<'py, PyAny>),
}

impl<'py> FromPyObject<'_, 'py> for Argument<'py> {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self::Given(given.to_owned()))
    }
}

impl Argument<'_> {
    /// A string.
    ///
    /// # Errors
    /// `InvalidInputError`, naming the argument, for what is none.
    fn string(&self, name: &str) -> PyResult<Option<String>> {
        let Self::Given(given) = self else {
            return Ok(None);
        };
        match given.cast::<PyString>() {
            Ok(text) => Ok(Some(text.to_cow()?.into_owned())),
            Err(_) => Err(no_string(name, given)),
        }
    }

    /// Several strings.
    ///
    /// # Errors
    /// As [`Texts::of`].
    fn strings(&self, name: &str) -> PyResult<Option<Vec<String>>> {
        let Self::Given(given) = self else {
            return Ok(None);
        };
        if given.is_none() {
            return Err(no_string(name, given));
        }
        let texts = Texts::of(name, given)?;
        let strings = texts.as_strs()?.into_iter().map(str::to_owned);
        Ok(Some(strings.collect()))
    }
}

fn no_string(name: &str, given: &Bound<'_, PyAny>) -> PyErr {
    let what = match name {
        "users" => "a list of strings",
        _ => "a string",
    };
    errors::invalid(format!(
        "{name}: {}; must be {what}, or be left out",
        times::shown(given)
    ))
}

/// The deletion that arguments say.
///
/// # Errors
/// `InvalidInputError` for what is no string or no time, and where nobody is named.
pub fn deletion(
    user: &Argument<'_>,
    users: &Argument<'_>,
    item: &Argument<'_>,
    since: Option<&Bound<'_, PyAny>>,
    until: Option<&Bound<'_, PyAny>>,
) -> PyResult<Deletion> {
    let named = match (user.string("user")?, users.strings("users")?) {
        (Some(_), Some(_)) => {
            return Err(errors::invalid("user and users, both; give one of them"));
        }
        (Some(user), None) => Some(vec![user]),
        (None, users) => users,
    };
    let deletion = match (named, item.string("item")?) {
        (Some(users), Some(item)) => Deletion::users(users).with_item(item),
        (Some(users), None) => Deletion::users(users),
        (None, Some(item)) => Deletion::item(item),
        (None, None) => {
            return Err(errors::invalid(
                "a deletion of nobody's interactions; name a user, users, or an item for everybody",
            ));
        }
    };
    let since = times::bound("since", since)?;
    let until = times::bound("until", until)?;
    let deletion = since.into_iter().fold(deletion, Deletion::since);
    Ok(until.into_iter().fold(deletion, Deletion::until))
}

/// Rules on how long interactions are kept.
///
/// # Errors
/// `InvalidInputError`, naming the rule, for what is no age.
pub fn retention(
    max_age: Option<&Bound<'_, PyAny>>,
    max_age_of: Option<&Bound<'_, PyDict>>,
    sessions: Option<&Bound<'_, PyAny>>,
    newest: Option<u32>,
) -> PyResult<Retention> {
    let age = |name: &str, given: Option<&Bound<'_, PyAny>>| {
        given.map(|given| times::seconds(name, given)).transpose()
    };
    let mut rules = Retention::default()
        .max_age_seconds(age("max_age", max_age)?)
        .session_seconds(age("sessions", sessions)?)
        .newest_of_user(newest);
    for (event_type, given) in max_age_of.into_iter().flatten() {
        let Ok(name) = event_type.cast::<PyString>() else {
            return Err(errors::invalid(format!(
                "max_age_of: {}; event types are strings",
                times::shown(&event_type)
            )));
        };
        let name = name.to_cow()?.into_owned();
        let age = times::seconds(&format!("max_age_of: {name}"), &given)?;
        rules.max_age_seconds_of.insert(name, age);
    }
    Ok(rules)
}

/// The rules as the arguments that set them.
pub fn rules<'py>(py: Python<'py>, rules: Retention) -> PyResult<Bound<'py, PyDict>> {
    let answer = PyDict::new(py);
    answer.set_item("max_age", rules.max_age_seconds)?;
    answer.set_item("max_age_of", rules.max_age_seconds_of)?;
    answer.set_item("sessions", rules.session_seconds)?;
    answer.set_item("newest", rules.newest_of_user)?;
    Ok(answer)
}

/// Take what was deleted out of every file of a store, which nobody may have open for writing.
///
/// Rewrites what holds deleted bytes, and looks for the deleted ids in all files. Gives the receipt as a dict, which the
/// store keeps in its folder ``purges``, too; None where nothing was deleted since the last purge. ``found`` is empty if
/// all is well. The receipt names ids by salted hashes alone. An exception of a signal is raised once the purge is done.
///
/// Checkpoints, backups and readers that were opened before keep what they share with the store.
///
/// Raises:
///     UnsupportedError: where pins or leases of the store may hold some of it; it names them.
///     LockedError: where the store is open for writing.
///
/// >>> import annalsdb
/// >>> _ = store.delete(user="ada")
/// >>> store.close()
/// >>> receipt = annalsdb.purge(store.path)
/// >>> len(receipt["deleted"]), receipt["found"]
/// (1, [])
/// >>> annalsdb.purge(store.path) is None
/// True
#[pyfunction]
pub fn purge(py: Python<'_>, path: PathBuf) -> PyResult<Option<Bound<'_, PyAny>>> {
    // Its caller would not know whether the store is locked, so its end is waited for.
    let receipt = long::run(py, AtSignal::WaitForEnd, long::quiet, move |_| {
        annals::Store::builder().purge(path)
    })?;
    receipt
        .map(|receipt| json::object(py, &receipt))
        .transpose()
}

/// Look in a store, which nobody may have open for writing, for the ids that the receipt of a purge names: a dict, or the
/// JSON text of one.
///
/// Gives a list of dicts: the ``hash`` of the id, the ``file``, and the ``place`` where it stands.
///
/// >>> import annalsdb
/// >>> _ = store.delete(user="ada")
/// >>> store.close()
/// >>> receipt = annalsdb.purge(store.path)
/// >>> annalsdb.check_purge(store.path, receipt)
/// []
#[pyfunction]
pub fn check_purge<'py>(
    py: Python<'py>,
    path: PathBuf,
    receipt: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let text = options::schema_json(receipt)?;
    let receipt: PurgeReceipt = serde_json::from_str(&text)
        .map_err(|error| errors::invalid(format!("receipt: not that of a purge: {error}")))?;
    let found = long::run(py, AtSignal::WaitForEnd, long::quiet, move |_| {
        annals::Store::builder().check_purge(path, &receipt)
    })?;
    json::object(py, &found)
}
