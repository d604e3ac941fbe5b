//! Whether what is served is what was trained on.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::form::Form;
use super::read_back::{Line, read_rows};
use super::text::text_of;
use crate::api::{History, Snapshot, Unseen};
use crate::model::{
    DataType, Error, FieldId, HistoryQuery, Order, Projection, Result, ScanQuery, Schema, Value,
};

/// What a comparison of online reads with an export found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkewReport {
    /// Users that were compared.
    pub users: u64,
    /// Their interactions in the store.
    pub interactions: u64,
    /// What differs, the first few.
    pub differences: Vec<String>,
}

/// Differences that are told, at most.
const MAX_DIFFERENCES: usize = 10;

/// Compares, for `count` users drawn by the hash of their id, what the reads of a service give with what
/// an export of all interactions in rows says: each user's history in all columns of the file, in order,
/// and which items are unseen. Memory: the interactions of those users, twice.
///
/// # Errors
/// `InvalidInput` for a file that is no such export; `Io`, `Corruption`.
pub fn skew(snapshot: &Snapshot, path: &Path, form: Form, count: usize) -> Result<SkewReport> {
    let users = sample(snapshot, count)?;
    let mut written: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    let mut columns: Vec<FieldId> = Vec::new();
    let schema = snapshot.schema().clone();
    let mut user_column = 0;
    read_rows(path, form, &mut |names, line| {
        if columns.is_empty() {
            columns = columns_of(&schema, names)?;
            let user = columns.iter().position(|field| *field == schema.user());
            user_column = user.ok_or_else(|| {
                Error::invalid("the export lacks the column USER_ID, by which users are compared")
            })?;
        }
        let user = line.get(user_column).cloned().flatten().unwrap_or_default();
        if users.contains(&user) {
            written.entry(user).or_default().push(line);
        }
        Ok(())
    })?;
    let mut report = SkewReport::default();
    let item = columns.iter().position(|field| *field == schema.item());
    let known: Vec<String> = items_of(&written, item).into_iter().collect();
    for user in &users {
        let rows = written.get(user).map(Vec::as_slice).unwrap_or_default();
        report.users += 1;
        let served = histories(snapshot, user, &columns)?;
        report.interactions += served.len() as u64;
        compare_rows(&schema, user, &columns, &served, rows, &mut report);
        if let Some(item) = item {
            compare_filters(snapshot, user, item, &known, rows, &mut report)?;
        }
    }
    Ok(report)
}

/// The users with the lowest hashes.
fn sample(snapshot: &Snapshot, count: usize) -> Result<BTreeSet<String>> {
    let mut lowest: BinaryHeap<(u64, String)> = BinaryHeap::new();
    let mut scan = snapshot.scan(&ScanQuery {
        projection: Projection::names([""; 0]),
        ..ScanQuery::default()
    })?;
    let mut batch = scan.new_batch();
    let mut last = String::new();
    while scan.read(&mut batch)? {
        for run in batch.users.chunk_by(|a, b| a == b) {
            let user = batch.ids()?.get(run.first().copied().unwrap_or(0))?;
            if user == last && !lowest.is_empty() {
                continue;
            }
            last.clear();
            last.push_str(user);
            let hash = xxh3_64(user.as_bytes());
            let is_lower = lowest.peek().is_none_or(|(highest, _)| hash < *highest);
            if lowest.len() < count || is_lower {
                lowest.push((hash, user.to_owned()));
            }
            if lowest.len() > count {
                lowest.pop();
            }
        }
    }
    Ok(lowest.into_iter().map(|(_, user)| user).collect())
}

fn columns_of(schema: &Schema, names: &[String]) -> Result<Vec<FieldId>> {
    let column = |name: &String| {
        schema.position(name).ok_or_else(|| {
            Error::invalid(format!(
                "the file's column {name} is no field of the schema; compare with an export of rows, without \
                 weights and partitions"
            ))
        })
    };
    names.iter().map(column).collect()
}

/// What a service reads of a user, oldest first.
fn histories(snapshot: &Snapshot, user: &str, columns: &[FieldId]) -> Result<Vec<Line>> {
    let query = HistoryQuery {
        order: Order::OldestFirst,
        ..HistoryQuery::default()
    };
    let mut history = History::new();
    snapshot.history(user, &query, &mut history)?;
    let schema = snapshot.schema();
    let mut rows = Vec::with_capacity(history.len());
    for event in history.iter() {
        let mut line = Line::with_capacity(columns.len());
        for field in columns {
            if *field == schema.user() {
                line.push(Some(user.to_owned()));
                continue;
            }
            line.push(match event.value(*field)? {
                Value::Null => None,
                Value::Items(items) => Some(json_of(&items)),
                value => Some(text_of(&value)),
            });
        }
        rows.push(line);
    }
    Ok(rows)
}

fn json_of(items: &[String]) -> String {
    serde_json::to_string(items).unwrap_or_default()
}

fn compare_rows(
    schema: &Schema,
    user: &str,
    columns: &[FieldId],
    served: &[Line],
    written: &[Line],
    report: &mut SkewReport,
) {
    if served.len() != written.len() {
        tell(report, || {
            format!(
                "user {user:?}: {} interactions are served, and the export has {}",
                served.len(),
                written.len()
            )
        });
        return;
    }
    for (nth, (served, written)) in served.iter().zip(written).enumerate() {
        let cells = served.iter().zip(written).zip(columns);
        for ((served, written), field) in cells {
            let field = schema.fields().get(*field);
            let data_type = field.map_or(DataType::String, |field| field.data_type());
            if !are_equal(data_type, served.as_deref(), written.as_deref()) {
                let name = field.map_or("?", |field| field.name());
                tell(report, || {
                    format!(
                        "user {user:?}, interaction {}: {name} is served as {served:?}, and the export has {written:?}",
                        nth + 1
                    )
                });
            }
        }
    }
}

/// Whether texts are of equal values: forms write floats in different ways, and lists by bars.
fn are_equal(data_type: DataType, served: Option<&str>, written: Option<&str>) -> bool {
    if served == written {
        return true;
    }
    let (Some(served), Some(written)) = (served, written) else {
        return false;
    };
    match data_type {
        DataType::Float => matches!((served.parse::<f32>(), written.parse::<f32>()),
            (Ok(a), Ok(b)) if a.to_bits() == b.to_bits()),
        DataType::Double => matches!((served.parse::<f64>(), written.parse::<f64>()),
            (Ok(a), Ok(b)) if a.to_bits() == b.to_bits()),
        _ => {
            let items: Option<Vec<String>> = serde_json::from_str(served).ok();
            items.is_some_and(|items| items.join("|") == written)
        }
    }
}

fn items_of(written: &BTreeMap<String, Vec<Line>>, item: Option<usize>) -> BTreeSet<String> {
    let mut items = BTreeSet::new();
    if let Some(item) = item {
        let lines = written.values().flatten();
        items.extend(lines.filter_map(|line| line.get(item).cloned().flatten()));
    }
    items
}

/// Whether the filter of seen items tells what the export has.
fn compare_filters(
    snapshot: &Snapshot,
    user: &str,
    item: usize,
    known: &[String],
    written: &[Line],
    report: &mut SkewReport,
) -> Result<()> {
    let mut buffer = Unseen::new();
    let unseen = snapshot.unseen(user, known, &[], &mut buffer)?;
    let seen: BTreeSet<&str> = written
        .iter()
        .filter_map(|line| line.get(item)?.as_deref())
        .collect();
    for (candidate, unseen) in known.iter().zip(unseen) {
        if *unseen == seen.contains(candidate.as_str()) {
            tell(report, || {
                let online = if *unseen { "unseen" } else { "seen" };
                format!(
                    "user {user:?}: item {candidate:?} is {online} online, and in the export it is not"
                )
            });
        }
    }
    Ok(())
}

fn tell(report: &mut SkewReport, what: impl FnOnce() -> String) {
    if report.differences.len() < MAX_DIFFERENCES {
        report.differences.push(what());
    }
}
