//! Where the files of a log stand: what a note of the log says, and an opening compares.

use crate::codec::{WireReader, WireWriter};
use crate::model::Result;

/// A numbered file and its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileMark {
    pub(crate) number: u64,
    pub(crate) bytes: u64,
}

impl FileMark {
    fn write(self, wire: &mut WireWriter) {
        wire.varint(self.number);
        wire.varint(self.bytes);
    }

    fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        Ok(Self {
            number: wire.varint()?,
            bytes: wire.varint()?,
        })
    }
}

/// The files of a log at one moment, all of it synced. A log in memory has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// RocksDB's name for the database.
    pub(crate) database: String,
    /// RocksDB's manifest.
    pub(crate) manifest: FileMark,
    /// The files of the write-ahead log, rising.
    pub(crate) logs: Vec<FileMark>,
}

impl Position {
    pub(crate) fn write(&self, wire: &mut WireWriter) {
        wire.text(&self.database);
        self.manifest.write(wire);
        wire.varint(self.logs.len() as u64);
        self.logs.iter().for_each(|log| log.write(wire));
    }

    pub(crate) fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        Ok(Self {
            database: wire.text()?.to_owned(),
            manifest: FileMark::read(wire)?,
            logs: {
                let count = wire.count()?;
                (0..count)
                    .map(|_| FileMark::read(wire))
                    .collect::<Result<_>>()?
            },
        })
    }
}

/// What the last note of a log says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) position: Position,
    /// Whether the log was closed in order behind it: then nothing may have changed, unless it was
    /// opened since, which begins another manifest.
    pub(crate) closed: bool,
}
