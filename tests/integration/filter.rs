//! Filter expressions, by what they keep.

mod attributes;
mod language;
mod naive;
mod random;
mod requests;
mod rules;
mod users;

use annals::filter::{AttributeDataset, AttributeTable, FilterContext, FilterPlan};
use annals::{Durability, Limits, Result, Store};
use tempfile::TempDir;

use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

/// A store of records, and its folder.
pub(crate) fn store_of(records: &[Record]) -> (Store, TempDir) {
    let folder = folder();
    let store = create(folder.path(), quiet());
    store.write(batch(records), Durability::Buffered).unwrap();
    (store, folder)
}

/// A record of an event type.
pub(crate) fn event(user: &str, item: &str, timestamp: i64, event_type: &str) -> Record {
    Record {
        event_type: event_type.to_owned(),
        ..Record::new(user, item, timestamp)
    }
}

pub(crate) fn compile(store: &Store, expression: &str) -> Result<FilterPlan> {
    FilterPlan::compile(expression, store.schema(), &Limits::personalize())
}

/// What an expression keeps of candidates.
pub(crate) fn kept<'c>(
    store: &Store,
    user: &str,
    candidates: &[&'c str],
    expression: &str,
    context: &FilterContext<'_>,
) -> Result<Vec<&'c str>> {
    let plan = compile(store, expression)?;
    let kept = store.filter(&plan, user, candidates, context)?;
    Ok(kept.into_iter().map(|at| candidates[at]).collect())
}

/// The message of an error.
#[track_caller]
pub(crate) fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.unwrap_err().full_message()
}

pub(crate) const ITEMS: &str = r#"{"type": "record", "name": "Items", "fields": [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRE", "type": ["null", "string"], "categorical": true},
    {"name": "BRAND", "type": ["null", "string"]},
    {"name": "PRICE", "type": ["float", "null"]},
    {"name": "YEAR", "type": ["null", "int"]},
    {"name": "NEW", "type": ["null", "boolean"]}
]}"#;

pub(crate) const USERS: &str = r#"{"type": "record", "name": "users", "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "CITY", "type": ["null", "string"]},
    {"name": "AGE", "type": ["null", "int"]}
]}"#;

pub(crate) fn items(csv: &str) -> AttributeTable {
    AttributeTable::read(AttributeDataset::Items, ITEMS, csv.as_bytes()).unwrap()
}

pub(crate) fn users(csv: &str) -> AttributeTable {
    AttributeTable::read(AttributeDataset::Users, USERS, csv.as_bytes()).unwrap()
}
