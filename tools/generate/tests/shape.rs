//! The stream has the shape that the options and the documentation promise.

#![allow(clippy::unwrap_used, reason = "a failed call fails the test")]

use std::collections::HashMap;

use annals_generate::{
    Device, END, EVENT_VALUES, EventType, Generator, IMPRESSION_ITEMS, LOCATIONS, Options, Row,
    START,
};

fn rows_of(options: &Options) -> Vec<Row> {
    let mut generator = Generator::new(options.clone()).unwrap();
    let mut rows = Vec::new();
    let mut row = Row::default();
    while generator.next(&mut row) {
        rows.push(row.clone());
        assert_eq!(generator.rows_left(), options.rows - rows.len() as u64);
    }
    rows
}

fn share(rows: &[Row], of: impl Fn(&Row) -> bool) -> f64 {
    rows.iter().filter(|row| of(row)).count() as f64 / rows.len() as f64
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected} +- {tolerance}"
    );
}

/// Row counts by number, the largest first.
fn ranked(numbers: impl Iterator<Item = u32>, size: u32) -> Vec<u32> {
    let mut counts = vec![0; size as usize];
    numbers.for_each(|number| counts[number as usize] += 1);
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

#[test]
fn as_many_rows_as_asked_in_time_order_within_limits() {
    for rows in [1, 7, 1000, 100_000] {
        let options = Options::new(rows);
        let found = rows_of(&options);
        assert_eq!(found.len() as u64, rows);
        assert!(found.is_sorted_by_key(|row| row.timestamp));
        for row in &found {
            assert!((START..END).contains(&row.timestamp), "{row:?}");
            assert!(row.user < options.users && row.item < options.items);
            assert!(row.location < LOCATIONS);
            assert!(row.event_value.is_none_or(|v| EVENT_VALUES.contains(&v)));
            let mut list = row.impression.clone();
            list.sort_unstable();
            list.dedup();
            assert!(list.is_empty() || list.len() == IMPRESSION_ITEMS, "{row:?}");
            assert!(list.iter().all(|&item| item < options.items));
        }
    }
}

#[test]
fn rows_fill_the_year() {
    let rows = rows_of(&Options::new(200_000));
    let month = (END - START) / 12;
    for n in 0..12 {
        let found = share(&rows, |row| (row.timestamp - START) / month == n);
        assert_near(found, 1.0 / 12.0, 0.01);
    }
}

#[test]
fn shares_are_those_documented() {
    let rows = rows_of(&Options::new(500_000));
    let types = [0.80, 0.12, 0.04, 0.02, 0.02];
    for (event_type, expected) in EventType::ALL.into_iter().zip(types) {
        let found = share(&rows, |row| row.event_type == event_type);
        assert_near(found, expected, 0.003);
    }
    assert_near(share(&rows, |row| row.event_value.is_some()), 0.30, 0.003);
    assert_near(share(&rows, |row| !row.impression.is_empty()), 0.20, 0.003);
    let devices = [0.55, 0.27, 0.08, 0.05];
    for (device, expected) in Device::ALL.into_iter().zip(devices) {
        let found = share(&rows, |row| row.device == Some(device));
        assert_near(found, expected, 0.015);
    }
    for value in EVENT_VALUES {
        assert!(share(&rows, |row| row.event_value == Some(value)) > 0.0);
    }
}

#[test]
fn a_session_is_one_user_on_one_device_at_one_place() {
    let rows = rows_of(&Options::new(200_000));
    let mut sessions: HashMap<u64, Vec<&Row>> = HashMap::new();
    for row in &rows {
        sessions.entry(row.session).or_default().push(row);
    }
    let mut pauses = Vec::new();
    for session in sessions.values() {
        for pair in session.windows(2) {
            let same = |row: &Row| (row.user, row.device, row.location);
            assert_eq!(same(pair[0]), same(pair[1]));
            pauses.push(pair[1].timestamp - pair[0].timestamp);
        }
    }
    pauses.sort_unstable();
    assert!((20..=40).contains(&pauses[pauses.len() / 2]));
    assert!(pauses[pauses.len() - 1] < 512);
    let mean = rows.len() as f64 / sessions.len() as f64;
    assert!((5.0..9.0).contains(&mean), "{mean} rows a session");
}

#[test]
fn a_user_is_mostly_at_home() {
    let rows = rows_of(&Options::new(500_000));
    let mut places: HashMap<u32, HashMap<u16, u64>> = HashMap::new();
    for row in &rows {
        let user = places.entry(row.user).or_default();
        *user.entry(row.location).or_default() += 1;
    }
    let home: u64 = places.values().filter_map(|user| user.values().max()).sum();
    let share = home as f64 / rows.len() as f64;
    assert!((0.93..0.99).contains(&share), "{share} of rows at home");
    let locations = ranked(rows.iter().map(|row| row.location.into()), LOCATIONS.into());
    assert!(locations[LOCATIONS as usize - 1] > 0);
}

#[test]
fn activity_has_a_heavy_tail_and_no_order() {
    let options = Options::new(1_000_000);
    let rows = rows_of(&options);
    let counts = ranked(rows.iter().map(|row| row.user), options.users);
    assert!((17_000..24_000).contains(&counts[0]), "{}", counts[0]);
    assert!((2..15).contains(&counts[counts.len() / 2]));
    assert!(counts.iter().filter(|&&n| n > 0).count() as f64 > 0.9 * counts.len() as f64);
    let top_hundredth: u32 = counts[..counts.len() / 100].iter().sum();
    assert_near(f64::from(top_hundredth) / 1e6, 0.58, 0.06);
    let low_numbers = share(&rows, |row| row.user < options.users / 2);
    assert_near(low_numbers, 0.5, 0.15);
}

#[test]
fn items_follow_zipf_in_no_order() {
    let options = Options::new(1_000_000);
    let rows = rows_of(&options);
    let counts = ranked(rows.iter().map(|row| row.item), options.items);
    let harmonic: f64 = (1..=options.items).map(|k| 1.0 / f64::from(k)).sum();
    for rank in [1, 10, 100, 1000] {
        let expected = 1e6 / harmonic / rank as f64;
        assert_near(f64::from(counts[rank - 1]) / expected, 1.0, 0.15);
    }
    let low_numbers = share(&rows, |row| row.item < options.items / 2);
    assert_near(low_numbers, 0.5, 0.2);
}

#[test]
fn a_carousel_repeats_within_a_session_and_changes_nothing_else() {
    let fresh = Options::new(100_000);
    let carousel = Options {
        carousel: true,
        ..fresh.clone()
    };
    let (fresh, carousel) = (rows_of(&fresh), rows_of(&carousel));
    let mut lists: HashMap<u64, &[u32]> = HashMap::new();
    let mut repeats = 0;
    for (a, b) in fresh.iter().zip(&carousel) {
        let bare = |row: &Row| Row {
            impression: Vec::new(),
            ..row.clone()
        };
        assert_eq!(bare(a), bare(b));
        assert_eq!(a.impression.is_empty(), b.impression.is_empty());
        if b.impression.is_empty() {
            continue;
        }
        if let Some(list) = lists.insert(b.session, &b.impression) {
            assert_eq!(list, b.impression);
            repeats += 1;
        }
    }
    assert!(repeats > 5000, "{repeats} repeats");
    let pairs = |rows: &[Row]| {
        let mut last: HashMap<u64, Vec<u32>> = HashMap::new();
        let lists = rows.iter().filter(|row| !row.impression.is_empty());
        lists
            .filter(|row| {
                last.insert(row.session, row.impression.clone()) == Some(row.impression.clone())
            })
            .count()
    };
    assert_eq!(pairs(&carousel), repeats);
    assert_eq!(pairs(&fresh), 0);
}

#[test]
fn the_least_options_work() {
    let options = Options {
        rows: 5000,
        users: 1,
        items: 10,
        seed: 0,
        carousel: false,
        shape: annals_generate::Shape::Even,
    };
    let rows = rows_of(&options);
    assert_eq!(rows.len(), 5000);
    assert!(rows.iter().all(|row| row.user == 0));
}
