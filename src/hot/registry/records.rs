//! The values of the tables. FORMAT.md section 7.5 has the bytes.

use serde::{Deserialize, Serialize};

use crate::codec::{WireReader, WireWriter};
use crate::hot::log::TableKind;
use crate::model::{Error, Result, Retention, TimeRange};

const AWAITED: u8 = 1;
const RECORDED: u8 = 2;

/// Flags of a tombstone.
const ENDS: u8 = 1;
const BY_RETENTION: u8 = 2;

/// A session whose events from before its first user are that user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) session: String,
    pub(crate) user: String,
    /// The commit that linked them; all rows under the session's key are older.
    pub(crate) sequence: u64,
}

/// What is known under the id of a recommendation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KnownRecommendation {
    /// Events of these commits, first and last, name it; it was not recorded yet.
    Awaited([u64; 2]),
    /// What was shown, and the commit that recorded it.
    Recorded {
        items: Vec<String>,
        source: Option<String>,
        sequence: u64,
    },
}

/// A recommendation that was recorded after events that name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LateRecord {
    pub(crate) id: String,
    pub(crate) items: Vec<String>,
    pub(crate) source: Option<String>,
    /// The first and the last commit of these events.
    pub(crate) awaited: [u64; 2],
    /// The commit that recorded it.
    pub(crate) sequence: u64,
}

/// What a commit deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    /// That commit: rows of commits before it are hidden.
    pub(crate) sequence: u64,
    /// What the rows lie under; of an item for everybody there is none.
    pub(crate) keys: Vec<String>,
    /// Only rows with this item.
    pub(crate) item: Option<String>,
    /// Only rows of this event type, without regard to ASCII case.
    pub(crate) event_type: Option<String>,
    /// Only rows of this time.
    pub(crate) time: TimeRange,
    /// Whether a rule of retention asked for it: no purge has to see its ids gone.
    pub(crate) by_retention: bool,
}

impl Tombstone {
    /// The item that it hides whatever its rows lie under, and takes out of impressions.
    pub(crate) fn item_for_everybody(&self) -> Option<&str> {
        self.item.as_deref().filter(|_| self.keys.is_empty())
    }

    /// Whether it hides rows by their time alone, or by that and their event type.
    pub(crate) fn is_expiry(&self) -> bool {
        self.keys.is_empty() && self.item.is_none()
    }

    /// Whether it hides all earlier rows of its keys.
    pub(crate) fn is_of_all(&self) -> bool {
        !self.keys.is_empty()
            && self.item.is_none()
            && self.event_type.is_none()
            && self.time == TimeRange::ALL
    }

    /// Whether both are of rules of retention, and the later one hides all that this one does.
    pub(crate) fn is_superseded_by(&self, later: &Self) -> bool {
        let of_a_rule = |one: &Self| one.by_retention && one.item.is_none();
        let ends_by = |end| self.time.until.is_some_and(|until| until <= end);
        of_a_rule(self)
            && of_a_rule(later)
            && self.sequence < later.sequence
            && self.event_type == later.event_type
            && self.keys.is_empty() == later.keys.is_empty()
            && self.keys.iter().all(|key| later.keys.contains(key))
            && later.time.until.is_none_or(ends_by)
    }
}

pub(super) fn encode_tombstone(tombstone: &Tombstone) -> Vec<u8> {
    let mut wire = WireWriter::new();
    wire.varint(tombstone.keys.len() as u64);
    tombstone.keys.iter().for_each(|key| wire.text(key));
    wire.text(tombstone.item.as_deref().unwrap_or_default());
    wire.text(tombstone.event_type.as_deref().unwrap_or_default());
    wire.i64(tombstone.time.since);
    let ends = u8::from(tombstone.time.until.is_some()) * ENDS;
    let by_retention = u8::from(tombstone.by_retention) * BY_RETENTION;
    wire.u8(ends | by_retention);
    wire.i64(tombstone.time.until.unwrap_or(0));
    wire.finish()
}

pub(super) fn decode_tombstone(key: &[u8], value: &[u8]) -> Result<Tombstone> {
    let mut wire = WireReader::new(value);
    let count = wire.count()?;
    let keys = (0..count).map(|_| wire.text().map(str::to_owned));
    let keys = keys.collect::<Result<_>>()?;
    let mut given = || -> Result<Option<String>> {
        Ok(Some(wire.text()?.to_owned()).filter(|text| !text.is_empty()))
    };
    let (item, event_type) = (given()?, given()?);
    let since = wire.i64()?;
    let flags = wire.u8()?;
    if flags & !(ENDS | BY_RETENTION) != 0 {
        return Err(Error::corrupt(format!("flags {flags} are unknown")));
    }
    let end = wire.i64()?;
    let until = (flags & ENDS != 0).then_some(end);
    ended(&wire)?;
    Ok(Tombstone {
        sequence: decode_commit(key)?,
        keys,
        item,
        event_type,
        time: TimeRange { since, until },
        by_retention: flags & BY_RETENTION != 0,
    })
}

/// Rules of retention, as JSON.
pub(super) fn decode_rules(value: &[u8]) -> Result<Retention> {
    serde_json::from_slice(value)
        .map_err(|error| Error::corrupt(format!("no rules of retention: {error}")))
}

pub(super) fn decode_user(value: &[u8]) -> Result<String> {
    text(value)
}

pub(super) fn encode_link(link: &Link) -> Vec<u8> {
    let mut wire = WireWriter::new();
    wire.varint(link.sequence);
    wire.text(&link.user);
    wire.finish()
}

pub(super) fn decode_link(key: &[u8], value: &[u8]) -> Result<Link> {
    let mut wire = WireReader::new(value);
    let link = Link {
        session: text(key)?,
        sequence: wire.varint()?,
        user: wire.text()?.to_owned(),
    };
    ended(&wire)?;
    Ok(link)
}

pub(super) fn encode_known(known: &KnownRecommendation) -> Vec<u8> {
    let mut wire = WireWriter::new();
    match known {
        KnownRecommendation::Awaited([first, last]) => {
            wire.u8(AWAITED);
            wire.varint(*first);
            wire.varint(*last);
        }
        KnownRecommendation::Recorded {
            items,
            source,
            sequence,
        } => {
            wire.u8(RECORDED);
            wire.varint(*sequence);
            shown(items, source.as_deref(), &mut wire);
        }
    }
    wire.finish()
}

pub(super) fn decode_known(value: &[u8]) -> Result<KnownRecommendation> {
    let mut wire = WireReader::new(value);
    let known = match wire.u8()? {
        AWAITED => KnownRecommendation::Awaited([wire.varint()?, wire.varint()?]),
        RECORDED => {
            let sequence = wire.varint()?;
            let (items, source) = read_shown(&mut wire)?;
            KnownRecommendation::Recorded {
                items,
                source,
                sequence,
            }
        }
        other => return Err(Error::corrupt(format!("kind {other} is unknown"))),
    };
    ended(&wire)?;
    Ok(known)
}

pub(super) fn encode_late(late: &LateRecord) -> Vec<u8> {
    let mut wire = WireWriter::new();
    wire.varint(late.awaited[0]);
    wire.varint(late.awaited[1]);
    wire.text(&late.id);
    shown(&late.items, late.source.as_deref(), &mut wire);
    wire.finish()
}

pub(super) fn decode_late(key: &[u8], value: &[u8]) -> Result<LateRecord> {
    let mut wire = WireReader::new(value);
    let awaited = [wire.varint()?, wire.varint()?];
    let id = wire.text()?.to_owned();
    let (items, source) = read_shown(&mut wire)?;
    ended(&wire)?;
    Ok(LateRecord {
        id,
        items,
        source,
        awaited,
        sequence: decode_commit(key)?,
    })
}

/// A sequence number.
pub(super) fn decode_commit(bytes: &[u8]) -> Result<u64> {
    let bytes = bytes.try_into();
    bytes
        .map(u64::from_be_bytes)
        .map_err(|_| Error::corrupt("not a sequence number of eight bytes"))
}

/// What an entry of a table says to readers.
pub(crate) enum TableEntry {
    Link(Link),
    Late(LateRecord),
    Tombstone(Tombstone),
    /// The newest commit without rows.
    Commit(u64),
    /// Nothing.
    Other,
}

impl TableEntry {
    /// # Errors
    /// `Corruption`.
    pub(crate) fn of(kind: TableKind, key: &[u8], value: &[u8]) -> Result<Self> {
        Ok(match kind {
            TableKind::Links => Self::Link(decode_link(key, value)?),
            TableKind::Late => Self::Late(decode_late(key, value)?),
            TableKind::Tombstones => Self::Tombstone(decode_tombstone(key, value)?),
            TableKind::Commits => Self::Commit(decode_commit(value)?),
            TableKind::Ids
            | TableKind::Sessions
            | TableKind::Recommendations
            | TableKind::Rules => Self::Other,
        })
    }
}

/// Checks an entry of a table.
pub(in crate::hot) fn check(kind: TableKind, key: &[u8], value: &[u8]) -> Result<()> {
    match kind {
        TableKind::Ids if key.len() == 16 && value.is_empty() => Ok(()),
        TableKind::Ids => Err(Error::corrupt("not a hash of 16 bytes without a value")),
        TableKind::Sessions => text(key).and_then(|_| decode_user(value)).map(drop),
        TableKind::Links => decode_link(key, value).map(drop),
        TableKind::Recommendations => text(key).and_then(|_| decode_known(value)).map(drop),
        TableKind::Late => decode_late(key, value).map(drop),
        TableKind::Commits => decode_commit(value).map(drop),
        TableKind::Tombstones => decode_tombstone(key, value).map(drop),
        TableKind::Rules => decode_rules(value).map(drop),
    }
}

fn shown(items: &[String], source: Option<&str>, wire: &mut WireWriter) {
    wire.varint(items.len() as u64);
    items.iter().for_each(|item| wire.text(item));
    wire.text(source.unwrap_or_default());
}

fn read_shown(wire: &mut WireReader<'_>) -> Result<(Vec<String>, Option<String>)> {
    let count = wire.count()?;
    let items = (0..count).map(|_| wire.text().map(str::to_owned));
    let items = items.collect::<Result<_>>()?;
    let source = Some(wire.text()?.to_owned());
    Ok((items, source.filter(|source| !source.is_empty())))
}

pub(in crate::hot) fn text(bytes: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(bytes);
    text.map(str::to_owned)
        .map_err(|_| Error::corrupt("a text that is not UTF-8"))
}

fn ended(wire: &WireReader<'_>) -> Result<()> {
    match wire.is_empty() {
        true => Ok(()),
        false => Err(Error::corrupt("bytes behind its end")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            kind in prop::sample::select(TableKind::ALL.to_vec()),
            key in prop::collection::vec(any::<u8>(), 0..20),
            value in prop::collection::vec(0_u8..5, 0..20),
        ) {
            if check(kind, &key, &value).is_ok() && kind == TableKind::Recommendations {
                let known = decode_known(&value).unwrap();
                prop_assert_eq!(decode_known(&encode_known(&known)).unwrap(), known);
            }
        }
    }

    #[test]
    fn the_layout_is_frozen() {
        let late = LateRecord {
            id: "r".to_owned(),
            items: vec!["tea".to_owned(), "cake".to_owned()],
            source: Some("home".to_owned()),
            awaited: [3, 300],
            sequence: 7,
        };
        let value = encode_late(&late);
        assert_eq!(value, b"\x03\xAC\x02\x01r\x02\x03tea\x04cake\x04home");
        assert_eq!(decode_late(&7u64.to_be_bytes(), &value).unwrap(), late);
        let known = KnownRecommendation::Recorded {
            items: late.items,
            source: None,
            sequence: 300,
        };
        let value = encode_known(&known);
        assert_eq!(value, b"\x02\xAC\x02\x02\x03tea\x04cake\x00");
        assert_eq!(decode_known(&value).unwrap(), known);
        let value = encode_known(&KnownRecommendation::Awaited([1, 2]));
        assert_eq!(value, b"\x01\x01\x02");
        assert_eq!(
            decode_known(&value).unwrap(),
            KnownRecommendation::Awaited([1, 2])
        );
        let link = Link {
            session: "s".to_owned(),
            user: "ann".to_owned(),
            sequence: 9,
        };
        let value = encode_link(&link);
        assert_eq!(value, b"\x09\x03ann");
        assert_eq!(decode_link(b"s", &value).unwrap(), link);
        let mut tombstone = Tombstone {
            sequence: 7,
            keys: vec!["ann".to_owned(), "s\0".to_owned()],
            item: None,
            event_type: None,
            time: TimeRange::ALL,
            by_retention: false,
        };
        let value = encode_tombstone(&tombstone);
        let all = b"\x02\x03ann\x02s\0\x00\x00\0\0\0\0\0\0\0\x80\x00\0\0\0\0\0\0\0\0";
        assert_eq!(value, all);
        let key = 7u64.to_be_bytes();
        assert_eq!(decode_tombstone(&key, &value).unwrap(), tombstone);
        tombstone.item = Some("tea".to_owned());
        tombstone.event_type = Some("view".to_owned());
        tombstone.time = TimeRange::new(Some(-1), Some(1));
        tombstone.by_retention = true;
        let value = encode_tombstone(&tombstone);
        assert_eq!(decode_tombstone(&key, &value).unwrap(), tombstone);
        for end in 0..value.len() {
            assert!(decode_tombstone(&key, &value[..end]).is_err());
        }
    }

    #[test]
    fn damage_is_refused() {
        let value = encode_known(&KnownRecommendation::Recorded {
            items: vec!["tea".to_owned()],
            source: None,
            sequence: 1,
        });
        for end in 0..value.len() {
            assert!(decode_known(&value[..end]).is_err());
        }
        assert!(decode_known(&[&value[..], b"x"].concat()).is_err());
        assert!(decode_known(&[3]).is_err());
        assert!(check(TableKind::Ids, b"short", b"").is_err());
        assert!(check(TableKind::Sessions, b"s", b"\xFF").is_err());
        assert!(check(TableKind::Commits, b"last", b"7").is_err());
    }
}
