//! The immutable columnar file. Rank 4; knows nothing of the hot tier.
//!
//! A segment holds rows sorted by user, timestamp and arrival. FORMAT.md sections 4 to 6 specify
//! its bytes.

mod format;
mod read;
mod write;

#[cfg(test)]
mod tests;

#[cfg(feature = "fuzzing")]
pub use format::ColumnFooter;
pub use format::{Footer, Origin};
pub(crate) use format::{LATEST_VERSION, item_hash};
pub use read::{BlockReport, ColumnReport, Cursor, Damage, Found, Segment};
pub use write::{ItemOrder, Ordered, OrderedUsers, PreparedSegment, SegmentInput, SegmentWriter};
pub(crate) use write::{RowOrder, RowParts, run_side_by_side};
