//! A CSV header against a schema.

use std::collections::HashSet;
use std::io::Read;

use super::reader::RecordReader;
use super::record::Record;
use crate::types::{Error, Field, FieldId, Limits, Result, Schema};

/// The column names of a header: unquoted, unique, in UTF-8.
///
/// # Errors
/// `InvalidInput`, naming the column and the rule.
fn column_names(record: Record<'_>, has_quotes: bool) -> Result<Vec<String>> {
    if has_quotes {
        return Err(Error::invalid(
            "the header holds quotes; write column names without quotes",
        ));
    }
    if record.len() > Limits::MAX_FIELDS {
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
    let mut seen = HashSet::new();
    for (position, name) in text.fields().enumerate() {
        if name.is_empty() {
            return Err(Error::of_field(
                &(position + 1).to_string(),
                "the name is empty; name every column after a schema field",
            ));
        }
        if !seen.insert(name) {
            return Err(Error::of_field(name, "the header names it twice; keep one"));
        }
    }
    Ok(text.fields().map(str::to_owned).collect())
}

/// Reads the header and gives the names of its columns, in UTF-8, unquoted and unique.
pub(super) fn read_names<R: Read>(reader: &mut RecordReader<R>) -> Result<Vec<String>> {
    if !reader.advance()? {
        return Err(Error::invalid(
            "line 1: the file is empty; the first line must name the columns after the schema's \
             fields",
        ));
    }
    column_names(reader.record(), reader.has_quotes())
        .map_err(|error| error.at_place(format_args!("line {}", reader.line())))
}

/// The schema field of each column: names match exactly, in any order, and none is missing.
///
/// # Errors
/// `InvalidInput`, naming the column and the rule.
pub(super) fn match_columns(names: &[String], schema: &Schema) -> Result<Vec<FieldId>> {
    let fields = schema.fields();
    let columns = names
        .iter()
        .map(|name| schema.position(name).ok_or_else(|| unknown(name, schema)))
        .collect::<Result<Vec<_>>>()?;
    let missing: Vec<&str> = (0..fields.len())
        .filter(|id| !columns.contains(id))
        .filter_map(|id| fields.get(id).map(Field::name))
        .collect();
    if !missing.is_empty() {
        return Err(Error::invalid(format!(
            "the header lacks {}; it must name every field of the schema: {}",
            missing.join(", "),
            field_names(schema)
        )));
    }
    Ok(columns)
}

fn unknown(name: &str, schema: &Schema) -> Error {
    let alike = |field: &&Field| field.name().eq_ignore_ascii_case(name.trim());
    let hint = match schema.fields().iter().find(alike) {
        Some(field) => format!("names must be equal; did you mean {}?", field.name()),
        None if name.contains([';', '\t']) => "separate columns by commas".to_owned(),
        None => format!(
            "remove the column; the schema's fields are {}",
            field_names(schema)
        ),
    };
    Error::of_field(
        &crate::types::shown(name),
        format_args!("the schema has no such field; {hint}"),
    )
}

/// The schema's field names, for messages.
fn field_names(schema: &Schema) -> String {
    let names: Vec<&str> = schema.fields().iter().map(Field::name).collect();
    names.join(", ")
}
