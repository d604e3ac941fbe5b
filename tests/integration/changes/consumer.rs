//! One who keeps a copy of the rows by the changes alone.

use annals::copies::{Change, Changes};
use annals::query::value_at;
use annals::{ScanQuery, Snapshot, Value};

use super::line;

/// A row as text, cell by cell, the commit that it came with, and whether it came alone.
struct Kept {
    cells: Vec<String>,
    sequence: u64,
    recorded: bool,
}

const USER: usize = 0;
const ITEM: usize = 1;
const TIME: usize = 2;
const TYPE: usize = 3;
const IMPRESSION: usize = 6;
const RECOMMENDATION: usize = 7;
const SOURCE: usize = 8;

/// The rows of a snapshot, changed, with those that came since; sorted.
pub(super) fn after(then: &Snapshot, changes: &Changes) -> Vec<String> {
    let mut rows = rows(then);
    for step in &changes.steps {
        apply(&mut rows, step);
    }
    let fresh = self::rows(&changes.snapshot).into_iter();
    rows.extend(fresh.filter(|row| row.sequence > changes.since));
    let lines: Vec<String> = rows.iter().map(|row| row.cells.join(",")).collect();
    sorted(&lines)
}

pub(super) fn sorted(lines: &[String]) -> Vec<String> {
    let mut lines = lines.to_vec();
    lines.sort();
    lines
}

fn rows(snapshot: &Snapshot) -> Vec<Kept> {
    let schema = snapshot.schema();
    let query = ScanQuery::default().arrival(true);
    let mut kept = Vec::new();
    for batch in snapshot.scan(&query).unwrap() {
        let batch = batch.unwrap();
        for row in 0..batch.rows() {
            let user = match value_at(schema, &batch, schema.user(), row).unwrap() {
                Value::String(user) => user,
                other => panic!("{other:?}"),
            };
            let value = |field| value_at(schema, &batch, field, row).unwrap();
            let text = line(schema, &user, value);
            kept.push(Kept {
                cells: text.split(',').map(str::to_owned).collect(),
                sequence: batch.sequences[row],
                recorded: batch.recorded[row],
            });
        }
    }
    kept
}

fn apply(rows: &mut Vec<Kept>, step: &Change) {
    match step {
        Change::Deleted {
            users,
            item,
            event_type,
            from,
            until,
            ..
        } => {
            rows.retain(|row| {
                let time: i64 = row.cells[TIME].parse().unwrap();
                let is_meant = (users.is_empty() || users.contains(&row.cells[USER]))
                    && item.as_ref().is_none_or(|item| *item == row.cells[ITEM])
                    && event_type
                        .as_ref()
                        .is_none_or(|name| row.cells[TYPE].eq_ignore_ascii_case(name))
                    && from.is_none_or(|from| from <= time)
                    && until.is_none_or(|until| time < until);
                !is_meant
            });
            if let (true, Some(item)) = (users.is_empty(), item) {
                for row in rows {
                    let shown = row.cells[IMPRESSION].split('|');
                    let left: Vec<&str> = shown.filter(|shown| shown != item).collect();
                    row.cells[IMPRESSION] = left.join("|");
                }
            }
        }
        Change::Joined { session, user, .. } => {
            let of_session = rows.iter_mut().filter(|row| row.cells[USER] == *session);
            of_session.for_each(|row| row.cells[USER].clone_from(user));
        }
        Change::Recommended {
            commits: [first, last],
            recommendation,
            items,
            source,
            ..
        } => {
            let named = rows.iter_mut().filter(|row| {
                row.recorded
                    && row.cells[RECOMMENDATION] == *recommendation
                    && (first..=last).contains(&&row.sequence)
            });
            for row in named {
                if row.cells[IMPRESSION].is_empty() {
                    row.cells[IMPRESSION] = items.join("|");
                }
                if row.cells[SOURCE].is_empty() {
                    row.cells[SOURCE] = source.clone().unwrap_or_default();
                }
            }
        }
    }
}
