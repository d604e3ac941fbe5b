//! What a store keeps under a name: snapshots, and what consumers of changes have taken.

use std::path::PathBuf;

use annals::copies::Lease;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::opened::Opened;
use crate::pinned::{lasts, of_pin};
use crate::store::Store;
use crate::{errors, options};

fn of_lease(py: Python<'_>, lease: Lease) -> PyResult<Bound<'_, PyDict>> {
    let answer = PyDict::new(py);
    answer.set_item("name", lease.name)?;
    answer.set_item("sequence", lease.sequence)?;
    answer.set_item("taken_seconds", lease.taken_seconds)?;
    answer.set_item("expires_seconds", lease.expires_seconds)?;
    Ok(answer)
}

/// List the pins of a store by name, those included that have expired and are not removed yet.
///
/// >>> import annalsdb
/// >>> _ = store.pin("training")
/// >>> [pin["name"] for pin in annalsdb.pins(store.path)]
/// ['training']
#[pyfunction]
pub fn pins(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyList>> {
    let found = py.detach(|| annals::Store::pins(path));
    let answers = found.map_err(errors::raise)?.into_iter();
    PyList::new(
        py,
        answers
            .map(|pin| of_pin(py, pin))
            .collect::<PyResult<Vec<_>>>()?,
    )
}

/// Let go of a pin of a store, or of a set of shards, also while another process writes to it. Who has it open keeps it
/// until then.
///
/// Raises:
///     NotFoundError: when there is no such pin.
///
/// >>> import annalsdb
/// >>> _ = store.pin("training")
/// >>> annalsdb.unpin(store.path, "training")
#[pyfunction]
pub fn unpin(py: Python<'_>, path: PathBuf, name: &str) -> PyResult<()> {
    py.detach(|| annals::shards::unpin(path, name))
        .map_err(errors::raise)
}

/// Open a pin of a store for reading, in any process.
///
/// Raises:
///     NotFoundError: when there is no such pin: it was never made, was released, or expired.
///
/// >>> import annalsdb
/// >>> _ = store.pin("training")
/// >>> _ = store.delete(user="ada")
/// >>> with annalsdb.open_pin(store.path, "training") as pinned:
/// ...     len(store.history("ada")), len(pinned.history("ada"))
/// (0, 2)
#[pyfunction]
#[pyo3(signature = (path, name, *, settings=None))]
pub fn open_pin<'py>(
    py: Python<'py>,
    path: PathBuf,
    name: &str,
    settings: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, Store>> {
    let settings = options::settings(settings)?;
    let builder = annals::Store::builder().settings(settings.clone());
    let store = py.detach(|| builder.open_pin(path, name));
    let store = store.map_err(errors::raise)?;
    let opened = Opened {
        path: store.path().to_owned(),
        is_writable: false,
        settings,
    };
    Store::new(py, store, opened)
}

/// Write down that a consumer has taken a store's changes up to the commit ``sequence``, in the place of an earlier lease of
/// the name; also while another process writes to the store.
///
/// What later commits do to earlier rows is remembered until the lease is renewed with a later commit, is released, or,
/// after ``lasts`` (seconds or a timedelta), expires.
///
/// >>> import annalsdb
/// >>> annalsdb.lease(store.path, "trainer", store.sequence)["sequence"]
/// 1
#[pyfunction]
#[pyo3(signature = (path, name, sequence, *, lasts=None))]
pub fn lease<'py>(
    py: Python<'py>,
    path: PathBuf,
    name: &str,
    sequence: u64,
    lasts: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let lasts = self::lasts(lasts)?;
    let lease = py.detach(|| annals::Store::builder().lease(path, name, sequence, lasts));
    of_lease(py, lease.map_err(errors::raise)?)
}

/// List the leases of a store by name, those included that have expired.
///
/// >>> import annalsdb
/// >>> _ = annalsdb.lease(store.path, "trainer", 1)
/// >>> [(lease["name"], lease["sequence"]) for lease in annalsdb.leases(store.path)]
/// [('trainer', 1)]
#[pyfunction]
pub fn leases(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyList>> {
    let found = py.detach(|| annals::Store::leases(path));
    let answers = found.map_err(errors::raise)?.into_iter();
    PyList::new(
        py,
        answers
            .map(|lease| of_lease(py, lease))
            .collect::<PyResult<Vec<_>>>()?,
    )
}

/// Release a lease, also while another process writes to the store.
///
/// Raises:
///     NotFoundError: when there is no such lease.
///
/// >>> import annalsdb
/// >>> _ = annalsdb.lease(store.path, "trainer", 1)
/// >>> annalsdb.release_lease(store.path, "trainer")
#[pyfunction]
pub fn release_lease(py: Python<'_>, path: PathBuf, name: &str) -> PyResult<()> {
    py.detach(|| annals::Store::release_lease(path, name))
        .map_err(errors::raise)
}
