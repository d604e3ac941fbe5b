//! Sorted columns in, a synced file out.

use std::sync::Arc;

use super::columns::{ItemRanks, encode_column};
use super::directory;
use super::format::{ColumnFooter, Footer, Handle, Origin, StreamHandle, StringsHandle, header};
use super::input::{FieldInput, SegmentInput, TimestampsInput, UsersInput};
use super::item_order::ItemOrder;
use super::parallel::run_in_turn;
use super::strings::{ends, item_hash};
use super::sums::SummedFile;
use crate::codec::{BLOCK, Descriptor, Encoding, Word, encode, encode_packed};
use crate::io::Storage;
use crate::types::{Dictionary, Error, Result, Schema, Strings};

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
    /// The items of the segment before in the same run.
    pub before: Option<&'a ItemOrder>,
}

/// A segment whose data is written; the footer waits for its sequence number.
pub struct PreparedSegment {
    file: SummedFile,
    footer: Footer,
    durable: bool,
}

impl SegmentWriter<'_> {
    /// Writes rows to a new file. They must be sorted by user id, timestamp and arrival, or come
    /// with that order, and there must be at least one. Sequence numbers are kept relative to
    /// `sequence_base`, or to what [`PreparedSegment::finish`] is given.
    ///
    /// The parts of the file are encoded side by side, and each is appended once those before it are,
    /// so the bytes do not depend on the number of threads.
    ///
    /// Gives the order of the items, too, for the next segment of the run.
    ///
    /// # Errors
    /// `Io`, or `InvalidInput` when a column would pass what the format holds.
    pub fn prepare<'a>(
        &self,
        path: &str,
        input: impl Into<SegmentInput<'a>>,
        sequence_base: u64,
    ) -> Result<(PreparedSegment, ItemOrder)> {
        let input = input.into();
        let items = ItemRanks::of(&input, self.schema.item(), self.threads, self.before)?;
        let rows = input.rows;
        let (ranks, dictionaries) = (&items, input.dictionaries);
        let mut parts = vec![
            (rows * 8, Unencoded::Users(input.users, rows)),
            (rows * 8, Unencoded::Timestamps(input.timestamps)),
            (rows, Unencoded::Sequences(input.sequences, rows)),
        ];
        let fields = input.fields.into_iter().enumerate();
        parts.extend(fields.map(|(id, field)| (field.size() * 8, Unencoded::Field(id, field))));
        let jobs = parts.into_iter().map(|(size, part)| {
            let job = move || {
                let mut out = Output::default();
                let part = match part {
                    Unencoded::Users(input, rows) => Part::Users(users(&input, rows, &mut out)?),
                    Unencoded::Timestamps(input) => {
                        Part::Timestamps(Timestamps::of(input, &mut out)?)
                    }
                    Unencoded::Sequences(sequences, rows) => {
                        Part::Sequences(Sequences::of(sequences, rows, sequence_base, &mut out)?)
                    }
                    Unencoded::Field(id, field) => {
                        let dictionary = dictionaries.get(id).and_then(Option::as_ref);
                        let is_item = id == self.schema.item();
                        Part::Field(encode_column(field, dictionary, ranks, is_item, &mut out)?)
                    }
                };
                Ok((part, out))
            };
            (size, job)
        });
        let mut file = SummedFile::new(self.storage.create(path)?);
        file.region(&header())?;
        file.align(directory::BUCKET_BYTES)?;
        let mut parts = Parts::default();
        let mut appended = Ok(());
        run_in_turn(self.threads, jobs.collect(), |encoded| {
            // After an error nothing more is appended.
            if appended.is_ok() {
                appended = encoded.and_then(|(part, out)| {
                    parts.add(part, file.region(&out.bytes)?.offset);
                    Ok(())
                });
            }
        });
        appended?;
        let footer = parts.footer(self, rows, sequence_base)?;
        if self.durable {
            file.sync()?;
        }
        let segment = PreparedSegment {
            file,
            footer,
            durable: self.durable,
        };
        Ok((segment, items.order))
    }
}

/// A part of the file on its way.
enum Unencoded<'a> {
    Users(UsersInput<'a>, usize),
    Timestamps(TimestampsInput<'a>),
    Sequences(&'a [u64], usize),
    Field(usize, FieldInput<'a>),
}

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

fn users(input: &UsersInput<'_>, rows: usize, out: &mut Output) -> Result<Users> {
    let mut starts = vec![0u64];
    let mut dictionary = Dictionary::default();
    let mut sorted: Vec<&str> = Vec::new();
    let (UsersInput::Codes(_, ids) | UsersInput::Ends(_, ids)) = input;
    let ids = ids.ok_or_else(incomplete)?;
    let mut add = |code: u32, end: u64| {
        let user = ids.get(code)?;
        sorted.push(user);
        starts.push(end);
        dictionary.push(user).map(drop)
    };
    match input {
        UsersInput::Codes(codes, _) => {
            let mut end = 0;
            for run in codes.chunk_by(|a, b| a == b) {
                end += run.len() as u64;
                add(run.first().copied().unwrap_or(0), end)?;
            }
        }
        UsersInput::Ends(users, _) => {
            let mut before = 0;
            for (code, end) in users.codes.iter().zip(&users.ends) {
                // A user whose rows were refused has none.
                if before < *end {
                    add(*code, (*end).into())?;
                }
                before = *end;
            }
        }
    }
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return Err(incomplete());
    };
    if rows > Footer::MAX_ROWS || !sorted.is_sorted_by(|a, b| a < b) {
        return Err(Error::invalid(
            "a segment's rows must be sorted by user, at most 2^31",
        ));
    }
    Ok(Users {
        bounds: [(*first).to_owned(), (*last).to_owned()],
        directory: out.region(&directory::build(&sorted, &starts)),
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
        let footer = &self.footer;
        let seal = |len, sums: &[u32]| footer.seal(len, sums);
        let bytes = self.file.finish(self.durable, seal)?;
        Ok((self.footer, bytes as u64))
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
            width: common_width(&offsets),
        })
    }
}

/// Bytes of each string where all have as many, else 0.
fn common_width(offsets: &[u8]) -> usize {
    let ends = || ends(offsets);
    let mut widths = ends().zip(ends().skip(1)).map(|(start, end)| end - start);
    match widths.next() {
        Some(first) if widths.all(|width| width == first) => first,
        _ => 0,
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
    fn of(input: TimestampsInput<'_>, out: &mut Output) -> Result<Self> {
        let [min, max] = input.bounds().ok_or_else(incomplete)?;
        let step = common_divisor(input.iter().map(|at| at.wrapping_sub(min) as u64));
        let code = |at: i64| match at.wrapping_sub(min) as u64 {
            code if step == 1 => code,
            distance => distance / step,
        };
        if u32::try_from(code(max)).is_ok() {
            let codes = input.mapped(|at| code(at) as u32);
            return Self::of_codes([min, max], step, &codes, out);
        }
        Self::of_codes([min, max], step, &input.mapped(code), out)
    }

    fn of_codes<T: Word>(
        bounds: [i64; 2],
        step: u64,
        codes: &[T],
        out: &mut Output,
    ) -> Result<Self> {
        let edge = |best: fn(&[T]) -> Option<T>| -> Vec<u64> {
            let blocks = codes.chunks(BLOCK).filter_map(best);
            blocks.map(Word::wide).collect()
        };
        Ok(Self {
            bounds,
            step,
            zone_min: out.packed(&edge(|block| block.iter().min().copied()))?,
            zone_max: out.packed(&edge(|block| block.iter().max().copied()))?,
            codes: out.stream(codes)?,
        })
    }
}

/// Sequence numbers as codes: the distance from the base.
struct Sequences {
    bounds: [u64; 2],
    codes: StreamHandle,
}

impl Sequences {
    fn of(sequences: &[u64], rows: usize, base: u64, out: &mut Output) -> Result<Self> {
        if sequences.is_empty() {
            return Ok(Self {
                bounds: [0, 0],
                codes: out.zeros(rows),
            });
        }
        let sequences = sequences.iter();
        let codes: Vec<u64> = sequences
            .map(|sequence| sequence.saturating_sub(base))
            .collect();
        Ok(Self {
            bounds: bounds(codes.iter().copied()).unwrap_or_default(),
            codes: out.stream(&codes)?,
        })
    }
}

pub(super) fn bounds<T: Copy + Ord>(mut values: impl Iterator<Item = T>) -> Option<[T; 2]> {
    let first = values.next()?;
    Some(values.fold([first; 2], |[min, max], value| {
        [min.min(value), max.max(value)]
    }))
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
