//! A RocksDB batch, laid out here.
//!
//! RocksDB's write-ahead log holds batches as they are, so that their layout is as stable as its
//! files: a sequence number that RocksDB fills in (8 bytes) and the number of records (4), then for
//! each record a tag, the family's number, and key and value behind their lengths. To lay it out
//! once and to hand it over whole takes one call, where a handle of the family and a call for each
//! row did.

use rocksdb::{AsColumnFamilyRef, WriteBatch};

use super::log::Entries;
use crate::types::{Error, Result};

const HEADER: usize = 12;

/// What a record of a family begins with: its tag and the family's number, as RocksDB writes them.
pub(super) fn record_start(family: &impl AsColumnFamilyRef) -> Result<Vec<u8>> {
    let mut batch = WriteBatch::default();
    batch.put_cf(family, b"", b"");
    let record = batch.data().get(HEADER..).unwrap_or_default();
    match record.strip_suffix(&[0, 0]) {
        Some(start) if !start.is_empty() => Ok(start.to_vec()),
        _ => Err(Error::corrupt(
            "RocksDB lays out batches in a way that is not known",
        )),
    }
}

/// Lays out `entries` as a batch, over what `out` held.
pub(super) fn encode(start: &[u8], entries: &Entries, out: &mut Vec<u8>) {
    out.clear();
    out.resize(HEADER, 0);
    if let Some(count) = out.last_chunk_mut::<4>() {
        *count = (entries.len() as u32).to_le_bytes();
    }
    for (key, value) in entries.iter() {
        out.extend_from_slice(start);
        for bytes in [key, value] {
            push_length(bytes.len() as u32, out);
            out.extend_from_slice(bytes);
        }
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn push_length(length: u32, out: &mut Vec<u8>) {
    let mut left = length;
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}

#[cfg(test)]
mod tests {
    use rocksdb::{DB, Options};

    use super::*;

    #[test]
    fn a_batch_is_laid_out_as_rocksdb_does_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::default();
        options.create_if_missing(true);
        let db = DB::open(&options, folder.path()).unwrap();
        for number in 0..200 {
            db.create_cf(number.to_string(), &options).unwrap();
        }
        for name in ["0", "199"] {
            let family = db.cf_handle(name).unwrap();
            let mut entries = Entries::default();
            let mut want = WriteBatch::default();
            for length in [0_usize, 1, 127, 128, 20_000] {
                let (key, value) = (vec![b'k'; length], vec![b'v'; length * 2]);
                let push = |out: &mut Vec<u8>| out.extend_from_slice(&key);
                entries
                    .push(push, |out| {
                        out.extend_from_slice(&value);
                        Ok(())
                    })
                    .unwrap();
                want.put_cf(&family, &key, &value);
            }
            let mut out = Vec::new();
            encode(&record_start(&family).unwrap(), &entries, &mut out);
            assert!(out == want.data());
            db.write(WriteBatch::from_data(&out)).unwrap();
            assert_eq!(db.get_cf(&family, "k").unwrap().unwrap(), b"vv");
        }
    }
}
