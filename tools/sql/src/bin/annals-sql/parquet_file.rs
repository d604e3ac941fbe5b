//! A result as a Parquet file.

use std::path::Path;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::failure::{Failure, Outcome};
use crate::sink::Sink;

/// A Parquet file, compressed by zstd.
pub struct ParquetFile(ArrowWriter<Sink>);

impl ParquetFile {
    pub fn create(path: &Path, schema: &SchemaRef) -> Outcome<Self> {
        let zstd = Compression::ZSTD(ZstdLevel::default());
        let properties = WriterProperties::builder().set_compression(zstd).build();
        let writer = ArrowWriter::try_new(Sink::create(path)?, schema.clone(), Some(properties));
        writer.map(Self).map_err(failed)
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Outcome {
        self.0.write(batch).map_err(failed)
    }

    pub fn finish(self) -> Outcome {
        self.0.into_inner().map_err(failed)?.finish()
    }
}

fn failed(error: ParquetError) -> Failure {
    if let ParquetError::External(cause) = &error
        && let Some(cause) = cause.downcast_ref::<std::io::Error>()
    {
        return Failure::io("writing", cause);
    }
    Failure::io("writing Parquet", &std::io::Error::other(error))
}
