//! A JSON object to an interaction.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::other_forms::no_interaction;
use crate::check::{RowScratch, Validator, value_of_cell};
use crate::model::{
    DataType, Error, Field, FieldId, Interaction, Result, Role, Schema, Value, shortened,
};

/// The interaction that a JSON object stands for; its keys are the schema's field names.
///
/// Numbers may be JSON numbers, or strings that a CSV cell could hold; whole numbers may be written
/// with a fraction of zero or an exponent. Booleans may be `"true"` and `"false"`. `IMPRESSION` is a list of item
/// ids, or a string in which bars join them. Null, an empty string, an empty list and an absent key
/// are null. The interaction is checked in full, so a write will not refuse it for its values.
///
/// # Errors
/// `InvalidInput`, naming the field, the value and the rule.
pub fn interaction_of_json(json: &str, validator: &Validator) -> Result<Interaction> {
    let Entries(entries) =
        serde_json::from_str(json).map_err(|error| not_an_object(json, &error))?;
    let schema = validator.schema();
    let mut values: Vec<Option<Value>> = vec![None; schema.fields().len()];
    let known = |name: &str| schema.position(name).is_some();
    let unknown: Vec<&str> = entries
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !known(name))
        .collect();
    if let Some(error) = no_interaction(unknown.iter().copied()) {
        return Err(error);
    }
    if !unknown.is_empty() {
        return Err(schema.unknown_names(&unknown));
    }
    for (name, json) in entries {
        let id = schema.require(&name)?;
        let Some((field, slot)) = schema.fields().get(id).zip(values.get_mut(id)) else {
            continue;
        };
        if slot.is_some() {
            return Err(Error::of_field(&name, "is given twice; give it once"));
        }
        *slot = Some(value_of(validator, id, field, json.get())?);
    }
    let interaction = assemble(schema, values)?;
    validator.with_row(&interaction, &mut RowScratch::default(), |_| Ok(()))?;
    Ok(interaction)
}

pub(super) fn not_an_object(json: &str, error: &serde_json::Error) -> Error {
    let (column, what) = syntax_of(json, error);
    Error::invalid(format!(
        "{column}not a JSON object ({what}); write one object a line"
    ))
}

/// Numbers that some writers of JSON make, and no reader takes.
const NO_NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// Where the text breaks the rules of JSON, and how, without the parser's own position, which counts
/// from the text's beginning.
pub(super) fn syntax_of(json: &str, error: &serde_json::Error) -> (String, String) {
    let mut what = error.to_string();
    if let Some(end) = what.rfind(" at line ") {
        what.truncate(end);
    }
    if let Some(word) = no_number_at(json, error) {
        what = format!("{word} is no number of JSON; write null, or leave it out");
    }
    let column = match error.column() {
        0 => String::new(),
        column => format!("column {column}: "),
    };
    (column, what)
}

fn no_number_at(json: &str, error: &serde_json::Error) -> Option<&'static str> {
    let line = json.split('\n').nth(error.line().checked_sub(1)?)?;
    // The parser stops behind a sign, or at the word.
    let starts = [2, 1].map(|back| error.column().checked_sub(back));
    let rests = starts.into_iter().flatten().map(|at| line.get(at..));
    let mut rests = rests.flatten();
    rests.find_map(|rest| NO_NUMBERS.into_iter().find(|word| rest.starts_with(word)))
}

fn assemble(schema: &Schema, mut values: Vec<Option<Value>>) -> Result<Interaction> {
    let mut take = |id: FieldId| values.get_mut(id).and_then(Option::take);
    let user = take(schema.user());
    let item = take(schema.item());
    let timestamp = take(schema.timestamp());
    let (user, item, timestamp) = match (user, item, timestamp) {
        (Some(Value::String(user)), Some(Value::String(item)), Some(Value::Long(timestamp))) => {
            (user, item, timestamp)
        }
        (Some(Value::String(_)), Some(Value::String(_)), _) => return Err(missing("TIMESTAMP")),
        (Some(Value::String(_)), _, _) => return Err(missing("ITEM_ID")),
        _ => return Err(missing("USER_ID")),
    };
    let mut interaction = Interaction::new(user, item, timestamp);
    for (field, value) in schema.fields().iter().zip(values) {
        match value {
            Some(value) => interaction = interaction.with(field.name().to_owned(), value),
            None if field.is_nullable() || is_required(field.role()) => {}
            None => return Err(missing(field.name())),
        }
    }
    Ok(interaction)
}

fn is_required(role: Role) -> bool {
    matches!(role, Role::User | Role::Item | Role::Timestamp)
}

fn missing(name: &str) -> Error {
    Error::of_field(name, "is missing or null; give a value")
}

/// The value of a field that stands as `json`. A number is read as a CSV cell with the same text, so
/// that nothing is rounded on the way.
fn value_of(validator: &Validator, id: FieldId, field: &Field, json: &str) -> Result<Value> {
    let data_type = field.data_type();
    let is_number = json.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if is_number && !matches!(data_type, DataType::String | DataType::Boolean) {
        let cell = validator.parse_cell(id, json)?;
        return Ok(value_of_cell(data_type, cell));
    }
    let is_impression = field.role() == Role::Impression;
    if is_impression && json.starts_with('[') {
        let items: Vec<&RawValue> = read(json)?;
        let items = items.into_iter().map(|item| match read(item.get())? {
            Json::String(item) => Ok(item),
            _ => Err(wrong(
                field,
                item.get(),
                "a string; write item ids in quotes",
            )),
        });
        return items.collect::<Result<_>>().map(Value::Items);
    }
    let want = match (data_type, read(json)?) {
        (_, Json::Null) => return Ok(Value::Null),
        (DataType::String, Json::String(text)) => return Ok(Value::String(text)),
        (DataType::Boolean, Json::Bool(flag)) => return Ok(Value::Boolean(flag)),
        (_, Json::String(text)) => {
            let cell = validator.parse_cell(id, &text)?;
            return Ok(value_of_cell(data_type, cell));
        }
        (DataType::String, _) if is_impression => {
            "a list of item ids, or a string in which bars join them; write one of them"
        }
        (DataType::String, _) => "a string; write the value in quotes",
        (DataType::Boolean, _) => "a boolean; write true or false",
        _ => "a number; write digits",
    };
    Err(wrong(field, json, want))
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T> {
    serde_json::from_str(json).map_err(|error| not_an_object(json, &error))
}

/// The error of a value that stands as `json`, which no text does. It shows a number as it was sent, every digit of it.
fn wrong(field: &Field, json: &str, want: &str) -> Error {
    let value = match json.as_bytes().first() {
        Some(b'[') => "[...]".to_owned(),
        Some(b'{') => "{...}".to_owned(),
        _ => shortened(json).into_owned(),
    };
    Error::of_field(field.name(), format_args!("value {value}: must be {want}"))
}

/// An object's entries as they stand, repeated keys included.
pub(super) struct Entries<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of field names and values")
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        mut map: A,
    ) -> std::result::Result<Entries<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
