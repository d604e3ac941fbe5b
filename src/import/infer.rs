//! A CSV file to the schema it seems to follow.

use std::fs::File;
use std::path::Path;

use serde::Serialize;

use super::DEFAULT_MAX_RECORD_BYTES;
use super::candidates::candidates;
use super::header::read_names;
use super::profile::Profile;
use super::reader::RecordReader;
use crate::types::{DataType, Error, Limits, Result, Role, Schema, shown};

/// A schema that was proposed for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferredSchema {
    /// The schema, as a pretty-printed Avro document in the contract's form.
    pub json: String,
    /// What to look at before it is used: columns that break a rule, or hold no value.
    pub notes: Vec<String>,
}

/// Proposes a schema from the header and all rows of a CSV file.
///
/// Reserved names get their fixed types. Any other column gets the first type that all of its
/// values have, out of boolean, int, long, double and string; whole numbers with leading zeros or
/// beyond 64 bits are strings, so that nothing is lost. A column with an empty cell is nullable. A
/// string column is categorical when it holds at most 1,000 distinct categories (values split at
/// bars), which occur twice or more on average.
///
/// One pass; memory is bounded.
///
/// # Errors
/// `InvalidInput`, naming line, column and rule, when the file is not a CSV file of the contract;
/// where USER_ID, ITEM_ID or TIMESTAMP is missing, with the columns that may hold it. `NotFound`
/// and `Io` when it cannot be read.
pub fn infer_schema(path: &Path, limits: &Limits) -> Result<InferredSchema> {
    let file = File::open(path)
        .map_err(|error| Error::io(format_args!("opening {}", path.display()), error))?;
    profile_file(file)
        .and_then(|(names, profiles)| propose(&names, &profiles, limits))
        .map_err(|error| error.within(path.display()))
}

fn profile_file(file: File) -> Result<(Vec<String>, Vec<Profile>)> {
    let mut reader = RecordReader::new(file, DEFAULT_MAX_RECORD_BYTES)?;
    let names = read_names(&mut reader)?;
    let mut profiles = vec![Profile::default(); names.len()];
    while reader.advance()? {
        let record = reader.record();
        let place = format_args!("line {}", reader.line());
        if record.len() != names.len() {
            return Err(Error::invalid(format!(
                "{place}: {} values, but the header has {} columns; correct the row, and quote \
                 values that hold commas",
                record.len(),
                names.len()
            )));
        }
        let text = record.text().map_err(|column| {
            let name = names.get(column).map_or("?", String::as_str);
            Error::of_field(name, "not valid UTF-8; save the file as UTF-8").at_place(place)
        })?;
        for (profile, value) in profiles.iter_mut().zip(text.fields()) {
            profile.add(value);
        }
    }
    Ok((names, profiles))
}

fn propose(names: &[String], profiles: &[Profile], limits: &Limits) -> Result<InferredSchema> {
    for role in [Role::User, Role::Item, Role::Timestamp] {
        if !names.iter().any(|name| Role::of_name(name) == role) {
            return Err(candidates(role, names, profiles));
        }
    }
    let mut notes = Vec::new();
    let fields = names
        .iter()
        .zip(profiles)
        .map(|(name, profile)| {
            let role = Role::of_name(name);
            notes.extend(note(name, role, profile));
            ProposedField::of(name, role, profile)
        })
        .collect();
    let json = serde_json::to_string_pretty(&Proposal {
        kind: "record",
        name: "Interactions",
        namespace: "com.amazonaws.personalize.schema",
        fields,
        version: "1.0",
    })
    .map_err(|error| Error::invalid("the schema cannot be written").caused_by(error))?;
    let schema = Schema::parse(&json, &Limits::unlimited())
        .map_err(|error| error.within("line 1: the columns make no schema; rename them"))?;
    notes.extend_from_slice(schema.warnings());
    if let Err(error) = Schema::parse(&json, limits) {
        notes.push(error.message().to_owned());
    }
    Ok(InferredSchema { json, notes })
}

#[derive(Serialize)]
struct Proposal<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    name: &'a str,
    namespace: &'a str,
    fields: Vec<ProposedField<'a>>,
    version: &'a str,
}

#[derive(Serialize)]
struct ProposedField<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: ProposedType,
    #[serde(skip_serializing_if = "is_false")]
    categorical: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ProposedType {
    Plain(&'static str),
    Nullable([&'static str; 2]),
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl<'a> ProposedField<'a> {
    fn of(name: &'a str, role: Role, profile: &Profile) -> Self {
        let (data_type, may_be_null) = match role {
            Role::Metadata => (profile.data_type(), true),
            role => role.fixed_type(),
        };
        let kind = match profile.has_empty() && may_be_null {
            true => ProposedType::Nullable(["null", data_type.name()]),
            false => ProposedType::Plain(data_type.name()),
        };
        let categorical =
            role == Role::Metadata && data_type == DataType::String && profile.is_categorical();
        Self {
            name,
            kind,
            categorical,
        }
    }
}

/// What stands against the type that a column gets.
fn note(name: &str, role: Role, profile: &Profile) -> Option<String> {
    if profile.values() == 0 && profile.has_empty() {
        return Some(format!(
            "column {name}: every cell is empty; remove the column, or set its type yourself"
        ));
    }
    if role == Role::Metadata {
        return None;
    }
    let (data_type, may_be_null) = role.fixed_type();
    if profile.has_empty() && !may_be_null {
        return Some(format!(
            "column {name}: it has empty cells, and its field cannot be null; an import refuses \
             these rows"
        ));
    }
    profile.outside(data_type).map(|value| {
        format!(
            "column {name}: value {} is no {}, which its field must be; an import refuses such \
             rows",
            shown(value),
            data_type.name()
        )
    })
}

#[cfg(test)]
mod tests;
