//! How stores are made and opened, and what is asked of one that is not open.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::long::{self, AtSignal};
use crate::opened::Opened;
use crate::store::Store;
use crate::{errors, files, json, options};

/// Make a store in a folder that is empty or missing, and open it for writing.
///
/// Args:
///     path: the folder.
///     schema: the Avro document, as JSON text or as a dict; ``annalsdb.schema`` writes one.
///     limits: ``"personalize"`` (the default), ``"unlimited"``, or a dict of the limits that differ.
///     settings: a dict of the settings that differ from the default, for this opening.
///     into_nonempty: whether the folder may hold files of others.
///     group_may_read: whether the files are the group's to read.
///
/// Raises:
///     InvalidInputError: when the schema breaks a rule.
///     AlreadyExistsError: when something is there.
///
/// >>> import annalsdb
/// >>> with annalsdb.create("made", annalsdb.schema(EVENT_TYPE="string")) as made:
/// ...     made.fields
/// ['USER_ID', 'ITEM_ID', 'TIMESTAMP', 'EVENT_TYPE']
#[pyfunction]
#[pyo3(signature = (path, schema, *, limits=None, settings=None, into_nonempty=false, group_may_read=false))]
pub fn create<'py>(
    py: Python<'py>,
    path: PathBuf,
    schema: &Bound<'py, PyAny>,
    limits: Option<&Bound<'py, PyAny>>,
    settings: Option<&Bound<'py, PyAny>>,
    into_nonempty: bool,
    group_may_read: bool,
) -> PyResult<Bound<'py, Store>> {
    let json = options::schema_json(schema)?;
    let limits = options::limits(limits)?;
    let settings = options::settings(settings)?;
    let builder = annals::Store::builder()
        .limits(limits.clone())
        .settings(settings.clone())
        .into_nonempty(into_nonempty)
        .group_may_read(group_may_read);
    let created = py.detach(|| {
        let schema = annals::Schema::parse(&json, &limits)?;
        builder.create(&path, &schema)
    });
    let store = created.map_err(errors::raise)?;
    let path = store.path().to_owned();
    let opened = Opened {
        path,
        is_writable: true,
        settings,
    };
    Store::new(py, store, opened)
}

/// Open a store for writing; one process at a time can.
///
/// Raises:
///     NotFoundError: when there is none.
///     LockedError: when another process has it; the message names it.
///     CorruptionError: when it is damaged.
///
/// >>> import annalsdb
/// >>> annalsdb.open("nowhere")
/// Traceback (most recent call last):
/// annalsdb.NotFoundError: ...
#[pyfunction]
#[pyo3(signature = (path, *, settings=None))]
pub fn open<'py>(
    py: Python<'py>,
    path: PathBuf,
    settings: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, Store>> {
    opened(py, path, settings, true)
}

/// Open a store for reading, also while another process writes to it.
///
/// It shows the state at this moment; ``refresh`` has it show a later one.
///
/// >>> import annalsdb
/// >>> with annalsdb.open_reader(store.path) as reader:
/// ...     len(reader.history("ada"))
/// 2
#[pyfunction]
#[pyo3(signature = (path, *, settings=None))]
pub fn open_reader<'py>(
    py: Python<'py>,
    path: PathBuf,
    settings: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, Store>> {
    opened(py, path, settings, false)
}

/// Opens a store.
///
/// # Errors
/// Those of the engine.
pub fn opened<'py>(
    py: Python<'py>,
    path: PathBuf,
    settings: Option<&Bound<'py, PyAny>>,
    is_writable: bool,
) -> PyResult<Bound<'py, Store>> {
    let settings = options::settings(settings)?;
    let mut opened = Opened {
        path,
        is_writable,
        settings,
    };
    let store = py.detach(|| opened.open()).map_err(errors::raise)?;
    opened.path = store.path().to_owned();
    Store::new(py, store, opened)
}

/// Propose a schema for a file of CSV or JSON lines.
///
/// Gives the schema as JSON, and notes on what an import of the file would refuse.
///
/// >>> import annalsdb
/// >>> with open("events.csv", "w") as file:
/// ...     _ = file.write("USER_ID,ITEM_ID,TIMESTAMP,PRICE\nada,tea,100,3.5\n")
/// >>> text, notes = annalsdb.infer_schema("events.csv")
/// >>> "PRICE" in text
/// True
#[pyfunction]
pub fn infer_schema(py: Python<'_>, path: PathBuf) -> PyResult<(String, Vec<String>)> {
    let inferred = long::run(py, AtSignal::Leave, long::quiet, move |_| {
        let form = annals::import::FileForm::default();
        annals::import::infer_schema(&path, &form, &annals::Limits::personalize())
    })?;
    Ok((inferred.json, inferred.notes))
}

/// Read every byte of a store and check it, also of one that does not open.
///
/// Gives a dict: whether it is ``sound``, and what ``damage`` and ``problems`` there are.
///
/// >>> import annalsdb
/// >>> annalsdb.verify(store.path)["sound"]
/// True
#[pyfunction]
pub fn verify(py: Python<'_>, path: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let report = long::run(py, AtSignal::Leave, long::quiet, move |_| {
        annals::Store::builder().verify(&path, &mut |_| {})
    })?;
    json::object(py, &files::report_of(&report))
}
