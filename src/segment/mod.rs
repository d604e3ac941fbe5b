//! The immutable columnar file. Rank 2; knows nothing of the hot tier.
//!
//! A segment holds rows sorted by user, timestamp and arrival. FORMAT.md sections 4 to 6 specify
//! its bytes.

mod ahead;
mod as_written;
mod column_reader;
mod columns;
mod decoded;
mod directory;
mod evolved;
mod footer;
mod handles;
mod history;
mod input;
mod inspect;
mod invariants;
mod item_order;
mod kept_slots;
mod lines;
mod mapped;
mod numbers;
mod order;
mod output;
mod parallel;
mod reader;
mod region;
mod scan;
mod slot;
mod sort_key;
mod spans;
mod statistics;
mod strings;
mod sums;
mod words;
mod writer;

#[cfg(test)]
mod tests;

#[cfg(feature = "fuzzing")]
pub use footer::ColumnFooter;
pub use footer::{Footer, NumberTable, Origin};
pub use history::Found;
pub use input::{Ordered, OrderedUsers, SegmentInput};
pub use inspect::{BlockReport, ColumnReport, Damage};
pub use item_order::ItemOrder;
pub use reader::Segment;
pub use scan::Cursor;
pub use writer::{PreparedSegment, SegmentWriter};

pub(crate) use footer::LATEST_VERSION;
pub(crate) use order::{RowOrder, RowParts};
pub(crate) use parallel::run_side_by_side;
pub(crate) use strings::item_hash;
