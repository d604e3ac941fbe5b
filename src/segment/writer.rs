//! Sorted columns in, a synced file out.

use std::sync::Arc;

use super::columns::{ItemRanks, encode_column};
use super::directory;
use super::format::{ColumnFooter, Footer, Handle, Origin, StreamHandle, StringsHandle, header};
use super::strings::item_hash;
use super::sums::SummedFile;
use crate::codec::{BLOCK, Word, encode, encode_packed};
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
    /// # Errors
    /// `Io`, or `InvalidInput` when a column would pass what the format holds.
    pub fn prepare(
        &self,
        path: &str,
        columns: &Columns,
        sequence_base: u64,
    ) -> Result<PreparedSegment> {
        let mut out = Output {
            file: SummedFile::new(self.storage.create(path)?),
            scratch: Vec::new(),
        };
        out.file.region(&header())?;
        let users = self.users(columns, &mut out)?;
        let time = Timestamps::write(&columns.timestamps, &mut out)?;
        let codes: Vec<u64> = columns
            .sequences
            .iter()
            .map(|sequence| sequence.saturating_sub(sequence_base))
            .collect();
        let sequences = out.stream(&codes)?;
        let footer = Footer {
            origin: self.origin,
            rows: columns.rows(),
            schema: self.schema.json().to_owned(),
            users: users.bounds,
            timestamps: time.bounds,
            timestamp_step: time.step,
            sequence_base,
            sequence_codes: bounds(&codes).unwrap_or_default(),
            directory: users.directory,
            user_ids: users.ids,
            user_starts: users.starts,
            zone_min: time.zone_min,
            zone_max: time.zone_max,
            timestamp_codes: time.codes,
            sequences,
            columns: self.fields(columns, &mut out)?,
        };
        if self.durable {
            out.file.sync()?;
        }
        Ok(PreparedSegment {
            file: out.file,
            footer,
            durable: self.durable,
        })
    }

    fn users(&self, columns: &Columns, out: &mut Output) -> Result<Users> {
        let ids = columns.user_ids.as_ref().ok_or_else(incomplete)?;
        let mut starts = vec![0u64];
        let mut sorted: Vec<&str> = Vec::new();
        for run in columns.users.chunk_by(|a, b| a == b) {
            let user = ids.get(run.first().copied().unwrap_or(0))?;
            sorted.push(user);
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
        let bounds = [(*first).to_owned(), (*last).to_owned()];
        let table = directory::build(sorted.iter().copied());
        let mut dictionary = Dictionary::default();
        for user in &sorted {
            dictionary.push(user)?;
        }
        Ok(Users {
            bounds,
            directory: out.file.region(&table)?,
            ids: out.strings(&dictionary, false)?,
            starts: out.packed(&starts)?,
        })
    }

    fn fields(&self, columns: &Columns, out: &mut Output) -> Result<Vec<ColumnFooter>> {
        let item = self.schema.item();
        let items = ItemRanks::of(columns, item)?;
        columns
            .fields
            .iter()
            .enumerate()
            .map(|(field, column)| {
                if field == item {
                    return items.write(column, out);
                }
                let dictionary = columns.dictionaries.get(field).and_then(Option::as_ref);
                encode_column(column, dictionary, &items, columns.rows(), out)
            })
            .collect()
    }
}

fn incomplete() -> Error {
    Error::invalid("a segment needs rows with users")
}

impl PreparedSegment {
    /// The rows it holds.
    pub fn rows(&self) -> usize {
        self.footer.rows
    }

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

/// The file being written, with a buffer for the stream being encoded.
pub(super) struct Output {
    file: SummedFile,
    scratch: Vec<u8>,
}

impl Output {
    /// Appends bytes as they are.
    pub(super) fn region(&mut self, bytes: &[u8]) -> Result<Handle> {
        self.file.region(bytes)
    }

    /// Appends values in the smallest encoding.
    pub(super) fn stream<T: Word>(&mut self, values: &[T]) -> Result<StreamHandle> {
        self.scratch.clear();
        let descriptor = encode(values, &mut self.scratch)?;
        let handle = self.file.region(&self.scratch)?;
        Ok(StreamHandle { handle, descriptor })
    }

    /// Appends values so that any one is read in constant time.
    fn packed(&mut self, values: &[u64]) -> Result<StreamHandle> {
        self.scratch.clear();
        let descriptor = encode_packed(values, &mut self.scratch)?;
        let handle = self.file.region(&self.scratch)?;
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
            offsets: self.file.region(&offsets)?,
            text: self.file.region(&text)?,
            hashes: self.file.region(&hashes)?,
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
    fn write(timestamps: &[i64], out: &mut Output) -> Result<Self> {
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
