//! The figures as a table of text and as a chart.

mod chart;
mod rows;
mod table;

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::results::Results;

pub use table::table;

/// Writes the table (`.md`), and where stores were compared the chart (`.svg`), beside the results'
/// file.
pub fn write(results: &Results, file: &Path) -> Result<()> {
    fs::write(file.with_extension("md"), table(results))?;
    if let Some(chart) = chart::chart(results) {
        fs::write(file.with_extension("svg"), chart)?;
    }
    Ok(())
}
