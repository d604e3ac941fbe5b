//! The plots.

use plotters::chart::ChartBuilder;
use plotters::coord::combinators::IntoLogRange;
use plotters::element::{Rectangle, Text};
use plotters::series::LineSeries;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, ShapeStyle, TextStyle};

use super::collect::OverTime;
use super::counts::Spread;
use super::svg::{FAINT, INK, SERIES, WIDTH, draw, unfit};
use crate::model::Result;

/// Points of a letter's height.
const FONT_SIZE: f64 = 13.0;

fn text() -> TextStyle<'static> {
    let font = FontDesc::new(FontFamily::SansSerif, FONT_SIZE, FontStyle::Normal);
    TextStyle::from(font).color(&INK)
}

/// A number in few characters: 1,234, 12.3k, 4.5M.
pub(super) fn short(number: f64) -> String {
    let scaled = |scale: f64, unit: &str| {
        let value = number / scale;
        match value < 9.95 && value.fract().abs() > 0.05 {
            true => format!("{value:.1}{unit}"),
            false => format!("{value:.0}{unit}"),
        }
    };
    match number.abs() {
        n if n >= 1e9 => scaled(1e9, "G"),
        n if n >= 1e6 => scaled(1e6, "M"),
        n if n >= 1e4 => scaled(1e3, "k"),
        n if n >= 10.0 || n.fract() == 0.0 => format!("{number:.0}"),
        _ => format!("{number:.2}"),
    }
}

/// Events over time, a bar a step, types on top of each other; `names` of the steps' first moments.
pub(super) fn over_time(
    time: &OverTime,
    label: &str,
    name: impl Fn(i64) -> String,
) -> Result<String> {
    let steps = time.steps.first().map_or(0, Vec::len);
    let height_of = |step: usize| -> u64 {
        let counts = time.steps.iter().filter_map(|counts| counts.get(step));
        counts.sum()
    };
    let top = (0..steps).map(height_of).max().unwrap_or(0).max(1) as f64;
    draw(260, label, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(30)
            .y_label_area_size(52)
            .build_cartesian_2d(0f64..steps.max(1) as f64, 0f64..top * 1.05)
            .map_err(unfit)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(FAINT.mix(0.0))
            .bold_line_style(FAINT)
            .axis_style(FAINT)
            .label_style(text())
            .x_labels(5)
            .y_labels(5)
            .x_label_formatter(&|at| name(time.start + *at as i64 * time.step))
            .y_label_formatter(&|count| short(*count))
            .draw()
            .map_err(unfit)?;
        for step in 0..steps {
            let mut below = 0.0;
            for (counts, color) in time.steps.iter().zip(SERIES) {
                let count = counts.get(step).copied().unwrap_or(0) as f64;
                if count > 0.0 {
                    let (left, right) = (step as f64 + 0.08, step as f64 + 0.92);
                    let corners = [(left, below), (right, below + count)];
                    let bar = Rectangle::new(corners, color.filled());
                    chart.draw_series([bar]).map_err(unfit)?;
                    below += count;
                }
            }
        }
        Ok(())
    })
}

pub(super) const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Hours by weekdays: the more events, the stronger the colour.
pub(super) fn week(week: &[[u64; 24]; 7], label: &str) -> Result<String> {
    let most = week.iter().flatten().copied().max().unwrap_or(0).max(1) as f64;
    let (left, top, wide, high) = (46, 8, (WIDTH as i32 - 60) / 24, 24);
    draw(216, label, |area| {
        let right = text().pos(Pos::new(HPos::Right, VPos::Center));
        let middle = text().pos(Pos::new(HPos::Center, VPos::Top));
        for (day, (counts, name)) in week.iter().zip(WEEKDAYS).enumerate() {
            let y = top + day as i32 * high;
            area.draw(&Text::new(name, (left - 8, y + high / 2), right.clone()))
                .map_err(unfit)?;
            for (hour, count) in counts.iter().enumerate() {
                let x = left + hour as i32 * wide;
                let strength = 0.06 + 0.94 * (*count as f64 / most);
                let [color, ..] = SERIES;
                let style = ShapeStyle::from(color.mix(strength)).filled();
                let corners = [(x + 1, y + 1), (x + wide - 1, y + high - 1)];
                area.draw(&Rectangle::new(corners, style)).map_err(unfit)?;
            }
        }
        for hour in (0..24).step_by(3) {
            let at = (left + hour * wide + wide / 2, top + 7 * high + 6);
            area.draw(&Text::new(hour.to_string(), at, middle.clone()))
                .map_err(unfit)?;
        }
        Ok(())
    })
}

/// Rank against frequency, both on logarithmic axes.
pub(super) fn ranks(spread: &Spread, label: &str) -> Result<String> {
    let points = spread.ranks();
    let widest = (spread.things().max(2) as f64) * 1.1;
    let highest = (spread.max().max(2) as f64) * 1.2;
    draw(260, label, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(30)
            .y_label_area_size(52)
            .build_cartesian_2d((1f64..widest).log_scale(), (1f64..highest).log_scale())
            .map_err(unfit)?;
        chart
            .configure_mesh()
            .light_line_style(FAINT.mix(0.0))
            .bold_line_style(FAINT)
            .axis_style(FAINT)
            .label_style(text())
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|rank| short(*rank))
            .y_label_formatter(&|often| short(*often))
            .draw()
            .map_err(unfit)?;
        let [color, ..] = SERIES;
        let line = LineSeries::new(points, ShapeStyle::from(color).stroke_width(2));
        chart.draw_series(line).map_err(unfit)?;
        Ok(())
    })
}

/// Bars with a name at the left and a figure behind.
pub(super) fn bars(rows: &[(String, f64, String)], label: &str) -> Result<String> {
    let most = rows.iter().map(|(_, value, _)| *value).fold(0.0, f64::max);
    let (left, high) = (190, 24);
    let room = f64::from(WIDTH as i32 - left - 90);
    draw(
        (rows.len().max(1) as u32) * high as u32 + 12,
        label,
        |area| {
            let right = text().pos(Pos::new(HPos::Right, VPos::Center));
            let behind = text().pos(Pos::new(HPos::Left, VPos::Center));
            for (at, (name, value, figure)) in rows.iter().enumerate() {
                let y = 6 + at as i32 * high;
                let wide = if most > 0.0 {
                    (value / most * room) as i32
                } else {
                    0
                };
                area.draw(&Text::new(
                    cut(name),
                    (left - 8, y + high / 2),
                    right.clone(),
                ))
                .map_err(unfit)?;
                let [color, ..] = SERIES;
                let corners = [(left, y + 4), (left + wide.max(1), y + high - 4)];
                area.draw(&Rectangle::new(corners, color.filled()))
                    .map_err(unfit)?;
                let at = (left + wide + 6, y + high / 2);
                area.draw(&Text::new(figure.clone(), at, behind.clone()))
                    .map_err(unfit)?;
            }
            Ok(())
        },
    )
}

/// A name that fits beside its bar.
fn cut(name: &str) -> String {
    const MOST: usize = 24;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}\u{2026}", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}
