//! Sorted rows in, a synced file out.

mod columns;
mod input;
mod item_order;
mod mapped;
mod numbers;
mod order;
mod parallel;
mod sort_key;
mod sums;
mod writer;

pub use input::{Ordered, OrderedUsers, SegmentInput};
pub use item_order::ItemOrder;
pub(crate) use order::{RowOrder, RowParts};
pub(crate) use parallel::run_side_by_side;
pub use writer::{PreparedSegment, SegmentWriter};
