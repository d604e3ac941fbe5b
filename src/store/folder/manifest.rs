//! What a store consists of: one small file, replaced whole by an atomic rename. FORMAT.md
//! section 3 has the bytes.

use std::fmt;

use super::small_file;
use crate::codec::{WireReader, WireWriter};
use crate::io::{Storage, read_small, replace};
use crate::model::{Entropy, Error, Limits, Result, StoreId};
use crate::segment::{Footer, Origin};

pub(crate) const FILE: &str = "MANIFEST";
pub(in crate::store) const NEW_FILE: &str = "MANIFEST.new";
const MAGIC: [u8; 8] = *b"ANNALSMF";
pub(in crate::store) const VERSION: u32 = 3;
/// The oldest that is read. It does not say what was replaced.
const OLDEST: u32 = 2;

/// Which store it is, and which copy of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The store; segments carry it, too.
    pub(crate) store: StoreId,
    /// A random number that a copy which goes its own way gets anew.
    pub(crate) incarnation: u64,
}

impl Identity {
    /// That of a new store.
    ///
    /// # Errors
    /// `Io` when there are no random bytes.
    pub(crate) fn random(entropy: &Entropy) -> Result<Self> {
        Ok(Self {
            store: StoreId(entropy.bytes()?),
            incarnation: u64::from_le_bytes(entropy.bytes()?),
        })
    }

    /// That of a copy of the store.
    ///
    /// # Errors
    /// As [`Identity::random`].
    pub(in crate::store) fn of_copy(self, entropy: &Entropy) -> Result<Self> {
        Ok(Self {
            incarnation: Self::random(entropy)?.incarnation,
            ..self
        })
    }

    pub(in crate::store) fn write(self, wire: &mut WireWriter) {
        wire.raw(&self.store.0);
        wire.u64(self.incarnation);
    }

    pub(in crate::store) fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        Ok(Self {
            store: StoreId(wire.raw()?),
            incarnation: wire.u64()?,
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:016x}", self.store, self.incarnation)
    }
}

/// One published segment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SegmentEntry {
    /// Names its file.
    pub id: u64,
    /// The sorted run it belongs to: segments of one run do not overlap in users.
    pub run: u64,
    pub origin: Origin,
    pub file_bytes: u64,
    /// That of the footer, which covers the checksums of all pages.
    pub checksum: u32,
    pub rows: u64,
    /// First and last sequence number.
    pub sequences: [u64; 2],
    /// Users that are sessions.
    pub sessions: u64,
    /// Links and late records of commits up to this are worked into the rows.
    pub joined: u64,
}

impl SegmentEntry {
    /// The entry of a segment with no session, into which nothing was worked.
    pub(crate) fn new(id: u64, run: u64, footer: &Footer, file_bytes: u64) -> Self {
        Self {
            sessions: 0,
            joined: 0,
            id,
            run,
            origin: footer.origin,
            file_bytes,
            checksum: footer.checksum,
            rows: footer.rows as u64,
            sequences: footer.sequence_range(),
        }
    }

    /// The path of a segment's file.
    pub(crate) fn path_of(id: u64) -> String {
        format!("segments/{id:08}.seg")
    }
}

/// The state of a store that one edit turns into the next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Manifest {
    pub identity: Identity,
    /// Counts edits, so that a reader in another process can tell that it missed one.
    pub edit: u64,
    pub schema: String,
    pub limits: Limits,
    /// Number of the next segment, run or generation.
    pub next_id: u64,
    /// No commit in a segment is above this.
    pub last_sequence: u64,
    /// Segments, by run (oldest data first), then by user.
    pub segments: Vec<SegmentEntry>,
    /// Live generations, oldest first; the last takes the writes.
    pub generations: Vec<u64>,
    /// Bytes that imports, seals and compactions have written to segments, ever, and those that
    /// were written for the first time.
    pub segment_bytes_written: u64,
    pub segment_bytes_ingested: u64,
    pub removed: Removed,
}

/// The newest commits that took rows of earlier ones out of the segments; 0 for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// A FULL import, or the newest commit at a repair.
    pub replaced: u64,
    /// A deletion.
    pub deleted: u64,
}

impl Removed {
    pub fn newest(self) -> u64 {
        self.replaced.max(self.deleted)
    }
}

impl Manifest {
    pub(crate) fn new(identity: Identity, schema: &str, limits: &Limits) -> Self {
        Self {
            identity,
            edit: 0,
            schema: schema.to_owned(),
            limits: limits.clone(),
            next_id: 1,
            last_sequence: 0,
            segments: Vec::new(),
            generations: Vec::new(),
            segment_bytes_written: 0,
            segment_bytes_ingested: 0,
            removed: Removed::default(),
        }
    }

    /// A number that was never given out.
    pub(crate) fn take_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// The bytes of the file.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let limits = serde_json::to_string(&self.limits)
            .map_err(|error| Error::invalid("limits that JSON cannot hold").caused_by(error))?;
        let mut wire = WireWriter::new();
        self.identity.write(&mut wire);
        wire.varint(self.edit);
        wire.text(&self.schema);
        wire.text(&limits);
        wire.varint(self.next_id);
        wire.varint(self.last_sequence);
        wire.varint(self.segment_bytes_written);
        wire.varint(self.segment_bytes_ingested);
        wire.varint(self.segments.len() as u64);
        for segment in &self.segments {
            wire.varint(segment.id);
            wire.varint(segment.run);
            wire.u8(segment.origin as u8);
            wire.varint(segment.file_bytes);
            wire.u32(segment.checksum);
            wire.varint(segment.rows);
            wire.varint(segment.sequences[0]);
            wire.varint(segment.sequences[1]);
            wire.varint(segment.sessions);
            wire.varint(segment.joined);
        }
        wire.varint(self.generations.len() as u64);
        self.generations.iter().for_each(|id| wire.varint(*id));
        wire.varint(self.removed.replaced);
        wire.varint(self.removed.deleted);
        Ok(small_file::encode(MAGIC, VERSION, &wire.finish()))
    }

    /// Reads the bytes of the file.
    ///
    /// # Errors
    /// `Corruption` when they are damaged, `Unsupported` when another version wrote them.
    pub(crate) fn decode(file: &[u8]) -> Result<Self> {
        let (version, body) = small_file::decode(FILE, MAGIC, OLDEST..=VERSION, file)?;
        Self::decode_body(version, body).map_err(|error| error.within(FILE))
    }

    fn decode_body(version: u32, body: &[u8]) -> Result<Self> {
        let mut wire = WireReader::new(body);
        let mut manifest = Self {
            identity: Identity::read(&mut wire)?,
            edit: wire.varint()?,
            schema: wire.text()?.to_owned(),
            limits: serde_json::from_str(wire.text()?)
                .map_err(|error| Error::corrupt("limits that do not parse").caused_by(error))?,
            next_id: wire.varint()?,
            last_sequence: wire.varint()?,
            segment_bytes_written: wire.varint()?,
            segment_bytes_ingested: wire.varint()?,
            segments: {
                let count = wire.count()?;
                (0..count)
                    .map(|_| read_segment(&mut wire))
                    .collect::<Result<_>>()?
            },
            generations: {
                let count = wire.count()?;
                (0..count).map(|_| wire.varint()).collect::<Result<_>>()?
            },
            removed: Removed::default(),
        };
        if version == OLDEST {
            manifest.removed.replaced = manifest.replaced_at_most();
        } else {
            manifest.removed.replaced = wire.varint()?;
            manifest.removed.deleted = wire.varint()?;
        }
        if !wire.is_empty() {
            return Err(Error::corrupt("bytes behind its end"));
        }
        Ok(manifest)
    }

    /// The newest commit that may have removed rows, as far as segments tell: a FULL import comes before
    /// all bulk rows that there are.
    fn replaced_at_most(&self) -> u64 {
        let bulk = self
            .segments
            .iter()
            .filter(|entry| entry.origin == Origin::Bulk);
        let first = bulk.map(|entry| entry.sequences[0]).min();
        first.unwrap_or(self.last_sequence)
    }

    /// Reads the manifest of a store.
    pub(crate) fn read(storage: &dyn Storage) -> Result<Self> {
        Self::decode(&read_small(storage, FILE)?)
    }

    /// Replaces the manifest atomically and durably.
    pub(crate) fn write(&self, storage: &dyn Storage) -> Result<()> {
        replace(storage, FILE, NEW_FILE, &self.encode()?)
    }
}

fn read_segment(wire: &mut WireReader<'_>) -> Result<SegmentEntry> {
    Ok(SegmentEntry {
        id: wire.varint()?,
        run: wire.varint()?,
        origin: Origin::from_tag(wire.u8()?)?,
        file_bytes: wire.varint()?,
        checksum: wire.u32()?,
        rows: wire.varint()?,
        sequences: [wire.varint()?, wire.varint()?],
        sessions: wire.varint()?,
        joined: wire.varint()?,
    })
}
