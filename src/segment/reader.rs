//! An open segment: its footer, its streams, and decoding selected rows of them.

use std::ops::Range;
use std::sync::Arc;

use super::directory::Directory;
use super::format::{ColumnFooter, Footer, Handle, NumberTable, StreamHandle};
use super::numbers::Words;
use super::strings::MappedStrings;
use crate::codec::{BLOCK, ListReader, ListSources, Source, Stream, Word};
use crate::io::{FileBytes, Pages};
use crate::types::{Column, Columns, Error, NumberColumn, Result, Schema, Strings};

/// A region of the file as a stream's source.
#[derive(Clone, Copy)]
pub(super) struct Region<'a> {
    pages: &'a Pages,
    handle: Handle,
}

impl<'a> Region<'a> {
    pub(super) fn new(pages: &'a Pages, handle: Handle) -> Self {
        Self { pages, handle }
    }
}

impl<'a> Source<'a> for Region<'a> {
    #[inline]
    fn get(&self, offset: usize, len: usize) -> Result<&'a [u8]> {
        if offset.saturating_add(len) > self.handle.len {
            return Err(Error::corrupt(format!(
                "{}: a stream is shorter than its values need",
                self.pages.name()
            )));
        }
        self.pages.get(self.handle.offset + offset, len)
    }

    #[inline(always)]
    fn prefetch(&self, offset: usize, len: usize) {
        let len = len.min(self.handle.len.saturating_sub(offset));
        self.pages
            .prefetch(self.handle.offset.saturating_add(offset), len);
    }
}

/// A stream with its place in the file.
pub(super) struct Located {
    pub(super) stream: Stream,
    pub(super) handle: Handle,
}

impl Located {
    fn open(from: &StreamHandle) -> Result<Self> {
        Ok(Self {
            stream: Stream::open(&from.descriptor)?,
            handle: from.handle,
        })
    }
}

/// One field's reader.
pub(super) enum ColumnReader {
    Absent,
    Strings {
        codes: Located,
        dictionary: Arc<MappedStrings>,
    },
    Numbers {
        codes: Located,
        table: NumberTable,
    },
    Lists {
        handles: [Handle; 4],
        reader: ListReader,
    },
}

/// The rows to decode, in rising order.
pub(super) enum Selection {
    Range(Range<usize>),
    Positions(Vec<usize>),
}

impl Selection {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::Positions(rows) => rows.len(),
        }
    }

    /// The last rows, at most so many.
    pub(super) fn last(self, count: usize) -> Self {
        match self {
            Self::Range(range) => Self::Range(range.end - range.len().min(count)..range.end),
            Self::Positions(mut rows) => {
                rows.drain(..rows.len().saturating_sub(count));
                Self::Positions(rows)
            }
        }
    }
}

/// An immutable segment, memory-mapped. Every byte is verified before its first use.
pub struct Segment {
    pub(super) pages: Arc<Pages>,
    pub(super) footer: Footer,
    pub(super) directory: Directory,
    pub(super) timestamps: Located,
    pub(super) sequences: Located,
    pub(super) zone_min: Located,
    pub(super) zone_max: Located,
    pub(super) columns: Vec<ColumnReader>,
    pub(super) event_type: Option<usize>,
    pub(super) item: usize,
}

impl Segment {
    /// Opens the segment in `file` under `schema`; `name` is what errors call it.
    ///
    /// # Errors
    /// `Corruption` when header, tail, footer or sums are damaged or do not fit the schema;
    /// `Unsupported` when a newer version wrote it.
    pub fn open(name: &str, file: impl Into<FileBytes>, schema: &Schema) -> Result<Self> {
        let (footer, pages) = Footer::open(name, file.into())?;
        Self::assemble(footer, Arc::new(pages), schema).map_err(|error| error.within(name))
    }

    fn assemble(footer: Footer, pages: Arc<Pages>, schema: &Schema) -> Result<Self> {
        if footer.columns.len() != schema.fields().len() || footer.schema != schema.json() {
            return Err(Error::corrupt(
                "the segment was written under another schema",
            ));
        }
        let columns: Vec<ColumnReader> = footer
            .columns
            .iter()
            .map(|column| open_column(column, &pages))
            .collect::<Result<_>>()?;
        for (field, column) in columns.iter().enumerate() {
            check_kind(column, schema, field, footer.rows)?;
        }
        let ids = MappedStrings::new(pages.clone(), footer.user_ids)?;
        let starts = Stream::open(&footer.user_starts.descriptor)?;
        let directory = Directory::new(
            pages.clone(),
            footer.directory,
            ids,
            starts,
            footer.user_starts.handle,
            footer.rows,
        )?;
        let segment = Self {
            directory,
            timestamps: Located::open(&footer.timestamp_codes)?,
            sequences: Located::open(&footer.sequences)?,
            zone_min: Located::open(&footer.zone_min)?,
            zone_max: Located::open(&footer.zone_max)?,
            columns,
            event_type: schema.position_of(crate::types::Role::EventType),
            item: schema.item(),
            pages,
            footer,
        };
        let rows = segment.footer.rows;
        let zones = rows.div_ceil(BLOCK);
        let fits = segment.timestamps.stream.len() == rows
            && segment.sequences.stream.len() == rows
            && segment.zone_min.stream.len() == zones
            && segment.zone_max.stream.len() == zones;
        if !fits {
            return Err(Error::corrupt(
                "the streams do not all have the segment's rows",
            ));
        }
        Ok(segment)
    }

    /// Everything about it but its data.
    pub fn footer(&self) -> &Footer {
        &self.footer
    }

    /// What errors call it: its path in the store.
    pub fn name(&self) -> &str {
        self.pages.name()
    }

    /// Bytes of memory that were read for it, a memory map aside.
    pub fn loaded_bytes(&self) -> usize {
        self.pages.loaded_bytes()
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.footer.rows
    }

    /// Bytes of its data.
    pub fn bytes(&self) -> usize {
        self.pages.len()
    }

    /// The number of users.
    pub fn users(&self) -> usize {
        self.directory.len()
    }

    /// The sorted user ids; code c is the user at position c - 1.
    pub fn user_ids(&self) -> Arc<dyn Strings> {
        Arc::new(self.directory.ids.clone())
    }

    /// The dictionary of a string field; impressions use the item field's.
    pub fn dictionary(&self, field: usize) -> Option<Arc<dyn Strings>> {
        match self.columns.get(field)? {
            ColumnReader::Strings { dictionary, .. } => Some(dictionary.clone()),
            _ => None,
        }
    }

    pub(super) fn region(&self, handle: Handle) -> Region<'_> {
        Region::new(&self.pages, handle)
    }

    /// Appends a stream's values at the selected rows.
    pub(super) fn read<T: Word>(
        &self,
        located: &Located,
        selection: &Selection,
        out: &mut Vec<T>,
    ) -> Result<()> {
        let region = self.region(located.handle);
        match selection {
            Selection::Range(range) => located.stream.decode(region, range.clone(), out),
            Selection::Positions(rows) => located.stream.gather(region, rows, out),
        }
    }

    /// Gives a stream's values at the selected rows to `sink`, in pieces.
    fn visit<T: Word>(
        &self,
        located: &Located,
        selection: &Selection,
        sink: &mut dyn FnMut(&[T]),
    ) -> Result<()> {
        let region = self.region(located.handle);
        match selection {
            Selection::Range(range) => located.stream.visit(region, range.clone(), sink),
            Selection::Positions(rows) => {
                let mut values = Vec::new();
                located.stream.gather(region, rows, &mut values)?;
                sink(&values);
                Ok(())
            }
        }
    }

    /// Appends timestamps of the selected rows.
    pub(super) fn read_timestamps(&self, selection: &Selection, out: &mut Vec<i64>) -> Result<()> {
        let min = self.footer.timestamps[0];
        let step = self.footer.timestamp_step as i64;
        self.visit(
            &self.timestamps,
            selection,
            &mut |codes: &[i64]| match step {
                1 => out.extend(codes.iter().map(|code| code.wrapping_add(min))),
                _ => out.extend(
                    codes
                        .iter()
                        .map(|code| code.wrapping_mul(step).wrapping_add(min)),
                ),
            },
        )
    }

    /// Appends sequence numbers of the selected rows.
    pub(super) fn read_sequences(&self, selection: &Selection, out: &mut Vec<u64>) -> Result<()> {
        let base = self.footer.sequence_base;
        self.visit(&self.sequences, selection, &mut |codes| {
            out.extend(codes.iter().map(|code: &u64| code.wrapping_add(base)));
        })
    }

    /// Asks for all that the rows of a short range take in memory, before any of it is decoded.
    pub(super) fn prefetch(&self, rows: &Range<usize>, asked: &[bool]) {
        let asked = self.columns.iter().zip(asked).filter(|(_, asked)| **asked);
        let streams = || {
            let columns = asked.clone().filter_map(|(column, _)| match column {
                ColumnReader::Strings { codes, .. } | ColumnReader::Numbers { codes, .. } => {
                    Some(codes)
                }
                ColumnReader::Absent | ColumnReader::Lists { .. } => None,
            });
            std::iter::once(&self.timestamps).chain(columns)
        };
        for Located { stream, handle } in streams() {
            stream.prefetch_index(self.region(*handle), rows);
        }
        for Located { stream, handle } in streams() {
            stream.prefetch_values(self.region(*handle), rows);
        }
    }

    /// Appends the selected rows to `out`, users aside: timestamps, sequences where asked for, and
    /// the columns asked for.
    pub(super) fn read_rows(
        &self,
        selection: &Selection,
        asked: &[bool],
        sequences: bool,
        out: &mut Columns,
    ) -> Result<()> {
        self.read_timestamps(selection, &mut out.timestamps)?;
        self.read_fields(selection, asked, sequences, out)
    }

    /// The same without timestamps.
    pub(super) fn read_fields(
        &self,
        selection: &Selection,
        asked: &[bool],
        sequences: bool,
        out: &mut Columns,
    ) -> Result<()> {
        if sequences {
            self.read_sequences(selection, &mut out.sequences)?;
        }
        let asked = asked.iter().copied().chain(std::iter::repeat(false));
        for ((reader, column), asked) in self.columns.iter().zip(&mut out.fields).zip(asked) {
            if asked {
                self.read_column(reader, selection, column)?;
            }
        }
        Ok(())
    }

    fn read_column(
        &self,
        reader: &ColumnReader,
        selection: &Selection,
        out: &mut Column,
    ) -> Result<()> {
        match (reader, out) {
            (ColumnReader::Strings { codes, .. }, Column::Strings(out)) => {
                self.read(codes, selection, out)
            }
            (ColumnReader::Numbers { codes, table }, Column::Numbers(out)) => {
                self.read_numbers(codes, table, selection, out)
            }
            (ColumnReader::Lists { handles, reader }, Column::Lists(out)) => {
                let [present, fresh, ends, items] = handles.map(|handle| self.region(handle));
                let sources = ListSources {
                    present,
                    fresh,
                    ends,
                    items,
                };
                match selection {
                    Selection::Range(range) => reader.decode(sources, range.clone(), out),
                    Selection::Positions(rows) => rows
                        .chunk_by(|a, b| a + 1 == *b)
                        .filter_map(|run| Some(*run.first()?..*run.last()? + 1))
                        .try_for_each(|run| reader.decode(sources, run, out)),
                }
            }
            _ => Ok(()),
        }
    }

    fn read_numbers(
        &self,
        codes: &Located,
        table: &NumberTable,
        selection: &Selection,
        out: &mut NumberColumn,
    ) -> Result<()> {
        let words = match table {
            NumberTable::Linear { min, step } => Words::Linear {
                min: *min,
                step: *step,
            },
            NumberTable::Distinct(handle) => {
                let bytes = self.pages.get(handle.offset, handle.len)?;
                Words::of_table(bytes.as_chunks::<8>().0)
            }
        };
        let mut known = true;
        if codes.stream.is_u32() {
            let sink = &mut |codes: &[u32]| known &= words.append(codes, out);
            self.visit(codes, selection, sink)?;
        } else {
            let sink = &mut |codes: &[u64]| known &= words.append(codes, out);
            self.visit(codes, selection, sink)?;
        }
        match known {
            true => Ok(()),
            false => Err(self.bad_code()),
        }
    }

    #[cold]
    fn bad_code(&self) -> Error {
        Error::corrupt(format!("{}: a code outside its table", self.pages.name()))
    }
}

fn open_column(column: &ColumnFooter, pages: &Arc<Pages>) -> Result<ColumnReader> {
    Ok(match column {
        ColumnFooter::Absent => ColumnReader::Absent,
        ColumnFooter::Strings { codes, dictionary } => ColumnReader::Strings {
            codes: Located::open(codes)?,
            dictionary: Arc::new(MappedStrings::new(pages.clone(), *dictionary)?),
        },
        ColumnFooter::Numbers { codes, table } => ColumnReader::Numbers {
            codes: Located::open(codes)?,
            table: *table,
        },
        ColumnFooter::Lists { handles, encoding } => ColumnReader::Lists {
            handles: *handles,
            reader: ListReader::open(encoding)?,
        },
    })
}

/// The column must be of the kind the schema says and have the segment's rows.
fn check_kind(column: &ColumnReader, schema: &Schema, field: usize, rows: usize) -> Result<()> {
    let fits = match (Column::for_field(schema, field), column) {
        (Column::Absent, ColumnReader::Absent) => true,
        (Column::Strings(_), ColumnReader::Strings { codes, .. })
        | (Column::Numbers(_), ColumnReader::Numbers { codes, .. }) => codes.stream.len() == rows,
        (Column::Lists(_), ColumnReader::Lists { reader, .. }) => reader.len() == rows,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(Error::corrupt(format!(
        "column number {field} does not fit the schema"
    )))
}
