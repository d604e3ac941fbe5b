//! The figures as a table of text and as a chart.

mod chart;
mod rows;
mod table;

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::results::Results;

pub use table::table;

/// Writes the table (`.md`) and the chart (`.svg`) beside the results' file.
pub fn write(results: &Results, file: &Path) -> Result<()> {
    fs::write(file.with_extension("md"), table(results))?;
    fs::write(file.with_extension("svg"), chart::chart(results))?;
    Ok(())
}
