//! An open segment: its footer, its streams, and decoding selected rows of them.

use std::ops::Range;
use std::sync::Arc;

use super::directory::Directory;
use super::format::{ColumnFooter, Footer, Handle, NumberTable, StreamHandle};
use super::numbers::Words;
use super::strings::MappedStrings;
use crate::codec::{BLOCK, ListReader, ListSources, Source, Stream, Window, Word, add_to_each};
use crate::io::{FileBytes, Pages};
use crate::types::{Column, Columns, Error, NumberColumn, Result, Schema, Strings, prefetch};

/// A region of the file as a stream's source.
#[derive(Clone, Copy)]
pub(super) struct Region<'a> {
    pages: &'a Pages,
    handle: Handle,
    /// Its bytes where the file is mapped; nothing else may be read before it is verified.
    mapped: &'a [u8],
}

impl<'a> Region<'a> {
    #[inline]
    pub(super) fn new(pages: &'a Pages, handle: Handle) -> Self {
        Self {
            pages,
            handle,
            mapped: pages.mapped(handle.offset, handle.len).unwrap_or_default(),
        }
    }

    /// Bytes of several pages, of a page that nobody touched yet, or of a file that is not mapped.
    #[inline(never)]
    fn get_anywhere(&self, offset: usize, len: usize) -> Result<&'a [u8]> {
        if offset.saturating_add(len) > self.handle.len {
            return Err(Error::corrupt(format!(
                "{}: a stream is shorter than its values need",
                self.pages.name()
            )));
        }
        self.pages.get(self.handle.offset + offset, len)
    }
}

impl<'a> Source<'a> for Region<'a> {
    #[inline(always)]
    fn get(&self, offset: usize, len: usize) -> Result<&'a [u8]> {
        match self.mapped.get(offset..offset.saturating_add(len)) {
            Some(bytes) if self.pages.is_verified(self.handle.offset + offset, len) => Ok(bytes),
            _ => self.get_anywhere(offset, len),
        }
    }

    #[inline(always)]
    fn prefetch(&self, offset: usize, len: usize) {
        let end = offset.saturating_add(len).min(self.mapped.len());
        prefetch(self.mapped.get(offset..end).unwrap_or_default());
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

impl ColumnReader {
    /// The stream that has a code for each row.
    fn codes(&self) -> Option<&Located> {
        match self {
            Self::Strings { codes, .. } | Self::Numbers { codes, .. } => Some(codes),
            Self::Absent | Self::Lists { .. } => None,
        }
    }
}

type RegionWindow<'a> = Window<'a, Region<'a>>;
type OpenWindow<'w, 'a> = Option<&'w mut RegionWindow<'a>>;

/// Windows of timestamps and then of each field, as far as they were opened before they are decoded.
/// Fields beyond are opened when their turn comes.
#[derive(Default)]
pub(super) struct Ahead<'a> {
    windows: [Option<RegionWindow<'a>>; 12],
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

    /// Looks up where the rows of a short range lie, of timestamps and the columns asked for, before
    /// any of it is decoded, so that the cache misses run side by side.
    pub(super) fn open_ahead<'a>(
        &'a self,
        rows: &Range<usize>,
        asked: &[bool],
        meanwhile: impl FnOnce(),
        ahead: &mut Ahead<'a>,
    ) -> Result<()> {
        let fields = self.columns.iter().zip(asked);
        let fields = fields.map(|(column, asked)| asked.then(|| column.codes()).flatten());
        let streams = std::iter::once(Some(&self.timestamps)).chain(fields);
        for Located { stream, handle } in streams.clone().flatten() {
            stream.prefetch_index(self.region(*handle), rows);
        }
        meanwhile();
        for (window, located) in ahead.windows.iter_mut().zip(streams) {
            if let Some(Located { stream, handle }) = located {
                *window = Some(stream.open_window(self.region(*handle), rows.clone())?);
            }
        }
        Ok(())
    }

    /// Appends a stream's values at the selected rows.
    pub(super) fn read<T: Word>(
        &self,
        located: &Located,
        selection: &Selection,
        out: &mut Vec<T>,
    ) -> Result<()> {
        self.read_opened(located, selection, None, 0, out)
    }

    /// The same from the stream's window where one was opened, with `base` added to each value.
    fn read_opened<T: Word>(
        &self,
        located: &Located,
        selection: &Selection,
        window: OpenWindow<'_, '_>,
        base: u64,
        out: &mut Vec<T>,
    ) -> Result<()> {
        let Located { stream, handle } = located;
        match (selection, window) {
            (_, Some(window)) => stream.decode_window(window, base, out),
            (Selection::Range(range), None) => {
                let mut window = stream.open_window(self.region(*handle), range.clone())?;
                stream.decode_window(&mut window, base, out)
            }
            (Selection::Positions(rows), None) => {
                let start = out.len();
                stream.gather(self.region(*handle), rows, out)?;
                if base != 0 {
                    add_to_each(base, out.get_mut(start..).unwrap_or_default());
                }
                Ok(())
            }
        }
    }

    /// Gives a stream's values at the selected rows to `sink`, in pieces.
    fn visit<T: Word>(
        &self,
        located: &Located,
        selection: &Selection,
        window: OpenWindow<'_, '_>,
        sink: &mut dyn FnMut(&[T]),
    ) -> Result<()> {
        if let (Selection::Range(range), None) = (selection, &window) {
            let region = self.region(located.handle);
            return located.stream.visit(region, range.clone(), sink);
        }
        let mut values = Vec::new();
        self.read_opened(located, selection, window, 0, &mut values)?;
        sink(&values);
        Ok(())
    }

    /// Appends timestamps of the selected rows.
    pub(super) fn read_timestamps(&self, selection: &Selection, out: &mut Vec<i64>) -> Result<()> {
        self.read_times(selection, None, out)
    }

    fn read_times(
        &self,
        selection: &Selection,
        window: OpenWindow<'_, '_>,
        out: &mut Vec<i64>,
    ) -> Result<()> {
        let min = self.footer.timestamps[0];
        let step = self.footer.timestamp_step as i64;
        if step == 1 {
            return self.read_opened(&self.timestamps, selection, window, min as u64, out);
        }
        let start = out.len();
        self.read_opened(&self.timestamps, selection, window, 0, out)?;
        for code in out.get_mut(start..).unwrap_or_default() {
            *code = code.wrapping_mul(step).wrapping_add(min);
        }
        Ok(())
    }

    /// Appends sequence numbers of the selected rows.
    pub(super) fn read_sequences(&self, selection: &Selection, out: &mut Vec<u64>) -> Result<()> {
        let base = self.footer.sequence_base;
        self.read_opened(&self.sequences, selection, None, base, out)
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
        self.read_ahead(selection, &mut Ahead::default(), asked, sequences, out)
    }

    /// The same from what was opened ahead for a range, as far as it was.
    pub(super) fn read_ahead(
        &self,
        selection: &Selection,
        ahead: &mut Ahead<'_>,
        asked: &[bool],
        sequences: bool,
        out: &mut Columns,
    ) -> Result<()> {
        let [timestamps, fields @ ..] = &mut ahead.windows;
        self.read_times(selection, timestamps.as_mut(), &mut out.timestamps)?;
        self.read_columns(selection, fields, asked, sequences, out)
    }

    /// The same without timestamps.
    pub(super) fn read_fields(
        &self,
        selection: &Selection,
        asked: &[bool],
        sequences: bool,
        out: &mut Columns,
    ) -> Result<()> {
        self.read_columns(selection, &mut [], asked, sequences, out)
    }

    fn read_columns(
        &self,
        selection: &Selection,
        windows: &mut [Option<RegionWindow<'_>>],
        asked: &[bool],
        sequences: bool,
        out: &mut Columns,
    ) -> Result<()> {
        if sequences {
            self.read_sequences(selection, &mut out.sequences)?;
        }
        let columns = self.columns.iter().zip(&mut out.fields).zip(asked);
        for (field, ((reader, column), asked)) in columns.enumerate() {
            if *asked {
                let window = windows.get_mut(field).and_then(Option::as_mut);
                self.read_column(reader, selection, window, column)?;
            }
        }
        Ok(())
    }

    fn read_column(
        &self,
        reader: &ColumnReader,
        selection: &Selection,
        window: OpenWindow<'_, '_>,
        out: &mut Column,
    ) -> Result<()> {
        match (reader, out) {
            (ColumnReader::Strings { codes, .. }, Column::Strings(out)) => {
                self.read_opened(codes, selection, window, 0, out)
            }
            (ColumnReader::Numbers { codes, table }, Column::Numbers(out)) => {
                self.read_numbers(codes, table, selection, window, out)
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
                    Selection::Positions(rows) => reader.gather(sources, rows, out),
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
        window: OpenWindow<'_, '_>,
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
            self.visit(codes, selection, window, sink)?;
        } else {
            let sink = &mut |codes: &[u64]| known &= words.append(codes, out);
            self.visit(codes, selection, window, sink)?;
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
