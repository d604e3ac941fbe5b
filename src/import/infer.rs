//! A file to the schema it seems to follow.

use std::path::Path;

use serde::Serialize;

use super::candidates::{candidates, unit_of};
use super::check::{RowCheck, schema_of_names};
use super::column_records::ColumnRecords;
use super::form::{FileForm, Resolved, Scratch, Texts, pointed, resolve};
use super::profile::Profile;
use crate::check::Validator;
use crate::model::{DataType, Error, Limits, Result, Role, Schema};

/// A schema that was proposed for a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InferredSchema {
    /// The schema, as a pretty-printed Avro document in the contract's form.
    pub json: String,
    /// What to look at before it is used: rows that an import would refuse under the limits given,
    /// with their number and the first, quotas that are exceeded, times that are probably in another
    /// unit, columns without a value.
    pub notes: Vec<String>,
    /// What the file's times are, where the form names no unit and they are not epoch seconds, as
    /// `annals import --time-unit` takes it: `ms`, `us`, `ns` or `iso`.
    pub time_unit: Option<&'static str>,
}

/// Proposes a schema from the columns and all rows of a file.
///
/// Reserved names get their fixed types. Any other field gets the first type that all of its
/// values have, out of boolean, int, long, double and string; whole numbers with leading zeros or
/// beyond 64 bits are strings, so that nothing is lost. All fields are nullable but USER_ID, ITEM_ID,
/// TIMESTAMP and EVENT_TYPE, which never are: the next file may have an empty cell where this one has
/// none. A string field is categorical when it holds at most 1,000 distinct categories (values split
/// at bars), which occur twice or more on average.
///
/// The fields are the columns, or what the form maps and sets. The notes hold what an import of the
/// same form into a store of that schema and these limits would refuse: each row is held to the same
/// rules. One pass, and another before it for the keys of JSON lines; memory is bounded.
///
/// # Errors
/// `InvalidInput`, naming line, column and rule, when the file is not of the form; where USER_ID,
/// ITEM_ID or TIMESTAMP is missing, with the columns that may hold it and a mapping to go on with.
/// `NotFound` and `Io` when it cannot be read.
pub fn infer_schema(path: &Path, form: &FileForm, limits: &Limits) -> Result<InferredSchema> {
    let read = || -> Result<InferredSchema> {
        let records = ColumnRecords::open(path, form)?;
        let fields = fields_of(form, &records.names());
        let lacking = |role: &Role| !fields.iter().any(|name| Role::of_name(name) == *role);
        let required = [Role::User, Role::Item, Role::Timestamp].into_iter();
        let lacking: Vec<Role> = required.filter(lacking).collect();
        if !lacking.is_empty() {
            let names = records.names();
            let profiles = profiles_of_columns(records)?;
            return Err(candidates(&lacking, &names, &profiles, form));
        }
        let schema = schema_of_names(&fields)?;
        let file = profile_fields(records, form, &Validator::new(schema, limits.clone()))?;
        let mut inferred = propose(&fields, &file, limits)?;
        if form.time_unit.is_none() && !form.order_as_time {
            let time = fields
                .iter()
                .position(|name| Role::of_name(name) == Role::Timestamp);
            let time = time.and_then(|time| file.profiles.get(time));
            inferred.time_unit = time.and_then(unit_of);
        }
        Ok(inferred)
    };
    read().map_err(|error| error.within(path.display()))
}

/// Proposes a schema of the Items or the Users dataset, which is called `name`, from the header and all
/// rows of a CSV file, such as `annals filter` takes.
///
/// The field `id` is a string and not null; any other is nullable, with a type and categories as
/// [`infer_schema`] finds them.
///
/// # Errors
/// `InvalidInput`, naming line, column and rule, when the file is no CSV file with a header that names
/// `id`. `NotFound` and `Io` when it cannot be read.
pub fn infer_attribute_schema(path: &Path, name: &str, id: &str) -> Result<InferredSchema> {
    let read = || -> Result<InferredSchema> {
        let records = ColumnRecords::open(path, &FileForm::new())?;
        let names = records.names();
        if !names.iter().any(|known| known == id) {
            return Err(Error::invalid(format!(
                "line 1: the header lacks {id}, which every schema of {name} must have; rename the column \
                 that holds it; the header has {}",
                names.join(", ")
            )));
        }
        let profiles = profiles_of_columns(records)?;
        let mut notes = Vec::new();
        let fields = names.iter().zip(&profiles).map(|(field, profile)| {
            notes.extend(note(field, profile));
            match field == id {
                true if profile.has_empty() => {
                    notes.push(format!(
                        "column {id}: cells are empty; give each row its id"
                    ));
                    ProposedField::of(field, Role::User, profile)
                }
                true => ProposedField::of(field, Role::User, profile),
                false => ProposedField::of(field, Role::Metadata, profile),
            }
        });
        let fields = fields.collect();
        let json = Proposal::of(name, fields)?;
        Ok(InferredSchema {
            json,
            notes,
            time_unit: None,
        })
    };
    read().map_err(|error| error.within(path.display()))
}

/// The fields that a schema for the form has.
fn fields_of(form: &FileForm, columns: &[String]) -> Vec<String> {
    let mut fields: Vec<String> = form.map.iter().map(|(field, _)| field.clone()).collect();
    let is_own = |name: &&String| form.map.is_empty() || Role::of_name(name) != Role::Metadata;
    let own = columns.iter().filter(is_own).cloned();
    let set = form.set.iter().map(|(field, _)| field.clone());
    let clicked = form.click_labels.then(|| "ITEM_ID".to_owned());
    let position = form.order_as_time.then(|| "TIMESTAMP".to_owned());
    for field in own.chain(set).chain(clicked).chain(position) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    fields
}

/// What the fields of a file hold.
struct ProfiledFile {
    /// One a field.
    profiles: Vec<Profile>,
    /// What an import would refuse or warn of.
    checked: Vec<String>,
}

fn profile_fields(
    mut records: ColumnRecords,
    form: &FileForm,
    validator: &Validator,
) -> Result<ProfiledFile> {
    let schema = validator.schema();
    let Resolved { mapping, warnings } = resolve(form, &records.columns(), schema)?;
    let mut profiles = vec![Profile::default(); schema.fields().len()];
    let mut check = RowCheck::new(validator);
    let mut scratch = Scratch::default();
    records.each(|line, values| {
        let done = mapping.rows_of(
            values.fields(),
            &mut scratch,
            &mut |texts: &Texts, _: &mut _| {
                for (profile, value) in profiles.iter_mut().zip(texts.iter()) {
                    match form.decimal_comma {
                        true => profile.add(&pointed(value)),
                        false => profile.add(value),
                    }
                }
                check.add(line, texts.iter());
                Ok(())
            },
        );
        if let Err(error) = done {
            check.refuse(line, error);
        }
    })?;
    let mut checked = warnings;
    checked.extend(scratch.told.warnings());
    checked.extend(check.notes());
    Ok(ProfiledFile { profiles, checked })
}

/// What the columns of a file hold, whatever fields they are.
fn profiles_of_columns(mut records: ColumnRecords) -> Result<Vec<Profile>> {
    let mut profiles = vec![Profile::default(); records.names().len()];
    let columns = records.all_columns();
    let mut scratch = Scratch::default();
    records.each(|_, values| {
        // What cannot be read says nothing about columns.
        let _ = columns.rows_of(
            values.fields(),
            &mut scratch,
            &mut |texts: &Texts, _: &mut _| {
                for (profile, value) in profiles.iter_mut().zip(texts.iter()) {
                    profile.add(value);
                }
                Ok(())
            },
        );
    })?;
    Ok(profiles)
}

fn propose(names: &[String], file: &ProfiledFile, limits: &Limits) -> Result<InferredSchema> {
    let mut notes = file.checked.clone();
    let fields = names
        .iter()
        .zip(&file.profiles)
        .map(|(name, profile)| {
            let role = Role::of_name(name);
            notes.extend(note(name, profile));
            notes.extend(decimal_commas(name, profile));
            ProposedField::of(name, role, profile)
        })
        .collect();
    let json = Proposal::of("Interactions", fields)?;
    let schema = Schema::parse(&json, &Limits::unlimited())
        .map_err(|error| error.within("line 1: the columns make no schema; rename them"))?;
    notes.extend_from_slice(schema.warnings());
    if let Err(error) = Schema::parse(&json, limits) {
        notes.push(error.message().to_owned());
    }
    Ok(InferredSchema {
        json,
        notes,
        time_unit: None,
    })
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

impl<'a> Proposal<'a> {
    /// The document of a schema.
    fn of(name: &'a str, fields: Vec<ProposedField<'a>>) -> Result<String> {
        let proposal = Self {
            kind: "record",
            name,
            namespace: "com.amazonaws.personalize.schema",
            fields,
            version: "1.0",
        };
        serde_json::to_string_pretty(&proposal)
            .map_err(|error| Error::invalid("the schema cannot be written").caused_by(error))
    }
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

fn decimal_commas(name: &str, profile: &Profile) -> Option<String> {
    profile.has_decimal_commas().then(|| {
        format!(
            "column {name}: numbers with a decimal comma; add --decimal-comma to infer and import, or they are texts"
        )
    })
}

#[cfg(test)]
mod tests;
