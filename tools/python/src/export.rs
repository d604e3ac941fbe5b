//! Exports: which interactions, as which records, in which files.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use annals::export::{
    ArrowLists, ArrowStrings, EventRule, Examples, Export, Form, Layout, Manifest, Negatives,
    Partition, Selection, Split,
};
use annals::query::ScanOrder;
use annals::{Snapshot, Store};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use serde::de::DeserializeOwned;

use crate::long::{self, AtSignal};
use crate::{errors, query, times};

/// The keywords of `export` and `records`, in the order of the documentation.
const KNOWN: [&str; 31] = [
    "layout",
    "columns",
    "without",
    "event_types",
    "since",
    "until",
    "origin",
    "sessions",
    "distinct",
    "min_item_events",
    "min_user_events",
    "newest",
    "newest_per_user",
    "limit",
    "max_length",
    "min_length",
    "history",
    "same_second",
    "as_known",
    "negatives",
    "negatives_from",
    "seed",
    "leak_guard",
    "strings",
    "lists",
    "order",
    "threads",
    "as_of",
    "changes_since",
    "split",
    "partition_by",
];

/// What only an export to files takes.
const OF_FILES: [&str; 3] = ["changes_since", "split", "partition_by"];

/// Keywords of a call.
pub struct Options<'a, 'py>(Option<&'a Bound<'py, PyDict>>);

impl<'a, 'py> Options<'a, 'py> {
    /// # Errors
    /// `TypeError` for a keyword that there is not.
    pub fn new(call: &str, given: Option<&'a Bound<'py, PyDict>>, files: bool) -> PyResult<Self> {
        for (name, _) in given.into_iter().flatten() {
            let name: String = name.extract()?;
            let is_known = KNOWN.contains(&name.as_str());
            if !is_known || !files && OF_FILES.contains(&name.as_str()) {
                let known = KNOWN
                    .iter()
                    .filter(|name| files || !OF_FILES.contains(name));
                let known: Vec<&str> = known.copied().collect();
                return Err(pyo3::exceptions::PyTypeError::new_err(format!(
                    "{call}() got an unexpected keyword argument '{name}'; there are {}",
                    known.join(", ")
                )));
            }
        }
        Ok(Self(given))
    }

    /// A value that was given, and is not `None`.
    fn given(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(given) = self.0 else { return Ok(None) };
        Ok(given.get_item(name)?.filter(|value| !value.is_none()))
    }

    /// A value as the library's own documents have it.
    fn option<T: DeserializeOwned>(&self, name: &str) -> PyResult<Option<T>> {
        let Some(value) = self.given(name)? else {
            return Ok(None);
        };
        let json = value.py().import("json")?.call_method1("dumps", (&value,));
        let json: String = json.and_then(|json| json.extract()).map_err(|error| {
            errors::invalid(format!("{name}: {}: {error}", times::shown(&value)))
        })?;
        let value = serde_json::from_str(&json);
        let value = value.map_err(|error| errors::invalid(format!("{name}: {json}: {error}")))?;
        Ok(Some(value))
    }

    fn flag(&self, name: &str) -> PyResult<bool> {
        Ok(self.option(name)?.unwrap_or(false))
    }

    fn time(&self, name: &str) -> PyResult<Option<i64>> {
        times::bound(name, self.given(name)?.as_ref())
    }

    fn list(&self, name: &str) -> PyResult<Option<Vec<String>>> {
        query::list(name, self.given(name)?.as_ref())
    }

    /// The export that they ask for. Of `changes_since` the store is asked, where there is one.
    pub fn export(&self, mut snapshot: Snapshot, store: Option<&Store>) -> PyResult<Export> {
        let as_of: Option<u64> = self.option("as_of")?;
        let selection = self.selection()?;
        let since: Option<u64> = self.option("changes_since")?;
        let export = match (since, store) {
            (Some(since), Some(store)) => {
                let mut changes = store.changes_since(since).map_err(errors::raise)?;
                if let Some(sequence) = as_of {
                    changes.snapshot = changes.snapshot.as_of(sequence).map_err(errors::raise)?;
                    changes.steps.retain(|step| step.sequence() <= sequence);
                }
                changes.export(selection).map_err(errors::raise)?
            }
            _ => {
                if let Some(sequence) = as_of {
                    snapshot = snapshot.as_of(sequence).map_err(errors::raise)?;
                }
                snapshot.export().selection(selection)
            }
        };
        let mut export = export.layout(self.layout()?);
        if let Some(threads) = self.option("threads")? {
            export = export.threads(threads);
        }
        if let Some(order) = self.option::<String>("order")? {
            let known = [("user-time", ScanOrder::UserTime), ("any", ScanOrder::Any)];
            export = export.order(query::choice("order", &order, &known)?);
        }
        if let Some(split) = self.split()? {
            export = export.split(split);
        }
        if let Some(partition) = self.option::<String>("partition_by")? {
            let partition = Partition::parse(&partition).map_err(errors::raise)?;
            export = export.partition(partition);
        }
        if let Some(lists) = self.option::<String>("lists")? {
            let known = [("plain", ArrowLists::Plain), ("view", ArrowLists::View)];
            export = export.lists(query::choice("lists", &lists, &known)?);
        }
        if self.option("leak_guard")? == Some(false) {
            export = export.without_leak_guard();
        }
        Ok(export)
    }

    /// How strings come.
    pub fn strings(&self) -> PyResult<Option<ArrowStrings>> {
        let known = [
            ("plain", ArrowStrings::Plain),
            ("dictionary", ArrowStrings::Dictionary),
            ("view", ArrowStrings::View),
        ];
        let strings = self.option::<String>("strings")?;
        let strings = strings.map(|name| query::choice("strings", &name, &known));
        strings.transpose()
    }

    fn selection(&self) -> PyResult<Selection> {
        let rules = self.list("event_types")?.unwrap_or_default();
        let rules = rules.iter().map(|rule| EventRule::parse(rule));
        let rules: annals::Result<Vec<EventRule>> = rules.collect();
        let mut selection = Selection::default()
            .origin(self.option("origin")?.unwrap_or_default())
            .since(self.time("since")?)
            .until(self.time("until")?)
            .events(rules.map_err(errors::raise)?)
            .sessions(self.option("sessions")?.unwrap_or_default())
            .distinct(self.flag("distinct")?)
            .min_item_events(self.option::<u64>("min_item_events")?)
            .min_user_events(self.option::<u64>("min_user_events")?)
            .newest(self.option::<u64>("newest")?)
            .newest_per_user(self.option::<u64>("newest_per_user")?)
            .limit(self.option::<u64>("limit")?);
        selection.columns = self.list("columns")?;
        selection.without = self.list("without")?.unwrap_or_default();
        Ok(selection)
    }

    fn layout(&self) -> PyResult<Layout> {
        let asked: Option<String> = self.option("layout")?;
        let asked = asked.as_deref().unwrap_or("rows");
        let own: &[&str] = match asked {
            "sequences" => &["max_length", "min_length"],
            "examples" => &[
                "min_length",
                "history",
                "same_second",
                "as_known",
                "negatives",
                "negatives_from",
                "seed",
            ],
            _ => &[],
        };
        let of_layouts = KNOWN.iter().skip_while(|name| **name != "max_length");
        for name in of_layouts.take_while(|name| **name != "leak_guard") {
            if self.given(name)?.is_some() && !own.contains(name) {
                return Err(errors::invalid(format!(
                    "{name}: is not for the layout {asked:?}"
                )));
            }
        }
        let min_length = self.option("min_length")?.unwrap_or(0);
        Ok(match asked {
            "rows" => Layout::Rows,
            "impressions" => Layout::Impressions,
            "sequences" => Layout::Sequences {
                max_length: self.option("max_length")?,
                min_length,
            },
            "examples" => Layout::Examples(
                Examples::default()
                    .history(
                        self.option("history")?
                            .unwrap_or(Examples::default().history),
                    )
                    .min_history(min_length)
                    .same_second(self.option("same_second")?.unwrap_or_default())
                    .as_known(self.flag("as_known")?)
                    .negatives(self.negatives()?),
            ),
            other => {
                return Err(errors::invalid(format!(
                    "layout: {other:?}; must be one of \"rows\", \"sequences\", \"examples\", \"impressions\""
                )));
            }
        })
    }

    fn negatives(&self) -> PyResult<Option<Negatives>> {
        let Some(count) = self.option("negatives")? else {
            for name in ["negatives_from", "seed"] {
                if self.given(name)?.is_some() {
                    return Err(errors::invalid(format!("{name}: needs negatives")));
                }
            }
            return Ok(None);
        };
        Ok(Some(
            Negatives::new(count)
                .seed(self.option("seed")?.unwrap_or(0))
                .from(self.option("negatives_from")?.unwrap_or_default()),
        ))
    }

    /// As a text, or as times: `("time", since)` or `("time", since, until)`.
    fn split(&self) -> PyResult<Option<Split>> {
        let Some(given) = self.given("split")? else {
            return Ok(None);
        };
        if let Ok(text) = given.cast::<PyString>() {
            return Split::parse(&text.to_cow()?)
                .map(Some)
                .map_err(errors::raise);
        }
        let parts: Vec<Bound<'py, PyAny>> = match given.cast::<PyTuple>() {
            Ok(parts) => parts.iter().collect(),
            Err(_) => Vec::new(),
        };
        let time = |part| times::bound("split", Some(part));
        match parts.as_slice() {
            [how, first] if how.eq("time")? => {
                Ok(time(first)?.map(|first| Split::Time(first, None)))
            }
            [how, first, second] if how.eq("time")? => Ok(time(first)?
                .zip(time(second)?)
                .map(|(first, second)| Split::Time(first, Some(second)))),
            _ => Err(errors::invalid(format!(
                "split: {}; write \"leave-last:1\", \"user-hash:80,10,10\", (\"time\", t) or (\"time\", t1, t2)",
                times::shown(&given)
            ))),
        }
    }
}

/// Writes an export to files; gives its manifest. `progress` is told the rows that were looked at.
pub fn write(
    py: Python<'_>,
    store: Store,
    path: PathBuf,
    format: Option<&str>,
    options: &Options<'_, '_>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Manifest> {
    let form = match format {
        Some(name) => query::choice("format", name, &Form::ALL.map(|form| (form.name(), form)))?,
        None => Form::of_path(&path).ok_or_else(|| {
            errors::invalid(format!(
                "{}: the name ends in no form that is written; give format=, one of {}",
                path.display(),
                Form::ALL.map(Form::name).join(", ")
            ))
        })?,
    };
    let export = options.export(store.snapshot(), Some(&store))?;
    let strings = form.strings(options.strings()?).map_err(errors::raise)?;
    let export = export.strings(strings);
    let tick = |rows: u64| match progress {
        Some(progress) => progress.call1((rows,)).map(drop),
        None => Ok(()),
    };
    let manifest = long::run(py, AtSignal::WaitForEnd, tick, move |watch| {
        export.write_to(path, form, &mut |done, _| {
            watch.done.store(done, Ordering::Relaxed);
            match watch.stop.load(Ordering::Relaxed) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
    })?;
    if let Some(progress) = progress {
        progress.call1((manifest.report.stored,))?;
    }
    Ok(manifest)
}
