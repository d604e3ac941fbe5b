//! Sorted columns in, a synced file out.

use std::sync::Arc;

use super::columns::{ItemRanks, encode_column};
use super::directory;
use super::format::{ColumnFooter, Footer, Handle, Origin, StreamHandle, StringsHandle, header};
use super::parallel::run_side_by_side;
use super::strings::item_hash;
use super::sums::SummedFile;
use crate::codec::{BLOCK, Descriptor, Encoding, Word, encode, encode_packed};
use crate::io::Storage;
use crate::types::{Column, Columns, Dictionary, Error, Result, Schema, Strings};

/// Writes segments of one origin into a storage.
pub struct SegmentWriter<'a> {
    /// Where.
    pub storage: &'a dyn Storage,
    /// Of which schema.
    pub schema: &'a Schema,
    /// From where the rows come.
    pub origin: Origin,
    /// Whether the file is synced; a temporary one need not be.
    pub durable: bool,
    /// Threads that encode, the caller's included; at least 1.
    pub threads: usize,
}

/// A segment whose data is written; the footer waits for its sequence number.
pub struct PreparedSegment {
    file: SummedFile,
    footer: Footer,
    durable: bool,
}

impl SegmentWriter<'_> {
    /// Writes the rows of `columns` to a new file. The rows must be sorted by user id, timestamp
    /// and arrival, and there must be at least one. Sequence numbers are kept relative to
    /// `sequence_base`, or to what [`PreparedSegment::finish`] is given.
    ///
    /// The parts of the file are encoded side by side and appended in a fixed order, so the bytes
    /// do not depend on the number of threads.
    ///
    /// # Errors
    /// `Io`, or `InvalidInput` when a column would pass what the format holds.
    pub fn prepare(
        &self,
        path: &str,
        columns: &Columns,
        sequence_base: u64,
    ) -> Result<PreparedSegment> {
        let items = ItemRanks::of(columns, self.schema.item())?;
        let jobs = (0..FIELDS_AT + columns.fields.len()).map(|nth| {
            let items = &items;
            let field = nth
                .checked_sub(FIELDS_AT)
                .and_then(|field| columns.fields.get(field));
            let size = field.map_or(columns.timestamps.len() * 8, Column::data_bytes);
            let job = move || {
                let mut out = Output::default();
                let part = match nth {
                    USERS_AT => Part::Users(users(columns, &mut out)?),
                    TIMESTAMPS_AT => Part::Timestamps(Timestamps::of(columns, &mut out)?),
                    SEQUENCES_AT => {
                        Part::Sequences(Sequences::of(columns, sequence_base, &mut out)?)
                    }
                    _ => Part::Field(self.field(columns, nth - FIELDS_AT, items, &mut out)?),
                };
                Ok((part, out))
            };
            (size, job)
        });
        let mut file = SummedFile::new(self.storage.create(path)?);
        file.region(&header())?;
        let mut parts = Parts::default();
        for encoded in run_side_by_side(self.threads, jobs.collect()) {
            let (part, out) = encoded?;
            let base = file.region(&out.bytes)?.offset;
            parts.add(part, base);
        }
        let footer = parts.footer(self, columns.rows(), sequence_base)?;
        if self.durable {
            file.sync()?;
        }
        Ok(PreparedSegment {
            file,
            footer,
            durable: self.durable,
        })
    }

    fn field(
        &self,
        columns: &Columns,
        field: usize,
        items: &ItemRanks,
        out: &mut Output,
    ) -> Result<ColumnFooter> {
        let absent = Column::Absent;
        let column = columns.fields.get(field).unwrap_or(&absent);
        if field == self.schema.item() {
            return items.write(column, out);
        }
        let dictionary = columns.dictionaries.get(field).and_then(Option::as_ref);
        encode_column(column, dictionary, items, columns.rows(), out)
    }
}

const USERS_AT: usize = 0;
const TIMESTAMPS_AT: usize = 1;
const SEQUENCES_AT: usize = 2;
const FIELDS_AT: usize = 3;

/// An encoded part of the file; its handles count from the part's own start.
enum Part {
    Users(Users),
    Timestamps(Timestamps),
    Sequences(Sequences),
    Field(ColumnFooter),
}

/// The parts as they come; their handles count from the start of the file.
#[derive(Default)]
struct Parts {
    users: Option<Users>,
    timestamps: Option<Timestamps>,
    sequences: Option<Sequences>,
    fields: Vec<ColumnFooter>,
}

impl Parts {
    fn add(&mut self, part: Part, base: usize) {
        match part {
            Part::Users(mut users) => {
                users.directory.move_by(base);
                users.ids.move_by(base);
                users.starts.handle.move_by(base);
                self.users = Some(users);
            }
            Part::Timestamps(mut time) => {
                for stream in [&mut time.codes, &mut time.zone_min, &mut time.zone_max] {
                    stream.handle.move_by(base);
                }
                self.timestamps = Some(time);
            }
            Part::Sequences(mut sequences) => {
                sequences.codes.handle.move_by(base);
                self.sequences = Some(sequences);
            }
            Part::Field(mut column) => {
                column.move_by(base);
                self.fields.push(column);
            }
        }
    }

    fn footer(self, writer: &SegmentWriter<'_>, rows: usize, sequence_base: u64) -> Result<Footer> {
        let (Some(users), Some(time), Some(sequences)) =
            (self.users, self.timestamps, self.sequences)
        else {
            return Err(incomplete());
        };
        Ok(Footer {
            origin: writer.origin,
            rows,
            schema: writer.schema.json().to_owned(),
            users: users.bounds,
            timestamps: time.bounds,
            timestamp_step: time.step,
            sequence_base,
            sequence_codes: sequences.bounds,
            directory: users.directory,
            user_ids: users.ids,
            user_starts: users.starts,
            zone_min: time.zone_min,
            zone_max: time.zone_max,
            timestamp_codes: time.codes,
            sequences: sequences.codes,
            columns: self.fields,
        })
    }
}

fn users(columns: &Columns, out: &mut Output) -> Result<Users> {
    let ids = columns.user_ids.as_ref().ok_or_else(incomplete)?;
    let mut starts = vec![0u64];
    let mut dictionary = Dictionary::default();
    let mut sorted: Vec<&str> = Vec::new();
    for run in columns.users.chunk_by(|a, b| a == b) {
        let user = ids.get(run.first().copied().unwrap_or(0))?;
        sorted.push(user);
        dictionary.push(user)?;
        starts.push(starts.last().copied().unwrap_or(0) + run.len() as u64);
    }
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return Err(incomplete());
    };
    if columns.rows() > Footer::MAX_ROWS || !sorted.is_sorted_by(|a, b| a < b) {
        return Err(Error::invalid(
            "a segment's rows must be sorted by user, at most 2^31",
        ));
    }
    Ok(Users {
        bounds: [(*first).to_owned(), (*last).to_owned()],
        directory: out.region(&directory::build(sorted.iter().copied())),
        ids: out.strings(&dictionary, false)?,
        starts: out.packed(&starts)?,
    })
}

fn incomplete() -> Error {
    Error::invalid("a segment needs rows with users")
}

impl PreparedSegment {
    /// Writes the footer, syncs the file, and gives the footer and the file's length in bytes.
    /// `sequence_base`, where given, replaces what the sequence numbers are relative to.
    ///
    /// # Errors
    /// `Io`.
    pub fn finish(mut self, sequence_base: Option<u64>) -> Result<(Footer, u64)> {
        if let Some(base) = sequence_base {
            self.footer.sequence_base = base;
        }
        let end = self.footer.seal(self.file.len(), &self.file.sums());
        self.file.finish(&end)?;
        if self.durable {
            self.file.sync()?;
        }
        Ok((self.footer, self.file.len() as u64))
    }
}

/// A part of the file, encoded in memory: regions one behind the other, each padded to 8 bytes.
#[derive(Default)]
pub(super) struct Output {
    bytes: Vec<u8>,
}

impl Output {
    /// Appends bytes as they are.
    pub(super) fn region(&mut self, bytes: &[u8]) -> Handle {
        let offset = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.close(offset)
    }

    /// Ends the region that began at `offset`.
    fn close(&mut self, offset: usize) -> Handle {
        let len = self.bytes.len() - offset;
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        Handle { offset, len }
    }

    /// Appends values in the smallest encoding.
    pub(super) fn stream<T: Word>(&mut self, values: &[T]) -> Result<StreamHandle> {
        let offset = self.bytes.len();
        let descriptor = encode(values, &mut self.bytes)?;
        let handle = self.close(offset);
        Ok(StreamHandle { handle, descriptor })
    }

    /// So many zeros, which take no bytes.
    fn zeros(&mut self, count: usize) -> StreamHandle {
        StreamHandle {
            handle: self.region(&[]),
            descriptor: Descriptor {
                encoding: Encoding::Constant,
                count,
                params: [0; 6],
            },
        }
    }

    /// Appends values so that any one is read in constant time.
    fn packed(&mut self, values: &[u64]) -> Result<StreamHandle> {
        let offset = self.bytes.len();
        let descriptor = encode_packed(values, &mut self.bytes)?;
        let handle = self.close(offset);
        Ok(StreamHandle { handle, descriptor })
    }

    /// Appends a dictionary, with hashes where strings are looked up.
    pub(super) fn strings(&mut self, strings: &Dictionary, hashed: bool) -> Result<StringsHandle> {
        let (offsets, text) = strings.buffers()?;
        let mut hashes = Vec::new();
        if hashed {
            for code in 1..=strings.len() as u32 {
                hashes.extend_from_slice(&item_hash(strings.get(code)?).to_le_bytes());
            }
        }
        Ok(StringsHandle {
            count: strings.len(),
            offsets: self.region(&offsets),
            text: self.region(&text),
            hashes: self.region(&hashes),
        })
    }
}

struct Users {
    bounds: [String; 2],
    directory: Handle,
    ids: StringsHandle,
    starts: StreamHandle,
}

/// Timestamps as codes: the distance from the first, in steps of the common divisor.
struct Timestamps {
    bounds: [i64; 2],
    step: u64,
    codes: StreamHandle,
    zone_min: StreamHandle,
    zone_max: StreamHandle,
}

impl Timestamps {
    fn of(columns: &Columns, out: &mut Output) -> Result<Self> {
        let timestamps = &columns.timestamps;
        let bounds = bounds(timestamps).ok_or_else(incomplete)?;
        let [min, _] = bounds;
        let step = common_divisor(timestamps.iter().map(|at| at.wrapping_sub(min) as u64));
        let codes: Vec<u64> = timestamps
            .iter()
            .map(|at| at.wrapping_sub(min) as u64 / step)
            .collect();
        let edge = |best: fn(&[u64]) -> Option<u64>| -> Vec<u64> {
            codes.chunks(BLOCK).filter_map(best).collect()
        };
        Ok(Self {
            bounds,
            step,
            zone_min: out.packed(&edge(|block| block.iter().min().copied()))?,
            zone_max: out.packed(&edge(|block| block.iter().max().copied()))?,
            codes: out.stream(&codes)?,
        })
    }
}

/// Sequence numbers as codes: the distance from the base.
struct Sequences {
    bounds: [u64; 2],
    codes: StreamHandle,
}

impl Sequences {
    fn of(columns: &Columns, base: u64, out: &mut Output) -> Result<Self> {
        if columns.sequences.is_empty() {
            return Ok(Self {
                bounds: [0, 0],
                codes: out.zeros(columns.rows()),
            });
        }
        let sequences = columns.sequences.iter();
        let codes: Vec<u64> = sequences
            .map(|sequence| sequence.saturating_sub(base))
            .collect();
        Ok(Self {
            bounds: bounds(&codes).unwrap_or_default(),
            codes: out.stream(&codes)?,
        })
    }
}

fn bounds<T: Copy + Ord>(values: &[T]) -> Option<[T; 2]> {
    Some([*values.iter().min()?, *values.iter().max()?])
}

/// The greatest number that divides all `distances`; 1 when there is none above.
pub(super) fn common_divisor(distances: impl Iterator<Item = u64>) -> u64 {
    let mut divisor = 0;
    for distance in distances {
        let (mut a, mut b) = (divisor, distance);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        divisor = a;
        if divisor == 1 {
            break;
        }
    }
    divisor.max(1)
}

/// The dictionary of a column, as the columns carry it.
pub(super) type SharedStrings = Arc<dyn Strings>;

/// The codes of a column of strings.
pub(super) fn codes_of(column: &Column) -> &[u32] {
    match column {
        Column::Strings(codes) => codes,
        _ => &[],
    }
}
