//! What goes out: CSV, and Arrow record batches.
//!
//! [`CsvExport`] and `ArrowScan` (feature `arrow`, on by default) take a [`Scan`](crate::query::Scan), and give its
//! rows as they are. [`CsvExport`] writes what an import reads back to the same values. `ArrowScan` gives
//! record batches whose string columns share the memory map of their segment, or are plain strings.
//!
//! `Store::export` (feature `arrow`) makes training data: it selects interactions, lays them out as rows,
//! sequences, examples or impressions, splits them, and gives record batches.

#[cfg(feature = "arrow")]
mod arranging;
#[cfg(feature = "arrow")]
mod arrow;
#[cfg(feature = "arrow")]
mod blocks;
#[cfg(feature = "arrow")]
mod builder;
#[cfg(feature = "arrow")]
mod changes;
#[cfg(feature = "arrow")]
mod content;
mod csv;
#[cfg(feature = "arrow")]
mod dropped;
#[cfg(feature = "files")]
mod form;
#[cfg(feature = "arrow")]
mod gather;
#[cfg(feature = "arrow")]
mod layout;
#[cfg(feature = "arrow")]
mod learn;
#[cfg(feature = "arrow")]
mod learned;
#[cfg(feature = "files")]
mod manifest;
#[cfg(feature = "arrow")]
mod negatives;
#[cfg(feature = "arrow")]
mod per_code;
#[cfg(feature = "arrow")]
mod plan;
#[cfg(feature = "files")]
mod read_back;
#[cfg(feature = "arrow")]
mod records;
#[cfg(feature = "arrow")]
mod select;
#[cfg(feature = "arrow")]
mod selection;
#[cfg(feature = "files")]
mod skew;
#[cfg(feature = "arrow")]
mod split;
mod text;
#[cfg(feature = "arrow")]
mod threads;
#[cfg(feature = "files")]
mod to_files;
#[cfg(feature = "arrow")]
mod vocabulary;
#[cfg(feature = "arrow")]
mod windows;
#[cfg(feature = "files")]
mod written;

#[cfg(feature = "arrow")]
pub use arrow::{ArrowScan, ArrowStrings, arrow_schema};
#[cfg(feature = "arrow")]
pub use builder::{Export, ExportBatches, ExportReport};
#[cfg(feature = "arrow")]
pub use content::Content;
pub use csv::CsvExport;
#[cfg(feature = "arrow")]
pub use dropped::Dropped;
#[cfg(feature = "files")]
pub use form::{Form, FormOptions, FormWriter};
#[cfg(feature = "arrow")]
pub use layout::{ArrowLists, Examples, Layout, Negatives, NegativesFrom, SameSecond};
#[cfg(feature = "files")]
pub use manifest::{Manifest, ManifestColumn, ManifestFile, ManifestPlan, ManifestShard};
#[cfg(feature = "arrow")]
pub use records::ExportBatch;
#[cfg(feature = "arrow")]
pub use selection::{EventRule, Selection, Sessions};
#[cfg(feature = "files")]
pub use skew::{SkewReport, skew};
#[cfg(feature = "arrow")]
pub use split::{Partition, Split, SplitPart, SplitPlace};
pub use text::text_of;
#[cfg(feature = "files")]
pub use to_files::{ExportProgress, manifest_of};
#[cfg(feature = "files")]
pub use written::sha256_of;
