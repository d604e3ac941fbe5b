//! The figures as a table of text and as a chart.

mod chart;
mod rows;
mod table;

use std::fs;
use std::path::Path;

use annals_generate::Shape;
use anyhow::{Context, Result};

use crate::results::Results;

pub use table::table;

/// The file of the chart, beside those of the results.
const CHART: &str = "peers.svg";

pub fn read(file: &Path) -> Result<Results> {
    let text = fs::read_to_string(file).with_context(|| format!("{}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}", file.display()))
}

/// Writes the table (`.md`) beside the results' file.
pub fn write(results: &Results, file: &Path) -> Result<()> {
    Ok(fs::write(file.with_extension("md"), table(results))?)
}

/// Draws the chart of the results that a folder has, of as many shapes as there are.
pub fn write_chart(folder: &Path) -> Result<()> {
    let files = Shape::ALL.map(|shape| folder.join(format!("{shape}.json")));
    let known = files.iter().filter(|file| file.exists());
    let shapes: Vec<Results> = known.map(|file| read(file)).collect::<Result<_>>()?;
    if let Some(chart) = chart::chart(&shapes) {
        fs::write(folder.join(CHART), chart)?;
    }
    Ok(())
}
