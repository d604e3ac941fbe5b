//! Bytes and files. Rank 1.

mod checksum;
mod file;
mod file_map;
mod local;
mod pages;
mod share;
#[cfg(test)]
mod sim;
mod small;
mod storage;

pub use checksum::crc32;
pub use file::FileBytes;
pub use file_map::FileMap;
pub use local::{LocalStorage, Readers};
pub use pages::{PAGE_BYTES, Pages, page_sums};
pub use share::{Shared, copy, link};
#[cfg(test)]
pub use sim::SimStorage;
pub use small::{read_small, replace};
pub use storage::{Append, ReadAt, Storage};
