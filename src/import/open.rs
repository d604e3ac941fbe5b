//! A file against a schema: its records, and how they become rows.

use super::contents::{Contents, Records, contents};
use super::form::{Columns, FileForm, Resolved, resolve};
use super::header::match_columns;
use super::record_rows::RecordRows;
use super::source::Input;
use crate::check::Validator;
use crate::model::Result;

/// A file whose records are rows.
pub(super) struct Opened<'s, 'v> {
    pub(super) records: Records<'s>,
    pub(super) rows: RecordRows<'v>,
    /// The header as the file has it, if it has one.
    pub(super) header: Vec<String>,
    /// What is to be told of its columns.
    pub(super) warnings: Vec<String>,
}

/// Opens a source, and finds the columns of the schema's fields.
///
/// # Errors
/// `InvalidInput` for what is no text, and for columns that do not fit; `Io`.
pub(super) fn open<'s, 'v>(
    input: Input<'s>,
    form: &FileForm,
    validator: &'v Validator,
    max_record_bytes: usize,
) -> Result<Opened<'s, 'v>> {
    let is_mapped = |name: &str| form.map.iter().any(|(_, column)| column == name);
    let is_wanted = |name: &str| is_mapped(name) || validator.schema().position(name).is_some();
    let Contents {
        records,
        columns,
        header,
        is_json,
    } = contents(input, form, max_record_bytes, &is_wanted)?;
    let (schema, dialect) = (validator.schema(), records.dialect());
    if form.keeps_columns() && !is_json {
        let columns = match_columns(&header, schema).map_err(|error| match &records {
            Records::Text(reader) => error.at_place(format_args!("line {}", reader.line())),
            #[cfg(feature = "parquet")]
            Records::Batches(_) => error,
        })?;
        if let Some(columns) = columns {
            return Ok(Opened {
                rows: RecordRows::of_columns(validator, dialect, columns),
                records,
                header,
                warnings: Vec::new(),
            });
        }
    }
    let columns = match is_json {
        true => Columns::Json,
        false => Columns::Named(&columns),
    };
    let Resolved { mapping, warnings } = resolve(form, &columns, schema)?;
    Ok(Opened {
        rows: RecordRows::of_mapping(validator, dialect, mapping),
        records,
        header,
        warnings,
    })
}
