//! What can be read, of a store or of a snapshot.

use std::sync::Arc;

use annals::export::ArrowStrings;
use annals::filter::{FilterContext, FilterPlan, Filtered};
use annals::insights::{Insights, Thresholds};
use annals::query::Unseen;
use annals::{History, Limits, Schema};
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema as ArrowSchema;
use parking_lot::{Mutex, RwLock};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyAny, PyDict};

use crate::attributes::Attributes;
use crate::buffer::Buffer;
use crate::columns::{self, HistoryColumns};
use crate::errors::{self, Failed};
use crate::export;
use crate::held::Held;
use crate::histories;
use crate::json;
use crate::long::{self, AtSignal};
use crate::query::{self, HistoryArguments, ScanArguments};
use crate::rows::{self, Rows};
use crate::scan::{Form, Scan};
use crate::texts::Texts;

/// A store that is open, or a snapshot of one: what can be read of it.
#[pyclass(frozen, subclass, module = "annalsdb")]
pub struct View {
    source: Held<Source>,
}

enum Source {
    Store {
        store: RwLock<Option<annals::Store>>,
        buffers: Mutex<Vec<Buffers>>,
    },
    Snapshot {
        snapshot: annals::Snapshot,
        limits: Box<Limits>,
        buffers: Mutex<Vec<Buffers>>,
    },
}

/// Memory that is used again from call to call.
#[derive(Default)]
struct Buffers {
    history: History,
    unseen: Unseen,
    filtered: Filtered,
}

impl View {
    pub fn of_store(store: annals::Store) -> Self {
        Self {
            source: Held::new(Source::Store {
                store: RwLock::new(Some(store)),
                buffers: Mutex::default(),
            }),
        }
    }

    pub fn of_snapshot(snapshot: annals::Snapshot, limits: Limits) -> Self {
        Self {
            source: Held::new(Source::Snapshot {
                snapshot,
                limits: Box::new(limits),
                buffers: Mutex::default(),
            }),
        }
    }

    /// The store.
    ///
    /// # Errors
    /// `ClosedError`, `ForkedError`.
    pub fn store(&self) -> PyResult<annals::Store> {
        match self.source.get()? {
            Source::Store { store, .. } => {
                let store = store.read();
                store.clone().ok_or_else(errors::closed)
            }
            Source::Snapshot { .. } => Err(errors::internal("a snapshot in the place of a store")),
        }
    }

    /// Puts another store in the place of the one that is open, or none; gives the one that was.
    pub fn replace(&self, by: Option<annals::Store>) -> PyResult<Option<annals::Store>> {
        match self.source.get()? {
            Source::Store { store, buffers } => {
                let mut store = store.write();
                // They hold what was read last.
                buffers.lock().clear();
                Ok(std::mem::replace(&mut *store, by))
            }
            Source::Snapshot { .. } => Ok(None),
        }
    }

    /// What the store is now, or what the snapshot keeps.
    pub fn snapshot(&self) -> PyResult<annals::Snapshot> {
        match self.source.get()? {
            Source::Store { store, .. } => {
                let store = store.read();
                let store = store.as_ref().ok_or_else(errors::closed)?;
                Ok(store.snapshot())
            }
            Source::Snapshot { snapshot, .. } => Ok(snapshot.clone()),
        }
    }

    pub fn limits(&self) -> PyResult<Limits> {
        match self.source.get()? {
            Source::Store { .. } => Ok(self.store()?.limits().clone()),
            Source::Snapshot { limits, .. } => Ok((**limits).clone()),
        }
    }

    /// Does a read with memory of earlier ones, without the interpreter lock.
    fn with_buffers<T: Send>(
        &self,
        py: Python<'_>,
        read: impl FnOnce(&annals::Snapshot, &mut Buffers) -> T + Send,
    ) -> PyResult<T> {
        let snapshot = self.snapshot()?;
        let (Source::Store { buffers, .. } | Source::Snapshot { buffers, .. }) =
            self.source.get()?;
        py.detach(move || {
            let idle = buffers.lock().pop();
            let mut own = idle.unwrap_or_default();
            let read = read(&snapshot, &mut own);
            buffers.lock().push(own);
            Ok(read)
        })
    }

    fn plan(&self, expression: &str, snapshot: &annals::Snapshot) -> PyResult<FilterPlan> {
        let limits = self.limits()?;
        FilterPlan::compile(expression, snapshot.schema(), &limits).map_err(errors::raise)
    }
}

/// What comes with a filter.
struct FilterArguments {
    parameters: Vec<(String, String)>,
    items: Option<Py<Attributes>>,
    users: Option<Py<Attributes>>,
    current_item: Option<String>,
}

impl FilterArguments {
    fn new(
        parameters: Option<&Bound<'_, PyDict>>,
        items: Option<Py<Attributes>>,
        users: Option<Py<Attributes>>,
        current_item: Option<String>,
    ) -> PyResult<Self> {
        let mut texts = Vec::new();
        for (name, value) in parameters.into_iter().flatten() {
            texts.push((name.extract()?, parameter(&value)?));
        }
        Ok(Self {
            parameters: texts,
            items,
            users,
            current_item,
        })
    }

    fn context(&self) -> annals::Result<FilterContext<'_>> {
        let mut context = FilterContext::new();
        for (name, values) in &self.parameters {
            context = context.parameter(name, values)?;
        }
        if let Some(items) = &self.items {
            context = context.items(items.get().table());
        }
        if let Some(users) = &self.users {
            context = context.users(users.get().table());
        }
        if let Some(item) = &self.current_item {
            context = context.current_item(item);
        }
        Ok(context)
    }
}

/// The values of a parameter in the filters' own form: strings in quotes, or a number.
fn parameter(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let quoted = |text: &str| match text.contains('"') {
        true => format!("'{text}'"),
        false => format!("\"{text}\""),
    };
    if let Ok(text) = value.extract::<PyBackedStr>() {
        return Ok(quoted(&text));
    }
    if value.extract::<f64>().is_ok() {
        return Ok(value.str()?.to_string());
    }
    let values = crate::texts::strings("parameters", value)?;
    let values: Vec<String> = values.iter().map(|text| quoted(text)).collect();
    Ok(values.join(","))
}

#[pymethods]
impl View {
    /// The schema, as the Avro document in JSON that the store was made with.
    #[getter]
    fn schema(&self) -> PyResult<String> {
        Ok(self.snapshot()?.schema().json().to_owned())
    }

    /// The names of the fields, in the schema's order.
    #[getter]
    fn fields(&self) -> PyResult<Vec<String>> {
        let snapshot = self.snapshot()?;
        let fields = snapshot.schema().fields().iter();
        Ok(fields.map(|field| field.name().to_owned()).collect())
    }

    /// The number of the newest commit that is seen; 0 when nothing was ever written.
    #[getter]
    fn sequence(&self) -> PyResult<u64> {
        Ok(self.snapshot()?.sequence())
    }

    /// Read a user's interactions, newest first.
    ///
    /// The rows have the schema's fields but the user, as dicts and as Arrow data; a user who is not there has none.
    ///
    /// Args:
    ///     user: the user's id.
    ///     limit: at most so many rows, the newest, or the oldest with ``oldest_first``.
    ///     event_types: only these, in any case of letters; none or an empty list for all.
    ///     since, until: only times in between, the first inclusive, the second exclusive: Unix epoch seconds, or
    ///         datetimes with a zone.
    ///     columns: only these fields.
    ///     oldest_first: whether the order is turned round.
    ///     times: ``"int"`` for Unix epoch seconds, ``"datetime"`` for datetimes of UTC.
    ///
    /// Cost: a hash probe for each run of segments, and decoding what comes out.
    ///
    /// Raises:
    ///     InvalidInputError: for a field that the schema does not have, or a datetime without a zone.
    ///     CorruptionError: when bytes that it needs are damaged.
    ///
    /// >>> store.history("ada", limit=1).to_dicts()
    /// [{'ITEM_ID': 'cake', 'TIMESTAMP': 120, 'EVENT_TYPE': 'view'}]
    /// >>> store.history("ada", columns=["ITEM_ID"], oldest_first=True).to_list("ITEM_ID")
    /// ['tea', 'cake']
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    #[pyo3(signature = (user, *, limit=None, event_types=None, since=None, until=None, columns=None,
                        oldest_first=false, times="int"))]
    fn history(
        &self,
        py: Python<'_>,
        user: PyBackedStr,
        limit: Option<usize>,
        event_types: Option<&Bound<'_, PyAny>>,
        since: Option<&Bound<'_, PyAny>>,
        until: Option<&Bound<'_, PyAny>>,
        columns: Option<&Bound<'_, PyAny>>,
        oldest_first: bool,
        times: &str,
    ) -> PyResult<Rows> {
        let arguments = HistoryArguments {
            limit,
            event_types,
            since,
            until,
            columns,
            oldest_first,
        };
        let query = arguments.query()?;
        let datetimes = query::datetimes(times)?;
        let snapshot = self.snapshot()?;
        let schema = snapshot.schema();
        let asked = query::asked(schema, &query.projection)?;
        let mut copied = HistoryColumns::new(schema, &asked);
        let batch = self.with_buffers(py, |snapshot, buffers| {
            snapshot.history(&user, &query, &mut buffers.history)?;
            copied.append(&buffers.history)?;
            let rows = copied.rows();
            let (fields, arrays) = copied.finish()?;
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let schema = Arc::new(ArrowSchema::new(fields));
            RecordBatch::try_new_with_options(schema, arrays, &options).map_err(columns::unfit)
        })?;
        finished(batch.map_err(Failed::raise)?, schema, datetimes)
    }

    /// Read the histories of many users in one call.
    ///
    /// Gives a row for each user, in their order: the id, and as ``HISTORY`` a list of what ``history`` gives. As Arrow data
    /// that is one list column. The arguments are those of ``history``; users may be any iterable of strings, or Arrow
    /// strings.
    ///
    /// >>> rows = store.histories(["ben", "nobody"], columns=["ITEM_ID"])
    /// >>> rows.to_list("HISTORY")
    /// [[{'ITEM_ID': 'tea'}], []]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    #[pyo3(signature = (users, *, limit=None, event_types=None, since=None, until=None, columns=None,
                        oldest_first=false))]
    fn histories(
        &self,
        py: Python<'_>,
        users: &Bound<'_, PyAny>,
        limit: Option<usize>,
        event_types: Option<&Bound<'_, PyAny>>,
        since: Option<&Bound<'_, PyAny>>,
        until: Option<&Bound<'_, PyAny>>,
        columns: Option<&Bound<'_, PyAny>>,
        oldest_first: bool,
    ) -> PyResult<Rows> {
        let arguments = HistoryArguments {
            limit,
            event_types,
            since,
            until,
            columns,
            oldest_first,
        };
        let query = arguments.query()?;
        let users = Texts::of("users", users)?;
        let users = users.as_strs()?;
        let snapshot = self.snapshot()?;
        let schema = snapshot.schema();
        let asked = query::asked(schema, &query.projection)?;
        let copied = HistoryColumns::new(schema, &asked);
        let name = schema
            .fields()
            .get(schema.user())
            .map_or("", |field| field.name());
        let batch = self.with_buffers(py, |snapshot, buffers| {
            histories::table(snapshot, name, &users, &query, copied, &mut buffers.history)
        })?;
        Ok(Rows::new(batch.map_err(Failed::raise)?))
    }

    /// Tell which candidates a user has no interaction with.
    ///
    /// Exact, over the whole history. Gives a flag for each candidate, in their order, which numpy takes as a mask without a
    /// copy.
    ///
    /// Args:
    ///     user: the user's id.
    ///     candidates: any iterable of strings, or Arrow strings, which are the quickest.
    ///     event_types: only interactions of these count, in any case of letters; none for all.
    ///     newest: of each event type only so many interactions count, the newest.
    ///
    /// >>> store.unseen("ada", ["tea", "jam"]).to_list()
    /// [False, True]
    /// >>> store.unseen("ada", ["tea", "jam"], event_types=["purchase"]).to_list()
    /// [True, True]
    #[pyo3(signature = (user, candidates, *, event_types=None, newest=None))]
    fn unseen(
        &self,
        py: Python<'_>,
        user: PyBackedStr,
        candidates: &Bound<'_, PyAny>,
        event_types: Option<&Bound<'_, PyAny>>,
        newest: Option<usize>,
    ) -> PyResult<Buffer> {
        let event_types = query::list("event_types", event_types)?.unwrap_or_default();
        let candidates = Texts::of("candidates", candidates)?;
        let candidates = candidates.as_strs()?;
        let newest = newest.unwrap_or(usize::MAX);
        let flags = self.with_buffers(py, |snapshot, buffers| {
            let unseen = &mut buffers.unseen;
            let flags =
                snapshot.unseen_among_newest(&user, &candidates, &event_types, newest, unseen);
            flags.map(Buffer::of_flags)
        })?;
        flags.map_err(errors::raise)
    }

    /// Tell which candidates a filter expression keeps, as the service of Amazon Personalize does.
    ///
    /// Gives a flag for each candidate, in their order.
    ///
    /// Args:
    ///     expression: such as ``EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")``.
    ///     parameters: values by name, for ``$NAME``: a string, a number, or a list of strings.
    ///     items, users: what ``Items.FIELD`` and ``Users.FIELD`` look up.
    ///     current_item: what ``CurrentItem`` is.
    ///
    /// Raises:
    ///     InvalidInputError: with line and column, for what is no filter.
    ///
    /// >>> bought = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($DONE)"
    /// >>> store.filter(bought, "ada", ["tea", "jam"], parameters={"DONE": ["view"]}).to_list()
    /// [False, True]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    #[pyo3(signature = (expression, user, candidates, *, parameters=None, items=None, users=None,
                        current_item=None))]
    fn filter(
        &self,
        py: Python<'_>,
        expression: &str,
        user: PyBackedStr,
        candidates: &Bound<'_, PyAny>,
        parameters: Option<&Bound<'_, PyDict>>,
        items: Option<Py<Attributes>>,
        users: Option<Py<Attributes>>,
        current_item: Option<String>,
    ) -> PyResult<Buffer> {
        let candidates = Texts::of("candidates", candidates)?;
        let candidates = candidates.as_strs()?;
        let plan = self.plan(expression, &self.snapshot()?)?;
        let arguments = FilterArguments::new(parameters, items, users, current_item)?;
        let flags = self.with_buffers(py, |snapshot, buffers| {
            let context = arguments.context()?;
            let filtered = &mut buffers.filtered;
            let kept = snapshot.filter(&plan, &user, &candidates, &context, filtered)?;
            let mut flags = vec![false; candidates.len()];
            for at in kept {
                if let Some(flag) = flags.get_mut(*at) {
                    *flag = true;
                }
            }
            Ok(Buffer::of_flags(&flags))
        })?;
        flags.map_err(errors::raise)
    }

    /// Give the users that a filter expression keeps, among those who have any interaction.
    ///
    /// Cost: a scan of the fields that the expression names.
    ///
    /// >>> store.filter_users('INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("view")')
    /// ['ada', 'ben']
    #[pyo3(signature = (expression, *, parameters=None, items=None, users=None))]
    fn filter_users(
        &self,
        py: Python<'_>,
        expression: &str,
        parameters: Option<&Bound<'_, PyDict>>,
        items: Option<Py<Attributes>>,
        users: Option<Py<Attributes>>,
    ) -> PyResult<Vec<String>> {
        let snapshot = self.snapshot()?;
        let plan = self.plan(expression, &snapshot)?;
        let arguments = FilterArguments::new(parameters, items, users, None)?;
        long::run(py, AtSignal::Leave, long::quiet, move |_| {
            snapshot.filter_users(&plan, &arguments.context()?)
        })
    }

    /// Read everything, or a part of it, as batches of columns.
    ///
    /// Args:
    ///     columns: only these fields.
    ///     event_types, since, until: only these rows, as in ``history``.
    ///     users: a pair: the first user, and the first behind; None for no bound.
    ///     order: ``"user-time"``, or ``"any"``, part by part, which is cheaper.
    ///     limit: at most so many rows.
    ///     strings: ``"plain"``, or ``"dictionary"``, whose values are not copied.
    ///     times: ``"int"`` for Unix epoch seconds, ``"datetime"`` for datetimes of UTC.
    ///     batch_rows: rows of a batch, at most.
    ///
    /// >>> [row for rows in store.scan(columns=["USER_ID", "ITEM_ID"]) for row in rows.to_list("ITEM_ID")]
    /// ['tea', 'cake', 'tea']
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    #[pyo3(signature = (*, columns=None, event_types=None, since=None, until=None, users=None,
                        order="user-time", limit=None, strings="plain", times="int", batch_rows=8192))]
    fn scan(
        &self,
        columns: Option<&Bound<'_, PyAny>>,
        event_types: Option<&Bound<'_, PyAny>>,
        since: Option<&Bound<'_, PyAny>>,
        until: Option<&Bound<'_, PyAny>>,
        users: Option<(Option<String>, Option<String>)>,
        order: &str,
        limit: Option<usize>,
        strings: &str,
        times: &str,
        batch_rows: usize,
    ) -> PyResult<Scan> {
        let arguments = ScanArguments {
            columns,
            event_types,
            since,
            until,
            users,
            order,
            batch_rows,
        };
        let form = Form {
            strings: query::strings(strings)?,
            datetimes: query::datetimes(times)?,
            limit,
        };
        Scan::new(self.snapshot()?, arguments.query()?, form)
    }

    /// Give interactions as records to train on, as an Arrow stream in user and time order.
    ///
    /// Args:
    ///     layout: what a record is: ``"rows"`` (an interaction), ``"sequences"`` (a user, with lists), ``"examples"`` (an
    ///         interaction, with lists of what its user did before) or ``"impressions"`` (an item that was shown).
    ///     columns, without: only these fields, or all but these.
    ///     event_types: as ``annals export`` takes them: ``"view"``, ``"purchase>=10"``, ``"click:0.5"`` with a weight.
    ///     since, until, origin ("all", "bulk", "put"), sessions ("keep", "drop"), distinct, min_item_events,
    ///     min_user_events, newest, newest_per_user, limit: which interactions.
    ///     max_length, min_length: of sequences; min_length of examples' histories, too.
    ///     history (50), same_second ("leave-out", "arrived", "all"), as_known, negatives, negatives_from ("catalogue",
    ///     "impression"), seed: of examples.
    ///     leak_guard: False leaves out the check that no history holds what came at or after its target.
    ///     strings: "plain", "dictionary" or "view". lists: "plain", or "view", where the histories of a user share their values
    ///     (``ListView``: pyarrow, pandas and DuckDB take it, polars does not). order: "user-time", or "any" for plain rows. threads: all cores.
    ///     as_of: a sequence; what was known then.
    ///
    /// docs/exports.md has each option at length. Nothing is read before the stream is consumed.
    ///
    /// >>> records = store.records(layout="sequences", columns=["USER_ID", "ITEM_ID"], min_length=2)
    /// >>> records.column_names
    /// ['USER_ID', 'ITEM_ID']
    #[pyo3(signature = (**options))]
    fn records(&self, options: Option<&Bound<'_, PyDict>>) -> PyResult<Scan> {
        let options = export::Options::new("records", options, false)?;
        let export = options.export(self.snapshot()?, None)?;
        let strings = options.strings()?.unwrap_or(ArrowStrings::Plain);
        Scan::of_records(export.without_digest().strings(strings), strings)
    }

    /// Give the ids of the users who have any interaction, in the order of their UTF-8 bytes: from ``start``, and
    /// before ``end``.
    ///
    /// >>> store.users()
    /// ['ada', 'ben']
    #[pyo3(signature = (start=None, end=None))]
    fn users(
        &self,
        py: Python<'_>,
        start: Option<String>,
        end: Option<String>,
    ) -> PyResult<Vec<String>> {
        let snapshot = self.snapshot()?;
        let range = annals::query::UserRange::new(start, end);
        long::run(py, AtSignal::Leave, long::quiet, move |_| {
            snapshot.users(range)?.collect()
        })
    }

    /// At most so many ranges of users, of about as many rows each, in order: ``scan(users=range)`` of them
    /// side by side read what one scan would.
    fn user_ranges(
        &self,
        py: Python<'_>,
        parts: usize,
    ) -> PyResult<Vec<(Option<String>, Option<String>)>> {
        let snapshot = self.snapshot()?;
        let ranges = py
            .detach(|| snapshot.user_ranges(parts))
            .map_err(errors::raise)?;
        Ok(ranges
            .into_iter()
            .map(|range| (range.from, range.to))
            .collect())
    }

    /// Report what the data lacks for training, and what each column holds, as a dict.
    ///
    /// >>> report = store.insights()
    /// >>> report["findings"][0]["advice"]
    /// 'record or import more before training'
    fn insights<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let snapshot = self.snapshot()?;
        let insights = long::run(py, AtSignal::Leave, long::quiet, move |_| {
            Insights::of(&snapshot, &Thresholds::default())
        })?;
        json::object(py, &insights)
    }
}

/// A batch as it is answered.
fn finished(batch: RecordBatch, schema: &Schema, datetimes: bool) -> PyResult<Rows> {
    if !datetimes {
        return Ok(Rows::new(batch));
    }
    let name = schema
        .fields()
        .get(schema.timestamp())
        .map(|field| field.name());
    rows::with_datetimes(&batch, name.unwrap_or_default()).map(Rows::new)
}
