//! A store that is open.

use std::path::PathBuf;

use annals::{EventsCommit, ImportMode, Sharing};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::files::{CsvArguments, ExportArguments};
use crate::long::{self, AtSignal};
use crate::query::ScanArguments;
use crate::snapshot::Snapshot;
use crate::view::View;
use crate::{errors, files, json, options, query, writes};

/// A store that is open. Any number of threads may use it at once. It is a context manager, which closes it.
#[pyclass(frozen, extends = View, module = "annalsdb")]
pub struct Store {
    opened: Opened,
}

/// How it was opened, to be opened again.
struct Opened {
    path: PathBuf,
    is_writable: bool,
    settings: annals::Settings,
}

impl Store {
    fn new<'py>(
        py: Python<'py>,
        store: annals::Store,
        opened: Opened,
    ) -> PyResult<Bound<'py, Self>> {
        let view = View::of_store(store);
        Bound::new(
            py,
            PyClassInitializer::from(view).add_subclass(Self { opened }),
        )
    }
}

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

fn opened<'py>(
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

impl Opened {
    fn open(&self) -> annals::Result<annals::Store> {
        let builder = annals::Store::builder().settings(self.settings.clone());
        match self.is_writable {
            true => builder.open(&self.path),
            false => builder.open_read_only(&self.path),
        }
    }
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

#[pymethods]
impl Store {
    /// The store's folder.
    #[getter]
    fn path(&self) -> PathBuf {
        self.opened.path.clone()
    }

    /// Whether it is open for writing.
    #[getter]
    fn writable(&self) -> bool {
        self.opened.is_writable
    }

    /// What tells it from other stores; its copies have the same.
    #[getter]
    fn id(slf: &Bound<'_, Self>) -> PyResult<String> {
        Ok(slf.as_super().get().store()?.id().to_string())
    }

    /// The event types that the store has, sorted.
    #[getter]
    fn event_types(slf: &Bound<'_, Self>) -> PyResult<Vec<String>> {
        Ok(slf.as_super().get().store()?.event_types())
    }

    fn __repr__(&self) -> String {
        let how = if self.opened.is_writable {
            ""
        } else {
            ", for reading"
        };
        format!("<annalsdb.Store {:?}{how}>", self.opened.path)
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __exit__(
        slf: &Bound<'_, Self>,
        _kind: &Bound<'_, PyAny>,
        _error: &Bound<'_, PyAny>,
        _trace: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        Self::close(slf)
    }

    /// Closes the store. Snapshots and scans that were made of it go on. What is closed already stays so.
    fn close(slf: &Bound<'_, Self>) -> PyResult<()> {
        let store = slf.as_super().get().replace(None)?;
        slf.py().detach(|| drop(store));
        Ok(())
    }

    /// Has a store that is open for reading show what was written since; tells whether that was anything.
    fn refresh(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let view = slf.as_super().get();
        let before = view.store()?.snapshot().sequence();
        let opened = &slf.get().opened;
        if opened.is_writable {
            return Ok(false);
        }
        let store = slf.py().detach(|| opened.open()).map_err(errors::raise)?;
        let after = store.snapshot().sequence();
        let old = view.replace(Some(store))?;
        slf.py().detach(|| drop(old));
        Ok(after != before)
    }

    /// A view of now that stays as it is.
    fn snapshot<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Snapshot>> {
        let view = slf.as_super().get();
        Snapshot::new(slf.py(), view.snapshot()?, view.limits()?)
    }

    /// Write interactions, all or none of them; gives the number of the commit.
    ///
    /// On return every read sees them, and they survive power loss (``"synced"``) or the death of the process
    /// (``"buffered"``).
    ///
    /// Args:
    ///     interactions: a dict or a dataclass with the schema's fields, in any case of letters; an iterable of them; or
    ///         what has ``__arrow_c_stream__``, such as a table of pyarrow or a frame of polars or pandas. Times are Unix epoch
    ///         seconds, or datetimes with a zone. Ids are strings.
    ///
    /// Raises:
    ///     InvalidInputError: naming interaction, field, value and rule. Nothing was written then.
    ///
    /// >>> store.write({"USER_ID": "cy", "ITEM_ID": "jam", "TIMESTAMP": 60, "EVENT_TYPE": "view"})
    /// 2
    /// >>> store.write({"USER_ID": "cy", "ITEM_ID": "jam", "TIMESTAMP": 60})
    /// Traceback (most recent call last):
    /// annalsdb.InvalidInputError: ...EVENT_TYPE...
    #[pyo3(signature = (interactions, *, durability="synced"))]
    fn write(
        slf: &Bound<'_, Self>,
        interactions: &Bound<'_, PyAny>,
        durability: &str,
    ) -> PyResult<u64> {
        let store = slf.as_super().get().store()?;
        let durability = options::durability(durability)?;
        let batch = writes::batch_of(&store, interactions)?;
        let commit = slf.py().detach(|| store.write(batch, durability));
        Ok(commit.map_err(errors::raise)?.sequence)
    }

    /// Record the events of a session: the request of the service, as JSON text or as a dict.
    ///
    /// An event whose id came before is left out; the answer has their positions, and the number of the commit.
    ///
    /// >>> event = {"eventId": "e1", "eventType": "view", "itemId": "tea", "sentAt": 200}
    /// >>> store.put_events({"sessionId": "s1", "userId": "ada", "eventList": [event, event]})
    /// {'sequence': 2, 'duplicates': [1], 'skipped': []}
    #[pyo3(signature = (request, *, durability="synced", ignore_unknown=false))]
    fn put_events<'py>(
        slf: &Bound<'py, Self>,
        request: &Bound<'py, PyAny>,
        durability: &str,
        ignore_unknown: bool,
    ) -> PyResult<Bound<'py, PyDict>> {
        let store = slf.as_super().get().store()?;
        let durability = options::durability(durability)?;
        let json = options::schema_json(request)?;
        let done = slf.py().detach(|| {
            let mut request = annals::import::put_events_of_json(&json, store.validator())?;
            request.ignore_unknown = ignore_unknown;
            store.put_events(&request, durability)
        });
        let EventsCommit {
            commit,
            duplicates,
            skipped,
        } = done.map_err(errors::raise)?;
        let answer = PyDict::new(slf.py());
        answer.set_item("sequence", commit.sequence)?;
        answer.set_item("duplicates", duplicates)?;
        answer.set_item("skipped", skipped)?;
        Ok(answer)
    }

    /// Record what was shown, for the events that name it; as JSON text or as a dict.
    ///
    /// >>> store.record_recommendation({"recommendationId": "r1", "items": ["tea", "cake"], "source": "home"})
    /// 2
    #[pyo3(signature = (recommendation, *, durability="synced"))]
    fn record_recommendation(
        slf: &Bound<'_, Self>,
        recommendation: &Bound<'_, PyAny>,
        durability: &str,
    ) -> PyResult<u64> {
        let store = slf.as_super().get().store()?;
        let durability = options::durability(durability)?;
        let json = options::schema_json(recommendation)?;
        let commit = slf.py().detach(|| {
            let read = annals::import::recommendation_of_json(&json)?;
            store.record_recommendation(&read, durability)
        });
        Ok(commit.map_err(errors::raise)?.sequence)
    }

    /// Import files of CSV or JSON lines, also compressed ones, as one commit.
    ///
    /// Gives a report: rows, rejected, replaced, warnings. Nothing is stored where it fails.
    ///
    /// Args:
    ///     paths: a file, or a folder of them, or several.
    ///     mode: ``"incremental"`` adds to the bulk data that is there, ``"full"`` replaces it.
    ///     on_error: ``"abort"`` at the first bad row, or ``"skip"`` it, into the file ``rejects``.
    ///     max_errors: with ``"skip"``: more bad rows end the import.
    ///     distinct: leave out rows that are equal to an earlier one: ``"full"`` or ``"user-item-time"``.
    ///     progress: is called with the bytes read and the bytes in all. An exception of it ends the import.
    ///     form: the form of the files where it is another than the schema's: ``map`` (columns by field), ``set`` (constants
    ///         by field), ``delimiter``, ``time_unit`` (s, ms, us, ns, iso, or a format of strftime), ``timezone``, and the
    ///         others of docs/import.md.
    ///
    /// >>> with open("events.csv", "w") as file:
    /// ...     _ = file.write("who,what,when\ncy,jam,2024-01-31\n")
    /// >>> columns = {"USER_ID": "who", "ITEM_ID": "what", "TIMESTAMP": "when"}
    /// >>> store.import_csv("events.csv", map=columns, set={"EVENT_TYPE": "view"}, time_unit="iso")["rows"]
    /// 1
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    #[pyo3(signature = (paths, *, mode="incremental", on_error="abort", rejects=None, max_errors=None,
                        distinct=None, allow_empty=false, progress=None, **form))]
    fn import_csv<'py>(
        slf: &Bound<'py, Self>,
        paths: &Bound<'py, PyAny>,
        mode: &str,
        on_error: &str,
        rejects: Option<PathBuf>,
        max_errors: Option<u64>,
        distinct: Option<&str>,
        allow_empty: bool,
        progress: Option<&Bound<'py, PyAny>>,
        form: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let store = slf.as_super().get().store()?;
        let arguments = CsvArguments {
            paths: files::paths(paths)?,
            mode: mode_of(mode)?,
            skips: query::choice("on_error", on_error, &[("abort", false), ("skip", true)])?,
            rejects,
            max_errors,
            distinct: files::distinct(distinct)?,
            allow_empty,
            form: files::form(form)?,
        };
        let report = arguments.run(slf.py(), store, progress)?;
        json::object(slf.py(), &report)
    }

    /// Import Arrow data as one commit; gives the number of rows.
    ///
    /// Args:
    ///     data: what has ``__arrow_c_stream__``: a table of pyarrow, a frame of polars or pandas, a relation of DuckDB, a
    ///         scan of another store. Columns have the names of fields, in any case of letters; timestamps have a zone.
    ///     mode: ``"incremental"`` adds to the bulk data that is there, ``"full"`` replaces it.
    ///     progress: is called with the rows read.
    ///
    /// Raises:
    ///     InvalidInputError: naming row, field, value and rule. Nothing was stored then.
    ///
    /// >>> store.import_arrow(store.scan(users=("ben", None)))
    /// 1
    #[pyo3(signature = (data, *, mode="incremental", allow_empty=false, progress=None))]
    fn import_arrow(
        slf: &Bound<'_, Self>,
        data: &Bound<'_, PyAny>,
        mode: &str,
        allow_empty: bool,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<u64> {
        let store = slf.as_super().get().store()?;
        writes::import_arrow(store, data, mode_of(mode)?, allow_empty, progress)
    }

    /// Seals every row written so far into segments, durably.
    fn flush(slf: &Bound<'_, Self>) -> PyResult<()> {
        let store = slf.as_super().get().store()?;
        long::run(slf.py(), AtSignal::Leave, long::quiet, move |_| {
            store.flush()
        })
    }

    /// Seals every row and merges what was sealed before, for the quickest reads. An exception of a signal ends
    /// the call and not the work, which the store would do by itself later.
    fn compact(slf: &Bound<'_, Self>) -> PyResult<()> {
        let store = slf.as_super().get().store()?;
        long::run(slf.py(), AtSignal::Leave, long::quiet, move |_| {
            store.compact()
        })
    }

    /// Does the work of the background threads now.
    fn maintain(slf: &Bound<'_, Self>) -> PyResult<()> {
        let store = slf.as_super().get().store()?;
        long::run(slf.py(), AtSignal::Leave, long::quiet, move |_| {
            store.maintain()
        })
    }

    /// Copy the store as it is now to a folder; writes go on meanwhile.
    ///
    /// The copy is a store. Files that never change are shared by links, or copied with ``sharing="copy"``.
    ///
    /// >>> store.checkpoint("copy")["segments"]
    /// 0
    #[pyo3(signature = (path, *, sharing="link"))]
    fn checkpoint<'py>(
        slf: &Bound<'py, Self>,
        path: PathBuf,
        sharing: &str,
    ) -> PyResult<Bound<'py, PyDict>> {
        let store = slf.as_super().get().store()?;
        let is_link = query::choice("sharing", sharing, &[("link", true), ("copy", false)])?;
        // A copy that its caller left would appear later, so its end is waited for.
        let done = long::run(slf.py(), AtSignal::WaitForEnd, long::quiet, move |_| {
            let sharing = if is_link {
                Sharing::Link
            } else {
                Sharing::Copy
            };
            annals::Store::builder().checkpoint(store.path(), path, &sharing)
        })?;
        let answer = PyDict::new(slf.py());
        answer.set_item("segments", done.segments)?;
        answer.set_item("linked_bytes", done.linked_bytes)?;
        answer.set_item("copied_bytes", done.copied_bytes)?;
        Ok(answer)
    }

    /// Give figures about the store, as a dict: rows, users, items, bytes by column, ...
    ///
    /// >>> store.stats()["rows"]
    /// 3
    fn stats<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let store = slf.as_super().get().store()?;
        let stats = long::run(slf.py(), AtSignal::Leave, long::quiet, move |_| {
            store.stats()
        })?;
        json::object(slf.py(), &stats)
    }

    /// Read every byte and check it; gives a dict, as ``annalsdb.verify`` does.
    ///
    /// >>> store.verify()["problems"]
    /// []
    fn verify<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let store = slf.as_super().get().store()?;
        let report = long::run(slf.py(), AtSignal::Leave, long::quiet, move |_| {
            store.verify(&mut |_| {})
        })?;
        json::object(slf.py(), &files::report_of(&report))
    }

    /// Write a report on what the store holds now: one page of HTML, which asks for nothing outside of itself.
    ///
    /// >>> store.report("report.html")
    #[pyo3(signature = (path))]
    fn report(slf: &Bound<'_, Self>, path: PathBuf) -> PyResult<()> {
        let store = slf.as_super().get().store()?;
        long::run(slf.py(), AtSignal::Leave, long::quiet, move |_| {
            annals::report::write(&store, path)
        })
    }

    /// Write rows to a file, which appears when it is complete; gives their number.
    ///
    /// Args:
    ///     path: the file.
    ///     format: ``"csv"`` or ``"jsonl"``; ``import_csv`` reads both back.
    ///     columns, event_types, since, until, order, limit: which rows, as in ``scan``.
    ///     progress: is called with the rows written. An exception of it ends the export.
    ///
    /// >>> store.export("all.csv")
    /// 3
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    #[pyo3(signature = (path, *, format="csv", columns=None, event_types=None, since=None, until=None,
                        order="user-time", limit=None, progress=None))]
    fn export(
        slf: &Bound<'_, Self>,
        path: PathBuf,
        format: &str,
        columns: Option<&Bound<'_, PyAny>>,
        event_types: Option<&Bound<'_, PyAny>>,
        since: Option<&Bound<'_, PyAny>>,
        until: Option<&Bound<'_, PyAny>>,
        order: &str,
        limit: Option<u64>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<u64> {
        let arguments = ScanArguments {
            columns,
            event_types,
            since,
            until,
            users: None,
            order,
            batch_rows: 8192,
        };
        let export = ExportArguments {
            path,
            format: files::format(format)?,
            query: arguments.query()?,
            limit: limit.unwrap_or(u64::MAX),
        };
        export.run(slf.py(), slf.as_super().get().store()?, progress)
    }
}

fn mode_of(mode: &str) -> PyResult<ImportMode> {
    let known = [
        ("full", ImportMode::Full),
        ("incremental", ImportMode::Incremental),
    ];
    query::choice("mode", mode, &known)
}
