//! The figures as a chart: how many times better than the best peer, on a scale of logarithms, for the worst shape of
//! data and the best.

use std::fmt::Write;

use super::rows::{WORKS, Work};
use crate::results::Results;

/// The works of the chart, by a figure of each.
const SHOWN: &[&str] = &[
    "load_rows_s",
    "csv_rows_s",
    "disk_bytes_row",
    "open_ms",
    "cold_first_us",
    "history_activity_p50_us",
    "history_activity_p99_us",
    "history_uniform_p50_us",
    "many_activity_us",
    "mixed_p99_us",
    "unseen_p50_us",
    "unseen_p99_us",
    "scan_all_codes_2t_s",
    "scan_all_strings_2t_s",
    "scan_all_arrow_2t_s",
    "scan_three_codes_2t_s",
    "scan_three_strings_2t_s",
    "scan_window_codes_2t_s",
    "put_buffered_1t_s",
    "put100_buffered_1t_s",
    "put_synced_1t_s",
    "put_synced_16t_s",
];

const WIDTH: f64 = 900.0;
const LABELS: f64 = 310.0;
const RIGHT: f64 = 200.0;
const TOP: f64 = 62.0;
const LINE: f64 = 22.0;
const BAR: f64 = 12.0;
/// The scale's ends, as powers of ten.
const LEAST: f64 = -2.0;
const MOST: f64 = 2.0;

const AHEAD: &str = "#1f883d";
const BEHIND: &str = "#cf222e";
const TEXT: &str = "#1f2328";
const FAINT: &str = "#59636e";

/// One work: the ratio to the best peer on each shape, the worst first.
struct Row<'a> {
    work: &'static Work,
    shapes: Vec<Ratio<'a>>,
}

struct Ratio<'a> {
    shape: &'a str,
    peer: &'a str,
    times: f64,
}

impl<'a> Row<'a> {
    fn of(work: &'static Work, results: &'a [Results]) -> Self {
        let ratio = |results: &'a Results| {
            let compared = work.compare(results);
            Some(Ratio {
                shape: &results.data.shape,
                peer: compared.peers.first()?.0,
                times: compared.to_best()?,
            })
        };
        let mut shapes: Vec<Ratio<'_>> = results.iter().filter_map(ratio).collect();
        shapes.sort_by(|first, second| first.times.total_cmp(&second.times));
        Self { work, shapes }
    }
}

/// The chart of results of different shapes; none where nothing was compared.
pub fn chart(results: &[Results]) -> Option<String> {
    let shown = SHOWN.iter().filter_map(|name| {
        let mut works = WORKS.iter();
        works.find(|work| work.ours.contains(name) && work.theirs.contains(name))
    });
    let rows: Vec<Row<'_>> = shown
        .map(|work| Row::of(work, results))
        .filter(|row| !row.shapes.is_empty())
        .collect();
    let first = results.first().filter(|_| !rows.is_empty())?;
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = draw(&rows, first, results, &mut out);
    Some(out)
}

/// Where a ratio lies.
fn place(ratio: f64) -> f64 {
    let share = (ratio.log10().clamp(LEAST, MOST) - LEAST) / (MOST - LEAST);
    LABELS + share * (WIDTH - LABELS - RIGHT)
}

fn draw(
    rows: &[Row<'_>],
    first: &Results,
    results: &[Results],
    out: &mut String,
) -> std::fmt::Result {
    let height = TOP + LINE * rows.len() as f64 + 44.0;
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">"
    )?;
    writeln!(
        out,
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"
    )?;
    let title =
        "annals against the best peer of each work, on the worst and the best shape of data";
    text(out, 10.0, 20.0, "start", TEXT, title)?;
    let shapes: Vec<&str> = results.iter().map(|one| one.data.shape.as_str()).collect();
    let data = format!(
        "{} rows, {} cores, {}; shapes {}; full bars: worst shape, pale: best, dots: each",
        first.data.rows,
        first.machine.cores,
        first.date,
        shapes.join(", ")
    );
    text(out, 10.0, 37.0, "start", FAINT, &data)?;
    let bottom = TOP + LINE * rows.len() as f64;
    for power in LEAST as i32..=MOST as i32 {
        let x = place(10f64.powi(power));
        let color = if power == 0 { FAINT } else { "#d1d9e0" };
        writeln!(
            out,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"{color}\"/>"
        )?;
        let label = match power {
            0 => "best peer".to_owned(),
            _ => format!("{}x", 10f64.powi(power)),
        };
        text(out, x, bottom + 16.0, "middle", FAINT, &label)?;
    }
    for (number, row) in rows.iter().enumerate() {
        line(row, TOP + LINE * (number as f64 + 0.5), out)?;
    }
    let note = "to the right is better";
    text(out, 10.0, bottom + 34.0, "start", FAINT, note)?;
    writeln!(out, "</svg>")
}

fn line(row: &Row<'_>, y: f64, out: &mut String) -> std::fmt::Result {
    let (Some(worst), Some(best)) = (row.shapes.first(), row.shapes.last()) else {
        return Ok(());
    };
    text(out, LABELS - 10.0, y + 4.0, "end", TEXT, row.work.label)?;
    // What the best has over the worst, or over the best peer where the worst is behind it.
    bar(out, y, worst.times.max(1.0), best.times, 0.35)?;
    bar(out, y, 1.0, worst.times, 1.0)?;
    if best.times < 1.0 {
        bar(out, y, 1.0, best.times, 1.0)?;
    }
    for ratio in &row.shapes {
        let Ratio { shape, peer, times } = ratio;
        let x = place(*times);
        let label = times_text(*times);
        writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"#ffffff\" stroke=\"{TEXT}\"><title>{shape}: {label} {peer}</title></circle>"
        )?;
    }
    let (x, color) = (WIDTH - RIGHT + 10.0, color(worst.times));
    let worst_text = format!("{} {}", times_text(worst.times), worst.shape);
    let best_text = format!("{} {}", times_text(best.times), best.shape);
    text(out, x, y + 4.0, "start", color, &worst_text)?;
    text(out, x + 95.0, y + 4.0, "start", FAINT, &best_text)
}

fn bar(out: &mut String, y: f64, from: f64, to: f64, opacity: f64) -> std::fmt::Result {
    let (left, right) = (place(from.min(to)), place(from.max(to)));
    if from == to {
        return Ok(());
    }
    let (top, width) = (y - BAR / 2.0, (right - left).max(1.0));
    writeln!(
        out,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{}\" opacity=\"{opacity}\"/>",
        color(to)
    )
}

fn color(ratio: f64) -> &'static str {
    if ratio >= 1.0 { AHEAD } else { BEHIND }
}

fn times_text(ratio: f64) -> String {
    let digits = if ratio < 10.0 { 2 } else { 0 };
    format!("{ratio:.digits$}x")
}

fn text(
    out: &mut String,
    x: f64,
    y: f64,
    anchor: &str,
    color: &str,
    text: &str,
) -> std::fmt::Result {
    writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{color}\">{text}</text>"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed call fails the test")]
mod tests {
    use super::*;
    use crate::peers::OURS;
    use crate::protocol::Reply;

    fn of(shape: &str, ours: f64, peer: f64) -> Results {
        let mut results = Results::default();
        results.data.shape = shape.to_owned();
        for (store, value) in [(OURS, ours), ("lmdb", peer)] {
            let mut reply = Reply::default();
            reply.figure("load_rows_s", value);
            results.stores.push(store.to_owned());
            results.take(store, reply);
        }
        results
    }

    #[test]
    fn the_worst_shape_stands_before_the_best() {
        let results = [
            of("even", 3e6, 2e6),
            of("shop", 1e6, 2e6),
            of("tail", 2e6, 2e6),
        ];
        let chart = chart(&results).unwrap();
        let [worst, best] = ["0.50x shop", "1.50x even"].map(|text| chart.find(text));
        assert!(worst.is_some() && worst < best);
        assert!(chart.contains("tail: 1.00x lmdb"));
        assert!(super::chart(&[]).is_none());
    }
}
