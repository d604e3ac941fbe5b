//! Damage to every kind of file: bytes changed, files cut, removed, put back from an earlier state or
//! brought from another store. What is read is right, or an error says what is wrong.
//!
//! `CORRUPTION_PLACES=all cargo test --release --test integration corruption -- --nocapture` looks at every
//! byte and prints the table.

mod answers;
mod cases;
mod past_damage;
mod stores;

use std::collections::BTreeMap;

use answers::{Answer, Reading};
use cases::{Case, cases_of};
use stores::Template;

/// Places of each file that are damaged; all where it is `None`.
fn places() -> Option<usize> {
    match std::env::var("CORRUPTION_PLACES") {
        Ok(given) => given.parse().ok(),
        Err(_) => Some(3),
    }
}

/// What came of the cases of one kind, by how the store was read.
#[derive(Default)]
struct Counts {
    cases: usize,
    right: BTreeMap<Reading, usize>,
    refused: BTreeMap<Reading, usize>,
}

fn check(name: &str, template: &Template) {
    let mut table: BTreeMap<(&'static str, &'static str), Counts> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in cases_of(template, places()) {
        let counts = table.entry((case.kind(), case.change())).or_default();
        counts.cases += 1;
        for reading in Reading::ALL {
            match answer(template, &case, reading) {
                Answer::Right => *counts.right.entry(reading).or_default() += 1,
                Answer::Refused => *counts.refused.entry(reading).or_default() += 1,
                Answer::Wrong(what) => wrong.push(format!("{case}, {reading:?}: {what}")),
            }
        }
    }
    println!("| {name}: file | change | cases | read: right, refused | verify | write |");
    println!("|---|---|---|---|---|---|");
    for ((kind, change), counts) in &table {
        let of = |reading| {
            let count = |of: &BTreeMap<Reading, usize>| of.get(&reading).copied().unwrap_or(0);
            format!("{}, {}", count(&counts.right), count(&counts.refused))
        };
        let [read, verify, write] = Reading::ALL.map(of);
        let cases = counts.cases;
        println!("| {kind} | {change} | {cases} | {read} | {verify} | {write} |");
    }
    assert!(
        wrong.is_empty(),
        "{} of them wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
}

fn answer(template: &Template, case: &Case, reading: Reading) -> Answer {
    let store = template.copy();
    case.apply(store.path());
    reading.answer(store.path(), template, case)
}

#[test]
fn of_a_store_that_was_closed_in_order() {
    check("closed", &Template::closed());
}

#[test]
fn of_a_store_whose_process_died() {
    check("died", &Template::died());
}
