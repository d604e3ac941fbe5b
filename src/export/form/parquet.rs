//! Parquet.

use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use arrow_array::RecordBatch;
use arrow_schema::{DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::writer::{FormOptions, FormWriter, writing};
use crate::model::{Error, Result};

/// Records of a row group, at most.
const ROW_GROUP_ROWS: usize = 1 << 20;
/// Bytes of Arrow arrays of a row group, about at most.
const ROW_GROUP_BYTES: usize = 256 << 20;
/// Bytes that the dictionary of a string column takes, at most: all the ids of a row group fit, since a
/// column that falls back to plain strings in its middle is larger by far.
const DICTIONARY_BYTES: usize = 256 << 20;
/// Batches that wait for a thread, at most.
const WAITING: usize = 4;

pub(super) struct ParquetForm<W: Write + Send> {
    /// `None` once the file is whole.
    writer: Option<SerializedFileWriter<W>>,
    factory: ArrowRowGroupWriterFactory,
    schema: Arc<ArrowSchema>,
    max_rows: usize,
    encoders: Encoders,
    group: Option<Group>,
}

/// The row group that is being encoded.
struct Group {
    rows: usize,
    bytes: usize,
}

impl<W: Write + Send> ParquetForm<W> {
    pub(super) fn new(out: W, schema: &Arc<ArrowSchema>, options: &FormOptions) -> Result<Self> {
        let arrow = ArrowWriterOptions::new().with_properties(properties(schema, options)?);
        let writer =
            ArrowWriter::try_new_with_options(out, schema.clone(), arrow).map_err(unfit)?;
        let (writer, factory) = writer.into_serialized_writer().map_err(unfit)?;
        Ok(Self {
            writer: Some(writer),
            factory,
            schema: schema.clone(),
            max_rows: options.row_group_rows.unwrap_or(ROW_GROUP_ROWS).max(1),
            encoders: Encoders::new(options.threads.min(schema.fields().len()))?,
            group: None,
        })
    }

    fn writer(&mut self) -> Result<&mut SerializedFileWriter<W>> {
        self.writer
            .as_mut()
            .ok_or_else(|| Error::internal("a Parquet file written to behind its end"))
    }

    fn begin_group(&mut self) -> Result<()> {
        let nth = self.writer()?.flushed_row_groups().len();
        let columns = self.factory.create_column_writers(nth).map_err(unfit)?;
        if columns.len() != self.schema.fields().len() {
            return Err(Error::internal(
                "a column that is no single column of Parquet",
            ));
        }
        self.encoders.begin(&self.schema, columns)?;
        self.group = Some(Group { rows: 0, bytes: 0 });
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        if self.group.take().is_none() {
            return Ok(());
        }
        let chunks = self.encoders.end()?;
        let mut group = self.writer()?.next_row_group().map_err(unfit)?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group).map_err(unfit)?;
        }
        group.close().map_err(unfit)?;
        Ok(())
    }
}

impl<W: Write + Send> FormWriter for ParquetForm<W> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut from = 0;
        while from < batch.num_rows() {
            if self.group.is_none() {
                self.begin_group()?;
            }
            let Some(group) = &mut self.group else {
                continue;
            };
            let rows = (batch.num_rows() - from).min(self.max_rows - group.rows);
            let part = batch.slice(from, rows);
            group.rows += rows;
            group.bytes += batch.get_array_memory_size() / batch.num_rows() * rows;
            let is_full = group.rows >= self.max_rows || group.bytes >= ROW_GROUP_BYTES;
            self.encoders.write(part)?;
            if is_full {
                self.end_group()?;
            }
            from += rows;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.end_group()?;
        let writer = self.writer.take();
        let writer = writer.ok_or_else(|| Error::internal("a Parquet file that ends twice"))?;
        writer.into_inner().map_err(unfit)?.flush().map_err(writing)
    }
}

fn properties(schema: &ArrowSchema, options: &FormOptions) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(unfit)?;
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("annals {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(usize::MAX))
        .set_max_row_group_bytes(None)
        .set_statistics_enabled(EnabledStatistics::Page);
    for field in schema.fields() {
        let path = leaf(field);
        properties = match value_type(field.data_type()) {
            ArrowType::Utf8 | ArrowType::Utf8View | ArrowType::Dictionary(_, _) => {
                properties.set_column_dictionary_page_size_limit(path, DICTIONARY_BYTES)
            }
            // Times rise within a user.
            ArrowType::Int64 if field.name().ends_with("TIMESTAMP") => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            _ => properties,
        };
    }
    if options.sorted {
        let position = |name: &str| schema.index_of(name).ok();
        let sorted = [position("USER_ID"), position("TIMESTAMP")];
        if let [Some(user), Some(timestamp)] = sorted {
            let column = |column: usize| SortingColumn {
                column_idx: column as i32,
                descending: false,
                nulls_first: false,
            };
            properties =
                properties.set_sorting_columns(Some(vec![column(user), column(timestamp)]));
        }
    }
    Ok(properties.build())
}

/// A level that takes little time and leaves little to gain.
const ZSTD_LEVEL: i32 = 3;

/// The path of the only column of Parquet that a field has.
fn leaf(field: &ArrowField) -> ColumnPath {
    let mut path = vec![field.name().clone()];
    let mut data_type = field.data_type();
    while let ArrowType::List(item) = data_type {
        path.push("list".to_owned());
        path.push(item.name().clone());
        data_type = item.data_type();
    }
    ColumnPath::new(path)
}

fn value_type(data_type: &ArrowType) -> &ArrowType {
    match data_type {
        ArrowType::List(item) => value_type(item.data_type()),
        other => other,
    }
}

/// Encoders of the columns of a row group: of the caller's thread, or each of its own.
enum Encoders {
    Own(Vec<Column>),
    Threads(Vec<Thread>),
}

/// A column that is being encoded.
struct Column {
    nth: usize,
    field: Arc<ArrowField>,
    writer: ArrowColumnWriter,
}

impl Column {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        for leaf in compute_leaves(&self.field, batch.column(self.nth)).map_err(unfit)? {
            self.writer.write(&leaf).map_err(unfit)?;
        }
        Ok(())
    }
}

type Chunks = Vec<(usize, ArrowColumnChunk)>;

enum Work {
    Begin(Vec<Column>),
    Batch(RecordBatch),
    End,
}

struct Thread {
    work: SyncSender<Work>,
    chunks: Receiver<Result<Chunks>>,
    _handle: JoinHandle<()>,
}

impl Encoders {
    fn new(threads: usize) -> Result<Self> {
        if threads < 2 {
            return Ok(Self::Own(Vec::new()));
        }
        let start = |_| {
            let (work, taken) = sync_channel(WAITING);
            let (tell, chunks) = sync_channel(1);
            let thread = std::thread::Builder::new().name("annals-parquet".to_owned());
            let handle = thread.spawn(move || encode(&taken, &tell));
            let handle =
                handle.map_err(|error| Error::io("start a thread of the export", error))?;
            Ok(Thread {
                work,
                chunks,
                _handle: handle,
            })
        };
        (0..threads)
            .map(start)
            .collect::<Result<_>>()
            .map(Self::Threads)
    }

    fn begin(&mut self, schema: &ArrowSchema, writers: Vec<ArrowColumnWriter>) -> Result<()> {
        let columns = writers.into_iter().zip(schema.fields()).enumerate();
        let columns = columns.map(|(nth, (writer, field))| Column {
            nth,
            field: field.clone(),
            writer,
        });
        match self {
            Self::Own(own) => *own = columns.collect(),
            Self::Threads(threads) => {
                let mut shares: Vec<Vec<Column>> = Vec::new();
                shares.resize_with(threads.len(), Vec::new);
                let mut loads = vec![0u32; threads.len()];
                for column in columns {
                    let least = (0..loads.len()).min_by_key(|at| loads.get(*at).copied());
                    let least = least.unwrap_or(0);
                    if let (Some(load), Some(share)) = (loads.get_mut(least), shares.get_mut(least))
                    {
                        *load += work_of(&column.field);
                        share.push(column);
                    }
                }
                for (thread, share) in threads.iter().zip(shares) {
                    thread.work.send(Work::Begin(share)).map_err(|_| ended())?;
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, batch: RecordBatch) -> Result<()> {
        match self {
            Self::Own(columns) => columns
                .iter_mut()
                .try_for_each(|column| column.write(&batch)),
            Self::Threads(threads) => {
                for thread in threads {
                    if thread.work.send(Work::Batch(batch.clone())).is_err() {
                        // It told why it ended.
                        return Err(match thread.chunks.recv() {
                            Ok(Err(error)) => error,
                            _ => ended(),
                        });
                    }
                }
                Ok(())
            }
        }
    }

    fn end(&mut self) -> Result<Vec<ArrowColumnChunk>> {
        let mut chunks = Vec::new();
        match self {
            Self::Own(columns) => chunks = close(std::mem::take(columns))?,
            Self::Threads(threads) => {
                for thread in threads.iter() {
                    let _ = thread.work.send(Work::End);
                }
                for thread in threads {
                    chunks.extend(thread.chunks.recv().map_err(|_| ended())??);
                }
            }
        }
        chunks.sort_by_key(|(nth, _)| *nth);
        Ok(chunks.into_iter().map(|(_, chunk)| chunk).collect())
    }
}

/// What a column takes, beside others.
fn work_of(field: &ArrowField) -> u32 {
    match value_type(field.data_type()) {
        ArrowType::Utf8 | ArrowType::Utf8View | ArrowType::Dictionary(_, _) => 3,
        _ => 1,
    }
}

fn close(columns: Vec<Column>) -> Result<Chunks> {
    let closed = columns.into_iter().map(|column| {
        let chunk = column.writer.close().map_err(unfit)?;
        Ok((column.nth, chunk))
    });
    closed.collect()
}

/// Encodes columns until nobody sends any more.
fn encode(work: &Receiver<Work>, tell: &SyncSender<Result<Chunks>>) {
    let mut columns = Vec::new();
    while let Ok(next) = work.recv() {
        let done = match next {
            Work::Begin(begun) => {
                columns = begun;
                continue;
            }
            Work::Batch(batch) => {
                match columns
                    .iter_mut()
                    .try_for_each(|column: &mut Column| column.write(&batch))
                {
                    Ok(()) => continue,
                    Err(error) => Err(error),
                }
            }
            Work::End => close(std::mem::take(&mut columns)),
        };
        let failed = done.is_err();
        if tell.send(done).is_err() || failed {
            return;
        }
    }
}

fn ended() -> Error {
    Error::internal("a thread that encodes Parquet ended before its work")
}

fn unfit(error: ParquetError) -> Error {
    match error {
        ParquetError::External(error) => match error.downcast::<std::io::Error>() {
            Ok(error) => writing(*error),
            Err(error) => {
                Error::internal("batches that do not make a Parquet file").caused_by(error)
            }
        },
        error => Error::internal("batches that do not make a Parquet file").caused_by(error),
    }
}
