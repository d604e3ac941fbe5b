//! CSV, strictly: bytes to records, and what is wrong with one that is none.
//!
//! What is a record, and what its values are, is what Python's `csv` module says in its strict mode.

mod at;
mod dialect;
mod fault;
mod header;
mod header_shape;
mod reader;
mod record;

pub(crate) use at::At;
pub(crate) use dialect::Dialect;
pub(crate) use fault::Fault;
pub(crate) use header::read_names;
pub(crate) use header_shape::Header;
pub(crate) use reader::{RecordReader, Step};
pub(crate) use record::{Record, RecordText};

/// Bytes of one record (a CSV row or a JSON line) that is read into memory, by default: 16 MiB.
pub const DEFAULT_MAX_RECORD_BYTES: usize = 16 << 20;
