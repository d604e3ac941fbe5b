//! How a file is written, and which of its columns are the schema's fields.

mod clicks;
mod file_form;
mod json_object;
mod list;
mod mapping;
mod resolve;
mod scratch;
mod time;
mod zone;

pub use file_form::{Delimiter, FileForm};
pub use list::ListSeparator;
#[cfg(feature = "parquet")]
pub(super) use list::check_bars;
pub(super) use mapping::{Mapping, pointed};
pub(super) use resolve::{Columns, Resolved, resolve};
pub(super) use scratch::{Scratch, Texts, Told};
pub use time::{Fractions, TimeUnit};
