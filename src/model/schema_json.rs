//! Avro JSON to a [`Schema`], rule by rule.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::schema::folded;
use super::{DataType, Error, Field, Limits, Result, Role, Schema, lifting, unique_json};

impl Schema {
    /// Parses an Avro schema in JSON and checks it against every rule.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field and the rule.
    pub fn parse(json: &str, limits: &Limits) -> Result<Self> {
        let chars = json.chars().count();
        if let Some(max) = limits.max_schema_chars.filter(|max| chars > *max) {
            return Err(Error::invalid(format!(
                "schema: the document has {chars} characters; the limit is {max}; shorten it or {}",
                lifting("max_schema_chars")
            )));
        }
        let unmarked = json.strip_prefix('\u{feff}').unwrap_or(json);
        let document = unique_json(unmarked).map_err(|error| error.within("schema"))?;
        let record = document.as_object().ok_or_else(|| {
            Error::invalid("schema: the document must be a JSON object (an Avro record)")
        })?;
        check_record(record)?;
        let fields = fields_of(record)?;
        check_names(&fields)?;
        check_quotas(&fields, limits)?;
        check_domain(record, &fields)?;
        let warnings = warnings_for(&fields);
        Schema::assemble(json, fields, warnings).map_err(|error| error.within("schema"))
    }
}

fn check_record(record: &Map<String, Json>) -> Result<()> {
    expect_text(record, "type", "record", true)?;
    let name = required_text(record, "name")?;
    if !name.eq_ignore_ascii_case("Interactions") {
        return Err(Error::invalid(format!(
            "schema: name is {name:?}; an interactions schema must be named \"Interactions\""
        )));
    }
    expect_text(
        record,
        "namespace",
        "com.amazonaws.personalize.schema",
        false,
    )?;
    match record.get("version") {
        None => Ok(()),
        Some(Json::String(version)) if version == "1.0" => Ok(()),
        Some(Json::Number(version)) if version.as_f64() == Some(1.0) => Ok(()),
        Some(other) => Err(Error::invalid(format!(
            "schema: version is {other}; it must be \"1.0\""
        ))),
    }
}

fn required_text<'a>(record: &'a Map<String, Json>, key: &str) -> Result<&'a str> {
    match record.get(key) {
        Some(Json::String(text)) => Ok(text),
        Some(other) => Err(Error::invalid(format!(
            "schema: {key} is {other}; it must be a string"
        ))),
        None => Err(Error::invalid(format!("schema: {key} is missing"))),
    }
}

fn expect_text(record: &Map<String, Json>, key: &str, want: &str, required: bool) -> Result<()> {
    if !required && !record.contains_key(key) {
        return Ok(());
    }
    let found = required_text(record, key)?;
    if found != want {
        return Err(Error::invalid(format!(
            "schema: {key} is {found:?}; it must be {want:?}"
        )));
    }
    Ok(())
}

fn fields_of(record: &Map<String, Json>) -> Result<Vec<Field>> {
    let fields = match record.get("fields") {
        Some(Json::Array(fields)) => fields,
        Some(_) => return Err(Error::invalid("schema: fields must be an array")),
        None => return Err(Error::invalid("schema: fields is missing")),
    };
    if fields.len() > Limits::MAX_FIELDS {
        return Err(Error::invalid(format!(
            "schema: {} fields; a store holds at most {}",
            fields.len(),
            Limits::MAX_FIELDS
        )));
    }
    fields
        .iter()
        .enumerate()
        .map(|(position, field)| field_of(position, field))
        .collect()
}

fn field_of(position: usize, json: &Json) -> Result<Field> {
    let at = || format!("schema: field number {}", position + 1);
    let object = json
        .as_object()
        .ok_or_else(|| Error::invalid(format!("{}: must be a JSON object", at())))?;
    let name = match object.get("name") {
        Some(Json::String(name)) => name.clone(),
        _ => {
            return Err(Error::invalid(format!(
                "{}: name is missing or not a string",
                at()
            )));
        }
    };
    let fail = |rule: String| Error::invalid(format!("schema: field {name}: {rule}"));
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(fail(
            "a name must be alphanumeric; underscores are allowed".to_owned(),
        ));
    }
    let declared = object
        .get("type")
        .ok_or_else(|| fail("type is missing".to_owned()))?;
    let (data_type, nullable) = type_of(declared).map_err(&fail)?;
    let categorical = match object.get("categorical") {
        None => false,
        Some(Json::Bool(flag)) => *flag,
        Some(other) => {
            return Err(fail(format!(
                "categorical is {other}; it must be true or false"
            )));
        }
    };
    let field = Field {
        role: Role::of_name(&name),
        name: name.clone(),
        data_type,
        nullable,
        categorical,
    };
    check_field(&field).map_err(fail)?;
    Ok(field)
}

pub(crate) fn type_of(declared: &Json) -> std::result::Result<(DataType, bool), String> {
    match declared {
        Json::String(name) => Ok((primitive(name)?, false)),
        Json::Array(branches) => union_of(branches),
        Json::Object(_) => Err("nested types (records, arrays, maps) are not allowed; \
             use string, int, long, float, double or boolean"
            .to_owned()),
        other => Err(format!(
            "type is {other}; it must be a type name or a union"
        )),
    }
}

fn union_of(branches: &[Json]) -> std::result::Result<(DataType, bool), String> {
    let rule = "a union must have two branches, null and one other type";
    let names: Vec<&str> = branches.iter().filter_map(Json::as_str).collect();
    match names.as_slice() {
        ["null", "null"] => Err(rule.to_owned()),
        ["null", other] | [other, "null"] if branches.len() == 2 => Ok((primitive(other)?, true)),
        _ => Err(rule.to_owned()),
    }
}

fn primitive(name: &str) -> std::result::Result<DataType, String> {
    Ok(match name {
        "string" => DataType::String,
        "int" => DataType::Int,
        "long" => DataType::Long,
        "float" => DataType::Float,
        "double" => DataType::Double,
        "boolean" => DataType::Boolean,
        "null" => return Err("type null alone is not allowed; write a union with null".to_owned()),
        other => {
            return Err(format!(
                "type {other:?} is not allowed; use string, int, long, float, double or boolean"
            ));
        }
    })
}

/// What a field's role demands of it.
fn check_field(field: &Field) -> std::result::Result<(), String> {
    if field.role == Role::Metadata {
        return if field.categorical && field.data_type != DataType::String {
            Err(format!(
                "only a string field can be categorical; this one is {}",
                field.data_type.name()
            ))
        } else {
            Ok(())
        };
    }
    let (want, null_allowed) = field.role.fixed_type();
    if field.data_type != want {
        return Err(format!(
            "must be of type {}; it is declared {}",
            want.name(),
            field.data_type.name()
        ));
    }
    if field.nullable && !null_allowed {
        return Err("must not be nullable".to_owned());
    }
    if field.categorical {
        return Err("a reserved field must not be categorical".to_owned());
    }
    Ok(())
}

fn check_names(fields: &[Field]) -> Result<()> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for field in fields {
        if let Some(other) = seen.insert(folded(&field.name), &field.name) {
            return Err(Error::invalid(if other == field.name {
                format!("schema: field {other}: declared twice; names must be unique")
            } else {
                format!(
                    "schema: field {}: collides with {other}; names that differ only by \
                     underscores or case are the same",
                    field.name
                )
            }));
        }
    }
    Ok(())
}

fn check_quotas(fields: &[Field], limits: &Limits) -> Result<()> {
    let metadata = fields
        .iter()
        .filter(|field| field.role == Role::Metadata)
        .count();
    if let Some(max) = limits.max_metadata_fields.filter(|max| metadata > *max) {
        return Err(Error::invalid(format!(
            "schema: {metadata} metadata fields; the limit is {max}; leave some out or {}",
            lifting("max_metadata_fields")
        )));
    }
    let optional = fields
        .iter()
        .filter(|field| field.role.is_counted())
        .count();
    let has_types = fields.iter().any(|field| field.role == Role::EventType);
    let least = optional + usize::from(has_types);
    if let Some(max) = limits
        .max_metadata_fields_and_event_types
        .filter(|max| least > *max)
    {
        return Err(Error::invalid(format!(
            "schema: {optional} optional fields leave no room for an event type; fields and event \
             types together may be {max}; leave some out or {}",
            lifting("max_metadata_fields_and_event_types")
        )));
    }
    Ok(())
}

fn check_domain(record: &Map<String, Json>, fields: &[Field]) -> Result<()> {
    let Some(domain) = record.get("domain") else {
        return Ok(());
    };
    if !matches!(domain.as_str(), Some("ECOMMERCE" | "VIDEO_ON_DEMAND")) {
        return Err(Error::invalid(format!(
            "schema: domain is {domain}; it must be \"ECOMMERCE\" or \"VIDEO_ON_DEMAND\""
        )));
    }
    if !fields.iter().any(|field| field.role == Role::EventType) {
        return Err(Error::invalid(format!(
            "schema: field EVENT_TYPE: required by the domain {domain}, but missing"
        )));
    }
    Ok(())
}

fn warnings_for(fields: &[Field]) -> Vec<String> {
    let mut warnings = Vec::new();
    for field in fields.iter().filter(|field| field.role == Role::Metadata) {
        let alike = |reserved: &&(&str, Role)| folded(reserved.0) == folded(&field.name);
        if let Some((reserved, _)) = Role::RESERVED.iter().find(alike) {
            warnings.push(format!(
                "field {}: read as metadata; write {reserved} for the reserved field",
                field.name
            ));
        }
        if field.data_type == DataType::String && !field.categorical {
            warnings.push(format!(
                "field {}: a string field without \"categorical\": true is ignored by training",
                field.name
            ));
        }
    }
    warnings
}
