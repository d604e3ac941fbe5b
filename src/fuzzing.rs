//! The private parsers of outside bytes, for the fuzz targets in tools/fuzz. No part of the API:
//! only the feature `fuzzing` compiles it, and it changes without notice.

use std::borrow::Cow;

use crate::model::{Cell, Result, Schema};
use crate::store::{Account, Manifest};

pub use crate::codec::{
    Descriptor, Flags, ListEncoder, ListEncoding, ListReader, ListSources, SliceSource, Spelling,
    Stream, WireReader, WireWriter, encode, spell,
};
pub use crate::model::{FieldHint, HashedKey, TierQuery};
pub use crate::segment::{ColumnFooter, Cursor, Segment};

/// Reads a manifest file, and gives the bytes that would be written for it.
///
/// # Errors
/// `Corruption` and `Unsupported`, as opening a store.
pub fn manifest(file: &[u8]) -> Result<Vec<u8>> {
    Manifest::decode(file)?.encode()
}

/// Reads an account file.
///
/// # Errors
/// `Corruption` and `Unsupported`, as opening a store.
pub fn account(file: &[u8]) -> Result<()> {
    Account::decode(file).map(drop)
}

/// Reads a file of the write-ahead log, and takes its batches apart. Gives the whole records, those
/// behind damage, and how many bytes are whole.
///
/// # Errors
/// `Corruption` and `Unsupported` where a record is no batch.
pub fn hot_log(file: &[u8]) -> Result<(usize, usize, usize)> {
    crate::hot::read_log(file)
}

/// Reads a manifest of RocksDB, and gives the number of its families.
///
/// # Errors
/// `Corruption` and `Unsupported`, as opening a store.
pub fn hot_manifest(file: &[u8]) -> Result<usize> {
    crate::hot::read_manifest(file)
}

/// Reads a key of the hot tier: user, timestamp, sequence, index.
///
/// # Errors
/// `Corruption` when the bytes are no key.
pub fn decode_key(bytes: &[u8]) -> Result<(Cow<'_, str>, i64, u64, u32)> {
    crate::hot::decode_key(bytes).map(|key| (key.user, key.timestamp, key.sequence, key.index))
}

/// Appends a key of the hot tier.
pub fn encode_key(user: &str, timestamp: i64, sequence: u64, index: u32, out: &mut Vec<u8>) {
    crate::hot::encode_key(user, timestamp, sequence, index, out);
}

/// Reads a value of the hot tier.
///
/// # Errors
/// `Corruption` and `Unsupported` when the bytes are no row of the schema.
pub fn decode_row<'a>(schema: &Schema, value: &'a [u8], cells: &mut Vec<Cell<'a>>) -> Result<()> {
    crate::hot::decode_row(schema, value, cells)
}

/// Appends a value of the hot tier.
///
/// # Errors
/// `InvalidInput` when the cells do not fit the schema.
pub fn encode_row(schema: &Schema, cells: &[Cell<'_>], out: &mut Vec<u8>) -> Result<()> {
    crate::hot::encode_row(schema, cells, out)
}
