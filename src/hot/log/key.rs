//! The order-preserving key of a hot row.

use std::borrow::Cow;

use crate::model::{Error, Result};

const ESCAPE: u8 = 0x00;
const ZERO: u8 = 0xFF;
const END: u8 = 0x01;
const SIGN: u64 = 1 << 63;

/// What a key says. Keys sort as their bytes do: by user, timestamp, sequence, index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowKey<'a> {
    /// `USER_ID`.
    pub(crate) user: Cow<'a, str>,
    /// `TIMESTAMP`.
    pub(crate) timestamp: i64,
    /// The commit's sequence number.
    pub(crate) sequence: u64,
    /// The row's position in its commit.
    pub(crate) index: u32,
}

/// Appends a key to `out`. FORMAT.md section 7.2 has the bytes, and why they sort as keys do.
pub(crate) fn encode(user: &str, timestamp: i64, sequence: u64, index: u32, out: &mut Vec<u8>) {
    let mut parts = user.as_bytes().split(|byte| *byte == ESCAPE);
    out.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        out.extend_from_slice(&[ESCAPE, ZERO]);
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&[ESCAPE, END]);
    out.extend_from_slice(&(timestamp as u64 ^ SIGN).to_be_bytes());
    out.extend_from_slice(&sequence.to_be_bytes());
    out.extend_from_slice(&index.to_be_bytes());
}

/// Gives a key another sequence.
pub(in crate::hot) fn set_sequence(key: &mut [u8], sequence: u64) {
    if let Some((rest, _index)) = key.split_last_chunk_mut::<4>()
        && let Some(place) = rest.last_chunk_mut()
    {
        *place = sequence.to_be_bytes();
    }
}

/// The sequence of a key; `None` where the bytes are too few for one.
pub(in crate::hot) fn sequence(key: &[u8]) -> Option<u64> {
    let (rest, _index) = key.split_last_chunk::<4>()?;
    rest.last_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

/// Reads a key.
///
/// # Errors
/// `Corruption` when the bytes are not what [`encode`] writes.
pub(crate) fn decode(bytes: &[u8]) -> Result<RowKey<'_>> {
    split(bytes).ok_or_else(|| {
        Error::corrupt(format!(
            "key {}: not an escaped UTF-8 user id, a timestamp, a sequence and an index",
            bytes.escape_ascii()
        ))
    })
}

fn split(bytes: &[u8]) -> Option<RowKey<'_>> {
    let (rest, index) = bytes.split_last_chunk()?;
    let (rest, sequence) = rest.split_last_chunk()?;
    let (rest, timestamp) = rest.split_last_chunk()?;
    let (user, end) = rest.split_last_chunk()?;
    if *end != [ESCAPE, END] {
        return None;
    }
    Some(RowKey {
        user: unescape(user)?,
        timestamp: (u64::from_be_bytes(*timestamp) ^ SIGN) as i64,
        sequence: u64::from_be_bytes(*sequence),
        index: u32::from_be_bytes(*index),
    })
}

fn unescape(escaped: &[u8]) -> Option<Cow<'_, str>> {
    let mut parts = escaped.split(|byte| *byte == ESCAPE);
    let first = parts.next()?;
    if first.len() == escaped.len() {
        return std::str::from_utf8(escaped).ok().map(Cow::Borrowed);
    }
    let mut user = first.to_vec();
    for part in parts {
        let (mark, part) = part.split_first()?;
        if *mark != ZERO {
            return None;
        }
        user.push(ESCAPE);
        user.extend_from_slice(part);
    }
    String::from_utf8(user).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::ErrorKind;

    fn key() -> impl Strategy<Value = RowKey<'static>> {
        let user = proptest::collection::vec(
            prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), any::<char>()],
            0..6,
        );
        let timestamp = prop_oneof![any::<i64>(), -2_i64..3];
        let sequence = prop_oneof![any::<u64>(), 0_u64..3];
        let index = prop_oneof![any::<u32>(), 0_u32..3];
        (user, timestamp, sequence, index).prop_map(|(user, timestamp, sequence, index)| RowKey {
            user: Cow::Owned(user.into_iter().collect()),
            timestamp,
            sequence,
            index,
        })
    }

    fn bytes(key: &RowKey<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&key.user, key.timestamp, key.sequence, key.index, &mut out);
        out
    }

    proptest! {
        #[test]
        fn bytes_sort_as_keys_and_read_back(a in key(), b in key()) {
            prop_assert_eq!(bytes(&a).cmp(&bytes(&b)), a.cmp(&b));
            let mut encoded = bytes(&a);
            prop_assert_eq!(&decode(&encoded).unwrap(), &a);
            set_sequence(&mut encoded, b.sequence);
            prop_assert_eq!(sequence(&encoded), Some(b.sequence));
            prop_assert_eq!(encoded, bytes(&RowKey { sequence: b.sequence, ..a }));
        }

        #[test]
        fn any_bytes_are_read_or_refused(noise in proptest::collection::vec(0_u8..4, 0..40)) {
            if let Ok(key) = decode(&noise) {
                prop_assert_eq!(bytes(&key), noise);
            }
        }
    }

    #[test]
    fn the_layout_is_frozen() {
        let key = RowKey {
            user: Cow::Borrowed("u\0v"),
            timestamp: 1,
            sequence: 2,
            index: 3,
        };
        let want = b"u\x00\xFFv\x00\x01\x80\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\x03";
        assert_eq!(bytes(&key), want);
    }

    #[test]
    fn damage_is_refused() {
        let whole = bytes(&RowKey {
            user: Cow::Borrowed("u\0"),
            timestamp: 0,
            sequence: 0,
            index: 0,
        });
        for end in 0..whole.len() {
            let error = decode(&whole[..end]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corruption);
        }
        let mut not_utf8 = whole.clone();
        not_utf8[0] = 0xFE;
        assert!(decode(&not_utf8).is_err());
    }
}
