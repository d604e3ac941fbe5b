//! Magic, version, handles and footer: where everything in a segment file is. FORMAT.md section 4
//! has the bytes.

use super::handles::{Handle, StreamHandle, StringsHandle};
use super::slot::SlotBits;
use super::statistics::StatisticsHandle;
use crate::codec::{Descriptor, Flags, ListEncoding, WireReader, WireWriter};
use crate::io::{FileBytes, PAGE_BYTES, Pages, crc32};
use crate::model::{Error, ErrorKind, Result, StoreId};

pub(in crate::segment) const MAGIC: [u8; 8] = *b"ANNALSEG";
pub(in crate::segment) const HEADER_BYTES: usize = 16;
const TAIL_BYTES: usize = 32;

/// Bytes at the end of a file that are read together: tail, footer, and the sums of 256 MB.
const END_BYTES: usize = 1 << 16;

/// The format versions there have been; FORMAT.md section 8 has the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(in crate::segment) enum Version {
    /// Since columns have statistics. Before it there was no release.
    V5 = 5,
}

/// The number of the newest.
pub(crate) const LATEST_VERSION: u32 = Version::LATEST as u32;

impl Version {
    pub(in crate::segment) const LATEST: Self = Self::V5;

    fn check(number: u32, name: &str) -> Result<()> {
        let latest = Self::LATEST as u32;
        if number == latest {
            return Ok(());
        }
        let advice = match number < latest {
            true => "export the data with the annals that wrote it, and import it into a new store",
            false => "open the store with a newer annals",
        };
        Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "{name}: segment format version {number}; this build reads version {latest}; {advice}"
            ),
        ))
    }
}

/// How the rows came in; FULL imports replace bulk rows only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Origin {
    /// By bulk import.
    Bulk = 1,
    /// One by one, through the hot tier.
    Recorded = 2,
}

impl Origin {
    /// The origin with this persisted number.
    pub(crate) fn from_tag(tag: u8) -> Result<Self> {
        match tag {
            1 => Ok(Self::Bulk),
            2 => Ok(Self::Recorded),
            _ => Err(Error::corrupt(format!("origin number {tag}"))),
        }
    }

    /// The name that the tool shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Recorded => "recorded",
        }
    }
}

/// What the codes of a number column stand for (FORMAT.md section 5.6). Code 0 is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberTable {
    /// Code c is `min + (c - 1) * step`.
    Linear {
        /// The smallest value's bits.
        min: u64,
        /// The common divisor of the distances.
        step: u64,
    },
    /// Code c is entry c - 1 of a table of 64-bit words.
    Distinct(Handle),
}

/// Where one field's values are (FORMAT.md section 4.3).
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnFooter {
    /// Carried elsewhere: the user by the directory, the timestamp by its stream.
    Absent,
    /// Codes into a dictionary.
    Strings {
        /// One code a row.
        codes: StreamHandle,
        /// The strings, most frequent first.
        dictionary: StringsHandle,
    },
    /// Codes that stand for numbers.
    Numbers {
        /// One code a row.
        codes: StreamHandle,
        /// What they stand for.
        table: NumberTable,
    },
    /// Lists of item codes: bytes of the four streams, and how they are encoded.
    Lists {
        /// Present, fresh, ends, items.
        handles: [Handle; 4],
        /// Their descriptors.
        encoding: ListEncoding,
    },
}

impl ColumnFooter {
    /// The stream that has a code for each row.
    pub(in crate::segment) fn codes(&self) -> Option<&StreamHandle> {
        match self {
            Self::Strings { codes, .. } | Self::Numbers { codes, .. } => Some(codes),
            Self::Absent | Self::Lists { .. } => None,
        }
    }

    pub(in crate::segment) fn move_by(&mut self, base: usize) {
        match self {
            Self::Absent => {}
            Self::Strings { codes, dictionary } => {
                codes.handle.move_by(base);
                dictionary.move_by(base);
            }
            Self::Numbers { codes, table } => {
                codes.handle.move_by(base);
                if let NumberTable::Distinct(handle) = table {
                    handle.move_by(base);
                }
            }
            Self::Lists { handles, .. } => {
                handles.iter_mut().for_each(|handle| handle.move_by(base));
            }
        }
    }

    fn write(&self, wire: &mut WireWriter) {
        match self {
            Self::Absent => wire.u8(0),
            Self::Strings { codes, dictionary } => {
                wire.u8(1);
                codes.write(wire);
                dictionary.write(wire);
            }
            Self::Numbers { codes, table } => {
                wire.u8(2);
                codes.write(wire);
                match table {
                    NumberTable::Linear { min, step } => {
                        wire.u8(0);
                        wire.u64(*min);
                        wire.u64(*step);
                    }
                    NumberTable::Distinct(handle) => {
                        wire.u8(1);
                        handle.write(wire);
                    }
                }
            }
            Self::Lists { handles, encoding } => {
                wire.u8(3);
                handles.iter().for_each(|handle| handle.write(wire));
                for flags in [encoding.present, encoding.fresh] {
                    wire.varint(flags.count as u64);
                    wire.u8(u8::from(flags.all));
                }
                encoding.ends.write(wire);
                encoding.items.write(wire);
            }
        }
    }

    fn read(wire: &mut WireReader<'_>) -> Result<Self> {
        Ok(match wire.u8()? {
            0 => Self::Absent,
            1 => Self::Strings {
                codes: StreamHandle::read(wire)?,
                dictionary: StringsHandle::read(wire)?,
            },
            2 => Self::Numbers {
                codes: StreamHandle::read(wire)?,
                table: match wire.u8()? {
                    0 => NumberTable::Linear {
                        min: wire.u64()?,
                        step: wire.u64()?,
                    },
                    1 => NumberTable::Distinct(Handle::read(wire)?),
                    tag => return Err(Error::corrupt(format!("number table kind {tag}"))),
                },
            },
            3 => Self::Lists {
                handles: [
                    Handle::read(wire)?,
                    Handle::read(wire)?,
                    Handle::read(wire)?,
                    Handle::read(wire)?,
                ],
                encoding: ListEncoding {
                    present: read_flags(wire)?,
                    fresh: read_flags(wire)?,
                    ends: Descriptor::read(wire)?,
                    items: Descriptor::read(wire)?,
                },
            },
            tag => return Err(Error::corrupt(format!("column kind {tag}"))),
        })
    }
}

fn read_flags(wire: &mut WireReader<'_>) -> Result<Flags> {
    Ok(Flags {
        count: wire.length()?,
        all: wire.u8()? != 0,
    })
}

/// Everything about a segment but its data, in the order of FORMAT.md section 4.3.
#[derive(Clone, Debug, PartialEq)]
pub struct Footer {
    /// CRC-32 of the footer's bytes, the checksum of the page sums included: it stands for the whole
    /// file. 0 until they are written; it is not among them.
    pub checksum: u32,
    /// The store that it belongs to.
    pub(crate) store: StoreId,
    /// How the rows came in.
    pub origin: Origin,
    /// Rows; at most 2^31.
    pub rows: usize,
    /// The schema document.
    pub schema: String,
    /// First and last user.
    pub users: [String; 2],
    /// Lowest and highest timestamp, in epoch seconds.
    pub timestamps: [i64; 2],
    /// What a timestamp code counts, in seconds.
    pub timestamp_step: u64,
    /// What every sequence code is added to.
    pub sequence_base: u64,
    /// Lowest and highest sequence code.
    pub sequence_codes: [u64; 2],
    /// The hash table of the user directory.
    pub directory: Handle,
    /// How wide the parts of its slots are.
    pub slot_bits: SlotBits,
    /// Samples of the lines at which blocks begin.
    pub line_samples: Handle,
    /// The user ids, sorted.
    pub user_ids: StringsHandle,
    /// The first row of each user, and the number of rows.
    pub user_starts: StreamHandle,
    /// The lowest timestamp code of each 128 rows.
    pub zone_min: StreamHandle,
    /// The highest timestamp code of each 128 rows.
    pub zone_max: StreamHandle,
    /// Timestamp codes.
    pub timestamp_codes: StreamHandle,
    /// Sequence codes.
    pub sequences: StreamHandle,
    /// One for each schema field.
    pub columns: Vec<ColumnFooter>,
    /// One for each column; of those of strings and of numbers alone there are any.
    pub statistics: Vec<Option<StatisticsHandle>>,
}

impl Footer {
    /// Rows that one segment holds at most.
    pub const MAX_ROWS: usize = 1 << 31;

    /// First and last sequence number.
    pub fn sequence_range(&self) -> [u64; 2] {
        self.sequence_codes
            .map(|code| self.sequence_base.saturating_add(code))
    }

    /// Strings in the dictionaries of all columns.
    pub fn strings(&self) -> usize {
        let columns = self.columns.iter();
        let counts = columns.map(|column| match column {
            ColumnFooter::Strings { dictionary, .. } => dictionary.count,
            _ => 0,
        });
        counts.sum()
    }

    fn write(&self) -> Vec<u8> {
        let mut wire = WireWriter::new();
        wire.raw(&self.store.0);
        wire.u8(self.origin as u8);
        wire.varint(self.rows as u64);
        wire.text(&self.schema);
        self.users.iter().for_each(|user| wire.text(user));
        self.timestamps.iter().for_each(|at| wire.i64(*at));
        wire.u64(self.timestamp_step);
        wire.u64(self.sequence_base);
        self.sequence_codes.iter().for_each(|code| wire.u64(*code));
        self.directory.write(&mut wire);
        let SlotBits {
            position,
            first_row,
            rows,
        } = self.slot_bits;
        for bits in [position, first_row, rows] {
            wire.u8(bits);
        }
        self.line_samples.write(&mut wire);
        self.user_ids.write(&mut wire);
        for stream in [
            &self.user_starts,
            &self.zone_min,
            &self.zone_max,
            &self.timestamp_codes,
            &self.sequences,
        ] {
            stream.write(&mut wire);
        }
        wire.varint(self.columns.len() as u64);
        self.columns
            .iter()
            .for_each(|column| column.write(&mut wire));
        let statistics = self.statistics.iter().flatten();
        statistics.for_each(|handle| handle.write(&mut wire));
        wire.finish()
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let mut wire = WireReader::new(bytes);
        let mut footer = Self {
            checksum: 0,
            store: StoreId(wire.raw()?),
            origin: Origin::from_tag(wire.u8()?)?,
            rows: wire.length()?,
            schema: wire.text()?.to_owned(),
            users: [wire.text()?.to_owned(), wire.text()?.to_owned()],
            timestamps: [wire.i64()?, wire.i64()?],
            timestamp_step: wire.u64()?,
            sequence_base: wire.u64()?,
            sequence_codes: [wire.u64()?, wire.u64()?],
            directory: Handle::read(&mut wire)?,
            slot_bits: SlotBits {
                position: wire.u8()?,
                first_row: wire.u8()?,
                rows: wire.u8()?,
            },
            line_samples: Handle::read(&mut wire)?,
            user_ids: StringsHandle::read(&mut wire)?,
            user_starts: StreamHandle::read(&mut wire)?,
            zone_min: StreamHandle::read(&mut wire)?,
            zone_max: StreamHandle::read(&mut wire)?,
            timestamp_codes: StreamHandle::read(&mut wire)?,
            sequences: StreamHandle::read(&mut wire)?,
            columns: {
                let count = wire.count()?;
                (0..count)
                    .map(|_| ColumnFooter::read(&mut wire))
                    .collect::<Result<_>>()?
            },
            statistics: Vec::new(),
        };
        for column in &footer.columns {
            let codes = column.codes();
            let handle = codes.map(|_| StatisticsHandle::read(&mut wire));
            footer.statistics.push(handle.transpose()?);
        }
        if footer.rows > Self::MAX_ROWS || !wire.is_empty() {
            return Err(Error::corrupt("a footer that does not fit its segment"));
        }
        Ok(footer)
    }

    /// The bytes behind the regions: sums, footer and tail.
    pub(in crate::segment) fn seal(&mut self, data_len: usize, sums: &[u32]) -> Vec<u8> {
        let mut bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
        let sums_crc = crc32(&bytes);
        let mut footer = self.write();
        footer.extend_from_slice(&sums_crc.to_le_bytes());
        let footer_offset = data_len + bytes.len();
        bytes.extend_from_slice(&footer);
        let mut tail = WireWriter::new();
        tail.u64(footer_offset as u64);
        tail.u32(footer.len() as u32);
        self.checksum = crc32(&footer);
        tail.u32(self.checksum);
        tail.u32(Version::LATEST as u32);
        tail.u32(0);
        bytes.extend_from_slice(&tail.finish());
        bytes.extend_from_slice(&MAGIC);
        bytes
    }

    /// Checks header, tail, footer and sums, and gives the footer with the pages of the regions.
    pub(in crate::segment) fn open(name: &str, file: FileBytes) -> Result<(Self, Pages)> {
        open_file(name, file).map_err(|error| match error.kind() {
            ErrorKind::Corruption => error.within(name),
            _ => error,
        })
    }
}

/// The bytes at the head of a segment file.
pub(in crate::segment) fn header() -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let version = (Version::LATEST as u32).to_le_bytes();
    for (slot, byte) in header.iter_mut().zip(MAGIC.into_iter().chain(version)) {
        *slot = byte;
    }
    header
}

fn open_file(name: &str, file: FileBytes) -> Result<(Footer, Pages)> {
    let cut = || Error::corrupt("not a segment, or cut short");
    let tail_at = file.len().checked_sub(TAIL_BYTES).ok_or_else(cut)?;
    file.ask(0..HEADER_BYTES);
    file.ask(file.len().saturating_sub(END_BYTES)..file.len());
    let mut tail = WireReader::new(file.get(tail_at..file.len())?);
    let footer_at = usize::try_from(tail.u64()?).map_err(|_| cut())?;
    let footer_len = tail.u32()? as usize;
    let footer_crc = tail.u32()?;
    let version = tail.u32()?;
    let zero = tail.u32()?;
    if file.get(file.len() - MAGIC.len()..file.len())? != MAGIC {
        return Err(Error::corrupt(
            "the segment's last bytes are not its magic: cut short, or not a segment",
        ));
    }
    // A version that is unknown here but not in the header is damage, and no newer file.
    let known_header = file.get(0..HEADER_BYTES)? == header();
    match Version::check(version, name) {
        Err(error) if !known_header => return Err(error),
        Ok(()) if zero == 0 && footer_at.checked_add(footer_len) == Some(tail_at) => {}
        _ => {
            return Err(Error::corrupt(format!(
                "the tail, bytes {tail_at}..{}, is damaged",
                file.len()
            )));
        }
    }
    let footer = file.get(footer_at..tail_at)?;
    if crc32(footer) != footer_crc {
        return Err(Error::corrupt(format!(
            "checksum mismatch in the footer, bytes {footer_at}..{tail_at}; run `annals verify`"
        )));
    }
    let (record, sums_crc) = footer.split_last_chunk::<4>().ok_or_else(cut)?;
    let sums_crc = u32::from_le_bytes(*sums_crc);
    let data_len = data_len_before(footer_at).ok_or_else(cut)?;
    file.ask(data_len..footer_at);
    let sums = file.get(data_len..footer_at)?;
    if crc32(sums) != sums_crc {
        return Err(Error::corrupt(format!(
            "checksum mismatch in the page sums, bytes {data_len}..{footer_at}"
        )));
    }
    let sums = sums.as_chunks::<4>().0;
    let sums = sums.iter().map(|sum| u32::from_le_bytes(*sum)).collect();
    let footer = Footer {
        checksum: footer_crc,
        ..Footer::read(record)?
    };
    // Not through the pages: damage behind the header is told by who reads it, not on opening.
    if file.get(0..HEADER_BYTES)? != header() {
        return Err(Error::corrupt(
            "the segment's first bytes are not its header",
        ));
    }
    let pages = Pages::new(name.to_owned(), file, data_len, sums)?;
    Ok((footer, pages))
}

/// Data of `len` bytes is followed by four bytes a page; this turns the place behind both back
/// into `len` (FORMAT.md section 4.2).
fn data_len_before(footer_at: usize) -> Option<usize> {
    let pages = footer_at.div_ceil(PAGE_BYTES + 4);
    let len = footer_at.checked_sub(pages * 4)?;
    (len.div_ceil(PAGE_BYTES) == pages).then_some(len)
}
