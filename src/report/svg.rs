//! Plots by `plotters`, as SVG whose colours are the page's.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, RGBColor};

use super::escape::escaped;
use crate::model::{Error, Result};

/// The area that a plot is drawn in.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Colours that stand for variables of the page, so that a plot is light or dark as the page is: in what is
/// drawn they are replaced.
pub(super) const INK: RGBColor = RGBColor(1, 1, 1);
pub(super) const FAINT: RGBColor = RGBColor(1, 1, 2);
/// One for each series.
pub(super) const SERIES: [RGBColor; 7] = [
    RGBColor(1, 2, 1),
    RGBColor(1, 2, 2),
    RGBColor(1, 2, 3),
    RGBColor(1, 2, 4),
    RGBColor(1, 2, 5),
    RGBColor(1, 2, 6),
    RGBColor(1, 2, 7),
];

pub(super) const WIDTH: u32 = 640;

/// What is wrong with a plot is a bug: it is drawn into memory.
pub(super) fn unfit(error: impl std::fmt::Display) -> Error {
    Error::internal(format_args!("a plot: {error}"))
}

/// Draws a plot; `label` is what a screen reader says of it.
pub(super) fn draw(
    height: u32,
    label: &str,
    draw: impl FnOnce(&Area<'_>) -> Result<()>,
) -> Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        draw(&area)?;
        area.present().map_err(unfit)?;
    }
    let mut text = text.replacen(
        "<svg ",
        &format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(label)),
        1,
    );
    let variables = [(INK, "--ink".to_owned()), (FAINT, "--faint".to_owned())];
    let series = SERIES.iter().zip(1..);
    let series = series.map(|(color, nth)| (*color, format!("--series-{nth}")));
    for (RGBColor(red, green, blue), name) in variables.into_iter().chain(series) {
        let color = format!("\"#{red:02X}{green:02X}{blue:02X}\"");
        text = text.replace(&color, &format!("\"var({name})\""));
    }
    Ok(text)
}
