//! What RocksDB's manifest says: which families there are, which table files hold their entries, and
//! from which log on the rest of them stands in the logs.
//!
//! The manifest is a log (`framing`) of edits; an edit is a list of tagged fields. Tags and fields are
//! those of RocksDB 11.8.1, `db/version_edit.h`. A tag that is unknown is refused unless RocksDB marks
//! it as one that may be passed over.

use std::collections::BTreeMap;

use super::framing;
use crate::codec::WireReader;
use crate::model::{Error, ErrorKind, Result};

/// Families that a manifest may name; annals has a few dozen at most.
const MAX_FAMILIES: usize = 1 << 20;

mod tag {
    pub(super) const COMPARATOR: u64 = 1;
    pub(super) const LOG_NUMBER: u64 = 2;
    pub(super) const NEXT_FILE_NUMBER: u64 = 3;
    pub(super) const LAST_SEQUENCE: u64 = 4;
    pub(super) const COMPACT_CURSOR: u64 = 5;
    pub(super) const DELETED_FILE: u64 = 6;
    pub(super) const PREVIOUS_LOG_NUMBER: u64 = 9;
    pub(super) const MIN_LOG_NUMBER_TO_KEEP: u64 = 10;
    pub(super) const NEW_FILE_4: u64 = 103;
    pub(super) const COLUMN_FAMILY: u64 = 200;
    pub(super) const COLUMN_FAMILY_ADD: u64 = 201;
    pub(super) const COLUMN_FAMILY_DROP: u64 = 202;
    pub(super) const MAX_COLUMN_FAMILY: u64 = 203;
    pub(super) const IN_ATOMIC_GROUP: u64 = 300;
    /// Tags with this bit carry a length and may be passed over.
    pub(super) const MAY_BE_IGNORED: u64 = 1 << 13;
    pub(super) const DATABASE_ID: u64 = MAY_BE_IGNORED + 1;
    /// Of a new file: the end of its fields, and the hidden place of another field.
    pub(super) const FILE_END: u64 = 1;
    pub(super) const FILE_MIN_LOG_NUMBER: u64 = 3;
    /// Fields of a new file with this bit must be known.
    pub(super) const FILE_MUST_BE_KNOWN: u64 = 1 << 6;
}

/// The state that a manifest describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Database {
    /// RocksDB's name for the database.
    pub(crate) id: String,
    /// Families by their numbers.
    pub(crate) families: BTreeMap<u32, FamilyFiles>,
    min_log_number: u64,
}

/// Where the entries of a family are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FamilyFiles {
    pub(crate) name: String,
    /// Entries in logs below this number are in table files.
    pub(crate) log_number: u64,
    /// Table files: number and bytes.
    pub(crate) files: BTreeMap<u64, u64>,
}

impl FamilyFiles {
    /// Whether table files hold entries of it that a reader wants: all but RocksDB's default family.
    pub(crate) fn holds_entries(&self) -> bool {
        !self.files.is_empty() && self.name != "default"
    }
}

impl Database {
    /// Reads a manifest; tells how its file ends, too.
    ///
    /// # Errors
    /// `Corruption` where an edit does not decode, `Unsupported` where it says something unknown.
    pub(crate) fn read(source: impl std::io::Read) -> Result<(Self, framing::End)> {
        let mut database = Self::default();
        database.families.insert(
            0,
            FamilyFiles {
                name: "default".to_owned(),
                ..FamilyFiles::default()
            },
        );
        // Edits of a group count once the last of them is there.
        let mut group = Vec::new();
        let end = framing::read::<Failure>(
            source,
            |record, _| {
                let edit = Edit::decode(record)?;
                let more = edit.group.unwrap_or(0);
                group.push(edit);
                if more == 0 {
                    group.drain(..).try_for_each(|edit| database.apply(edit))?;
                }
                Ok(())
            },
            |_, _| Ok(()),
        )
        .map_err(Failure::into_error)?;
        Ok((database, end))
    }

    /// The oldest log that entries may be in which no table file has.
    pub(crate) fn first_log(&self) -> u64 {
        let families = self.families.values().map(|family| family.log_number);
        families.min().unwrap_or(0).max(self.min_log_number)
    }

    fn apply(&mut self, edit: Edit) -> Result<()> {
        if let Some(id) = edit.database_id {
            self.id = id;
        }
        self.min_log_number = self.min_log_number.max(edit.min_log_number);
        if let Some(name) = edit.add {
            let family = FamilyFiles {
                name,
                ..FamilyFiles::default()
            };
            if self.families.len() >= MAX_FAMILIES
                || self.families.insert(edit.family, family).is_some()
            {
                return Err(Error::corrupt(format!(
                    "family {} is added twice",
                    edit.family
                )));
            }
        }
        if edit.drop {
            self.families.remove(&edit.family);
            return Ok(());
        }
        let Some(family) = self.families.get_mut(&edit.family) else {
            let touches = !edit.deleted.is_empty() || !edit.added.is_empty();
            return match touches {
                true => Err(Error::corrupt(format!("no family {}", edit.family))),
                false => Ok(()),
            };
        };
        family.log_number = family.log_number.max(edit.log_number);
        for number in edit.deleted {
            family.files.remove(&number);
        }
        family.files.extend(edit.added);
        Ok(())
    }
}

/// An edit, as far as it matters here.
#[derive(Default)]
struct Edit {
    family: u32,
    add: Option<String>,
    drop: bool,
    log_number: u64,
    min_log_number: u64,
    database_id: Option<String>,
    deleted: Vec<u64>,
    added: Vec<(u64, u64)>,
    /// Edits of the same group that follow.
    group: Option<u64>,
}

impl Edit {
    fn decode(record: &[u8]) -> Result<Self> {
        let mut edit = Self::default();
        let mut wire = WireReader::new(record);
        while !wire.is_empty() {
            edit.field(&mut wire)?;
        }
        Ok(edit)
    }

    fn field(&mut self, wire: &mut WireReader<'_>) -> Result<()> {
        match wire.varint()? {
            tag::LOG_NUMBER => self.log_number = wire.varint()?,
            tag::MIN_LOG_NUMBER_TO_KEEP => self.min_log_number = wire.varint()?,
            tag::COLUMN_FAMILY => self.family = family_number(wire)?,
            tag::COLUMN_FAMILY_ADD => self.add = Some(wire.text()?.to_owned()),
            tag::COLUMN_FAMILY_DROP => self.drop = true,
            tag::IN_ATOMIC_GROUP => self.group = Some(wire.varint()?),
            tag::DATABASE_ID => self.database_id = Some(wire.text()?.to_owned()),
            tag::COMPARATOR => drop(wire.bytes()?),
            tag::NEXT_FILE_NUMBER
            | tag::LAST_SEQUENCE
            | tag::PREVIOUS_LOG_NUMBER
            | tag::MAX_COLUMN_FAMILY => {
                wire.varint()?;
            }
            tag::COMPACT_CURSOR => {
                wire.varint()?;
                wire.bytes()?;
            }
            tag::DELETED_FILE => {
                let _level = wire.varint()?;
                self.deleted.push(wire.varint()?);
            }
            tag::NEW_FILE_4 => self.new_file(wire)?,
            other if other & tag::MAY_BE_IGNORED != 0 => drop(wire.bytes()?),
            other => return Err(unknown("tag", other)),
        }
        Ok(())
    }

    fn new_file(&mut self, wire: &mut WireReader<'_>) -> Result<()> {
        let _level = wire.varint()?;
        let (number, bytes) = (wire.varint()?, wire.varint()?);
        let (_smallest, _largest) = (wire.bytes()?, wire.bytes()?);
        let (_first, _last) = (wire.varint()?, wire.varint()?);
        loop {
            match wire.varint()? {
                tag::FILE_END => break,
                tag::FILE_MIN_LOG_NUMBER => {
                    let field = wire.bytes()?;
                    self.min_log_number = WireReader::new(field).u64()?;
                }
                field if field & tag::FILE_MUST_BE_KNOWN != 0 => {
                    return Err(unknown("field of a file", field));
                }
                _ => drop(wire.bytes()?),
            }
        }
        self.added.push((number, bytes));
        Ok(())
    }
}

fn family_number(wire: &mut WireReader<'_>) -> Result<u32> {
    let number = wire.varint()?;
    u32::try_from(number).map_err(|_| Error::corrupt(format!("family number {number}")))
}

fn unknown(what: &str, number: u64) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("{what} {number} is unknown: another version of RocksDB wrote it"),
    )
}

/// An error of reading or of what was read.
pub(super) enum Failure {
    Read(std::io::Error),
    Found(Error),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Found(error)
    }
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Read(error) => Error::io("reading", error),
            Self::Found(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::WireWriter;

    #[test]
    fn families_files_and_logs_follow_the_edits() {
        let mut database = Database::default();
        let edit = |fields: &dyn Fn(&mut WireWriter)| {
            let mut wire = WireWriter::new();
            fields(&mut wire);
            Edit::decode(&wire.finish()).unwrap()
        };
        let add = |wire: &mut WireWriter| {
            wire.varint(tag::COLUMN_FAMILY);
            wire.varint(3);
            wire.varint(tag::COLUMN_FAMILY_ADD);
            wire.text("generation-7");
            wire.varint(tag::LOG_NUMBER);
            wire.varint(12);
        };
        database.apply(edit(&add)).unwrap();
        assert!(database.apply(edit(&add)).is_err());
        let flush = |wire: &mut WireWriter| {
            wire.varint(tag::COLUMN_FAMILY);
            wire.varint(3);
            wire.varint(tag::LOG_NUMBER);
            wire.varint(15);
            wire.varint(tag::LAST_SEQUENCE);
            wire.varint(99);
            wire.varint(tag::NEW_FILE_4);
            for number in [0, 14, 5_000] {
                wire.varint(number);
            }
            wire.bytes(b"a");
            wire.bytes(b"b");
            wire.varint(1);
            wire.varint(2);
            wire.varint(7);
            wire.bytes(b"a checksum");
            wire.varint(tag::FILE_END);
            wire.varint(tag::MAY_BE_IGNORED + 77);
            wire.bytes(b"of a later version");
        };
        database.families.remove(&3);
        database.apply(edit(&add)).unwrap();
        database.apply(edit(&flush)).unwrap();
        let family = &database.families[&3];
        assert_eq!(family.files, BTreeMap::from([(14, 5_000)]));
        assert_eq!(database.first_log(), 15);
    }

    proptest! {
        #[test]
        fn any_edit_is_read_or_refused(record in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(edit) = Edit::decode(&record) {
                let _ = Database::default().apply(edit);
            }
        }
    }
}
