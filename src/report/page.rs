//! The page: sections of text, plots, and tables of the same figures.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::collect::{Figures, MOST_TYPES, POSITIONS, SESSION_GAP};
use super::counts::Spread;
use super::escape::escaped;
use super::plots::{self, WEEKDAYS, short};
use crate::api::{Stats, Store};
use crate::insights::Insights;
use crate::model::{Result, thousands};

const STYLE: &str = include_str!("style.css");

fn percent(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// A moment of UTC, as far as a step of so many seconds tells.
fn moment(seconds: i64, step: i64) -> String {
    let form = match step {
        step if step >= 28 * 86_400 => "%Y-%m",
        step if step >= 86_400 => "%Y-%m-%d",
        _ => "%m-%d %H:%M",
    };
    let moment = Timestamp::from_second(seconds).map(|at| at.to_zoned(TimeZone::UTC));
    moment.map_or_else(|_| seconds.to_string(), |at| at.strftime(form).to_string())
}

/// A page that is being written.
struct Page {
    html: String,
}

impl Page {
    fn section(&mut self, title: &str, text: &str) {
        self.html += &format!(
            "<section>\n<h2>{}</h2>\n<p>{}</p>\n",
            escaped(title),
            escaped(text)
        );
    }

    fn end(&mut self) {
        self.html += "</section>\n";
    }

    fn plot(&mut self, svg: &str) {
        self.html += &format!("<figure>{svg}</figure>\n");
    }

    /// A table, folded where it repeats a plot.
    fn table(&mut self, title: &str, head: &[&str], rows: &[Vec<String>], folded: bool) {
        if folded {
            self.html += &format!("<details><summary>{}</summary>\n", escaped(title));
        }
        self.html += &format!(
            "<div class=\"table\"><table>\n<caption>{}</caption>\n<tr>",
            escaped(title)
        );
        for name in head {
            self.html += &format!("<th scope=\"col\">{}</th>", escaped(name));
        }
        self.html += "</tr>\n";
        for row in rows {
            self.html += "<tr>";
            for (at, cell) in row.iter().enumerate() {
                let tag = if at == 0 { "th scope=\"row\"" } else { "td" };
                let end = if at == 0 { "th" } else { "td" };
                self.html += &format!("<{tag}>{}</{end}>", escaped(cell));
            }
            self.html += "</tr>\n";
        }
        self.html += "</table></div>\n";
        if folded {
            self.html += "</details>\n";
        }
    }
}

/// The report.
///
/// # Errors
/// `Internal` where a plot cannot be drawn.
pub(super) fn page(
    store: &Store,
    insights: &Insights,
    figures: &Figures,
    stats: &Stats,
) -> Result<String> {
    let name = store.path().file_name().map(|name| name.to_string_lossy());
    let name = name.unwrap_or_default();
    let mut page = Page {
        html: format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
             <title>{0}: report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n",
            escaped(&name)
        ),
    };
    head(&mut page, figures, stats);
    findings(&mut page, insights);
    over_time(&mut page, figures)?;
    week(&mut page, figures)?;
    spread(&mut page, "Activity of users", "user", &figures.users)?;
    spread(&mut page, "Popularity of items", "item", &figures.items)?;
    completeness(&mut page, insights)?;
    habits(&mut page, figures);
    impressions(&mut page, figures)?;
    bytes(&mut page, stats)?;
    page.html += "</main>\n</body>\n</html>\n";
    Ok(page.html)
}

fn head(page: &mut Page, figures: &Figures, stats: &Stats) {
    let day = |at: Option<i64>| at.map_or_else(|| "none".to_owned(), |at| moment(at, 86_400));
    let tiles = [
        ("events", thousands(figures.events)),
        ("users", thousands(figures.users.things())),
        ("items with events", thousands(figures.items.things())),
        ("first event", day(stats.first_timestamp)),
        ("last event", day(stats.last_timestamp)),
        ("bytes a row", format!("{:.1}", stats.bytes_per_row)),
    ];
    page.html += "<dl class=\"tiles\">\n";
    for (name, figure) in tiles {
        let _ = writeln!(
            page.html,
            "<div><dt>{name}</dt><dd>{}</dd></div>",
            escaped(&figure)
        );
    }
    page.html += "</dl>\n";
}

fn findings(page: &mut Page, insights: &Insights) {
    let found = insights.findings.len();
    let text = match (found, insights.trainable) {
        (0, _) => "Nothing stands in the way of training.".to_owned(),
        (_, true) => format!("{found} to look at; none keeps a model from being trained."),
        (_, false) => format!("{found} to look at; there is too little to train a model."),
    };
    page.section("Findings", &text);
    if found > 0 {
        page.html += "<ul class=\"findings\">\n";
        for finding in &insights.findings {
            let (message, advice) = (escaped(&finding.message), escaped(finding.advice));
            page.html += &format!("<li><strong>{message}</strong> What to do: {advice}.</li>\n");
        }
        page.html += "</ul>\n";
    }
    page.end();
}

fn names_of_types(figures: &Figures) -> Vec<String> {
    let known = figures.types.iter().take(MOST_TYPES);
    let mut names: Vec<String> = known
        .map(|(name, _)| match name.as_str() {
            "" => "events".to_owned(),
            name => name.to_owned(),
        })
        .collect();
    if figures.types.len() > MOST_TYPES {
        names.push("others".to_owned());
    }
    names
}

fn over_time(page: &mut Page, figures: &Figures) -> Result<()> {
    let time = &figures.time;
    let names = names_of_types(figures);
    page.section("Events over time", "Events by type. Times are of UTC.");
    let name = |at| moment(at, time.step);
    page.plot(&plots::over_time(
        time,
        "Bars: events over time, by type",
        name,
    )?);
    page.html += "<ul class=\"legend\">\n";
    for (nth, (name, (_, count))) in (1..).zip(names.iter().zip(&figures.types)) {
        let (name, count) = (escaped(name), thousands(*count));
        page.html += &format!("<li><span class=\"series-{nth}\"></span>{name}: {count}</li>\n");
    }
    page.html += "</ul>\n";
    let steps = time.steps.first().map_or(0, Vec::len);
    let rows: Vec<Vec<String>> = (0..steps)
        .map(|step| {
            let counts = time
                .steps
                .iter()
                .map(|counts| counts.get(step).copied().unwrap_or(0));
            let start = moment(time.start + step as i64 * time.step, time.step);
            std::iter::once(start)
                .chain(counts.map(thousands))
                .collect()
        })
        .collect();
    let head: Vec<&str> = std::iter::once("from")
        .chain(names.iter().map(String::as_str))
        .collect();
    page.table("Events over time, as a table", &head, &rows, true);
    page.end();
    Ok(())
}

fn week(page: &mut Page, figures: &Figures) -> Result<()> {
    page.section(
        "Hours and weekdays",
        "The stronger the colour, the more events. Hours are of UTC.",
    );
    page.plot(&plots::week(
        &figures.week,
        "Grid: events by hour and weekday",
    )?);
    let rows: Vec<Vec<String>> = (0..24)
        .map(|hour: usize| {
            let counts = figures
                .week
                .iter()
                .map(|day| day.get(hour).copied().unwrap_or(0));
            std::iter::once(format!("{hour:02}:00"))
                .chain(counts.map(thousands))
                .collect()
        })
        .collect();
    let head: Vec<&str> = std::iter::once("hour").chain(WEEKDAYS).collect();
    page.table("Hours and weekdays, as a table", &head, &rows, true);
    page.end();
    Ok(())
}

fn spread(page: &mut Page, title: &str, thing: &str, spread: &Spread) -> Result<()> {
    let text = format!(
        "The most frequent tenth of the {thing}s has {} of the events; Gini {:.2}. The {thing} in the middle \
         has {}, the most frequent {}. Both axes are logarithmic: rank and events.",
        percent(spread.share_of_top_tenth()),
        spread.gini(),
        thousands(spread.median()),
        thousands(spread.max())
    );
    page.section(title, &text);
    page.plot(&plots::ranks(
        spread,
        &format!("Line: events of a {thing} by its rank"),
    )?);
    let bounds = [1, 2, 5, 10, 20, 50, 100, 1000, 10_000, u64::MAX];
    let mut rows = Vec::new();
    for bound in bounds.windows(2) {
        let [from, to] = [bound.first(), bound.last()].map(|at| at.copied().unwrap_or(0));
        let things: u64 = spread
            .iter()
            .filter(|(often, _)| (from..to).contains(often))
            .map(|(_, things)| things)
            .sum();
        let name = match (to - from, to) {
            (1, _) => from.to_string(),
            (_, u64::MAX) => format!("{} and more", thousands(from)),
            _ => format!("{} to {}", thousands(from), thousands(to - 1)),
        };
        rows.push(vec![
            name,
            thousands(things),
            percent(share(things, spread.things())),
        ]);
    }
    let things = format!("{thing}s");
    page.table(
        &format!("{title}, as a table"),
        &["events", &things, "share"],
        &rows,
        true,
    );
    page.end();
    Ok(())
}

fn completeness(page: &mut Page, insights: &Insights) -> Result<()> {
    page.section("Completeness", "The share of rows that have a value.");
    let rows: Vec<(String, f64, String)> = insights
        .columns
        .iter()
        .map(|column| {
            (
                column.name.clone(),
                column.completeness,
                percent(column.completeness),
            )
        })
        .collect();
    page.plot(&plots::bars(
        &rows,
        "Bars: the share of rows with a value, by column",
    )?);
    let rows: Vec<Vec<String>> = insights
        .columns
        .iter()
        .map(|column| {
            let distinct = column
                .distinct
                .map_or_else(String::new, |distinct| thousands(distinct.count));
            vec![
                column.name.clone(),
                column.data_type.to_owned(),
                percent(column.completeness),
                thousands(column.nulls),
                distinct,
            ]
        })
        .collect();
    let head = ["column", "type", "complete", "nulls", "distinct"];
    page.table("Columns", &head, &rows, true);
    page.end();
    Ok(())
}

fn habits(page: &mut Page, figures: &Figures) {
    let sessions = &figures.session_events;
    let text = format!(
        "{} of the events are with an item that the user had an event with before. A session ends after {} \
         minutes without an event: there are {}, of {:.1} events on average.",
        percent(share(figures.repeats, figures.events)),
        SESSION_GAP / 60,
        thousands(sessions.things()),
        share(sessions.total(), sessions.things())
    );
    page.section("Repeats and sessions", &text);
    let mut rows = Vec::new();
    for (from, to) in [
        (1, 1),
        (2, 2),
        (3, 5),
        (6, 10),
        (11, 20),
        (21, 50),
        (51, u64::MAX),
    ] {
        let of = sessions
            .iter()
            .filter(|(often, _)| (from..=to).contains(often));
        let count: u64 = of.map(|(_, things)| things).sum();
        let name = match (from == to, to) {
            (true, _) => from.to_string(),
            (_, u64::MAX) => format!("{from} and more"),
            _ => format!("{from} to {to}"),
        };
        rows.push(vec![
            name,
            thousands(count),
            percent(share(count, sessions.things())),
        ]);
    }
    page.table(
        "Lengths of sessions",
        &["events", "sessions", "share"],
        &rows,
        false,
    );
    page.end();
}

fn impressions(page: &mut Page, figures: &Figures) -> Result<()> {
    if figures.impressions == 0 {
        page.section("Impressions", "No event says what was shown.");
        page.end();
        return Ok(());
    }
    let text = format!(
        "{} of the events say what was shown, {:.1} items on average. By the position of the event's item:",
        percent(share(figures.impressions, figures.events)),
        share(figures.shown, figures.impressions)
    );
    page.section("Impressions", &text);
    let clicks: u64 = figures.clicks.iter().sum();
    let name = |at: usize| (at + 1).to_string();
    let named = figures
        .clicks
        .iter()
        .enumerate()
        .map(|(at, count)| (name(at), *count));
    let others = [
        (format!("after {POSITIONS}"), figures.later_clicks),
        (
            "not among them".to_owned(),
            figures
                .impressions
                .saturating_sub(clicks + figures.later_clicks),
        ),
    ];
    let rows: Vec<(String, u64)> = named.chain(others).collect();
    let bars: Vec<(String, f64, String)> = rows
        .iter()
        .map(|(name, count)| (name.clone(), *count as f64, short(*count as f64)))
        .collect();
    page.plot(&plots::bars(
        &bars,
        "Bars: events by the position of their item in the impression",
    )?);
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, count)| {
            vec![
                name,
                thousands(count),
                percent(share(count, figures.impressions)),
            ]
        })
        .collect();
    page.table(
        "Positions, as a table",
        &["position", "events", "share"],
        &rows,
        true,
    );
    page.end();
    Ok(())
}

fn bytes(page: &mut Page, stats: &Stats) -> Result<()> {
    let text = format!(
        "{} bytes in {} segments; {} rows wait to be sealed.",
        thousands(stats.segment_bytes),
        thousands(stats.segments),
        thousands(stats.hot_rows)
    );
    page.section("Bytes by column", &text);
    if !stats.columns.is_empty() {
        let bars: Vec<(String, f64, String)> = stats
            .columns
            .iter()
            .map(|column| {
                (
                    column.name.clone(),
                    column.bytes as f64,
                    short(column.bytes as f64),
                )
            })
            .collect();
        page.plot(&plots::bars(
            &bars,
            "Bars: bytes of the segments, by column",
        )?);
        let rows: Vec<Vec<String>> = stats
            .columns
            .iter()
            .map(|column| {
                vec![
                    column.name.clone(),
                    thousands(column.bytes),
                    format!("{:.2}", column.bytes_per_row),
                ]
            })
            .collect();
        page.table(
            "Bytes, as a table",
            &["column", "bytes", "bytes a row"],
            &rows,
            true,
        );
    }
    page.end();
    Ok(())
}
