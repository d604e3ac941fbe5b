//! The figures as a chart: how many times better than the best peer, on a scale of logarithms.

use std::fmt::Write;

use super::rows::{Compared, WORKS};
use crate::results::Results;

/// The works of the chart.
const SHOWN: &[&str] = &[
    "load_rows_s",
    "csv_rows_s",
    "disk_bytes_row",
    "history_activity_p50_us",
    "history_activity_p99_us",
    "history_uniform_p50_us",
    "mixed_p99_us",
    "unseen_p50_us",
    "unseen_p99_us",
    "scan_all_codes_2t_s",
    "scan_all_strings_2t_s",
    "scan_three_codes_2t_s",
    "scan_window_codes_2t_s",
    "put_buffered_1t_s",
    "put_synced_1t_s",
    "put_synced_16t_s",
];

const WIDTH: f64 = 860.0;
const LABELS: f64 = 270.0;
const RIGHT: f64 = 130.0;
const TOP: f64 = 62.0;
const LINE: f64 = 22.0;
/// The scale's ends, as powers of ten.
const LEAST: f64 = -2.0;
const MOST: f64 = 2.0;

/// Where a ratio lies.
fn place(ratio: f64) -> f64 {
    let share = (ratio.log10().clamp(LEAST, MOST) - LEAST) / (MOST - LEAST);
    LABELS + share * (WIDTH - LABELS - RIGHT)
}

/// The chart; none where nothing was compared.
pub fn chart(results: &Results) -> Option<String> {
    let shown = SHOWN
        .iter()
        .filter_map(|name| WORKS.iter().find(|work| work.ours == *name));
    let rows: Vec<Compared<'_>> = shown
        .map(|work| work.compare(results))
        .filter(|row| row.to_best().is_some())
        .collect();
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = draw(&rows, results, &mut out);
    (!rows.is_empty()).then_some(out)
}

fn draw(rows: &[Compared<'_>], results: &Results, out: &mut String) -> std::fmt::Result {
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
    text(
        out,
        10.0,
        20.0,
        "start",
        "#1f2328",
        "annals against the best peer of each work",
    )?;
    let data = format!(
        "{} rows, {} cores, {}; bars: annals, circles: the other peers, diamond: plain columns in memory",
        results.data.rows, results.machine.cores, results.date
    );
    text(out, 10.0, 37.0, "start", "#59636e", &data)?;
    let bottom = TOP + LINE * rows.len() as f64;
    for power in LEAST as i32..=MOST as i32 {
        let x = place(10f64.powi(power));
        let color = if power == 0 { "#59636e" } else { "#d1d9e0" };
        writeln!(
            out,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"{color}\"/>"
        )?;
        let label = match power {
            0 => "best peer".to_owned(),
            _ => format!("{}x", 10f64.powi(power)),
        };
        text(out, x, bottom + 16.0, "middle", "#59636e", &label)?;
    }
    for (number, row) in rows.iter().enumerate() {
        line(row, TOP + LINE * (number as f64 + 0.5), out)?;
    }
    text(
        out,
        10.0,
        bottom + 34.0,
        "start",
        "#59636e",
        "to the right is better",
    )?;
    writeln!(out, "</svg>")
}

fn line(row: &Compared<'_>, y: f64, out: &mut String) -> std::fmt::Result {
    let Some((best_name, best)) = row.peers.first() else {
        return Ok(());
    };
    let ratio = row.to_best().unwrap_or(1.0);
    let (from, to) = (place(1.0).min(place(ratio)), place(1.0).max(place(ratio)));
    let color = if ratio >= 1.0 { "#1f883d" } else { "#cf222e" };
    text(
        out,
        LABELS - 10.0,
        y + 4.0,
        "end",
        "#1f2328",
        row.work.label,
    )?;
    writeln!(
        out,
        "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"12\" fill=\"{color}\"/>",
        y - 6.0,
        (to - from).max(1.0)
    )?;
    for (name, figure) in row.peers.iter().skip(1) {
        let x = place(row.work.ratio(*figure, *best));
        writeln!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"none\" stroke=\"#818b98\"><title>{name}</title></circle>"
        )?;
    }
    if let Some(limit) = row.limit {
        let x = place(row.work.ratio(limit, *best));
        writeln!(
            out,
            "<path d=\"M{x:.1} {:.1}l5 5l-5 5l-5 -5z\" fill=\"#0969da\"/>",
            y - 5.0
        )?;
    }
    let digits = if ratio < 10.0 { 2 } else { 0 };
    let label = format!("{ratio:.digits$}x {best_name}");
    text(out, WIDTH - RIGHT + 10.0, y + 4.0, "start", color, &label)
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
