//! The queries of the field over a list of rows, in the simplest way there is.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::{DAY, Row};
use crate::running::Answer;

const WEEK: i64 = 7 * DAY;

fn row<const N: usize>(values: [String; N]) -> Vec<String> {
    values.into()
}

fn down(time: i64, unit: i64) -> i64 {
    time - time % unit
}

/// The rows of each user, in the order of time.
fn by_user(rows: &[Row]) -> BTreeMap<&str, Vec<&Row>> {
    let mut users: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        users.entry(&row.user).or_default().push(row);
    }
    for rows in users.values_mut() {
        rows.sort_by_key(|row| row.time);
    }
    users
}

/// How often each key comes.
fn counted<K: Ord>(keys: impl Iterator<Item = K>) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

pub fn counts_by_type_and_day(rows: &[Row]) -> Answer {
    let counts = counted(rows.iter().map(|row| (row.event_type, down(row.time, DAY))));
    counts
        .iter()
        .map(|((kind, day), count)| row([kind.to_string(), day.to_string(), count.to_string()]))
        .collect()
}

pub fn sessions(rows: &[Row]) -> Answer {
    let sessions = by_user(rows).into_values().map(|rows| {
        let breaks = rows
            .windows(2)
            .filter(|pair| pair[1].time - pair[0].time > 1_800);
        1 + breaks.count()
    });
    counted(sessions)
        .iter()
        .map(|(sessions, users)| row([sessions.to_string(), users.to_string()]))
        .collect()
}

pub fn funnel(rows: &[Row]) -> Answer {
    let (mut purchases, mut users) = (0, BTreeSet::new());
    for (user, rows) in by_user(rows) {
        let of = |kind: &'static str| rows.iter().filter(move |row| row.event_type == kind);
        for bought in of("purchase") {
            let led = of("view").any(|viewed| {
                bought.time - viewed.time <= DAY
                    && of("cart")
                        .any(|carted| viewed.time <= carted.time && carted.time <= bought.time)
            });
            if led {
                purchases += 1;
                users.insert(user);
            }
        }
    }
    vec![row([purchases.to_string(), users.len().to_string()])]
}

pub fn top_items_by_week(rows: &[Row]) -> Answer {
    let counts = counted(rows.iter().map(|row| (down(row.time, WEEK), &row.item)));
    let mut weeks: BTreeMap<i64, Vec<(usize, &str)>> = BTreeMap::new();
    for ((week, item), count) in counts {
        weeks.entry(week).or_default().push((count, item));
    }
    let mut answer = Vec::new();
    for (week, mut items) in weeks {
        items.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        for (place, (count, item)) in items.iter().take(3).enumerate() {
            answer.push(row([
                week.to_string(),
                (place + 1).to_string(),
                item.to_string(),
                count.to_string(),
            ]));
        }
    }
    answer
}

pub fn covisited(rows: &[Row]) -> Answer {
    let mut pairs = Vec::new();
    for rows in by_user(rows).into_values() {
        let bought = rows
            .iter()
            .filter(|row| row.event_type == "purchase")
            .map(|row| &row.item);
        let bought: BTreeSet<_> = bought.collect();
        for a in &bought {
            pairs.extend(
                bought
                    .iter()
                    .filter(|b| a < *b)
                    .map(|b| (a.to_string(), b.to_string())),
            );
        }
    }
    let mut counts: Vec<_> = counted(pairs.into_iter()).into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts
        .into_iter()
        .take(20)
        .map(|((a, b), users)| row([a, b, users.to_string()]))
        .collect()
}

pub fn retention(rows: &[Row]) -> Answer {
    let mut active = BTreeSet::new();
    for (user, rows) in by_user(rows) {
        let cohort = down(rows[0].time, WEEK);
        active.extend(
            rows.iter()
                .map(|row| (cohort, down(row.time, WEEK) - cohort, user)),
        );
    }
    let counts = counted(active.into_iter().map(|(cohort, age, _)| (cohort, age)));
    counts
        .iter()
        .map(|((cohort, age), users)| row([cohort.to_string(), age.to_string(), users.to_string()]))
        .collect()
}

pub fn repeat_purchases(rows: &[Row]) -> Answer {
    let bought = rows.iter().filter(|row| row.event_type == "purchase");
    let times = counted(bought.map(|row| (&row.user, &row.item))).into_values();
    counted(times)
        .iter()
        .map(|(times, pairs)| row([times.to_string(), pairs.to_string()]))
        .collect()
}

pub fn position_bias(rows: &[Row]) -> Answer {
    let shown = rows.iter().filter(|row| !row.impression.is_empty());
    let places = shown.map(|row| {
        row.impression
            .iter()
            .position(|item| *item == row.item)
            .unwrap_or(usize::MAX)
    });
    let text = |place: usize| {
        place
            .checked_add(1)
            .map_or("NULL".to_owned(), |place| place.to_string())
    };
    counted(places)
        .iter()
        .map(|(place, events)| row([text(*place), events.to_string()]))
        .collect()
}

pub fn newest_per_user(rows: &[Row]) -> Answer {
    let users = by_user(rows);
    let seconds: i64 = users.values().map(|rows| rows[rows.len() - 1].time).sum();
    vec![row([users.len().to_string(), seconds.to_string()])]
}

pub fn did_a_not_b(rows: &[Row]) -> Answer {
    let did = |rows: &Vec<&Row>, kind: &str| rows.iter().any(|row| row.event_type == kind);
    let users = by_user(rows)
        .into_values()
        .filter(|rows| did(rows, "cart") && !did(rows, "purchase"));
    vec![row([users.count().to_string()])]
}

pub fn sliding_counts(rows: &[Row]) -> Answer {
    let recent = rows.iter().map(|row| {
        let inside = |other: &&Row| {
            other.user == row.user && (row.time - DAY..=row.time).contains(&other.time)
        };
        rows.iter().filter(inside).count()
    });
    most_and_total(recent.collect())
}

pub fn popularity_as_of(rows: &[Row]) -> Answer {
    let popularity = rows.iter().map(|row| {
        let inside = |other: &&Row| {
            other.item == row.item && (row.time - WEEK..row.time).contains(&other.time)
        };
        rows.iter().filter(inside).count()
    });
    most_and_total(popularity.collect())
}

fn most_and_total(counts: Vec<usize>) -> Answer {
    let most = counts.iter().max().unwrap();
    vec![row([
        most.to_string(),
        counts.iter().sum::<usize>().to_string(),
    ])]
}
