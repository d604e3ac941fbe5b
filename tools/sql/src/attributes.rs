//! Items and users of CSV files as tables.

use std::path::Path;
use std::sync::Arc;

use annals::filter::{Attribute, AttributeDataset, AttributeTable, Attributes};
use annals::{DataType, Value};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::error::Result;

use crate::failure::engine;
use crate::schema::arrow_type;
use crate::values::Growing;

/// Rows of a batch.
const BATCH_ROWS: usize = 8192;

/// The attributes of items or users out of a CSV file under an Avro schema, as
/// [`AttributeTable`] takes both: a row for each id, in the order of ids, of rows with the same id the last. A
/// column for each field, under its name in lower case; ids are plain strings, other strings dictionaries.
/// Categories that bars join stay one string: `string_to_array(genres, '|')` takes them apart.
///
/// # Errors
/// The engine's, with file, line, column, value and rule.
pub fn attributes(
    dataset: AttributeDataset,
    schema: &str,
    csv: impl AsRef<Path>,
) -> Result<MemTable> {
    let table = AttributeTable::open(dataset, schema, csv).map_err(engine)?;
    let id_field = match dataset {
        AttributeDataset::Items => "ITEM_ID",
        AttributeDataset::Users => "USER_ID",
    };
    let fields = table.fields().iter().map(|field| {
        let data_type = match field.name() == id_field {
            true => ArrowType::Utf8,
            false => arrow_type(field.data_type()),
        };
        Field::new(
            field.name().to_ascii_lowercase(),
            data_type,
            field.is_nullable(),
        )
    });
    let out: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let mut ids: Vec<&str> = table.ids().collect();
    ids.sort_unstable();
    let batches = ids.chunks(BATCH_ROWS).map(|ids| batch(&table, &out, ids));
    MemTable::try_new(out.clone(), vec![batches.collect::<Result<_>>()?])
}

fn batch(table: &AttributeTable, out: &SchemaRef, ids: &[&str]) -> Result<RecordBatch> {
    let columns = table.fields().iter().zip(out.fields()).enumerate();
    let arrays = columns.map(|(field, (declared, column))| {
        let mut growing = Growing::of(column.data_type())?;
        for id in ids {
            let value = table.value(id, field).map_err(engine)?;
            growing.push(value_of(value, declared.data_type()))?;
        }
        Ok(growing.finish())
    });
    Ok(RecordBatch::try_new(
        out.clone(),
        arrays.collect::<Result<_>>()?,
    )?)
}

fn value_of(attribute: Attribute<'_>, data_type: DataType) -> Value {
    match attribute {
        Attribute::Null => Value::Null,
        Attribute::Text(text) => Value::String(text.into_owned()),
        // It was read from text of that type.
        Attribute::Integer(value) if data_type == DataType::Int => Value::Int(value as i32),
        Attribute::Integer(value) => Value::Long(value),
        Attribute::Float(value) => Value::Float(value),
        Attribute::Double(value) => Value::Double(value),
        Attribute::Boolean(value) => Value::Boolean(value),
    }
}
