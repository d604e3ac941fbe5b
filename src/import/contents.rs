//! What a file holds by its first bytes and its form: columns and records.

use super::double_colon::DoubleColons;
use super::form::{Delimiter, FileForm};
#[cfg(feature = "parquet")]
use super::parquet_records::{ParquetRecords, is_parquet};
#[cfg(feature = "parquet")]
use super::source::spooled;
use super::source::{Input, Source, decompressed, is_json, peeked, records_of};
use crate::csv::{Dialect, Header, RecordReader, read_names};
use crate::types::{Error, Result};

/// A file whose records can be read.
pub(super) struct Contents<'s> {
    /// Behind the header.
    pub(super) reader: RecordReader<Source<'s>>,
    /// The names of its columns, in order; one without a name is passed over. None of JSON lines.
    pub(super) columns: Vec<Option<String>>,
    /// The header as the file has it, if it has one.
    pub(super) header: Vec<String>,
    /// Whether each record is a JSON object.
    pub(super) is_json: bool,
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
        let records = ParquetRecords::open(file, form, is_wanted)?;
        let header = records.names().to_vec();
        let reader = RecordReader::from_line(Box::new(records) as Source<'s>, max_record_bytes, 1);
        return Ok(Contents {
            reader: reader.with_dialect(Dialect::ROWS),
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
            reader: reader(source, Dialect::LINES)?,
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
        reader,
        columns,
        header,
        is_json: false,
    })
}
