//! What a store answers, and whether that is right.

use std::collections::BTreeSet;
use std::path::Path;

use annals::{Durability, ErrorKind, Projection, Result, ScanQuery, Store};

use super::cases::Case;
use super::stores::{Template, request};
use crate::support::quiet;

/// How a store is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reading {
    /// Opened for reading, and scanned.
    Read,
    /// Verified: what is called sound must be right.
    Verify,
    /// Opened for writing, scanned, and events sent again.
    Write,
}

pub(super) enum Answer {
    Right,
    /// An error that names what is wrong.
    Refused,
    Wrong(String),
}

impl Reading {
    pub(super) const ALL: [Self; 3] = [Self::Read, Self::Verify, Self::Write];

    pub(super) fn answer(self, path: &Path, template: &Template, case: &Case) -> Answer {
        let answered = match self {
            Self::Read => read(path).and_then(|store| items(&store)),
            Self::Verify => match verified(path) {
                Ok(None) => read(path).and_then(|store| items(&store)).map_err(|error| {
                    panic!("{case}: sound, but it does not open: {error}");
                }),
                Ok(Some(problem)) => return named(&problem, case),
                Err(error) => Err(error),
            },
            Self::Write => match written(path, template) {
                Ok(Err(wrong)) => return Answer::Wrong(wrong),
                Ok(Ok(items)) => Ok(items),
                Err(error) => Err(error),
            },
        };
        match answered {
            Ok(items) => of_items(&items, template),
            Err(error) => match error.kind() {
                ErrorKind::Corruption | ErrorKind::Unsupported | ErrorKind::NotFound => {
                    named(&error.to_string(), case)
                }
                kind => Answer::Wrong(format!("{kind:?}: {error}")),
            },
        }
    }
}

/// Whether the items are those of a commit that may be the last.
fn of_items(items: &BTreeSet<String>, template: &Template) -> Answer {
    let mut states = template.states.iter().skip(template.least);
    match states.any(|state| state == items) {
        true => Answer::Right,
        false => Answer::Wrong(format!("{} items, not those of a commit", items.len())),
    }
}

/// An error must name the file, or the part of the store that it belongs to.
fn named(message: &str, case: &Case) -> Answer {
    let name = case.file.file_name().unwrap().to_str().unwrap();
    let in_hot = case.file.starts_with("hot") && message.contains("hot");
    match message.contains(name) || in_hot || message.contains("ACCOUNT") {
        true => Answer::Refused,
        false => Answer::Wrong(format!("the error names nothing: {message}")),
    }
}

fn read(path: &Path) -> Result<Store> {
    Store::builder().settings(quiet()).open_read_only(path)
}

/// What verification found; `None` where nothing is wrong.
fn verified(path: &Path) -> Result<Option<String>> {
    let report = Store::builder().verify(path, &mut |_| {})?;
    let damage = report.damage.iter().map(|damage| damage.file.clone());
    let all: Vec<String> = damage.chain(report.problems.iter().cloned()).collect();
    Ok((!report.is_sound()).then(|| all.join("; ")))
}

/// The items that are there, or what goes wrong when events are sent again.
fn written(
    path: &Path,
    template: &Template,
) -> Result<std::result::Result<BTreeSet<String>, String>> {
    let store = Store::builder().settings(quiet()).open(path)?;
    let before = items(&store)?;
    let last = template.states.iter().rposition(|state| *state == before);
    for (commit, items, first_id) in &template.requests {
        if last.is_some_and(|last| *commit <= last) {
            let sent = store.put_events(&request(items, *first_id), Durability::Synced)?;
            if sent.duplicates.len() != items.len() {
                return Ok(Err(format!("events of commit {commit} are taken again")));
            }
        }
    }
    let after = items(&store)?;
    drop(store);
    // It opens again, too.
    let again = items(&read(path)?)?;
    assert_eq!(after, again);
    Ok(Ok(before))
}

/// Every item that a store holds.
pub(super) fn items(store: &Store) -> Result<BTreeSet<String>> {
    let query = ScanQuery::default().projection(Projection::names(["ITEM_ID"]));
    let mut found = BTreeSet::new();
    for batch in store.scan(&query)? {
        let batch = batch?;
        let item = store.schema().item();
        let annals::columns::Column::Strings(codes) = &batch.fields[item] else {
            panic!("items are strings");
        };
        let strings = batch.dictionaries[item].clone().unwrap();
        for code in codes {
            found.insert(strings.get(*code)?.to_owned());
        }
    }
    Ok(found)
}
