//! Pinned snapshots in parts, for engines of many processes.

use std::path::PathBuf;

use annals::partitions::Partition;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::opened::Opened;
use crate::pinned::{lasts, of_pin};
use crate::store::Store;
use crate::{errors, json};

/// Divide a pinned store, or a pinned set of shards, into ranges of users of about as many rows each.
///
/// Gives dicts, which are plain data to be sent to other processes: the ``path`` of the store; its ``snapshot``, the name of the
/// ``pin`` and its ``sequence``; the bounds of its ``users``, ``from`` and ``to``, where it has them; ``rows`` and ``bytes``,
/// about. Each user is in one, and all together are a scan of the pin, whatever is written or deleted meanwhile.
///
/// Args:
///     path: the folder of the store or of the set.
///     parts: how many, at most; of a set about so many, and one for each shard at least.
///     pin: the name of a pin that is there. Without, a new one is made.
///     lasts: how long the new pin is kept, as seconds or a timedelta; by default for a day.
///
/// Raises:
///     NotFoundError: when there is no pin of this name.
///
/// >>> import annalsdb
/// >>> _ = store.pin("training")
/// >>> [part] = annalsdb.partitions(store.path, 1, pin="training")
/// >>> part["snapshot"], part["users"], part["rows"]
/// ({'pin': 'training', 'sequence': 1}, {}, 3)
/// >>> sum(len(rows) for rows in annalsdb.scan_partition(part, columns=["ITEM_ID"]))
/// 3
#[pyfunction]
#[pyo3(signature = (path, parts, *, pin=None, lasts=None))]
pub fn partitions<'py>(
    py: Python<'py>,
    path: PathBuf,
    parts: usize,
    pin: Option<String>,
    lasts: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let lasts = self::lasts(lasts)?;
    let found = py.detach(|| annals::shards::partitions(path, pin.as_deref(), lasts, parts));
    json::object(py, &found.map_err(errors::raise)?)
}

/// Keep a store, or every shard of a set, as it is now under a name, also while another process writes to it.
///
/// Gives a dict for each store, as ``pins`` does. ``lasts`` is how long, as seconds or a timedelta; by default until ``unpin``.
///
/// Raises:
///     AlreadyExistsError: when there is a pin of this name.
///
/// >>> import annalsdb
/// >>> [made] = annalsdb.pin(store.path, "training")
/// >>> made["name"], made["expires_seconds"]
/// ('training', None)
#[pyfunction]
#[pyo3(signature = (path, name, *, lasts=None))]
pub fn pin<'py>(
    py: Python<'py>,
    path: PathBuf,
    name: &str,
    lasts: Option<&Bound<'py, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyDict>>> {
    let lasts = self::lasts(lasts)?;
    let made = py.detach(|| annals::shards::pin(path, name, lasts));
    let made = made.map_err(errors::raise)?.into_iter();
    made.map(|pin| of_pin(py, pin)).collect()
}

/// List the folders of the stores in a folder: the shards, where it is that of a set of shards, and else itself.
///
/// >>> import annalsdb
/// >>> annalsdb.stores(store.path) == [str(store.path)]
/// True
#[pyfunction]
pub fn stores(py: Python<'_>, path: PathBuf) -> PyResult<Vec<String>> {
    let found = py.detach(|| annals::shards::stores(path));
    let found = found.map_err(errors::raise)?.into_iter();
    found
        .map(|path| {
            path.into_os_string()
                .into_string()
                .map_err(|path| errors::invalid(format!("{path:?}: the path is not UTF-8")))
        })
        .collect()
}

/// Open the pinned store that a partition is a part of, for reading, in any process.
///
/// Raises:
///     NotFoundError: when the pin is gone: it was released, it expired, or its shard was split or merged.
///     InvalidInputError: when a pin of its name was made later, of another commit.
///
/// >>> import annalsdb
/// >>> [part] = annalsdb.partitions(store.path, 1)
/// >>> with annalsdb.open_partition(part) as pinned:
/// ...     pinned.sequence
/// 1
#[pyfunction]
pub fn open_partition<'py>(
    py: Python<'py>,
    partition: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, Store>> {
    let text: String = py
        .import("json")?
        .call_method1("dumps", (partition,))?
        .extract()?;
    let partition: Partition = serde_json::from_str(&text)
        .map_err(|error| errors::invalid(format!("partition: {error}; give one of partitions")))?;
    let store = py.detach(|| partition.open()).map_err(errors::raise)?;
    let opened = Opened {
        path: store.path().to_owned(),
        is_writable: false,
        settings: annals::Settings::default(),
    };
    Store::new(py, store, opened)
}
