//! An open segment: its footer, its streams, and decoding selected rows of them.

use std::ops::Range;
use std::sync::Arc;

use super::column_reader::{ColumnReader, check_kind, check_statistics, open_column};
use super::evolved;
use crate::codec::{BLOCK, ListSources, Word, add_to_each};
use crate::column::{Column, Columns, Dictionary, NumberColumn, Strings};
use crate::io::{FileBytes, Pages};
use crate::model::{Error, Result, Schema, f32_of_bits};
use crate::segment::format::{
    Directory, Footer, LineSamples, Located, MappedStrings, NumberTable, Region, Seed,
    StatisticsHandle, Words,
};

/// The rows to decode, in rising order.
pub(in crate::segment) enum Selection {
    Range(Range<usize>),
    Positions(Vec<usize>),
}

impl Selection {
    pub(in crate::segment) fn len(&self) -> usize {
        match self {
            Self::Range(range) => range.len(),
            Self::Positions(rows) => rows.len(),
        }
    }

    /// The last rows, at most so many.
    pub(in crate::segment) fn last(self, count: usize) -> Self {
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
    pub(in crate::segment) pages: Arc<Pages>,
    pub(in crate::segment) footer: Footer,
    pub(in crate::segment) directory: Directory,
    pub(in crate::segment) line_samples: LineSamples,
    pub(in crate::segment) timestamps: Located,
    pub(in crate::segment) sequences: Located,
    pub(in crate::segment) zone_min: Located,
    pub(in crate::segment) zone_max: Located,
    pub(in crate::segment) columns: Vec<ColumnReader>,
    /// Of each field; opened by those who need them.
    pub(in crate::segment) statistics: Vec<Option<StatisticsHandle>>,
    pub(in crate::segment) event_type: Option<usize>,
    pub(in crate::segment) item: usize,
    /// The same for those who read it from front to back, where the file has a map for them.
    scans: Option<Arc<Self>>,
}

impl Segment {
    /// Opens the segment in `file` under `schema`; `name` is what errors call it.
    ///
    /// # Errors
    /// `Corruption` when header, tail, footer or sums are damaged or do not fit the schema;
    /// `Unsupported` when a newer version wrote it.
    pub fn open(name: &str, file: impl Into<FileBytes>, schema: &Schema) -> Result<Self> {
        let (footer, pages) = Footer::open(name, file.into())?;
        let scanned = pages.for_scans().map(|pages| (footer.clone(), pages));
        let assemble = |footer, pages| {
            Self::assemble(footer, Arc::new(pages), schema).map_err(|error| error.within(name))
        };
        let mut segment = assemble(footer, pages)?;
        if let Some((footer, pages)) = scanned {
            let mut scans = assemble(footer, pages)?;
            scans.share_known(&segment);
            segment.scans = Some(Arc::new(scans));
        }
        Ok(segment)
    }

    /// What is known of the strings of another map of the same file is known here, too.
    fn share_known(&mut self, other: &Self) {
        self.directory.ids.share_known(&other.directory.ids);
        for pair in self.columns.iter_mut().zip(&other.columns) {
            if let (
                ColumnReader::Strings { dictionary, .. },
                ColumnReader::Strings {
                    dictionary: other, ..
                },
            ) = pair
                && let Some(dictionary) = Arc::get_mut(dictionary)
            {
                dictionary.share_known(other);
            }
        }
    }

    /// The segment as those see it who read it from front to back.
    pub(in crate::segment) fn for_scans(self: &Arc<Self>) -> &Arc<Self> {
        self.scans.as_ref().unwrap_or(self)
    }

    /// The same, where it is another.
    pub(in crate::segment) fn scans(&self) -> Option<&Self> {
        self.scans.as_deref()
    }

    pub(in crate::segment) fn assemble(
        footer: Footer,
        pages: Arc<Pages>,
        schema: &Schema,
    ) -> Result<Self> {
        let (columns, statistics) = match footer.schema == schema.json() {
            true => (
                open_columns(&footer, &pages, schema)?,
                footer.statistics.clone(),
            ),
            false => evolved::open_columns(&footer, &pages, schema)?,
        };
        check_statistics(&footer)?;
        let ids = MappedStrings::new(pages.clone(), footer.user_ids.clone())?;
        let starts = Located::open(&footer.user_starts, &pages)?;
        let directory = Directory::new(
            pages.clone(),
            (footer.directory, footer.slot_bits),
            ids,
            starts,
            footer.rows,
            Seed::of(footer.store),
        )?;
        let segment = Self {
            directory,
            line_samples: LineSamples::new(Region::new(&pages, footer.line_samples)),
            timestamps: Located::open(&footer.timestamp_codes, &pages)?,
            sequences: Located::open(&footer.sequences, &pages)?,
            zone_min: Located::open(&footer.zone_min, &pages)?,
            zone_max: Located::open(&footer.zone_max, &pages)?,
            columns,
            statistics,
            event_type: schema.position_of(crate::model::Role::EventType),
            item: schema.item(),
            scans: None,
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

    /// Bytes of memory that are held for it, a memory map aside: what was read, and tables for copying strings.
    pub fn memory_bytes(&self) -> usize {
        let dictionaries = self.columns.iter().filter_map(|column| match column {
            ColumnReader::Strings { dictionary, .. } => Some(&**dictionary),
            _ => None,
        });
        let tables = dictionaries.chain([&self.directory.ids]);
        self.loaded_bytes() + tables.map(MappedStrings::memory_bytes).sum::<usize>()
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
            ColumnReader::Missing => Some(Arc::new(Dictionary::default())),
            _ => None,
        }
    }

    /// Where in its file the text of its strings lies.
    pub fn texts(&self) -> Vec<Range<usize>> {
        let dictionaries = self.columns.iter().filter_map(|column| match column {
            ColumnReader::Strings { dictionary, .. } => Some(dictionary.text_range()),
            _ => None,
        });
        dictionaries
            .chain([self.directory.ids.text_range()])
            .collect()
    }

    /// Lets the dictionaries of items of a run's segments share memory, as far as they begin alike.
    pub fn share_items<'a>(segments: impl Iterator<Item = &'a Self> + Clone) {
        let items = segments.filter_map(|segment| match segment.columns.get(segment.item) {
            Some(ColumnReader::Strings { dictionary, .. }) => Some(dictionary),
            _ => None,
        });
        if let Some(longest) = items.clone().max_by_key(|items| items.len()) {
            let others = items.filter(|items| !Arc::ptr_eq(items, longest));
            others.for_each(|items| items.share_slots(longest));
        }
    }

    /// Appends a stream's values at the selected rows.
    pub(in crate::segment) fn read<T: Word>(
        &self,
        located: &Located,
        selection: &Selection,
        out: &mut Vec<T>,
    ) -> Result<()> {
        read_from(located, selection, 0, out)
    }

    /// Appends timestamps of the selected rows.
    pub(super) fn read_timestamps(&self, selection: &Selection, out: &mut Vec<i64>) -> Result<()> {
        let min = self.footer.timestamps[0];
        let step = self.footer.timestamp_step as i64;
        if step == 1 {
            return read_from(&self.timestamps, selection, min as u64, out);
        }
        let start = out.len();
        read_from(&self.timestamps, selection, 0, out)?;
        for code in out.get_mut(start..).unwrap_or_default() {
            *code = code.wrapping_mul(step).wrapping_add(min);
        }
        Ok(())
    }

    /// Appends sequence numbers of the selected rows.
    pub(super) fn read_sequences(&self, selection: &Selection, out: &mut Vec<u64>) -> Result<()> {
        let base = self.footer.sequence_base;
        read_from(&self.sequences, selection, base, out)
    }

    /// Appends the selected rows to `out`, users aside: timestamps, sequences where asked for, and
    /// the columns asked for.
    pub(in crate::segment) fn read_rows(
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
        let columns = self.columns.iter().zip(&mut out.fields).zip(asked);
        for ((reader, column), asked) in columns {
            if *asked {
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
                read_from(codes, selection, 0, out)
            }
            (
                ColumnReader::Numbers {
                    codes,
                    table,
                    is_float,
                },
                Column::Numbers(out),
            ) => {
                let start = out.bits.len();
                self.read_numbers(codes, table, selection, out)?;
                if *is_float {
                    let read = out.bits.get_mut(start..).unwrap_or_default();
                    read.iter_mut()
                        .for_each(|word| *word = double_of_float(*word));
                }
                Ok(())
            }
            (ColumnReader::Missing, out) => out.append_nulls(selection.len()),
            (ColumnReader::Lists { regions, reader }, Column::Lists(out)) => {
                let [present, fresh, ends, items] = regions.each_ref();
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

    pub(super) fn read_numbers(
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
            visit(codes, selection, sink)?;
        } else {
            let sink = &mut |codes: &[u64]| known &= words.append(codes, out);
            visit(codes, selection, sink)?;
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

/// Appends a stream's values at the selected rows, with `base` added to each.
fn read_from<T: Word>(
    from: &Located,
    selection: &Selection,
    base: u64,
    out: &mut Vec<T>,
) -> Result<()> {
    let Located { stream, region } = from;
    match selection {
        Selection::Range(range) => stream.decode_above(region, range.clone(), base, out),
        Selection::Positions(rows) => {
            let start = out.len();
            stream.gather(region, rows, out)?;
            if base != 0 {
                add_to_each(base, out.get_mut(start..).unwrap_or_default());
            }
            Ok(())
        }
    }
}

/// Gives a stream's values at the selected rows to `sink`, in pieces.
fn visit<T: Word>(from: &Located, selection: &Selection, sink: &mut dyn FnMut(&[T])) -> Result<()> {
    match selection {
        Selection::Range(range) => from.stream.visit(&from.region, range.clone(), sink),
        Selection::Positions(_) => {
            let mut values = Vec::new();
            read_from(from, selection, 0, &mut values)?;
            sink(&values);
            Ok(())
        }
    }
}

/// The word of the double that is the same number as a float.
fn double_of_float(word: u64) -> u64 {
    f64::from(f32_of_bits(word)).to_bits()
}

/// A reader for each column, of the segment's own schema.
fn open_columns(footer: &Footer, pages: &Arc<Pages>, schema: &Schema) -> Result<Vec<ColumnReader>> {
    if footer.columns.len() != schema.fields().len() {
        return Err(Error::corrupt(
            "the segment has other columns than its schema",
        ));
    }
    let columns = footer.columns.iter().enumerate();
    let open = |(field, column)| {
        let reader = open_column(column, pages)?;
        check_kind(&reader, schema, field, footer.rows)?;
        Ok(reader)
    };
    columns.map(open).collect()
}
