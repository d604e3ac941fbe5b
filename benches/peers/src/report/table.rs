//! The figures as Markdown.

use std::fmt::Write;

use super::rows::{Compared, WORKS};
use crate::peers::{LIMIT, OURS};
use crate::results::Results;

pub fn table(results: &Results) -> String {
    let compared: Vec<Compared<'_>> = WORKS.iter().map(|work| work.compare(results)).collect();
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = head(results, &mut out)
        .and_then(|()| match &results.tenth {
            Some(tenth) => growth(tenth, results, &mut out),
            None => ratios(&compared, &mut out),
        })
        .and_then(|()| figures(results, &mut out))
        .and_then(|()| footnotes(results, &mut out));
    out
}

fn head(results: &Results, out: &mut String) -> std::fmt::Result {
    let data = &results.data;
    writeln!(out, "# annals and its peers\n")?;
    writeln!(
        out,
        "Shape {}: {} rows, {} users, {} items, seed {}; medians of {} runs; {}; {}.\n",
        data.shape,
        data.rows,
        counted(data.users, data.users_seen),
        counted(data.items, data.items_seen),
        data.seed,
        data.rounds,
        results.date,
        results.machine.text()
    )?;
    match results.others_percent {
        Some(percent) => writeln!(
            out,
            "Other programs took {percent} % of the processors' time meanwhile.\n"
        ),
        None => Ok(()),
    }
}

/// How many may appear, and how many do.
fn counted(possible: u32, seen: Option<usize>) -> String {
    match seen {
        Some(seen) => format!("{seen} of {possible}"),
        None => possible.to_string(),
    }
}

fn ratios(compared: &[Compared<'_>], out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "Ratios say how many times better annals is; below 1 it is worse.\n"
    )?;
    writeln!(
        out,
        "| work | unit | in memory | annals | best peer | | to best peer | to in memory |"
    )?;
    writeln!(out, "|---|---|---:|---:|---:|---|---:|---:|")?;
    for row in compared.iter().filter(|row| row.ours.is_some()) {
        let (name, best) = match row.peers.first() {
            Some((name, best)) => (*name, Some(*best)),
            None => ("", None),
        };
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {name} | {} | {} |",
            row.work.label,
            row.work.unit,
            number(row.limit),
            number(row.ours),
            number(best),
            ratio(row.to_best()),
            ratio(row.to_limit()),
        )?;
    }
    writeln!(out)
}

/// How the figures of our store grow.
fn growth(tenth: &Results, whole: &Results, out: &mut String) -> std::fmt::Result {
    let data = &tenth.data;
    writeln!(
        out,
        "A tenth has {} rows, {} users and {} items, and took turns with the whole.\n",
        data.rows, data.users, data.items
    )?;
    writeln!(out, "| work | unit | a tenth | the whole | |")?;
    writeln!(out, "|---|---|---:|---:|---:|")?;
    for work in WORKS {
        let figures = [tenth, whole].map(|results| work.best_of(results, OURS, work.ours));
        let [Some(less), Some(more)] = figures else {
            continue;
        };
        let [less_text, more_text] = figures.map(number);
        writeln!(
            out,
            "| {} | {} | {less_text} | {more_text} | {} |",
            work.label,
            work.unit,
            ratio(Some(more / less)),
        )?;
    }
    writeln!(out)
}

/// Every figure that any store has, in the order of the works and then by name.
fn figures(results: &Results, out: &mut String) -> std::fmt::Result {
    let all = || results.figures.values().flat_map(|figures| figures.keys());
    let works = WORKS.iter().flat_map(|work| work.ours.iter().copied());
    let mut names: Vec<&str> = Vec::new();
    for name in works.filter(|name| all().any(|known| known == name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut others: Vec<&str> = all()
        .map(String::as_str)
        .filter(|name| !names.contains(name))
        .collect();
    others.sort_unstable();
    others.dedup();
    names.extend(others);
    writeln!(
        out,
        "## Every figure\n\nThe best of the peers is bold; {LIMIT} is the limit in memory.\n"
    )?;
    writeln!(out, "| figure | {} |", results.stores.join(" | "))?;
    writeln!(out, "|---|{}", "---:|".repeat(results.stores.len()))?;
    for name in names {
        let cells: Vec<String> = results
            .stores
            .iter()
            .map(|store| cell(results, store, name))
            .collect();
        writeln!(out, "| {name} | {} |", cells.join(" | "))?;
    }
    writeln!(out)
}

fn cell(results: &Results, store: &str, name: &str) -> String {
    let figure = results.figure(store, name);
    let is_peer = ![LIMIT, OURS].contains(&store);
    let work = WORKS
        .iter()
        .find(|work| work.ours.contains(&name) && work.theirs.contains(&name));
    let best = work.is_some_and(|work| {
        let peers = results
            .stores
            .iter()
            .filter(|peer| ![LIMIT, OURS].contains(&peer.as_str()));
        let mut others = peers.filter_map(|peer| results.figure(peer, name));
        figure.is_some_and(|own| others.all(|other| work.ratio(own, other) >= 1.0))
    });
    match is_peer && best {
        true => format!("**{}**", number(figure)),
        false => number(figure),
    }
}

fn footnotes(results: &Results, out: &mut String) -> std::fmt::Result {
    let names: Vec<String> = results.answers.keys().cloned().collect();
    writeln!(out, "## Answers\n")?;
    match results.failures.is_empty() {
        true if results.stores.len() == 1 => writeln!(out, "One store, so none to compare.\n")?,
        true => writeln!(out, "All stores gave the same: {}.\n", names.join(", "))?,
        false => {
            for (store, failures) in &results.failures {
                failures
                    .iter()
                    .try_for_each(|text| writeln!(out, "- {store}: {text}"))?;
            }
            writeln!(out)?;
        }
    }
    writeln!(out, "## Settings\n")?;
    for store in &results.stores {
        let settings = results.settings.get(store).map_or("", String::as_str);
        writeln!(out, "- {store}: {settings}")?;
    }
    let versions = results
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    writeln!(out, "\n{}\n", versions.collect::<Vec<_>>().join(", "))?;
    for (store, notes) in results.notes.iter().filter(|(_, notes)| !notes.is_empty()) {
        let mut notes = notes.clone();
        notes.retain(|note| !note.starts_with("scan "));
        if !notes.is_empty() {
            writeln!(out, "- {store}: {}", notes.join("; "))?;
        }
    }
    Ok(())
}

/// Three digits, with k or M where large.
fn number(value: Option<f64>) -> String {
    let Some(value) = value else {
        return "–".to_owned();
    };
    let (value, unit) = match value.abs() {
        large if large >= 1e6 => (value / 1e6, " M"),
        large if large >= 1e4 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}{unit}")
}

fn ratio(value: Option<f64>) -> String {
    value.map_or_else(
        || "–".to_owned(),
        |value| format!("{}x", number(Some(value))),
    )
}
