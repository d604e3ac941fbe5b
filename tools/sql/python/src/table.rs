//! A table that a session can take.

use std::sync::Arc;

use datafusion::datasource::TableProvider;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::capsule;

/// A table for ``SessionContext.register_table`` of datafusion-python of the same major. It keeps the snapshot that it
/// shows, whatever is written meanwhile.
#[pyclass(frozen, module = "annals_datafusion")]
pub struct Table {
    provider: Arc<dyn TableProvider>,
}

impl Table {
    pub fn new(provider: Arc<dyn TableProvider>) -> Self {
        Self { provider }
    }
}

#[pymethods]
impl Table {
    /// What datafusion-python calls.
    fn __datafusion_table_provider__<'py>(
        &self,
        py: Python<'py>,
        session: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::table(py, self.provider.clone(), session)
    }

    fn __repr__(&self) -> String {
        let schema = self.provider.schema();
        let fields: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        format!("Table({})", fields.join(", "))
    }
}
