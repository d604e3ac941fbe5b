//! What a file holds by its first bytes and its form: columns and records.

use super::double_colon::DoubleColons;
use super::form::{Delimiter, FileForm};
#[cfg(feature = "parquet")]
use super::parquet_batches::{ParquetBatches, is_parquet};
#[cfg(feature = "parquet")]
use super::source::spooled;
use super::source::{Input, Source, decompressed, is_json, peeked, records_of};
use crate::csv::{Dialect, Header, RecordReader, read_names};
use crate::model::{Error, Result};

/// A file whose records can be read.
pub(super) struct Contents<'s> {
    /// Behind the header.
    pub(super) records: Records<'s>,
    /// The names of its columns, in order; one without a name is passed over. None of JSON lines.
    pub(super) columns: Vec<Option<String>>,
    /// The header as the file has it, if it has one.
    pub(super) header: Vec<String>,
    /// Whether each record is a JSON object.
    pub(super) is_json: bool,
}

/// The records of a file.
pub(super) enum Records<'s> {
    Text(RecordReader<Source<'s>>),
    #[cfg(feature = "parquet")]
    Batches(ParquetBatches),
}

impl<'s> Records<'s> {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Text(reader) => reader.dialect(),
            #[cfg(feature = "parquet")]
            Self::Batches(_) => Dialect::ROWS,
        }
    }

    /// The same as text, whatever they are in the file.
    pub(super) fn into_reader(
        self,
        #[cfg_attr(
            not(feature = "parquet"),
            expect(unused_variables, reason = "Parquet alone")
        )]
        max_record_bytes: usize,
    ) -> RecordReader<Source<'s>> {
        match self {
            Self::Text(reader) => reader,
            #[cfg(feature = "parquet")]
            Self::Batches(batches) => {
                let text: Source<'s> = Box::new(batches.into_text());
                RecordReader::from_line(text, max_record_bytes, 1).with_dialect(Dialect::ROWS)
            }
        }
    }
}

/// Opens a source: decompresses it, and reads its header. Of Parquet only columns that are wanted have
/// values.
///
/// # Errors
/// `InvalidInput` for what is no text, and for a header that is none; `Io`.
pub(super) fn contents<'s>(
    input: Input<'s>,
    form: &FileForm,
    max_record_bytes: usize,
    #[cfg_attr(
        not(feature = "parquet"),
        expect(unused_variables, reason = "Parquet alone")
    )]
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<Contents<'s>> {
    #[cfg_attr(
        not(feature = "parquet"),
        expect(unused_variables, reason = "Parquet alone")
    )]
    let (source, file) = input.into_source()?;
    let (source, start) = peeked(source)?;
    #[cfg(feature = "parquet")]
    if is_parquet(&start) {
        form.check_has_no_lines("Parquet")?;
        let file = file.map_or_else(|| spooled(source), Ok)?;
        let batches = ParquetBatches::open(file, form, is_wanted)?;
        let header = batches.names().to_vec();
        return Ok(Contents {
            records: Records::Batches(batches),
            columns: header.iter().cloned().map(Some).collect(),
            header,
            is_json: false,
        });
    }
    let (source, start) = records_of(decompressed((source, start))?)?;
    let reader = |source, dialect| {
        let reader = RecordReader::new(source, max_record_bytes)?;
        Ok::<_, Error>(reader.with_dialect(dialect))
    };
    if is_json(&start) {
        form.check_has_no_lines("JSON lines")?;
        return Ok(Contents {
            records: Records::Text(reader(source, Dialect::LINES)?),
            columns: Vec::new(),
            header: Vec::new(),
            is_json: true,
        });
    }
    let source = match form.delimiter {
        Some(Delimiter::DoubleColon) => Box::new(DoubleColons::new(source)),
        _ => source,
    };
    let mut reader = reader(source, form.dialect())?;
    let (columns, header) = match &form.columns {
        Some(columns) => (columns.clone(), Vec::new()),
        None => {
            let kind = match form.keeps_columns() {
                true => Header::Strict,
                false => Header::Chosen,
            };
            let header = read_names(&mut reader, kind)?;
            let named = |name: &String| (!name.is_empty()).then(|| name.clone());
            (header.iter().map(named).collect(), header)
        }
    };
    Ok(Contents {
        records: Records::Text(reader),
        columns,
        header,
        is_json: false,
    })
}
