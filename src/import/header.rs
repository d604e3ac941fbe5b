//! A CSV header against a schema.

use super::candidates::mapping_for;
use crate::model::{Error, Field, FieldId, Result, Schema, shown};

/// The schema field of each column: names match exactly, in any order, and none is missing. `None` where
/// there is no column for some fields that may be null, and nothing else is wrong.
///
/// # Errors
/// `InvalidInput`, naming the column and the rule.
pub(super) fn match_columns(names: &[String], schema: &Schema) -> Result<Option<Vec<FieldId>>> {
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
    let missing: Vec<&Field> = missing.filter_map(|id| fields.get(id)).collect();
    let required = missing.iter().filter(|field| !field.is_nullable());
    let required: Vec<&str> = required.map(|field| field.name()).collect();
    let missing: Vec<&str> = missing.into_iter().map(Field::name).collect();
    match (unknown.is_empty(), missing.is_empty()) {
        (true, true) => Ok(Some(columns)),
        (true, false) if required.is_empty() => Ok(None),
        (true, false) => Err(Error::invalid(format!(
            "the header lacks {}; it must name every field of the schema that may not be null; the fields are {}",
            required.join(", "),
            schema.names()
        ))),
        (false, _) => Err(unknown_columns(
            &unknown,
            &missing,
            schema,
            mapping_for(names, schema),
        )),
    }
}

/// The error of columns that are no fields, all in one, with the fields that they may be meant for, and
/// with options that take them, where they are known.
fn unknown_columns(
    unknown: &[&str],
    missing: &[&str],
    schema: &Schema,
    options: Option<String>,
) -> Error {
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
    let advice = match options {
        Some(options) => {
            format!(
                "add {options} to the import, which leaves out other columns, or rename columns"
            )
        }
        None => format!(
            "say which columns to take (--map FIELD=COLUMN), or rename or remove columns so that their \
             names are those of the schema's fields: {}",
            schema.names()
        ),
    };
    Error::invalid(format!(
        "the schema has no column {}{lacks}; {advice}",
        columns.join(", "),
    ))
}
