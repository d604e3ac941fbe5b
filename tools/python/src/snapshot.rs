//! A snapshot.

use pyo3::prelude::*;

use crate::view::View;

/// A store as of one commit, for as long as it is held, whatever is written meanwhile. Cheap to make. Everything
/// that can be read of a store can be read of it.
#[pyclass(frozen, extends = View, module = "annalsdb")]
pub struct Snapshot;

impl Snapshot {
    pub fn new<'py>(
        py: Python<'py>,
        snapshot: annals::Snapshot,
        limits: annals::Limits,
    ) -> PyResult<Bound<'py, Self>> {
        let view = View::of_snapshot(snapshot, limits);
        Bound::new(py, PyClassInitializer::from(view).add_subclass(Self))
    }
}

#[pymethods]
impl Snapshot {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let sequence = slf.as_super().get().snapshot()?.sequence();
        Ok(format!("<annalsdb.Snapshot of commit {sequence}>"))
    }
}
