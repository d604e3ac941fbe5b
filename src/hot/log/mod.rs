//! The write-ahead log: entries, keys, rows, and RocksDB, which nobody else names.

mod batch;
mod families;
pub(super) mod key;
mod log;
#[cfg(test)]
mod memory;
mod position;
mod rocks;
pub(super) mod row;
mod table;
mod tally;

#[cfg(feature = "fuzzing")]
pub(crate) use key::{decode as decode_key, encode as encode_key};
pub(crate) use log::Log;
pub(super) use log::{Entries, Visit, Written};
#[cfg(test)]
pub(crate) use memory::MemoryLog;
pub(crate) use position::{Noted, Position};
pub(crate) use rocks::{
    LogPlace, LogTail, Mended, OnDamage, ReadLog, RocksLog, copy_log, newest_log,
};
#[cfg(feature = "fuzzing")]
pub(crate) use rocks::{read_log, read_manifest};
pub(crate) use row::FORMAT as ROW_FORMAT;
#[cfg(feature = "fuzzing")]
pub(crate) use row::{decode as decode_row, encode as encode_row};
pub(crate) use table::{Notes, Table, TableKind};
pub(crate) use tally::Holdings;
pub(super) use tally::{Check, Tally};
