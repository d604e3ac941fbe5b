//! Attributes of items and users, for filters.

use std::path::PathBuf;

use annals::filter::{AttributeDataset, AttributeTable};
use pyo3::prelude::*;

use crate::{errors, query};

/// Attributes of items or users, read from a CSV file under its Avro schema: what ``Items.FIELD`` and
/// ``Users.FIELD`` of a filter look up.
#[pyclass(frozen, module = "annalsdb")]
pub struct Attributes {
    table: AttributeTable,
}

impl Attributes {
    pub fn table(&self) -> &AttributeTable {
        &self.table
    }
}

#[pymethods]
impl Attributes {
    #[new]
    fn new(py: Python<'_>, dataset: &str, schema: &str, path: PathBuf) -> PyResult<Self> {
        let known = [
            ("items", AttributeDataset::Items),
            ("users", AttributeDataset::Users),
        ];
        let dataset = query::choice("dataset", dataset, &known)?;
        let table = py.detach(|| AttributeTable::open(dataset, schema, path));
        Ok(Self {
            table: table.map_err(errors::raise)?,
        })
    }

    fn __len__(&self) -> usize {
        self.table.len()
    }
}
