//! The fields of an interactions dataset and what each may hold.

use super::{Error, Result};

/// The position of a field in its schema.
pub type FieldId = usize;

/// The type of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    /// UTF-8 text.
    String,
    /// 32-bit signed integer.
    Int,
    /// 64-bit signed integer.
    Long,
    /// 32-bit floating point; finite.
    Float,
    /// 64-bit floating point; finite.
    Double,
    /// `true` or `false`.
    Boolean,
}

impl DataType {
    /// The Avro name.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Boolean => "boolean",
        }
    }
}

/// What a field means; reserved names carry fixed roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// `USER_ID`.
    User,
    /// `ITEM_ID`.
    Item,
    /// `TIMESTAMP`.
    Timestamp,
    /// `EVENT_TYPE`.
    EventType,
    /// `EVENT_VALUE`.
    EventValue,
    /// `IMPRESSION`: item ids joined by bars.
    Impression,
    /// `RECOMMENDATION_ID`.
    RecommendationId,
    /// `EVENT_ATTRIBUTION_SOURCE`.
    AttributionSource,
    /// Any other field: context of the interaction.
    Metadata,
}

impl Role {
    /// The reserved field name that carries this role.
    pub(crate) const RESERVED: [(&'static str, Role); 8] = [
        ("USER_ID", Role::User),
        ("ITEM_ID", Role::Item),
        ("TIMESTAMP", Role::Timestamp),
        ("EVENT_TYPE", Role::EventType),
        ("EVENT_VALUE", Role::EventValue),
        ("IMPRESSION", Role::Impression),
        ("RECOMMENDATION_ID", Role::RecommendationId),
        ("EVENT_ATTRIBUTION_SOURCE", Role::AttributionSource),
    ];

    /// The type of a reserved field, and whether it may be nullable.
    pub(crate) fn fixed_type(self) -> (DataType, bool) {
        match self {
            Self::User | Self::Item | Self::EventType => (DataType::String, false),
            Self::Timestamp => (DataType::Long, false),
            Self::EventValue => (DataType::Float, true),
            _ => (DataType::String, true),
        }
    }

    /// Whether the field counts against the quota shared with event types.
    pub(crate) fn is_counted(self) -> bool {
        matches!(self, Self::Metadata | Self::EventType | Self::EventValue)
    }

    /// The role of the reserved field that a name is equal to, but for case and underscores.
    pub(crate) fn alike(name: &str) -> Role {
        let name = folded(name.trim());
        let mut reserved = Self::RESERVED.iter();
        reserved
            .find(|(reserved, _)| folded(reserved) == name)
            .map_or(Role::Metadata, |(_, role)| *role)
    }

    pub(crate) fn of_name(name: &str) -> Role {
        Self::RESERVED
            .iter()
            .find(|(reserved, _)| *reserved == name)
            .map_or(Role::Metadata, |(_, role)| *role)
    }
}

/// One field of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub(crate) name: String,
    pub(crate) data_type: DataType,
    pub(crate) nullable: bool,
    pub(crate) categorical: bool,
    pub(crate) role: Role,
}

impl Field {
    /// The name, as the schema and the CSV header spell it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of its values.
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Whether a value may be null.
    pub fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// Whether it carries `"categorical": true`.
    pub fn is_categorical(&self) -> bool {
        self.categorical
    }

    /// What it means.
    pub fn role(&self) -> Role {
        self.role
    }
}

fn missing(fields: &[Field], name: &str) -> Error {
    let hint = match fields
        .iter()
        .find(|field| folded(&field.name) == folded(name))
    {
        Some(field) => format!("rename {} to it", field.name),
        None => "add it".to_owned(),
    };
    Error::invalid(format!("field {name}: required, but missing; {hint}"))
}

/// A name as far as it must be unique: without underscores and case.
pub(crate) fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| *c != '_')
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// The schema of an interactions dataset: parsed, checked, and kept as it was written.
///
/// Source of every rule: the Schema part of the interactions dataset contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    pub(crate) json: String,
    pub(crate) fields: Vec<Field>,
    pub(crate) warnings: Vec<String>,
    user: FieldId,
    item: FieldId,
    timestamp: FieldId,
}

impl Schema {
    pub(crate) fn assemble(json: &str, fields: Vec<Field>, warnings: Vec<String>) -> Result<Self> {
        let find = |role: Role, name: &str| {
            fields
                .iter()
                .position(|field| field.role == role)
                .ok_or_else(|| missing(&fields, name))
        };
        let user = find(Role::User, "USER_ID")?;
        let item = find(Role::Item, "ITEM_ID")?;
        let timestamp = find(Role::Timestamp, "TIMESTAMP")?;
        Ok(Self {
            json: json.to_owned(),
            fields,
            warnings,
            user,
            item,
            timestamp,
        })
    }

    /// The document, exactly as it was given.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The fields, in the document's order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// What is allowed but probably not meant, such as a string field that training ignores.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The position of the field with this exact name.
    pub fn position(&self, name: &str) -> Option<FieldId> {
        // Schemas are short: comparing names is faster than hashing one.
        self.fields.iter().position(|field| field.name == name)
    }

    /// The position of the first field with this role.
    pub fn position_of(&self, role: Role) -> Option<FieldId> {
        self.fields.iter().position(|field| field.role == role)
    }

    /// The position of `USER_ID`.
    pub fn user(&self) -> FieldId {
        self.user
    }

    /// The position of `ITEM_ID`.
    pub fn item(&self) -> FieldId {
        self.item
    }

    /// The position of `TIMESTAMP`.
    pub fn timestamp(&self) -> FieldId {
        self.timestamp
    }

    /// Optional fields that count against the quota shared with event types: metadata fields,
    /// EVENT_TYPE and EVENT_VALUE.
    pub fn quota_fields(&self) -> usize {
        self.fields
            .iter()
            .filter(|field| field.role.is_counted())
            .count()
    }
}

mod evolve;
#[cfg(test)]
mod tests;
