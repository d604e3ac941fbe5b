//! A schema and a CSV file of items are a table or an error; every value of the table can be read.

#![no_main]

use annals::filter::{Attribute, AttributeDataset, AttributeTable, Attributes};
use libfuzzer_sys::fuzz_target;

const SCHEMA: &str = r#"{"type": "record", "name": "Items", "fields": [
    {"name": "ITEM_ID", "type": "string"}, {"name": "PRICE", "type": ["null", "float"]},
    {"name": "YEAR", "type": ["int", "null"]}, {"name": "NEW", "type": ["null", "boolean"]},
    {"name": "GENRE", "type": ["null", "string"], "categorical": true}]}"#;

fn read(schema: &str, csv: &[u8]) {
    let Ok(table) = AttributeTable::read(AttributeDataset::Items, schema, csv) else {
        return;
    };
    let id = table.field("item_id").expect("required");
    for field in 0..600 {
        for item in ["tea", "1", ""] {
            let value = table.value(item, field).expect("readable");
            if field == id.id && !table.is_empty() && value != Attribute::Null {
                assert_eq!(value, Attribute::Text(item.into()));
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(SCHEMA, bytes);
    // A schema, a zero byte, and a file.
    if let Some(end) = bytes.iter().position(|byte| *byte == 0)
        && let Ok(schema) = std::str::from_utf8(&bytes[..end])
    {
        read(schema, &bytes[end + 1..]);
    }
});
