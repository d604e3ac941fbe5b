//! Interactions counted by user, by item, or by the values of fields, in scans of codes.

use std::collections::HashMap;

use annals::columns::{Column, Columns, FieldId};
use annals::query::{Scan, ScanOrder, value_at};
use annals::{Projection, ScanQuery, Schema, Snapshot, Value};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::args::{EventTypes, Window};
use crate::failure::{Failure, Outcome};

/// Rows of a batch. Codes become strings once a batch for each group.
const BATCH_ROWS: usize = 1 << 17;
/// Groups that are counted at once, at most.
const MOST_GROUPS: usize = 1 << 24;

/// Interactions of one user, item or group.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    pub rows: u64,
    /// First and last timestamp, in epoch seconds.
    pub times: (i64, i64),
}

impl Tally {
    fn of(timestamp: i64) -> Self {
        Self {
            rows: 0,
            times: (timestamp, timestamp),
        }
    }

    fn add(&mut self, rows: u64, (first, last): (i64, i64)) {
        self.rows += rows;
        self.times = (self.times.0.min(first), self.times.1.max(last));
    }
}

/// Which interactions are counted.
pub fn query(window: &Window, types: &EventTypes) -> ScanQuery {
    ScanQuery::default()
        .time(window.range())
        .event_types(types.names())
        .batch_rows(BATCH_ROWS)
}

/// Gives each user with its interactions, in the order of ids, until told to stop. Memory: a batch.
pub fn each_user(
    snapshot: &Snapshot,
    query: ScanQuery,
    mut each: impl FnMut(&str, Tally) -> Outcome<bool>,
) -> Outcome {
    let mut scan = snapshot.scan(
        &query
            .projection(Projection::names([""; 0]))
            .order(ScanOrder::UserTime),
    )?;
    let mut batch = scan.new_batch();
    let mut current: Option<(String, Tally)> = None;
    while scan.read(&mut batch)? {
        let mut start = 0;
        for run in batch.users.chunk_by(|a, b| a == b) {
            let times = batch.timestamps.get(start..start + run.len());
            start += run.len();
            let (Some(ids), Some(code), Some([first, .., last] | [first @ last])) =
                (&batch.user_ids, run.first(), times)
            else {
                continue;
            };
            let user = ids.get(*code)?;
            let (rows, times) = (run.len() as u64, (*first, *last));
            match &mut current {
                Some((known, tally)) if known == user => tally.add(rows, times),
                _ => {
                    let before = current.replace((user.to_owned(), Tally { rows, times }));
                    if let Some((user, tally)) = before
                        && !each(&user, tally)?
                    {
                        return Ok(());
                    }
                }
            }
        }
    }
    if let Some((user, tally)) = current {
        each(&user, tally)?;
    }
    Ok(())
}

/// What interactions are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Field(FieldId),
    /// The time that the timestamp lies in, in UTC.
    Period(Period),
}

/// Times that interactions are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Hour,
    Day,
    /// From Monday on, by ISO 8601: the first week of a year has its first Thursday.
    Week,
    Month,
    Year,
}

impl Period {
    /// All of them, by the names that the command line has for them.
    pub const ALL: [(&'static str, Self); 5] = [
        ("hour", Self::Hour),
        ("day", Self::Day),
        ("week", Self::Week),
        ("month", Self::Month),
        ("year", Self::Year),
    ];

    /// What tells the moments of a batch apart: more groups than periods make no difference.
    fn bits_of(self, seconds: i64) -> i64 {
        match self {
            Self::Hour => seconds.div_euclid(3600),
            _ => seconds.div_euclid(86_400),
        }
    }

    /// `2024-01-31T18`, `2024-01-31`, `2024-W05`, `2024-01` or `2024`.
    fn name_of(self, seconds: i64) -> String {
        let Ok(moment) = Timestamp::from_second(seconds) else {
            return seconds.to_string();
        };
        if self == Self::Week {
            let week = TimeZone::UTC.to_datetime(moment).date().iso_week_date();
            return format!("{:04}-W{:02}", week.year(), week.week());
        }
        let letters = match self {
            Self::Hour => "2024-01-31T18",
            Self::Month => "2024-01",
            Self::Year => "2024",
            Self::Day | Self::Week => "2024-01-31",
        }
        .len();
        let date = moment.to_string();
        // A year of more than four digits has a sign and two more.
        let more = if date.starts_with(['-', '+']) { 3 } else { 0 };
        date.chars().take(letters + more).collect()
    }
}

/// Counts interactions by the values that they have, in no order. Memory grows with the number of
/// groups.
pub fn by_values(
    snapshot: &Snapshot,
    query: ScanQuery,
    by: &[By],
) -> Outcome<Vec<(Vec<Value>, Tally)>> {
    let schema = snapshot.schema();
    let fields = by.iter().filter_map(|by| match by {
        By::Field(field) => schema.fields().get(*field),
        By::Period(_) => None,
    });
    let mut scan: Scan = snapshot.scan(
        &query
            .projection(Projection::names(fields.map(|field| field.name())))
            .order(ScanOrder::Any),
    )?;
    let mut groups: HashMap<Vec<String>, (Vec<Value>, Tally)> = HashMap::new();
    let mut batch = scan.new_batch();
    while scan.read(&mut batch)? {
        for (row, tally) in groups_of(schema, &batch, by) {
            let values = by.iter().map(|by| value_of(schema, &batch, *by, row));
            let values = values.collect::<Outcome<Vec<Value>>>()?;
            let key = values.iter().map(|value| format!("{value:?}")).collect();
            let (_, known) = groups
                .entry(key)
                .or_insert_with(|| (values, Tally::of(tally.times.0)));
            known.add(tally.rows, tally.times);
        }
        if groups.len() > MOST_GROUPS {
            return Err(Failure::invalid(format_args!(
                "there are more than {MOST_GROUPS} groups; count by fields with fewer values, or a \
                 part of the time (--since, --until)"
            )));
        }
    }
    Ok(groups.into_values().collect())
}

/// The groups of a batch by codes and bits: a row of each, and what it has.
fn groups_of(schema: &Schema, batch: &Columns, by: &[By]) -> Vec<(usize, Tally)> {
    let mut ids: Vec<u32> = vec![0; batch.rows()];
    for by in by {
        let mut known: HashMap<(u32, u64), u32> = HashMap::new();
        for (row, id) in ids.iter_mut().enumerate() {
            let bits = bits_of(schema, batch, *by, row);
            let fresh = known.len() as u32;
            *id = *known.entry((*id, bits)).or_insert(fresh);
        }
    }
    let mut groups: Vec<(usize, Tally)> = Vec::new();
    for (row, (id, at)) in ids.iter().zip(&batch.timestamps).enumerate() {
        // Ids are given out one by one, in the order of rows.
        if *id as usize == groups.len() {
            groups.push((row, Tally::of(*at)));
        }
        if let Some((_, tally)) = groups.get_mut(*id as usize) {
            tally.add(1, (*at, *at));
        }
    }
    groups
}

/// What tells the values of a batch apart.
fn bits_of(schema: &Schema, batch: &Columns, by: By, row: usize) -> u64 {
    let at = || batch.timestamps.get(row).copied().unwrap_or(0);
    match by {
        By::Period(period) => period.bits_of(at()) as u64,
        By::Field(field) if field == schema.user() => {
            batch.users.get(row).map_or(0, |code| u64::from(*code))
        }
        By::Field(field) if field == schema.timestamp() => at() as u64,
        By::Field(field) => match batch.fields.get(field) {
            Some(Column::Strings(codes)) => codes.get(row).map_or(0, |code| u64::from(*code)),
            // Null is told apart from 0; the bits of a float that is no number do not occur.
            Some(Column::Numbers(numbers)) => numbers.get(row).unwrap_or(u64::MAX - 1),
            _ => 0,
        },
    }
}

fn value_of(schema: &Schema, batch: &Columns, by: By, row: usize) -> Outcome<Value> {
    match by {
        By::Field(field) => Ok(value_at(schema, batch, field, row)?),
        By::Period(period) => {
            let at = batch.timestamps.get(row).copied().unwrap_or(0);
            Ok(Value::String(period.name_of(at)))
        }
    }
}
