//! What happened since a commit.

use annals::Limits;
use annals::export::{EventRule, Selection};
use pyo3::prelude::*;

use crate::held::Held;
use crate::scan::{Form, Scan};
use crate::snapshot::Snapshot;
use crate::{errors, json, query, times};

/// What happened to the rows of a store up to a commit, and the rows that arrived since: what ``Store.changes_since``
/// gives. Who has the earlier rows does to them what ``steps`` says, in its order, and then adds the rows of ``scan``.
#[pyclass(frozen, module = "annalsdb")]
pub struct Changes {
    changes: Held<annals::copies::Changes>,
    limits: Limits,
}

impl Changes {
    pub fn new(changes: annals::copies::Changes, limits: Limits) -> Self {
        Self {
            changes: Held::new(changes),
            limits,
        }
    }
}

#[pymethods]
impl Changes {
    /// The commit from which on changes are told.
    #[getter]
    fn since(&self) -> PyResult<u64> {
        Ok(self.changes.get()?.since)
    }

    /// The newest commit that they tell of: what the next call is asked for.
    #[getter]
    fn sequence(&self) -> PyResult<u64> {
        Ok(self.changes.get()?.until)
    }

    /// What is to be done to the rows of earlier commits, as dicts; docs/exports.md has their keys.
    ///
    /// >>> _ = store.delete(user="ben")
    /// >>> store.changes_since(1).steps
    /// [{'step': 'deleted', 'sequence': 2, 'users': ['ben']}]
    #[getter]
    fn steps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::object(py, &self.changes.get()?.steps)
    }

    /// The same up to an earlier commit: what later ones did and brought comes with the changes since it. Rows come as they
    /// are in the newest commit, so that those that it hides do not come.
    ///
    /// Raises:
    ///     InvalidInputError: for a commit that they do not tell of.
    ///
    /// >>> _ = store.write({"USER_ID": "cy", "ITEM_ID": "jam", "TIMESTAMP": 60, "EVENT_TYPE": "view"})
    /// >>> changes = store.changes_since(0).up_to(1)
    /// >>> changes.sequence, sum(len(rows) for rows in changes.scan())
    /// (1, 3)
    fn up_to(&self, sequence: u64) -> PyResult<Self> {
        let changes = self.changes.get()?.clone().up_to(sequence);
        Ok(Self::new(
            changes.map_err(errors::raise)?,
            self.limits.clone(),
        ))
    }

    /// The store as it is now.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Snapshot>> {
        let snapshot = self.changes.get()?.snapshot.clone();
        Snapshot::new(py, snapshot, self.limits.clone())
    }

    /// Read the rows that arrived since, in user and time order, as batches of columns.
    ///
    /// Args:
    ///     columns: only these fields.
    ///     event_types, since, until: only these rows, as in ``Store.history``; give the same to all calls.
    ///     strings: ``"plain"``, or ``"dictionary"``, whose values are not copied.
    ///     times: ``"int"`` for Unix epoch seconds, ``"datetime"`` for datetimes of UTC.
    ///
    /// >>> before = store.sequence
    /// >>> _ = store.write({"USER_ID": "cy", "ITEM_ID": "jam", "TIMESTAMP": 60, "EVENT_TYPE": "view"})
    /// >>> [row["USER_ID"] for rows in store.changes_since(before).scan() for row in rows]
    /// ['cy']
    #[pyo3(signature = (*, columns=None, event_types=None, since=None, until=None, strings="plain", times="int"))]
    fn scan(
        &self,
        columns: Option<&Bound<'_, PyAny>>,
        event_types: Option<&Bound<'_, PyAny>>,
        since: Option<&Bound<'_, PyAny>>,
        until: Option<&Bound<'_, PyAny>>,
        strings: &str,
        times: &str,
    ) -> PyResult<Scan> {
        let event_types = query::list("event_types", event_types)?.unwrap_or_default();
        let columns = query::list("columns", columns)?;
        let mut selection = Selection::default()
            .since(times::bound("since", since)?)
            .until(times::bound("until", until)?)
            .events(event_types.into_iter().map(EventRule::of));
        selection.columns = columns;
        let form = Form {
            strings: query::strings(strings)?,
            datetimes: query::datetimes(times)?,
            limit: None,
        };
        let changes = self.changes.get()?;
        let export = changes.export(selection.clone()).map_err(errors::raise)?;
        Scan::of_export(export.without_digest(), selection.columns, form)
    }

    fn __repr__(&self) -> PyResult<String> {
        let changes = self.changes.get()?;
        Ok(format!(
            "<annalsdb.Changes since commit {} up to commit {}: {} steps>",
            changes.since,
            changes.until,
            changes.steps.len()
        ))
    }
}
