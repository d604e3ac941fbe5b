//! Sorted columns in, a synced file out.

use super::columns::{ItemRanks, encode_column};
use super::input::{FieldInput, SegmentInput, TimestampsInput, UsersInput};
use super::item_order::ItemOrder;
use super::parallel::run_in_turn;
use super::sort_key::{Sequences, Timestamps, Users, incomplete};
use super::sums::SummedFile;
use crate::io::Storage;
use crate::model::{DataType, Error, Proceed, Result, Schema, StoreId};
use crate::segment::format::{
    BUCKET_BYTES, BlockLines, ColumnFooter, Footer, Origin, Output, Seed, Statistics, directory,
    header, lines_of, region_of,
};

/// Writes segments of one origin into a storage.
pub struct SegmentWriter<'a> {
    /// Where.
    pub storage: &'a dyn Storage,
    /// Of which schema.
    pub schema: &'a Schema,
    /// Of which store.
    pub(crate) store: StoreId,
    /// From where the rows come.
    pub origin: Origin,
    /// Whether the file is synced; a temporary one need not be.
    pub durable: bool,
    /// Threads that encode, the caller's included; at least 1.
    pub threads: usize,
    /// The items of the segment before in the same run.
    pub before: Option<&'a ItemOrder>,
    /// Asked before each column; where it fails, the file is left as it is.
    pub proceed: Proceed<'a>,
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
    /// `Io`; `InvalidInput` when a column would pass what the format holds; `Internal` when the rows are
    /// not sorted, or columns lack rows or dictionaries; what [`SegmentWriter::proceed`] gives.
    pub fn prepare<'a>(
        &self,
        path: &str,
        input: impl Into<SegmentInput<'a>>,
        sequence_base: u64,
    ) -> Result<(PreparedSegment, ItemOrder)> {
        let input = input.into();
        input.check()?;
        let items = ItemRanks::of(&input, self.schema.item(), self.threads, self.before)?;
        let rows = input.rows;
        let (ranks, dictionaries) = (&items, input.dictionaries);
        let mut parts = vec![
            (rows * 8, Unencoded::Users(input.users, rows)),
            (rows * 8, Unencoded::Timestamps(input.timestamps)),
            (rows, Unencoded::Sequences(input.sequences, rows)),
        ];
        let fields = input.fields.into_iter().enumerate();
        for (id, field) in fields {
            let of_schema = self.schema.fields().get(id);
            let data_type = of_schema.ok_or_else(beyond_schema)?.data_type();
            parts.push((field.size() * 8, Unencoded::Field(id, data_type, field)));
        }
        let jobs = parts.into_iter().map(|(size, part)| {
            let job = move || {
                (self.proceed)()?;
                let mut out = Output::default();
                let part =
                    match part {
                        Unencoded::Users(input, rows) => {
                            FilePart::Users(Users::of(&input, rows, &mut out)?)
                        }
                        Unencoded::Timestamps(input) => {
                            FilePart::Timestamps(Timestamps::of(input, &mut out)?)
                        }
                        Unencoded::Sequences(sequences, rows) => FilePart::Sequences(
                            Sequences::of(sequences, rows, sequence_base, &mut out)?,
                        ),
                        Unencoded::Field(id, data_type, field) => {
                            let dictionary = dictionaries.get(id).and_then(Option::as_ref);
                            let is_item = id == self.schema.item();
                            let (column, statistics) = encode_column(
                                field, data_type, dictionary, ranks, is_item, &mut out,
                            )?;
                            FilePart::Field(column, statistics)
                        }
                    };
                Ok((part, out))
            };
            (size, job)
        });
        let mut file = SummedFile::new(self.storage.create(path)?);
        file.region(&header())?;
        let mut parts = Parts::default();
        let mut appended = Ok(());
        run_in_turn(self.threads, jobs.collect(), |encoded| {
            // After an error nothing more is appended.
            if appended.is_ok() {
                appended = encoded.and_then(|(part, out)| {
                    let base = file.region(&out.bytes)?.offset;
                    parts.add(part, &out, self.schema.item(), base)
                });
            }
        });
        appended?;
        let footer = parts.close(self, rows, sequence_base, &mut file)?;
        if self.durable {
            (self.proceed)()?;
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
    Field(usize, DataType, FieldInput<'a>),
}

/// An encoded part of the file; its handles count from the part's own start.
enum FilePart {
    Users(Users),
    Timestamps(Timestamps),
    Sequences(Sequences),
    Field(ColumnFooter, Option<Statistics>),
}

/// The parts as they come; their handles count from the start of the file.
#[derive(Default)]
struct Parts {
    users: Option<Users>,
    timestamps: Option<Timestamps>,
    sequences: Option<Sequences>,
    fields: Vec<ColumnFooter>,
    /// Of each field that has any.
    statistics: Vec<Option<Statistics>>,
    lines: BlockLines,
}

impl Parts {
    /// Takes the next part, which was encoded into `out` and begins at `base` of the file; `item` is the
    /// number of the field of items.
    fn add(&mut self, part: FilePart, out: &Output, item: usize, base: usize) -> Result<()> {
        match part {
            FilePart::Users(mut users) => {
                users.ids.move_by(base);
                users.starts.handle.move_by(base);
                self.users = Some(users);
            }
            FilePart::Timestamps(mut time) => {
                let bytes = out.get(time.codes.handle)?;
                for stream in [&mut time.codes, &mut time.zone_min, &mut time.zone_max] {
                    stream.handle.move_by(base);
                }
                self.lines.timestamps = lines_of(&time.codes, bytes);
                self.timestamps = Some(time);
            }
            FilePart::Sequences(mut sequences) => {
                sequences.codes.handle.move_by(base);
                self.sequences = Some(sequences);
            }
            FilePart::Field(mut column, statistics) => {
                let bytes = column.codes().map(|codes| out.get(codes.handle));
                let bytes = bytes.transpose()?;
                column.move_by(base);
                if let (Some(codes), Some(bytes)) = (column.codes(), bytes)
                    && self.fields.len() == item
                {
                    self.lines.items = lines_of(codes, bytes);
                }
                self.fields.push(column);
                self.statistics.push(statistics);
            }
        }
        Ok(())
    }

    /// Appends the statistics, and the user directory, which has to know where the other parts lie, and gives
    /// the footer.
    fn close(
        self,
        writer: &SegmentWriter<'_>,
        rows: usize,
        sequence_base: u64,
        file: &mut SummedFile,
    ) -> Result<Footer> {
        let (Some(users), Some(time), Some(sequences)) =
            (self.users, self.timestamps, self.sequences)
        else {
            return Err(incomplete());
        };
        let (bytes, mut statistics) = region_of(&self.statistics)?;
        let base = file.region(&bytes)?.offset;
        let placed = statistics.iter_mut().flatten();
        placed.for_each(|handle| handle.move_by(base));
        file.align(BUCKET_BYTES)?;
        let seed = Seed::of(writer.store);
        let hashes: Vec<u64> = users.hashes.iter().map(|hash| seed.mixed(*hash)).collect();
        let (slot_bits, table) = directory::build(&hashes, &users.first_rows, &self.lines)?;
        Ok(Footer {
            checksum: 0,
            store: writer.store,
            origin: writer.origin,
            rows,
            schema: writer.schema.json().to_owned(),
            users: users.bounds,
            timestamps: time.bounds,
            timestamp_step: time.step,
            sequence_base,
            sequence_codes: sequences.bounds,
            directory: file.region(&table)?,
            slot_bits,
            line_samples: file.region(&self.lines.samples(rows))?,
            user_ids: users.ids,
            user_starts: users.starts,
            zone_min: time.zone_min,
            zone_max: time.zone_max,
            timestamp_codes: time.codes,
            sequences: sequences.codes,
            columns: self.fields,
            statistics,
        })
    }
}

fn beyond_schema() -> Error {
    Error::internal("a column beyond the schema")
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
        let footer = &mut self.footer;
        let seal = |len, sums: &[u32]| footer.seal(len, sums);
        let bytes = self.file.finish(self.durable, seal)?;
        Ok((self.footer, bytes as u64))
    }
}
