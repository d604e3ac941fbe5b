//! A RocksDB batch, laid out and taken apart here.
//!
//! RocksDB's write-ahead log holds batches as they are, so that their layout is as stable as its
//! files: a sequence number that RocksDB fills in (8 bytes) and the number of records (4), then for
//! each record a tag, the family's number, and key and value behind their lengths. To lay it out
//! once and to hand it over whole takes one call, where a handle of the family and a call for each
//! row did.

use rocksdb::{AsColumnFamilyRef, WriteBatch};

use super::log::Entries;
use crate::codec::WireReader;
use crate::model::{Error, ErrorKind, Result};

const HEADER: usize = 12;

/// Tags of records, as far as annals writes them: in RocksDB's default family or in another.
mod tag {
    pub(super) const REMOVE: u8 = 0;
    pub(super) const PUT: u8 = 1;
    pub(super) const FAMILY_REMOVE: u8 = 4;
    pub(super) const FAMILY_PUT: u8 = 5;
}

/// What a record of a family begins with: its tag and the family's number, as RocksDB writes them.
pub(super) fn record_start(family: &impl AsColumnFamilyRef) -> Result<Vec<u8>> {
    let mut batch = WriteBatch::default();
    batch.put_cf(family, b"", b"");
    let record = batch.data().get(HEADER..).unwrap_or_default();
    match record.strip_suffix(&[0, 0]) {
        Some(start) if !start.is_empty() => Ok(start.to_vec()),
        _ => Err(Error::internal(
            "RocksDB lays out batches in a way that is not known",
        )),
    }
}

/// Lays out `entries` as a batch, over what `out` held.
pub(in crate::hot) fn encode(start: &[u8], entries: &Entries, out: &mut Vec<u8>) {
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

/// A change that a batch makes.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::hot) struct Change<'a> {
    /// The number of the family; 0 is RocksDB's default one.
    pub(super) family: u32,
    pub(in crate::hot) key: &'a [u8],
    /// Without a value the key is removed.
    pub(in crate::hot) value: Option<&'a [u8]>,
}

/// RocksDB's sequence number of the first change of a batch.
///
/// # Errors
/// `Corruption` where the bytes are no batch.
pub(in crate::hot) fn sequence(batch: &[u8]) -> Result<u64> {
    WireReader::new(batch).u64()
}

/// Takes a batch apart: calls `visit` with each change, and gives RocksDB's sequence numbers of the
/// first change and behind the last.
///
/// # Errors
/// `Corruption` where the bytes are no batch, `Unsupported` where it holds a kind of record that
/// annals never writes; what `visit` gives.
pub(in crate::hot) fn decode(
    batch: &[u8],
    mut visit: impl FnMut(Change<'_>) -> Result<()>,
) -> Result<std::ops::Range<u64>> {
    let mut wire = WireReader::new(batch);
    let (sequence, count) = (wire.u64()?, wire.u32()?);
    for _ in 0..count {
        let tag = wire.u8()?;
        let family = match tag {
            tag::FAMILY_REMOVE | tag::FAMILY_PUT => u32::try_from(wire.varint()?)
                .map_err(|_| Error::corrupt("the number of a family is too large"))?,
            tag::REMOVE | tag::PUT => 0,
            other => {
                let message = format!("a record of kind {other}, which annals does not write");
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        };
        let key = wire.bytes()?;
        let value = match tag {
            tag::PUT | tag::FAMILY_PUT => Some(wire.bytes()?),
            _ => None,
        };
        visit(Change { family, key, value })?;
    }
    match (wire.is_empty(), sequence.checked_add(u64::from(count))) {
        (true, Some(end)) => Ok(sequence..end),
        _ => Err(Error::corrupt("a batch that does not end where it should")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
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
            let mut keys = Vec::new();
            let sequences = decode(&out, |change| {
                assert_eq!(change.value.unwrap().len(), change.key.len() * 2);
                keys.push(change.key.len());
                Ok(())
            });
            assert_eq!(sequences.unwrap(), 0..5);
            assert_eq!(keys, [0, 1, 127, 128, 20_000]);
            db.write(WriteBatch::from_data(&out)).unwrap();
            assert_eq!(db.get_cf(&family, "k").unwrap().unwrap(), b"vv");
        }
    }

    #[test]
    fn changes_are_taken_apart() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::default();
        options.create_if_missing(true);
        let db = DB::open(&options, folder.path()).unwrap();
        db.create_cf("other", &options).unwrap();
        let other = db.cf_handle("other").unwrap();
        let mut batch = WriteBatch::default();
        batch.put("a", "1");
        batch.delete("b");
        batch.delete_cf(&other, "c");
        let mut changes = Vec::new();
        decode(batch.data(), |change| {
            let value = change.value.map(<[u8]>::to_vec);
            changes.push((change.family, change.key.to_vec(), value));
            Ok(())
        })
        .unwrap();
        let want = [
            (0, b"a".to_vec(), Some(b"1".to_vec())),
            (0, b"b".to_vec(), None),
            (1, b"c".to_vec(), None),
        ];
        assert_eq!(changes, want);
        batch.merge("d", "2");
        let refused = decode(batch.data(), |_| Ok(())).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unsupported);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(mut bytes in proptest::collection::vec(0_u8..8, 0..60)) {
            bytes.splice(..0, [0; 8]);
            let _ = decode(&bytes, |_| Ok(()));
        }
    }
}
