//! Parquet through arrow-rs: one file sorted by (user, timestamp), with its page index. The file's
//! bytes and metadata are held in memory. A lookup finds the user's pages in the page index, reads
//! their user column to find the rows, then reads just those rows of the asked columns.

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use anyhow::{Context, Result, bail};
use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::kernels::cmp::{gt_eq, lt};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::properties::WriterProperties;

use crate::arrow_batch;
use crate::checksum::Checksum;
use crate::data::Rows;
use crate::peer::{
    Batch, Fields, Form, HistoryBuffer, NEWEST, Peer, Reader, Scan, Store, Writer, is_taken,
};
use crate::seen::Seen;
use crate::sorted;

pub const STORE: Store = Store {
    name: "parquet",
    settings: "arrow-rs, one file sorted by (user, ts), zstd 3, dictionaries, page index, row groups \
               of 1 M rows, pages of 4096; bytes and metadata in memory for reads; a lookup goes by \
               page index and row selection; load: sorted in memory, one thread makes batches, one \
               writes; scans as dictionary arrays (codes), as plain strings and as string views",
    load,
    open: |folder, _| Ok(Box::new(Parquet::open(folder)?)),
    load_csv: None,
    slow: true,
    forms: &[Form::Codes, Form::Strings, Form::Views],
    view: false,
    writes: false,
    cold: false,
};

const FILE: &str = "data.parquet";
const LOAD_ROWS: usize = 1 << 16;
const SCAN_ROWS: usize = 1 << 14;

fn load(folder: &Path, rows: &Rows) -> Result<()> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_max_row_group_row_count(Some(1_000_000))
        .set_data_page_row_count_limit(4096)
        .set_write_batch_size(4096)
        .build();
    let file = File::create(folder.join(FILE))?;
    let mut writer = ArrowWriter::try_new(file, arrow_batch::schema(), Some(properties))?;
    let order = sorted::order(rows);
    let (send, receive) = sync_channel(2);
    let file = std::thread::scope(|scope| {
        scope.spawn(move || {
            for chunk in order.chunks(LOAD_ROWS) {
                let positions = chunk.iter().map(|row| *row as usize);
                if send.send(arrow_batch::batch(rows, positions)).is_err() {
                    return;
                }
            }
        });
        for batch in receive {
            writer.write(&batch?)?;
        }
        anyhow::Ok(writer.into_inner()?)
    })?;
    Ok(file.sync_all()?)
}

/// Strings as dictionaries.
fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The schema in which strings come as another type.
fn with_strings(as_type: &DataType) -> SchemaRef {
    let code = |data_type: &DataType| match data_type {
        DataType::Utf8 => as_type.clone(),
        other => other.clone(),
    };
    let fields = arrow_batch::schema()
        .fields()
        .iter()
        .map(|field| {
            let data_type = match field.data_type() {
                DataType::List(item) => {
                    let item = Field::new(item.name(), code(item.data_type()), item.is_nullable());
                    DataType::List(Arc::new(item))
                }
                other => code(other),
            };
            Field::new(field.name(), data_type, field.is_nullable())
        })
        .collect::<Vec<_>>();
    Arc::new(Schema::new(fields))
}

/// One page of the user column.
struct Page {
    start: usize,
    min: Vec<u8>,
    max: Vec<u8>,
}

struct Parquet {
    bytes: Bytes,
    strings: ArrowReaderMetadata,
    codes: ArrowReaderMetadata,
    views: ArrowReaderMetadata,
    pages: Vec<Page>,
    rows: usize,
}

impl Parquet {
    fn open(folder: &Path) -> Result<Self> {
        let bytes = Bytes::from(std::fs::read(folder.join(FILE))?);
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let strings = ArrowReaderMetadata::load(&bytes, options.clone())?;
        let typed = |strings: &DataType| {
            ArrowReaderMetadata::load(&bytes, options.clone().with_schema(with_strings(strings)))
        };
        let (codes, views) = (typed(&dictionary())?, typed(&DataType::Utf8View)?);
        let rows = strings.metadata().file_metadata().num_rows() as usize;
        Ok(Self {
            pages: pages(&strings)?,
            bytes,
            strings,
            codes,
            views,
            rows,
        })
    }

    fn builder(&self, form: Form, columns: &[usize]) -> ParquetRecordBatchReaderBuilder<Bytes> {
        let metadata = match form {
            Form::Codes => &self.codes,
            Form::Views => &self.views,
            Form::Strings | Form::Arrow => &self.strings,
        };
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.bytes.clone(),
            metadata.clone(),
        );
        let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
        builder.with_projection(mask)
    }

    fn read(
        &self,
        columns: &[usize],
        rows: Range<usize>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>>> {
        let selected = std::iter::once(rows.clone());
        let selection = RowSelection::from_consecutive_ranges(selected, self.rows);
        let reader: ParquetRecordBatchReader = self
            .builder(Form::Strings, columns)
            .with_row_selection(selection)
            .with_batch_size(rows.len().max(1))
            .build()?;
        Ok(reader.map(|batch| Ok(batch?)))
    }

    /// The rows of a user.
    fn of_user(&self, user: &str) -> Result<Range<usize>> {
        let id = user.as_bytes();
        let first = self.pages.partition_point(|page| page.max.as_slice() < id);
        let behind = self.pages.partition_point(|page| page.min.as_slice() <= id);
        if first >= behind {
            return Ok(0..0);
        }
        let end = self.pages.get(behind).map_or(self.rows, |page| page.start);
        let candidates = self.pages[first].start..end;
        let (mut before, mut same) = (0, 0);
        for batch in self.read(&[0], candidates.clone())? {
            let batch = batch?;
            for found in batch.column(0).as_string::<i32>().iter().flatten() {
                before += usize::from(found < user);
                same += usize::from(found == user);
            }
        }
        let start = candidates.start + before;
        Ok(start..start + same)
    }
}

fn pages(metadata: &ArrowReaderMetadata) -> Result<Vec<Page>> {
    let metadata = metadata.metadata();
    let mut pages = Vec::new();
    let mut start = 0;
    for group in 0..metadata.num_row_groups() {
        let index = metadata.page_index_for_row_group(group);
        let bounds = index.column_index(0).context("no column index")?;
        let ColumnIndexMetaData::BYTE_ARRAY(bounds) = bounds else {
            bail!("the user column is not one of strings");
        };
        let places = index.offset_index(0).context("no offset index")?;
        for (page, place) in places.page_locations().iter().enumerate() {
            pages.push(Page {
                start: start + place.first_row_index as usize,
                min: bounds.min_value(page).context("no least user")?.to_vec(),
                max: bounds.max_value(page).context("no greatest user")?.to_vec(),
            });
        }
        start += metadata.row_group(group).num_rows() as usize;
    }
    Ok(pages)
}

impl Peer for Parquet {
    fn reader(&self) -> Result<Box<dyn Reader + '_>> {
        Ok(Box::new(ParquetReader {
            parquet: self,
            seen: Seen::default(),
            out: HistoryBuffer::default(),
        }))
    }

    fn writer(&self, _synced: bool) -> Result<Box<dyn Writer + '_>> {
        bail!("a file takes no writes")
    }
}

struct ParquetReader<'a> {
    parquet: &'a Parquet,
    seen: Seen,
    out: HistoryBuffer,
}

impl Reader for ParquetReader<'_> {
    fn history(&mut self, user: &str) -> Result<()> {
        self.out.clear();
        let rows = self.parquet.of_user(user)?;
        let newest = rows.start.max(rows.end.saturating_sub(NEWEST))..rows.end;
        let batches: Vec<RecordBatch> = self
            .parquet
            .read(&[1, 2, 3], newest)?
            .collect::<Result<_>>()?;
        for batch in batches.iter().rev() {
            let items = batch.column(0).as_string::<i32>();
            let times = batch.column(1).as_primitive::<Int64Type>().values();
            let kinds = batch.column(2).as_string::<i32>();
            for row in (0..batch.num_rows()).rev() {
                let (item, kind) = (items.value(row), kinds.value(row));
                self.out.push(item.as_bytes(), times[row], kind.as_bytes());
            }
        }
        Ok(())
    }

    fn check(&self, sum: &mut Checksum) -> Result<()> {
        self.out.check(sum);
        Ok(())
    }

    fn unseen(&mut self, user: &str, candidates: &[&str], out: &mut Vec<bool>) -> Result<()> {
        self.seen.clear();
        let rows = self.parquet.of_user(user)?;
        for batch in self.parquet.read(&[1, 3], rows)? {
            let batch = batch?;
            let items = batch.column(0).as_string::<i32>();
            let kinds = batch.column(1).as_string::<i32>();
            for (item, kind) in items.iter().flatten().zip(kinds.iter().flatten()) {
                if is_taken(kind.as_bytes()) {
                    self.seen.insert(item.as_bytes());
                }
            }
        }
        self.seen.probe(candidates, out);
        Ok(())
    }

    fn scan(&mut self, scan: &Scan<'_>, sink: &mut dyn FnMut(&dyn Batch)) -> Result<()> {
        let columns: &[usize] = match scan.fields {
            Fields::All => &[0, 1, 2, 3, 4, 5, 6, 7],
            Fields::Three => &[0, 1, 2],
        };
        let bound = |part: usize| self.parquet.rows * part / scan.parts;
        let part = std::iter::once(bound(scan.part)..bound(scan.part + 1));
        let selection = RowSelection::from_consecutive_ranges(part, self.parquet.rows);
        let mut builder = self
            .parquet
            .builder(scan.form, columns)
            .with_batch_size(SCAN_ROWS);
        if scan.parts > 1 {
            builder = builder.with_row_selection(selection);
        }
        if let Some(window) = scan.time {
            let times = ProjectionMask::roots(builder.parquet_schema(), [2]);
            let inside = ArrowPredicateFn::new(times, move |batch| within(&batch, window));
            builder = builder.with_row_filter(RowFilter::new(vec![Box::new(inside)]));
        }
        for batch in builder.build()? {
            sink(&batch?);
        }
        Ok(())
    }
}

fn within(batch: &RecordBatch, window: (i64, i64)) -> arrow::error::Result<BooleanArray> {
    let times = batch.column(0).as_primitive::<Int64Type>();
    let bound = |time: i64| arrow::array::Int64Array::new_scalar(time);
    let since = gt_eq(times, &bound(window.0))?;
    let until = lt(times, &bound(window.1))?;
    arrow::compute::and(&since, &until)
}
