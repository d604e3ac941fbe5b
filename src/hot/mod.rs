//! The hot tier: single writes, durable at once and served from memory.
//!
//! Rank 2: imports from `types`. The only folder that names RocksDB and bincode.
//!
//! A row goes two ways. Into the **log** ([`Log`]), which makes it durable: RocksDB with a column
//! family for each generation ([`RocksLog`]), or its twin in memory ([`MemoryLog`]) that a test
//! can cut the power of. And into the **mirror** ([`Generation`]), which serves every read: a
//! RocksDB seek costs tens of microseconds, a probe of the mirror less than one. [`Tier`] keeps
//! the two in step.
//!
//! A **generation** is bounded and only ever added to. When it is full the store seals it into a
//! segment and retires it: its column family is dropped whole, its mirror is freed with its last
//! reader. Its rows carry the sequence numbers of their commits, and a reader skips those above
//! the one it holds, so that a snapshot costs nothing and never grows old.

mod batch;
mod families;
mod generation;
mod key;
mod layout;
mod log;
#[cfg(test)]
mod memory;
mod periods;
mod position;
mod records;
mod registry;
mod rocks;
mod row;
mod row_chunks;
mod row_columns;
mod slots;
mod strings;
mod sweep;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod text;
mod tier;
mod user_rows;
mod view;

pub(crate) use generation::Generation;
#[cfg(feature = "fuzzing")]
pub(crate) use key::{decode as decode_key, encode as encode_key};
pub(crate) use log::Log;
#[cfg(test)]
pub(crate) use memory::MemoryLog;
pub(crate) use position::{Noted, Position};
pub(crate) use records::{Known, LateRecord, Link, TableEntry, Tombstone};
pub(crate) use registry::Registry;
pub use registry::Remembered;
pub(crate) use rocks::{
    LogPlace, LogTail, Mended, OnDamage, ReadLog, RocksLog, copy_log, newest_log,
};
#[cfg(feature = "fuzzing")]
pub(crate) use rocks::{read_log, read_manifest};
pub(crate) use row::FORMAT as ROW_FORMAT;
#[cfg(feature = "fuzzing")]
pub(crate) use row::{decode as decode_row, encode as encode_row};
pub(crate) use strings::SharedDictionary;
pub(crate) use sweep::{Names, Sweep};
pub(crate) use table::Notes;
#[cfg(test)]
pub(crate) use table::{Kind, Table};
pub(crate) use tally::Holdings;
pub(crate) use tier::{EncodedRows, Tier, insert_logged};
