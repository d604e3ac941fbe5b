//! What goes out: CSV, and Arrow record batches. Rank 5.

#[cfg(feature = "arrow")]
mod arrow;
mod csv;
mod text;

#[cfg(feature = "arrow")]
pub use arrow::{ArrowScan, arrow_schema};
pub use csv::CsvExport;
pub use text::text_of;
