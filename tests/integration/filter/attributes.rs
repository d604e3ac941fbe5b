//! Attributes out of CSV files.

use annals::ErrorKind;
use annals::filter::{Attribute, AttributeDataset, AttributeTable, Attributes};

use super::{ITEMS, items, message};
use crate::support::folder;

fn value(table: &AttributeTable, id: &str, field: &str) -> Attribute<'static> {
    let field = table.field(field).unwrap();
    match table.value(id, field.id).unwrap() {
        Attribute::Text(text) => Attribute::Text(text.into_owned().into()),
        Attribute::Null => Attribute::Null,
        Attribute::Integer(integer) => Attribute::Integer(integer),
        Attribute::Float(real) => Attribute::Float(real),
        Attribute::Double(real) => Attribute::Double(real),
        Attribute::Boolean(truth) => Attribute::Boolean(truth),
    }
}

#[test]
fn a_table_has_the_values_of_its_file() {
    let table = items(
        "\u{feff}YEAR,ITEM_ID,GENRE,PRICE,BRAND,NEW\r\n\
         2020,tea,hot|green,1.5,\"a, \"\"b\"\"\",true\r\n\
         ,cake,,,,\n\
         -1,tea,cold,0.1,,false\n",
    );
    assert_eq!(table.len(), 2);
    assert_eq!(value(&table, "tea", "year"), Attribute::Integer(-1));
    assert_eq!(
        value(&table, "tea", "Genre"),
        Attribute::Text("cold".into())
    );
    assert_eq!(value(&table, "tea", "PRICE"), Attribute::Float(0.1));
    assert_eq!(value(&table, "tea", "BRAND"), Attribute::Null);
    assert_eq!(
        value(&table, "tea", "ITEM_ID"),
        Attribute::Text("tea".into())
    );
    assert_eq!(value(&table, "cake", "GENRE"), Attribute::Null);
    assert_eq!(value(&table, "unknown", "ITEM_ID"), Attribute::Null);
    assert_eq!(table.field("COLOUR"), None);
    assert!(table.field("GENRE").unwrap().categorical);
}

#[test]
fn rows_that_break_a_rule_are_refused_with_their_place() {
    let header = "ITEM_ID,GENRE,BRAND,PRICE,YEAR,NEW\n";
    for (csv, want) in [
        (
            "ITEM_ID,GENRE,BRAND,PRICE,YEAR\n".to_owned(),
            "line 1: the header lacks NEW; the schema's fields are ITEM_ID, GENRE, BRAND, PRICE, \
             YEAR, NEW",
        ),
        (
            "ITEM_ID,GENRE,BRAND,PRICE,YEAR,NEW,COLOUR\n".to_owned(),
            "line 1: column \"COLOUR\": the schema has no such field; the schema's fields are \
             ITEM_ID, GENRE, BRAND, PRICE, YEAR, NEW",
        ),
        (
            "ITEM_ID,GENRE,BRAND,PRICE,YEAR,NEW,YEAR\n".to_owned(),
            "line 1, column YEAR: the header names it twice; keep one",
        ),
        (
            format!("{header}tea,,,,,\n,,,,,\n"),
            "line 3, column ITEM_ID: empty, but the field is not nullable; give it a value",
        ),
        (
            format!("{header}tea,,,,\n"),
            "line 2: 5 values, but the header has 6 columns; correct the row, and quote values \
             that hold commas",
        ),
        (
            format!("{header}tea,,,inf,,\n"),
            "line 2, column PRICE: value \"inf\": not of type float",
        ),
        (
            format!("{header}tea,,,,3000000000,\n"),
            "line 2, column YEAR: value \"3000000000\": not of type int",
        ),
        (
            format!("{header}tea,,,,,True\n"),
            "line 2, column NEW: value \"True\": not of type boolean",
        ),
    ] {
        let read = AttributeTable::read(AttributeDataset::Items, ITEMS, csv.as_bytes());
        assert_eq!(message(read.map(|table| table.len())), want);
    }
    let csv = [header.as_bytes(), b"tea,\xff,,,,\n"].concat();
    let read = AttributeTable::read(AttributeDataset::Items, ITEMS, &csv[..]);
    assert_eq!(
        message(read.map(|table| table.len())),
        "line 2, column GENRE: not valid UTF-8; save the file as UTF-8"
    );
}

#[test]
fn schemas_that_break_a_rule_are_refused() {
    let of = |name: &str, fields: &str| {
        format!(r#"{{"type": "record", "name": "{name}", "fields": [{fields}]}}"#)
    };
    let id = r#"{"name": "ITEM_ID", "type": "string"}"#;
    for (schema, want) in [
        (
            "{".to_owned(),
            "Items schema: not valid JSON at line 1, column 1: EOF while parsing an object at line 1 \
             column 1",
        ),
        (
            of(
                "Items",
                r#"{"name": "ITEM_ID", "type": "string", "type": "string"}"#,
            ),
            "Items schema: line 1, column 91: the key \"type\" stands twice in one object; keep one",
        ),
        ("{}".to_owned(), "Items schema: type must be \"record\""),
        (
            of("Users", id),
            "Items schema: name is \"Users\"; it must be \"Items\"",
        ),
        (
            of("Items", ""),
            "Items schema: field ITEM_ID: required, but missing; add it",
        ),
        (
            of("Items", r#"{"name": "ITEM_ID", "type": "long"}"#),
            "Items schema: field ITEM_ID: must be of type string and not nullable",
        ),
        (
            of(
                "Items",
                &format!(r#"{id}, {{"name": "A", "type": "int"}}, {{"name": "a", "type": "int"}}"#),
            ),
            "Items schema: field a: declared twice; names must be unique in any case of letters",
        ),
        (
            of(
                "Items",
                &format!(r#"{id}, {{"name": "A", "type": "bytes"}}"#),
            ),
            "Items schema: field A: type \"bytes\" is not allowed; use string, int, long, float, \
             double or boolean",
        ),
        (
            of("Items", &format!(r#"{id}, {{"name": "A"}}"#)),
            "Items schema: field A: type is missing",
        ),
        (
            of("Items", "5"),
            "Items schema: field number 1: name is missing or not a string",
        ),
        (
            r#"{"type": "record", "name": "Items"}"#.to_owned(),
            "Items schema: fields is missing or not an array",
        ),
    ] {
        let read = AttributeTable::read(AttributeDataset::Items, &schema, &b""[..]);
        assert_eq!(message(read.map(|table| table.len())), want);
    }
}

#[test]
fn files_are_named_in_errors() {
    let folder = folder();
    let path = folder.path().join("items.csv");
    let open = || {
        let table = AttributeTable::open(AttributeDataset::Items, ITEMS, &path);
        table.map(|table| table.len())
    };
    assert_eq!(open().unwrap_err().kind(), ErrorKind::NotFound);
    std::fs::write(&path, "ITEM_ID\n").unwrap();
    let error = open().unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{}: line 1: the header lacks", path.display())),
        "{error}"
    );
}
