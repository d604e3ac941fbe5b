//! What a store consists of: one small file, replaced whole by an atomic rename. FORMAT.md
//! section 3 has the bytes.

use crate::codec::{WireReader, WireWriter};
use crate::io::{Storage, crc32};
use crate::segment::{Footer, Origin};
use crate::types::{Error, ErrorKind, Limits, Result};

pub(crate) const FILE: &str = "MANIFEST";
const NEW_FILE: &str = "MANIFEST.new";
const MAGIC: [u8; 8] = *b"ANNALSMF";
const VERSION: u32 = 1;

/// One published segment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SegmentEntry {
    /// Names its file.
    pub id: u64,
    /// The sorted run it belongs to: segments of one run do not overlap in users.
    pub run: u64,
    pub origin: Origin,
    pub file_bytes: u64,
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
}

impl Manifest {
    pub(crate) fn new(schema: &str, limits: &Limits) -> Self {
        Self {
            edit: 0,
            schema: schema.to_owned(),
            limits: limits.clone(),
            next_id: 1,
            last_sequence: 0,
            segments: Vec::new(),
            generations: Vec::new(),
            segment_bytes_written: 0,
            segment_bytes_ingested: 0,
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
            wire.varint(segment.rows);
            wire.varint(segment.sequences[0]);
            wire.varint(segment.sequences[1]);
            wire.varint(segment.sessions);
            wire.varint(segment.joined);
        }
        wire.varint(self.generations.len() as u64);
        self.generations.iter().for_each(|id| wire.varint(*id));
        let body = wire.finish();
        let mut covered = VERSION.to_le_bytes().to_vec();
        covered.extend_from_slice(&body);
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(&crc32(&covered).to_le_bytes());
        file.extend_from_slice(&covered);
        Ok(file)
    }

    /// Reads the bytes of the file.
    ///
    /// # Errors
    /// `Corruption` when they are damaged, `Unsupported` when a newer version wrote them.
    pub(crate) fn decode(file: &[u8]) -> Result<Self> {
        let damaged = |what: &str| Error::corrupt(format!("{FILE}: {what}"));
        let (magic, rest) = file
            .split_first_chunk::<8>()
            .ok_or_else(|| damaged("cut short"))?;
        let (crc, covered) = rest
            .split_first_chunk::<4>()
            .ok_or_else(|| damaged("cut short"))?;
        let (version, body) = covered
            .split_first_chunk::<4>()
            .ok_or_else(|| damaged("cut short"))?;
        if *magic != MAGIC {
            return Err(damaged("bytes 0..8 are not its magic; not a manifest"));
        }
        if crc32(covered) != u32::from_le_bytes(*crc) {
            return Err(damaged(&format!(
                "checksum mismatch in bytes 8..{}; restore the file from a copy",
                file.len()
            )));
        }
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "{FILE}: format version {version}; this build reads version {VERSION}; \
                     open the store with a newer annals"
                ),
            ));
        }
        Self::decode_body(body).map_err(|error| error.within(FILE))
    }

    fn decode_body(body: &[u8]) -> Result<Self> {
        let mut wire = WireReader::new(body);
        let manifest = Self {
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
        };
        if !wire.is_empty() {
            return Err(Error::corrupt("bytes behind its end"));
        }
        Ok(manifest)
    }

    /// Reads the manifest of a store.
    pub(crate) fn read(storage: &dyn Storage) -> Result<Self> {
        Self::decode(&storage.map(FILE)?)
    }

    /// Replaces the manifest atomically and durably.
    pub(crate) fn write(&self, storage: &dyn Storage) -> Result<()> {
        if storage.list("")?.iter().any(|name| name == NEW_FILE) {
            storage.remove(NEW_FILE)?;
        }
        let mut file = storage.create(NEW_FILE)?;
        file.append(&self.encode()?)?;
        file.sync()?;
        storage.rename(NEW_FILE, FILE)?;
        storage.sync_folder("")
    }
}

fn read_segment(wire: &mut WireReader<'_>) -> Result<SegmentEntry> {
    Ok(SegmentEntry {
        id: wire.varint()?,
        run: wire.varint()?,
        origin: Origin::from_tag(wire.u8()?)?,
        file_bytes: wire.varint()?,
        rows: wire.varint()?,
        sequences: [wire.varint()?, wire.varint()?],
        sessions: wire.varint()?,
        joined: wire.varint()?,
    })
}
