//! Schemas written in Rust.

use serde_json::{Map, Value as Json, json};

use super::{DataType, Limits, Result, Schema};

/// A schema in the making: the three required fields, then those that are added, in their order. It ends in
/// the Avro document that [`Schema::parse`] takes, and under the same rules.
///
/// ```
/// use annals::{DataType, Limits, Schema};
///
/// # fn main() -> annals::Result<()> {
/// let schema = Schema::builder()
///     .event_type()
///     .event_value()
///     .field("DEVICE", DataType::String).nullable().categorical()
///     .build(&Limits::personalize())?;
/// assert_eq!(schema.fields().len(), 6);
/// assert!(schema.json().contains("com.amazonaws.personalize.schema"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SchemaBuilder {
    fields: Vec<SchemaField>,
}

#[derive(Clone, Debug)]
struct SchemaField {
    name: String,
    data_type: DataType,
    nullable: bool,
    categorical: bool,
}

impl Schema {
    /// Begins a schema of USER_ID, ITEM_ID and TIMESTAMP.
    pub fn builder() -> SchemaBuilder {
        let builder = SchemaBuilder { fields: Vec::new() };
        builder
            .field("USER_ID", DataType::String)
            .field("ITEM_ID", DataType::String)
            .field("TIMESTAMP", DataType::Long)
    }
}

impl SchemaBuilder {
    /// Adds EVENT_TYPE.
    #[must_use]
    pub fn event_type(self) -> Self {
        self.field("EVENT_TYPE", DataType::String)
    }

    /// Adds EVENT_VALUE, which may be null.
    #[must_use]
    pub fn event_value(self) -> Self {
        self.field("EVENT_VALUE", DataType::Float).nullable()
    }

    /// Adds IMPRESSION, which may be null.
    #[must_use]
    pub fn impression(self) -> Self {
        self.field("IMPRESSION", DataType::String).nullable()
    }

    /// Adds RECOMMENDATION_ID, which may be null.
    #[must_use]
    pub fn recommendation_id(self) -> Self {
        self.field("RECOMMENDATION_ID", DataType::String).nullable()
    }

    /// Adds EVENT_ATTRIBUTION_SOURCE, which may be null.
    #[must_use]
    pub fn attribution_source(self) -> Self {
        self.field("EVENT_ATTRIBUTION_SOURCE", DataType::String)
            .nullable()
    }

    /// Adds a field that must have a value.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, data_type: DataType) -> Self {
        self.fields.push(SchemaField {
            name: name.into(),
            data_type,
            nullable: false,
            categorical: false,
        });
        self
    }

    /// The field that was added last may be null.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        if let Some(last) = self.fields.last_mut() {
            last.nullable = true;
        }
        self
    }

    /// The field that was added last has few values, which training takes as categories.
    #[must_use]
    pub fn categorical(mut self) -> Self {
        if let Some(last) = self.fields.last_mut() {
            last.categorical = true;
        }
        self
    }

    /// The schema.
    ///
    /// # Errors
    /// As [`Schema::parse`].
    pub fn build(&self, limits: &Limits) -> Result<Schema> {
        let document = json!({
            "type": "record",
            "name": "Interactions",
            "namespace": "com.amazonaws.personalize.schema",
            "fields": self.fields.iter().map(SchemaField::json).collect::<Vec<_>>(),
            "version": "1.0",
        });
        Schema::parse(&document.to_string(), limits)
    }
}

impl SchemaField {
    fn json(&self) -> Json {
        let name = self.data_type.name();
        let mut field = Map::new();
        field.insert("name".to_owned(), self.name.as_str().into());
        field.insert(
            "type".to_owned(),
            match self.nullable {
                true => json!([name, "null"]),
                false => name.into(),
            },
        );
        if self.categorical {
            field.insert("categorical".to_owned(), true.into());
        }
        Json::Object(field)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ErrorKind, Role};
    use super::*;

    #[test]
    fn a_schema_is_built_under_the_rules_of_the_document() {
        let builder = Schema::builder()
            .event_type()
            .event_value()
            .impression()
            .recommendation_id()
            .attribution_source()
            .field("POSITION", DataType::Int)
            .field("DEVICE", DataType::String)
            .nullable()
            .categorical();
        let schema = builder.build(&Limits::personalize()).unwrap();
        let roles: Vec<Role> = schema.fields().iter().map(|field| field.role()).collect();
        let mut want: Vec<Role> = Role::RESERVED.iter().map(|(_, role)| *role).collect();
        want.extend([Role::Metadata; 2]);
        assert_eq!(roles, want);
        let device = &schema.fields()[9];
        assert!(device.is_nullable() && device.is_categorical());
        assert!(!schema.fields()[8].is_nullable());
        assert_eq!(schema.warnings(), [""; 0]);

        let twice = Schema::builder().field("user_id", DataType::String);
        let error = twice.build(&Limits::personalize()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let error = Schema::builder().nullable().build(&Limits::personalize());
        assert!(error.unwrap_err().message().contains("TIMESTAMP"));
    }
}
