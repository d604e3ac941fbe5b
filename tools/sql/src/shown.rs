//! A scan in the output of EXPLAIN.

use std::fmt::{self, Formatter};

use annals::query::{Hint, UserRange};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::physical_expr::Partitioning;
use datafusion::physical_plan::PlanProperties;

use crate::pushdown::Wanted;
use crate::users::UserSet;

/// Ranges of users, event types or columns that are shown before the rest is counted.
const SHOWN: usize = 6;

/// What is shown of a scan.
pub(crate) struct Shown<'a> {
    pub(crate) schema: &'a SchemaRef,
    pub(crate) wanted: &'a Wanted,
    pub(crate) properties: &'a PlanProperties,
    pub(crate) fetch: Option<usize>,
}

impl Shown<'_> {
    /// All in one line: `InteractionsExec: columns=[..], users=[..], ...`.
    pub(crate) fn line(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "InteractionsExec: ")?;
        let parts = self.parts();
        let parts: Vec<_> = parts
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        f.write_str(&parts.join(", "))
    }

    /// One a line, for the tree.
    pub(crate) fn lines(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.parts()
            .iter()
            .try_for_each(|(name, value)| writeln!(f, "{name}={value}"))
    }

    fn parts(&self) -> Vec<(&'static str, String)> {
        let columns = self
            .schema
            .fields()
            .iter()
            .map(|field| field.name().clone());
        let mut parts = vec![("columns", list(columns))];
        if !self.wanted.users.is_all() {
            parts.push(("users", users(&self.wanted.users)));
        }
        let time = self.wanted.time;
        if time.since != i64::MIN {
            parts.push(("since", time.since.to_string()));
        }
        if let Some(until) = time.until {
            parts.push(("until", until.to_string()));
        }
        if let Some(types) = &self.wanted.event_types {
            parts.push((
                "event_types",
                list(types.iter().map(|name| format!("{name:?}"))),
            ));
        }
        if !self.wanted.hints.is_empty() {
            parts.push(("hints", list(self.wanted.hints.iter().map(Hint::to_string))));
        }
        if let Some(fetch) = self.fetch {
            parts.push(("fetch", fetch.to_string()));
        }
        let by = match &self.properties.partitioning {
            Partitioning::Range(_) => " by user",
            _ => "",
        };
        let count = self.properties.partitioning.partition_count();
        parts.push(("partitions", format!("{count}{by}")));
        if let Some(ordering) = self.properties.output_ordering() {
            parts.push(("output_ordering", format!("[{ordering}]")));
        }
        parts
    }
}

fn users(set: &UserSet) -> String {
    list(set.ranges().iter().map(range))
}

/// `"ada"`, or a range with a bracket where it holds its end and a parenthesis where it does not.
fn range(range: &UserRange) -> String {
    let (from, to) = (range.from.as_deref(), range.to.as_deref());
    // The least id above another stands for that one, left out or taken in.
    if let (Some(from), Some(to)) = (from, to)
        && to.strip_suffix('\u{1}') == Some(from)
    {
        return format!("{from:?}");
    }
    let from = from.map_or("(".to_owned(), |from| match from.strip_suffix('\u{1}') {
        Some(before) => format!("({before:?}"),
        None => format!("[{from:?}"),
    });
    let to = to.map_or(")".to_owned(), |to| match to.strip_suffix('\u{1}') {
        Some(last) => format!("{last:?}]"),
        None => format!("{to:?})"),
    });
    format!("{from}..{to}")
}

/// `[a, b]`; of many the first, and how many more there are.
fn list(values: impl ExactSizeIterator<Item = String>) -> String {
    let more = values.len().saturating_sub(SHOWN);
    let mut values: Vec<_> = values.take(SHOWN).collect();
    if more > 0 {
        values.push(format!("{more} more"));
    }
    format!("[{}]", values.join(", "))
}
