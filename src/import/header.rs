//! A CSV header against a schema.

use std::collections::HashSet;
use std::io::Read;

use super::header_shape::check_shape;
use super::reader::RecordReader;
use super::record::Record;
use crate::types::{Error, Field, FieldId, Limits, Result, Schema, shown};

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
    check_shape(text)?;
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
    let mut columns = Vec::with_capacity(names.len());
    let mut unknown = Vec::new();
    for name in names {
        match schema.position(name) {
            Some(id) => columns.push(id),
            None => unknown.push(name.as_str()),
        }
    }
    let missing = (0..fields.len()).filter(|id| !columns.contains(id));
    let missing: Vec<&str> = missing
        .filter_map(|id| fields.get(id).map(Field::name))
        .collect();
    match (unknown.is_empty(), missing.is_empty()) {
        (true, true) => Ok(columns),
        (true, false) => Err(Error::invalid(format!(
            "the header lacks {}; it must name every field of the schema: {}",
            missing.join(", "),
            schema.names()
        ))),
        (false, _) => Err(unknown_columns(&unknown, &missing, schema)),
    }
}

/// The error of columns that are no fields, all in one, with the fields that they may be meant for.
fn unknown_columns(unknown: &[&str], missing: &[&str], schema: &Schema) -> Error {
    let mut lacking = missing.to_vec();
    let mut columns = Vec::with_capacity(unknown.len());
    for name in unknown {
        let meant = schema.meant_by(name).map(Field::name);
        let meant = meant.filter(|meant| missing.contains(meant));
        lacking.retain(|name| Some(*name) != meant);
        columns.push(match meant {
            Some(meant) => format!("{} (did you mean {meant}?)", shown(name)),
            None => shown(name),
        });
    }
    let lacks = match lacking.is_empty() {
        true => String::new(),
        false => format!("; the header lacks {}", lacking.join(", ")),
    };
    Error::invalid(format!(
        "the schema has no column {}{lacks}; rename or remove columns so that their names are those of \
         the schema's fields: {}",
        columns.join(", "),
        schema.names()
    ))
}
