//! The names of a file's columns.

use std::collections::HashSet;
use std::io::Read;

use super::dialect::Dialect;
use super::header_shape::{Header, check_shape};
use super::reader::{RecordReader, Step};
use super::record::Record;
use crate::model::{Error, Limits, Result};

/// Reads the header and gives the names of its columns: in UTF-8, none twice, and none empty unless
/// columns are chosen.
///
/// # Errors
/// `InvalidInput`, naming line, column and rule; `Io`.
pub(crate) fn read_names<R: Read>(
    reader: &mut RecordReader<R>,
    header: Header,
) -> Result<Vec<String>> {
    match reader.advance()? {
        Step::Record => column_names(reader.record(), reader.dialect(), header)
            .map_err(|error| error.at_place(format_args!("line {}", reader.line()))),
        Step::Broken(fault) => Err(fault.into_error::<&str>(&[])),
        Step::End => Err(Error::invalid(
            "line 1: the file is empty; the first line must name the columns after the schema's \
             fields",
        )),
    }
}

fn column_names(record: Record<'_>, dialect: Dialect, header: Header) -> Result<Vec<String>> {
    if record.len() > Limits::MAX_FIELDS && header == Header::Strict {
        return Err(Error::invalid(format!(
            "the header has {} columns; a store holds at most {} fields",
            record.len(),
            Limits::MAX_FIELDS
        )));
    }
    let text = record.text().map_err(|column| {
        Error::of_field(
            &(column + 1).to_string(),
            "the name is not valid UTF-8; save the file as UTF-8",
        )
    })?;
    check_shape(text, dialect, header)?;
    let mut seen = HashSet::new();
    for (position, name) in text.fields().enumerate() {
        if name.is_empty() && header == Header::Chosen {
            continue;
        }
        if name.is_empty() {
            return Err(Error::of_field(
                &(position + 1).to_string(),
                "the name is empty; name every column after a schema field, or choose columns (--map)",
            ));
        }
        if !seen.insert(name) {
            return Err(Error::of_field(name, "the header names it twice; keep one"));
        }
    }
    Ok(text.fields().map(str::to_owned).collect())
}
