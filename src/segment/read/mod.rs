//! A file in, rows of one user or of all out.

mod ahead;
mod as_written;
mod column_reader;
mod evolved;
mod history;
mod inspect;
mod invariants;
mod reader;
mod scan;
mod spans;

pub use history::Found;
pub use inspect::{BlockReport, ColumnReport, Damage};
pub use reader::Segment;
pub use scan::Cursor;
