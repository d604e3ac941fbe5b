//! A scan, and its batches as an Arrow stream.

use std::sync::Arc;

use annals::export::{ArrowScan, ArrowStrings, Export, arrow_schema};
use annals::{Projection, ScanQuery, Snapshot};
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, Schema, SchemaRef};
use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::cast::Cast;
use crate::held::Held;
use crate::rows::Rows;
use crate::{capsule, errors, query};

/// A scan of a store as it was when the scan was asked for. Nothing is read before it is consumed.
///
/// Whatever takes ``__arrow_c_stream__`` reads it batch by batch: ``polars.DataFrame(scan)``,
/// ``pyarrow.RecordBatchReader.from_stream(scan)``, DuckDB by name. It can be read any number of times, each time
/// from its beginning. ``for rows in scan`` gives the batches as ``Rows``.
#[pyclass(frozen, module = "annalsdb")]
pub struct Scan {
    held: Held<Asked>,
    schema: SchemaRef,
    cast: Option<Cast>,
}

struct Asked {
    source: Source,
    strings: ArrowStrings,
    limit: Option<usize>,
}

/// Where batches come from.
enum Source {
    Rows(Snapshot, ScanQuery),
    Export(Export),
}

type ArrowBatches = Box<dyn Iterator<Item = annals::Result<RecordBatch>> + Send>;

impl Asked {
    /// Begins to read.
    fn batches(&self) -> annals::Result<ArrowBatches> {
        Ok(match &self.source {
            Source::Rows(snapshot, query) => {
                Box::new(ArrowScan::new(snapshot.scan(query)?).strings(self.strings))
            }
            Source::Export(export) => {
                let export = export.clone().strings(self.strings);
                Box::new(export.batches()?.map(|batch| Ok(batch?.batch)))
            }
        })
    }
}

/// How the batches of a scan are to be.
pub struct Form {
    pub strings: ArrowStrings,
    pub datetimes: bool,
    pub limit: Option<usize>,
}

impl Scan {
    pub fn new(snapshot: Snapshot, query: ScanQuery, form: Form) -> PyResult<Self> {
        // Wrong fields and bounds are told at once.
        let scan = snapshot.scan(&query).map_err(errors::raise)?;
        let store = snapshot.schema().clone();
        let asked: Vec<bool> = scan.asked().to_vec();
        drop(scan);
        Self::of_source(Source::Rows(snapshot, query), &store, &asked, &form)
    }

    /// The rows of an export, in user and time order.
    pub fn of_export(export: Export, columns: Option<Vec<String>>, form: Form) -> PyResult<Self> {
        let store = export.schema().clone();
        let columns = columns.map_or(Projection::All, Projection::Names);
        let asked = query::asked(&store, &columns)?;
        Self::of_source(Source::Export(export), &store, &asked, &form)
    }

    /// The records of an export, in whatever layout.
    pub fn of_records(export: Export, strings: ArrowStrings) -> PyResult<Self> {
        Ok(Self {
            schema: export.arrow_schema().map_err(errors::raise)?,
            cast: None,
            held: Held::new(Asked {
                source: Source::Export(export),
                strings,
                limit: None,
            }),
        })
    }

    fn of_source(
        source: Source,
        store: &annals::Schema,
        asked: &[bool],
        form: &Form,
    ) -> PyResult<Self> {
        let own = arrow_schema(store, asked, form.strings);
        let cast = match form.datetimes {
            true => {
                let name = store
                    .fields()
                    .get(store.timestamp())
                    .map(|field| field.name());
                Some(Cast::datetimes(&own, name.unwrap_or_default())?)
            }
            false => None,
        };
        Ok(Self {
            schema: cast.as_ref().map_or_else(|| Arc::new(own), Cast::schema),
            cast,
            held: Held::new(Asked {
                source,
                strings: form.strings,
                limit: form.limit,
            }),
        })
    }

    fn reader(&self, py: Python<'_>, asked: Option<Cast>) -> PyResult<ScanReader> {
        let asked_for = self.held.get()?;
        let batches = py.detach(|| asked_for.batches()).map_err(errors::raise)?;
        let casts: Vec<Cast> = self.cast.clone().into_iter().chain(asked).collect();
        Ok(ScanReader {
            schema: casts
                .last()
                .map_or_else(|| self.schema.clone(), Cast::schema),
            casts,
            batches: Held::new(batches),
            left: asked_for.limit.unwrap_or(usize::MAX),
        })
    }
}

#[pymethods]
impl Scan {
    /// The names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    fn __iter__(&self, py: Python<'_>) -> PyResult<Batches> {
        Ok(Batches {
            reader: Mutex::new(self.reader(py, None)?),
        })
    }

    fn __repr__(&self) -> String {
        format!("<annalsdb.Scan: {}>", self.column_names().join(", "))
    }

    /// The schema, by the Arrow C data interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::schema(py, &self.schema)
    }

    /// The batches, by the Arrow C stream interface, in the types of `requested_schema`.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let asked = match requested_schema {
            None => None,
            Some(asked) => Some(Cast::plan(&self.schema, &capsule::requested(&asked)?)?),
        };
        let reader = self.reader(py, asked)?;
        capsule::stream(py, Box::new(reader))
    }
}

/// The batches of a scan, one after another.
#[pyclass(frozen, module = "annalsdb")]
pub struct Batches {
    reader: Mutex<ScanReader>,
}

#[pymethods]
impl Batches {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Rows>> {
        py.check_signals()?;
        let batch = py.detach(|| {
            let mut reader = self.reader.lock();
            reader.read()
        });
        Ok(batch.map_err(|failed| failed.raise())?.map(Rows::new))
    }
}

/// Why a batch could not be read.
enum Failed {
    Engine(annals::Error),
    Cast(ArrowError),
    Forked,
}

impl Failed {
    fn raise(self) -> PyErr {
        match self {
            Self::Engine(error) => errors::raise(error),
            Self::Cast(error) => capsule::unfit(error),
            Self::Forked => errors::forked(),
        }
    }

    fn arrow(self) -> ArrowError {
        match self {
            Self::Engine(error) => ArrowError::ExternalError(error.full_message().into()),
            Self::Cast(error) => error,
            Self::Forked => ArrowError::ExternalError(
                "this scan was begun in the process that this one was forked from; open the store again"
                    .into(),
            ),
        }
    }
}

struct ScanReader {
    batches: Held<ArrowBatches>,
    schema: SchemaRef,
    casts: Vec<Cast>,
    /// Rows that may still come.
    left: usize,
}

impl ScanReader {
    fn read(&mut self) -> Result<Option<RecordBatch>, Failed> {
        if self.left == 0 {
            return Ok(None);
        }
        let batches = self.batches.get_mut().ok_or(Failed::Forked)?;
        let Some(mut batch) = batches.next().transpose().map_err(Failed::Engine)? else {
            return Ok(None);
        };
        if batch.num_rows() > self.left {
            batch = batch.slice(0, self.left);
        }
        self.left -= batch.num_rows();
        for cast in &self.casts {
            batch = cast.apply(&batch).map_err(Failed::Cast)?;
        }
        Ok(Some(batch))
    }
}

impl Iterator for ScanReader {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().map_err(Failed::arrow).transpose()
    }
}

impl RecordBatchReader for ScanReader {
    fn schema(&self) -> Arc<Schema> {
        self.schema.clone()
    }
}
