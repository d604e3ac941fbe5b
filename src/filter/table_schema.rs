//! Schemas of the Items and Users datasets.

use serde_json::Value as Json;

use crate::model::{DataType, Error, Limits, Result, type_of, unique_json};

/// Which of the two datasets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeDataset {
    /// Items, by `ITEM_ID`.
    Items,
    /// Users, by `USER_ID`.
    Users,
}

impl AttributeDataset {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Items => "Items",
            Self::Users => "Users",
        }
    }

    pub(super) fn id_field(self) -> &'static str {
        match self {
            Self::Items => "ITEM_ID",
            Self::Users => "USER_ID",
        }
    }
}

/// A checked Avro schema of the Items or the Users dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct AttributeSchema {
    fields: Vec<TableField>,
}

impl AttributeSchema {
    /// Reads a schema, held to the rules of the dataset: a flat record of its name, whose id field is a
    /// string and not null.
    ///
    /// # Errors
    /// `InvalidInput`, naming the field and the rule.
    pub fn parse(dataset: AttributeDataset, json: &str) -> Result<Self> {
        let fields = parse_schema(dataset, json)?;
        Ok(Self { fields })
    }

    /// The fields, in their order.
    pub fn fields(&self) -> &[TableField] {
        &self.fields
    }
}

/// A field, as the schema declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct TableField {
    pub(super) name: String,
    pub(super) data_type: DataType,
    pub(super) nullable: bool,
    pub(super) categorical: bool,
}

impl TableField {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of its values.
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Whether a value may be missing.
    pub fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// Whether bars join several categories in a value.
    pub fn is_categorical(&self) -> bool {
        self.categorical
    }
}

/// The fields of an Avro schema of the dataset: a flat record of that name, whose id field is a
/// string and not null.
///
/// # Errors
/// `InvalidInput`, naming the field and the rule.
pub(super) fn parse_schema(dataset: AttributeDataset, json: &str) -> Result<Vec<TableField>> {
    fields(dataset, json).map_err(|error| error.within(format_args!("{} schema", dataset.name())))
}

fn fields(dataset: AttributeDataset, json: &str) -> Result<Vec<TableField>> {
    let json = json.strip_prefix('\u{feff}').unwrap_or(json);
    let document = unique_json(json)?;
    let text = |key: &str| document.get(key).and_then(Json::as_str);
    if text("type") != Some("record") {
        return Err(Error::invalid("type must be \"record\""));
    }
    let name = text("name").unwrap_or_default();
    if !name.eq_ignore_ascii_case(dataset.name()) {
        return Err(Error::invalid(format!(
            "name is {name:?}; it must be {:?}",
            dataset.name()
        )));
    }
    let Some(declared) = document.get("fields").and_then(Json::as_array) else {
        return Err(Error::invalid("fields is missing or not an array"));
    };
    if declared.len() > Limits::MAX_FIELDS {
        return Err(Error::invalid(format!(
            "{} fields; at most {}",
            declared.len(),
            Limits::MAX_FIELDS
        )));
    }
    let mut fields: Vec<TableField> = Vec::new();
    for json in declared {
        let field = field(json, fields.len() + 1)?;
        let same = |known: &TableField| known.name.eq_ignore_ascii_case(&field.name);
        if fields.iter().any(same) {
            return Err(Error::of_field(
                &field.name,
                "declared twice; names must be unique in any case of letters",
            ));
        }
        fields.push(field);
    }
    check_id(dataset, &fields)?;
    Ok(fields)
}

fn field(json: &Json, number: usize) -> Result<TableField> {
    let Some(name) = json.get("name").and_then(Json::as_str) else {
        return Err(Error::invalid(format!(
            "field number {number}: name is missing or not a string"
        )));
    };
    let Some(declared) = json.get("type") else {
        return Err(Error::of_field(name, "type is missing"));
    };
    let (data_type, nullable) = type_of(declared).map_err(|rule| Error::of_field(name, rule))?;
    Ok(TableField {
        name: name.to_owned(),
        data_type,
        nullable,
        categorical: json.get("categorical").and_then(Json::as_bool) == Some(true),
    })
}

fn check_id(dataset: AttributeDataset, fields: &[TableField]) -> Result<()> {
    let id = dataset.id_field();
    let Some(field) = fields.iter().find(|field| field.name == id) else {
        return Err(Error::of_field(id, "required, but missing; add it"));
    };
    if field.data_type != DataType::String || field.nullable {
        return Err(Error::of_field(
            id,
            "must be of type string and not nullable",
        ));
    }
    Ok(())
}
