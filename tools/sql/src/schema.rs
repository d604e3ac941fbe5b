//! What SQL sees of a store's schema.

use std::sync::Arc;

use annals::columns::FieldId;
use annals::{DataType, Role, Schema};
use datafusion::arrow::datatypes::{
    DataType as ArrowType, Field as ArrowField, Schema as ArrowSchema, SchemaRef,
};

/// The columns of a store, in the order of its fields, under their names in lower case.
///
/// SQL turns names that are not quoted to lower case, so that `USER_ID` and `user_id` are both found. A
/// schema's names are unique without regard to case.
///
/// | field | column |
/// |---|---|
/// | string | `Dictionary(Int32, Utf8)` |
/// | `IMPRESSION` | a list of such, null where there is none |
/// | `TIMESTAMP`, long | `Int64`; `TIMESTAMP` in epoch seconds |
/// | int, float, double, boolean | `Int32`, `Float32`, `Float64`, `Boolean` |
pub fn table_schema(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let data_type = match field.role() {
            Role::Impression => ArrowType::List(item_field()),
            _ => arrow_type(field.data_type()),
        };
        ArrowField::new(
            field.name().to_ascii_lowercase(),
            data_type,
            field.is_nullable(),
        )
    });
    Arc::new(ArrowSchema::new(fields.collect::<Vec<_>>()))
}

/// The type of a column of values of a field's type.
pub(crate) fn arrow_type(data_type: DataType) -> ArrowType {
    match data_type {
        DataType::String => {
            ArrowType::Dictionary(Box::new(ArrowType::Int32), Box::new(ArrowType::Utf8))
        }
        DataType::Int => ArrowType::Int32,
        DataType::Long => ArrowType::Int64,
        DataType::Float => ArrowType::Float32,
        DataType::Double => ArrowType::Float64,
        DataType::Boolean => ArrowType::Boolean,
    }
}

/// The field of an impression's items.
pub(crate) fn item_field() -> Arc<ArrowField> {
    Arc::new(ArrowField::new("item", arrow_type(DataType::String), false))
}

/// Which fields of a schema a filter can name, with what they are to the engine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) user: FieldId,
    pub(crate) timestamp: FieldId,
    pub(crate) event_type: Option<FieldId>,
}

impl Known {
    pub(crate) fn of(schema: &Schema) -> Self {
        Self {
            user: schema.user(),
            timestamp: schema.timestamp(),
            event_type: schema.position_of(Role::EventType),
        }
    }
}
