//! A CSV file to the schema it seems to follow.

use std::fs::File;
use std::path::Path;

use serde::Serialize;

use super::candidates::candidates;
use super::check::{RowCheck, schema_of_names};
use super::profile::Profile;
use crate::csv::{DEFAULT_MAX_RECORD_BYTES, RecordReader, Step, read_names};
use crate::types::{DataType, Error, Limits, Result, Role, Schema, Validator};

/// A schema that was proposed for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InferredSchema {
    /// The schema, as a pretty-printed Avro document in the contract's form.
    pub json: String,
    /// What to look at before it is used: rows that an import would refuse under the limits given,
    /// with their number and the first, quotas that are exceeded, times that are probably in another
    /// unit, columns without a value.
    pub notes: Vec<String>,
}

/// Proposes a schema from the header and all rows of a CSV file.
///
/// Reserved names get their fixed types. Any other column gets the first type that all of its
/// values have, out of boolean, int, long, double and string; whole numbers with leading zeros or
/// beyond 64 bits are strings, so that nothing is lost. All columns are nullable but USER_ID, ITEM_ID,
/// TIMESTAMP and EVENT_TYPE, which never are: the next file may have an empty cell where this one has
/// none. A string column is categorical when it holds at most 1,000 distinct categories (values split
/// at bars), which occur twice or more on average.
///
/// The notes hold what an import into a store of that schema and these limits would refuse: each row
/// is held to the same rules. One pass; memory is bounded.
///
/// # Errors
/// `InvalidInput`, naming line, column and rule, when the file is not a CSV file of the contract;
/// where USER_ID, ITEM_ID or TIMESTAMP is missing, with the columns that may hold it. `NotFound`
/// and `Io` when it cannot be read.
pub fn infer_schema(path: &Path, limits: &Limits) -> Result<InferredSchema> {
    let file = File::open(path)
        .map_err(|error| Error::io(format_args!("opening {}", path.display()), error))?;
    profile_file(file, limits)
        .and_then(|file| propose(&file, limits))
        .map_err(|error| error.within(path.display()))
}

/// What a file holds.
struct ProfiledFile {
    names: Vec<String>,
    /// One a column.
    profiles: Vec<Profile>,
    /// What an import would refuse or warn of.
    checked: Vec<String>,
}

fn profile_file(file: File, limits: &Limits) -> Result<ProfiledFile> {
    let mut reader = RecordReader::new(file, DEFAULT_MAX_RECORD_BYTES)?;
    let names = read_names(&mut reader)?;
    let mut profiles = vec![Profile::default(); names.len()];
    let schema = schema_of_names(&names);
    let validator = schema.map(|schema| Validator::new(schema, limits.clone()));
    let mut check = validator.as_ref().map(RowCheck::new);
    loop {
        match reader.advance()? {
            Step::Record => {}
            Step::Broken(fault) => return Err(fault.into_error(&names)),
            Step::End => break,
        }
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
        if let Some(check) = &mut check {
            check.add(reader.line(), text);
        }
    }
    let checked = check.map_or_else(Vec::new, |check| check.notes());
    Ok(ProfiledFile {
        names,
        profiles,
        checked,
    })
}

fn propose(file: &ProfiledFile, limits: &Limits) -> Result<InferredSchema> {
    let (names, profiles) = (&file.names, &file.profiles);
    let lacking = |role: &Role| !names.iter().any(|name| Role::of_name(name) == *role);
    let required = [Role::User, Role::Item, Role::Timestamp].into_iter();
    let lacking: Vec<Role> = required.filter(lacking).collect();
    if !lacking.is_empty() {
        return Err(candidates(&lacking, names, profiles));
    }
    let mut notes = file.checked.clone();
    let fields = names
        .iter()
        .zip(profiles)
        .map(|(name, profile)| {
            let role = Role::of_name(name);
            notes.extend(note(name, profile));
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
        let kind = match may_be_null {
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

/// What stands against a column.
fn note(name: &str, profile: &Profile) -> Option<String> {
    (profile.values() == 0 && profile.has_empty()).then(|| {
        format!("column {name}: every cell is empty; remove the column, or set its type yourself")
    })
}

#[cfg(test)]
mod tests;
