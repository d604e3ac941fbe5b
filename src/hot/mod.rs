//! The hot tier: single writes, durable at once and served from memory.
//!
//! Rank 4. The only folder that names RocksDB and bincode.
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

mod log;
mod mirror;
mod registry;
mod tier;

#[cfg(test)]
mod tests;

pub(crate) use log::{
    Holdings, Log, LogPlace, LogTail, Mended, Noted, Notes, OnDamage, Position, ROW_FORMAT,
    ReadLog, RocksLog, copy_log, newest_log,
};
#[cfg(test)]
pub(crate) use log::{MemoryLog, Table, TableKind};
#[cfg(feature = "fuzzing")]
pub(crate) use log::{decode_key, decode_row, encode_key, encode_row, read_log, read_manifest};
pub(crate) use mirror::{Generation, SharedDictionary};
pub use registry::Remembered;
pub(crate) use registry::{
    KnownRecommendation, LateRecord, Link, Names, Registry, Sweep, TableEntry, Tombstone,
};
pub(crate) use tier::{EncodedRows, Tier, insert_logged};
