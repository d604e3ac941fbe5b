//! A report on a store as one page of HTML.
//!
//! The page asks for nothing outside of itself, is light or dark as the reader's system is, and has every
//! figure of its plots as a table, too.

mod collect;
mod counts;
mod escape;
mod page;
mod plots;
mod svg;

use std::io::Write;
use std::path::Path;

use crate::api::Store;
use crate::insights::{Insights, Thresholds};
use crate::model::{Error, Result};
use collect::Figures;

/// Writes a report on what a store holds now as HTML: events over time, hours and weekdays, activity of users and
/// popularity of items, completeness, repeats, sessions, impressions and clicks, bytes by column, and what
/// [`Insights`] finds, with what to do.
///
/// Cost: three scans and [`Store::stats`]. Memory grows with the distinct items.
///
/// # Errors
/// `Corruption` when bytes it needs are damaged.
pub fn html(store: &Store) -> Result<String> {
    let snapshot = store.snapshot();
    let insights = Insights::of(&snapshot, &Thresholds::default())?;
    let figures = Figures::of(&snapshot, insights.timestamps)?;
    let stats = store.stats()?;
    page::page(store, &insights, &figures, &stats)
}

/// Writes the report to a file, which appears when it is complete.
///
/// # Errors
/// As [`html`], and `Io`.
pub fn write(store: &Store, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let html = html(store)?;
    let failed = |error| Error::io(format!("write {}", path.display()), error);
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".annals-report-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(failed)?;
    file.write_all(html.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests;
