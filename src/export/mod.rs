//! What goes out: CSV, and Arrow record batches. Rank 5.

#[cfg(feature = "arrow")]
mod arrow;
mod csv;

#[cfg(feature = "arrow")]
pub use arrow::{ArrowScan, arrow_schema};
pub use csv::{CsvExport, text_of};
