//! A store whose tables are given out.

use std::path::PathBuf;
use std::sync::Arc;

use annals_datafusion::{Interactions, Live, Sequences, history};
use parking_lot::Mutex;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::errors;
use crate::table::Table;

/// A store, or a set of shards, that is read, also while other processes write to it.
///
/// Its tables show what was there when it was opened or at the last ``refresh``; those that were given out stay as
/// they are.
///
/// Args:
///     path: the folder of the store, or of the set of shards.
///
/// Raises:
///     FileNotFoundError: when there is neither.
///     OSError: when it is damaged, or cannot be read.
#[pyclass(frozen, module = "annals_datafusion")]
pub struct Store {
    path: PathBuf,
    live: Mutex<Live>,
}

#[pymethods]
impl Store {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let live = py.detach(|| Live::open(&path));
        let live = live.map_err(|error| errors::raise(&error))?;
        Ok(Self {
            path,
            live: Mutex::new(live),
        })
    }

    /// Goes on to what was written by now: tables that are given out from here on show it. Gives whether there was
    /// anything.
    fn refresh(&self, py: Python<'_>) -> PyResult<bool> {
        let refreshed = py.detach(|| self.live.lock().refresh());
        refreshed.map_err(|error| errors::raise(&error))
    }

    /// All interactions: a column for each field of the schema, in the order of user and time.
    fn interactions(&self, py: Python<'_>) -> PyResult<Table> {
        Ok(Table::new(Arc::new(self.shown(py)?)))
    }

    /// A row for each user: the lists ``item_ids``, ``timestamps`` and ``event_types`` of the newest ``max_length``
    /// interactions, oldest first; of all where none is given.
    #[pyo3(signature = (max_length=None))]
    fn sequences(&self, py: Python<'_>, max_length: Option<usize>) -> PyResult<Table> {
        let max_length = at_least_one("max_length", max_length)?.unwrap_or(usize::MAX);
        let interactions = self.shown(py)?;
        Ok(Table::new(Arc::new(Sequences::new(
            &interactions,
            max_length,
        ))))
    }

    /// The newest ``n`` interactions of one user, newest first; all where none is given. A lookup, made at once.
    #[pyo3(signature = (user, n=None))]
    fn history(&self, py: Python<'_>, user: &str, n: Option<usize>) -> PyResult<Table> {
        let n = at_least_one("n", n)?;
        let interactions = self.shown(py)?;
        let found = py.detach(|| history(&interactions, user, n));
        let found = found.map_err(|error| errors::of_query(&error))?;
        Ok(Table::new(Arc::new(found)))
    }

    fn __repr__(&self) -> String {
        format!("Store({:?})", self.path.display().to_string())
    }
}

impl Store {
    fn shown(&self, py: Python<'_>) -> PyResult<Interactions> {
        let shown = py.detach(|| self.live.lock().interactions());
        shown.map_err(|error| errors::of_query(&error))
    }
}

fn at_least_one(name: &str, value: Option<usize>) -> PyResult<Option<usize>> {
    match value {
        Some(0) => Err(PyValueError::new_err(format!("{name} must be at least 1"))),
        value => Ok(value),
    }
}
