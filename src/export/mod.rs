//! What goes out: CSV, and Arrow record batches.
//!
//! Both take a [`Scan`](crate::Scan). [`CsvExport`] writes what an import reads back to the same
//! values. `ArrowScan` (feature `arrow`, on by default) gives record batches whose string columns
//! share the memory map of their segment, or are plain strings.

#[cfg(feature = "arrow")]
mod arrow;
mod csv;
mod text;

#[cfg(feature = "arrow")]
pub use arrow::{ArrowScan, ArrowStrings, arrow_schema};
pub use csv::CsvExport;
pub use text::text_of;
