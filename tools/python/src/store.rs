//! A store that is open.

use std::path::PathBuf;
use std::time::Duration;

use annals::ImportMode;
use annals::copies::Sharing;
use annals::events::EventsCommit;
use annals::inspect::{Health, PurgeOptions};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::changes::Changes;
use crate::deletion::{self, Argument};
use crate::files::CsvArguments;
use crate::long::{self, AtSignal};
use crate::opened::Opened;
use crate::snapshot::Snapshot;
use crate::view::View;
use crate::{errors, export, files, json, options, pinned, query, writes};

/// A store that is open. Any number of threads may use it at once. It is a context manager, which closes it.
#[pyclass(frozen, extends = View, module = "annalsdb")]
pub struct Store {
    opened: Opened,
}

impl Store {
    pub fn new<'py>(
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
            ..
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

    /// Hide interactions from all later reads, as one commit; gives its number.
    ///
    /// What is written later stays, and so does what snapshots see. The bytes lie in the files until ``annalsdb.purge``,
    /// or seals and compactions, rewrite them. Who or what is not there is no error.
    ///
    /// Args:
    ///     user, users: whose: one, or a list (also of Arrow). None is refused: leave them out for everybody.
    ///     item: only those with this item. Without users it goes for everybody, and out of impressions and
    ///         recommendations, too.
    ///     since, until: only those of the users in this time: from ``since`` on, and before ``until``.
    ///
    /// >>> store.delete(user="ada", item="tea", until=100)
    /// 2
    /// >>> store.history("ada").to_list("ITEM_ID")
    /// ['cake']
    #[pyo3(signature = (*, user=Argument::Missing, users=Argument::Missing, item=Argument::Missing, since=None,
                        until=None, durability="synced"))]
    fn delete(
        slf: &Bound<'_, Self>,
        user: Argument<'_>,
        users: Argument<'_>,
        item: Argument<'_>,
        since: Option<&Bound<'_, PyAny>>,
        until: Option<&Bound<'_, PyAny>>,
        durability: &str,
    ) -> PyResult<u64> {
        let store = slf.as_super().get().store()?;
        let durability = options::durability(durability)?;
        let deletion = deletion::deletion(&user, &users, &item, since, until)?;
        let commit = slf.py().detach(|| store.delete(&deletion, durability));
        Ok(commit.map_err(errors::raise)?.sequence)
    }

    /// Say how long interactions are kept from now on, in the place of the rules before; what is too old is dropped at once.
    ///
    /// The rules stay with the store. What was dropped does not come back when they are loosened.
    ///
    /// Args:
    ///     max_age: drop interactions that are older: seconds, or a timedelta. None for no rule, as for the others.
    ///     max_age_of: the same by event type, in any case of letters.
    ///     sessions: drop sessions that never became a user's once their last event is older.
    ///     newest: of each user keep only so many newest interactions, and those of the same second as the oldest of these.
    ///
    /// >>> from datetime import timedelta
    /// >>> store.set_retention(max_age_of={"click": timedelta(days=30)})
    /// >>> store.retention()
    /// {'max_age': None, 'max_age_of': {'click': 2592000}, 'sessions': None, 'newest': None}
    #[pyo3(signature = (*, max_age=None, max_age_of=None, sessions=None, newest=None))]
    fn set_retention(
        slf: &Bound<'_, Self>,
        max_age: Option<&Bound<'_, PyAny>>,
        max_age_of: Option<&Bound<'_, PyDict>>,
        sessions: Option<&Bound<'_, PyAny>>,
        newest: Option<u32>,
    ) -> PyResult<()> {
        let store = slf.as_super().get().store()?;
        let rules = deletion::retention(max_age, max_age_of, sessions, newest)?;
        // Rules whose caller left would come to hold later, so the end is waited for.
        long::run(slf.py(), AtSignal::WaitForEnd, long::quiet, move |_| {
            store.set_retention(&rules)
        })
    }

    /// Give the rules that hold, as the arguments of ``set_retention``, in seconds; of a store that is open for reading,
    /// those as of its opening, or of ``refresh``.
    fn retention<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        deletion::rules(slf.py(), slf.as_super().get().store()?.retention())
    }

    /// Drop now what the rules of retention do not keep, which the store else does by itself.
    ///
    /// >>> store.set_retention(max_age=3600)
    /// >>> store.expire()
    /// >>> len(store.history("ada"))
    /// 0
    fn expire(slf: &Bound<'_, Self>) -> PyResult<()> {
        let store = slf.as_super().get().store()?;
        long::run(slf.py(), AtSignal::Leave, long::quiet, move |_| {
            store.expire()
        })
    }

    /// Say whether the store does all that it should: ``healthy``, ``degraded`` or ``poisoned``, and why.
    ///
    /// >>> store.health()
    /// {'state': 'healthy', 'reasons': []}
    fn health<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let (state, reasons) = match slf.as_super().get().store()?.health() {
            Health::Healthy => ("healthy", Vec::new()),
            Health::Degraded(reasons) => ("degraded", reasons),
            Health::Poisoned(why) => ("poisoned", vec![why]),
        };
        let answer = PyDict::new(slf.py());
        answer.set_item("state", state)?;
        answer.set_item("reasons", reasons)?;
        Ok(answer)
    }

    /// Keep the store as it is now under a name, for readers in any process: ``annalsdb.open_pin``.
    ///
    /// It goes by ``annalsdb.unpin``, or, once ``lasts`` (seconds or a timedelta) is over, with the next opening for
    /// writing or the next pin. Gives its name, path and times.
    ///
    /// >>> store.pin("training", lasts=3600)["name"]
    /// 'training'
    #[pyo3(signature = (name, lasts=None))]
    fn pin<'py>(
        slf: &Bound<'py, Self>,
        name: String,
        lasts: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let store = slf.as_super().get().store()?;
        let lasts = pinned::lasts(lasts)?;
        let pin = long::run(slf.py(), AtSignal::WaitForEnd, long::quiet, move |_| {
            store.pin(&name, lasts)
        })?;
        pinned::of_pin(slf.py(), pin)
    }

    /// Tell what happened since a commit, for who has the rows that there were then; see ``Changes``.
    ///
    /// Raises:
    ///     InvalidInputError: telling to start over, where it can no longer be told; ``annalsdb.lease`` prevents most of it.
    ///
    /// >>> changes = store.changes_since(store.sequence)
    /// >>> changes.since, changes.sequence, changes.steps
    /// (1, 1, [])
    fn changes_since(slf: &Bound<'_, Self>, sequence: u64) -> PyResult<Changes> {
        let store = slf.as_super().get().store()?;
        let limits = store.limits().clone();
        let changes = long::run(slf.py(), AtSignal::Leave, long::quiet, move |_| {
            store.changes_since(sequence)
        })?;
        Ok(Changes::new(changes, limits))
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

    /// Take what was deleted out of every file, while others read and write: as ``annalsdb.purge`` does for a store that
    /// nobody has open for writing. Gives the receipt as a dict; None where nothing was deleted since the last purge.
    ///
    /// Args:
    ///     wait: seconds to wait for snapshots and scans of this process that were made before.
    ///     force: release the pins, and the leases whose consumers have not taken the deletions and then start over.
    ///
    /// Raises:
    ///     UnsupportedError: where pins or leases of the store may hold some of it; it names them.
    ///     LockedError: where snapshots are still there after the wait; drop them, and purge again.
    ///
    /// >>> _ = store.delete(user="ada")
    /// >>> receipt = store.purge()
    /// >>> len(receipt["deleted"]), receipt["found"]
    /// (1, [])
    #[pyo3(signature = (*, wait=10.0, force=false))]
    fn purge<'py>(
        slf: &Bound<'py, Self>,
        wait: f64,
        force: bool,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let store = slf.as_super().get().store()?;
        let wait = Duration::try_from_secs_f64(wait).map_err(|error| {
            errors::invalid(format!("wait: {wait}: {error}; give seconds, 0 or more"))
        })?;
        let options = PurgeOptions::default().wait(wait).force(force);
        let receipt = long::run(slf.py(), AtSignal::WaitForEnd, long::quiet, move |_| {
            store.purge(&options)
        })?;
        receipt
            .map(|receipt| json::object(slf.py(), &receipt))
            .transpose()
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

    /// Export to a file, or a folder where it is split or partitioned; gives the manifest, which lies beside the file
    /// (``PATH.manifest.json``) or in the folder, too. Nothing appears before it is complete.
    ///
    /// Args:
    ///     path: the file, or a folder that is missing or empty.
    ///     format: ``"csv"``, ``"jsonl"``, ``"parquet"``, ``"arrow"``, ``"arrows"`` or ``"inter"``; by the name of the file if
    ///         it is None. ``import_csv`` reads CSV and JSON lines back.
    ///     progress: is called with the rows that were looked at. An exception of it ends the export.
    ///     options: those of ``records``, and
    ///         split: ``"leave-last:1"``, ``"user-hash:80,10,10"``, ``("time", t)`` or ``("time", t1, t2)``.
    ///         partition_by: ``"user-hash:16"`` or ``"month"``.
    ///         changes_since: a sequence; only what arrived since. The manifest's ``changes`` say what is to be done to
    ///             earlier rows first.
    ///
    /// >>> manifest = store.export("all.csv")
    /// >>> manifest["report"]["records"]
    /// 3
    #[pyo3(signature = (path, *, format=None, progress=None, **options))]
    fn export<'py>(
        slf: &Bound<'py, Self>,
        path: PathBuf,
        format: Option<&str>,
        progress: Option<&Bound<'py, PyAny>>,
        options: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let store = slf.as_super().get().store()?;
        let options = export::Options::new("export", options, true)?;
        let manifest = export::write(slf.py(), store, path, format, &options, progress)?;
        json::object(slf.py(), &manifest)
    }
}

fn mode_of(mode: &str) -> PyResult<ImportMode> {
    let known = [
        ("full", ImportMode::Full),
        ("incremental", ImportMode::Incremental),
    ];
    query::choice("mode", mode, &known)
}
