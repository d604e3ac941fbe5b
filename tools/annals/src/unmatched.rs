//! What a question names and the store does not have: it is said, since an empty answer looks like one.

use std::sync::Arc;

use annals::columns::Strings;
use annals::import::OddTime;
use annals::query::{ScanOrder, UserRange};
use annals::{History, HistoryQuery, Projection, ScanQuery, Store};

use crate::args::{EventTypes, Window};
use crate::failure::Outcome;
use crate::nearest::nearest;
use crate::output::{instant, warn};

/// Names that are listed where none is near.
const LISTED: usize = 10;
/// Users that are compared with one that is not there, at most.
const COMPARED_USERS: usize = 10_000;

/// Warns of event types that the store does not have.
pub fn warn_of_event_types(store: &Store, types: &EventTypes) {
    warn_of_names(store, &types.names());
}

/// As [`warn_of_event_types`], by their names.
pub fn warn_of_names<S: AsRef<str>>(store: &Store, asked: &[S]) {
    let asked: Vec<&str> = asked.iter().map(AsRef::as_ref).collect();
    if asked.is_empty() {
        return;
    }
    let known = store.event_types();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let whole = asked.join(",");
    let is_whole = |name: &&str| asked.len() > 1 && name.eq_ignore_ascii_case(&whole);
    let in_quotes = known.iter().copied().find(is_whole);
    for name in &asked {
        if known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            continue;
        }
        let instead = match (in_quotes, nearest(name, known.iter().copied()).as_slice()) {
            (Some(whole), _) => format!("one that holds a comma stands in quotes: '\"{whole}\"'"),
            (None, []) => listed(&known),
            (None, near) => format!("did you mean {}?", quoted(near)),
        };
        warn([format_args!(
            "event type {name:?}: no event of the store has it; {instead}"
        )]);
    }
}

fn listed(known: &[&str]) -> String {
    match known {
        [] => "the store has none".to_owned(),
        _ if known.len() > LISTED => {
            let first = known.iter().take(LISTED).copied().collect::<Vec<_>>();
            format!(
                "it has {}, and {} more",
                quoted(&first),
                known.len() - LISTED
            )
        }
        _ => format!("it has {}", quoted(known)),
    }
}

fn quoted(names: &[&str]) -> String {
    let names = names.iter().map(|name| format!("{name:?}"));
    names.collect::<Vec<_>>().join(", ")
}

/// Warns of bounds in another unit than seconds, and of a range in which the store has nothing.
pub fn warn_of_time(store: &Store, window: &Window) {
    let mut odd = false;
    for (option, seconds) in window.bounds() {
        let unit = OddTime::of(seconds).filter(|odd| *odd != OddTime::Zero);
        if let Some(unit) = unit {
            odd = true;
            warn([format_args!(
                "{option} {seconds} {}; {}",
                unit.what(),
                unit.advice()
            )]);
        } else if (1900..2100).contains(&seconds) {
            warn([format_args!(
                "{option} {seconds} is taken as epoch seconds, {}; for the year write {seconds}-01-01",
                instant(seconds)
            )]);
        }
    }
    let range = window.range();
    if let Some(until) = range.until.filter(|until| *until <= range.since) {
        warn([format_args!(
            "no time is from --since {} on and before --until {}",
            instant(range.since),
            instant(until)
        )]);
        return;
    }
    let Some((first, last)) = times_of(store).filter(|_| !odd) else {
        return;
    };
    if last < range.since || range.until.is_some_and(|until| until <= first) {
        warn([format_args!(
            "the store has nothing at these times; its first timestamp is {}, its last {}",
            instant(first),
            instant(last)
        )]);
    }
}

/// The first and the last timestamp.
fn times_of(store: &Store) -> Option<(i64, i64)> {
    let segments = store.segments().into_iter().map(|segment| {
        let [first, last] = segment.timestamps;
        (first, last)
    });
    let hot = store
        .generations()
        .into_iter()
        .filter_map(|hot| hot.timestamps);
    let times = segments.chain(hot);
    times.reduce(|(a, b), (first, last)| (a.min(first), b.max(last)))
}

/// Warns of a user of whom the store has nothing. Gives whether it has something.
pub fn warn_of_user(store: &Store, user: &str) -> Outcome<bool> {
    if has_user(store, user)? {
        return Ok(true);
    }
    let near = users_near(store, user)?;
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    let instead = match nearest(user, near).as_slice() {
        [] => "ids match exactly, in upper and lower case, too".to_owned(),
        near => format!("did you mean {}?", quoted(near)),
    };
    warn([format_args!(
        "user {user:?}: the store has no interactions of this user; {instead}"
    )]);
    Ok(false)
}

/// Warns of an item that no interaction has, nor any impression.
pub fn warn_of_item(store: &Store, item: &str) -> Outcome {
    let field = store.schema().item();
    let mut scan = store.scan(
        &ScanQuery::default()
            .projection(Projection::names(["ITEM_ID"]))
            .order(ScanOrder::Any),
    )?;
    let mut batch = scan.new_batch();
    let mut near: Vec<String> = Vec::new();
    let mut last: Option<Arc<dyn Strings>> = None;
    while scan.read(&mut batch)? {
        let Some(items) = batch.dictionaries.get(field).and_then(Option::as_ref) else {
            break;
        };
        if last.as_ref().is_some_and(|last| Arc::ptr_eq(last, items)) {
            continue;
        }
        for code in 1..=items.len() as u32 {
            let known = items.get(code)?;
            if known == item {
                return Ok(());
            }
            if near.len() < COMPARED_USERS {
                near.push(known.to_owned());
            }
        }
        last = Some(items.clone());
    }
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    let instead = match nearest(item, near).as_slice() {
        [] => "ids match exactly, in upper and lower case, too".to_owned(),
        near => format!("did you mean {}?", quoted(near)),
    };
    warn([format_args!(
        "item {item:?}: no interaction of the store has it; {instead}"
    )]);
    Ok(())
}

/// Whether the store has any interaction of a user.
pub fn has_user(store: &Store, user: &str) -> Outcome<bool> {
    let query = HistoryQuery::default()
        .limit(1)
        .projection(Projection::names([""; 0]));
    let mut history = History::new();
    store.history(user, &query, &mut history)?;
    Ok(!history.is_empty())
}

/// Users that differ in case or spaces, and users that begin as this one does.
fn users_near(store: &Store, user: &str) -> Outcome<Vec<String>> {
    let mut found = Vec::new();
    let trimmed = user.trim();
    for other in [
        trimmed.to_owned(),
        trimmed.to_lowercase(),
        trimmed.to_uppercase(),
    ] {
        if other != user && has_user(store, &other)? {
            found.push(other);
        }
    }
    let mut scan = store.scan(
        &ScanQuery::default()
            .users(beginning_alike(trimmed))
            .projection(Projection::names([""; 0]))
            .order(ScanOrder::Any),
    )?;
    let mut batch = scan.new_batch();
    while found.len() < COMPARED_USERS && scan.read(&mut batch)? {
        let Some(ids) = &batch.user_ids else { break };
        for run in batch.users.chunk_by(|a, b| a == b) {
            if let Some(code) = run.first() {
                found.push(ids.get(*code)?.to_owned());
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The users whose ids begin with the first half of this one.
fn beginning_alike(user: &str) -> UserRange {
    let letters: Vec<char> = user.chars().collect();
    let (half, _) = letters.split_at(letters.len().div_ceil(2));
    let from: String = half.iter().collect();
    let next = half.split_last().and_then(|(last, before)| {
        let next = char::from_u32(u32::from(*last) + 1)?;
        Some(before.iter().copied().chain([next]).collect())
    });
    UserRange::new((!from.is_empty()).then_some(from), next)
}
