use std::sync::Arc;

use super::JsonLines;
use crate::check::{RowScratch, Validator};
use crate::model::{Cell, Interaction, Limits, Result, Schema, bits_of_f32};

fn validator() -> Validator {
    let json = r#"{"type": "record", "name": "Interactions", "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["null", "float"]},
        {"name": "IMPRESSION", "type": ["null", "string"]},
        {"name": "COUNT", "type": ["null", "int"]},
        {"name": "SHARE", "type": ["null", "double"]},
        {"name": "FLAG", "type": ["null", "boolean"]}]}"#;
    let limits = Limits::personalize();
    let schema = Schema::parse(json, &limits).unwrap();
    Validator::new(Arc::new(schema), limits)
}

fn read(lines: &[u8]) -> Vec<Result<Interaction>> {
    JsonLines::new(lines, &validator()).collect()
}

/// A line with the required fields and more.
fn line(more: &str) -> String {
    format!(r#"{{"USER_ID": "u", "ITEM_ID": "i", "TIMESTAMP": 10, "EVENT_TYPE": "click"{more}}}"#)
}

/// The cell of one field of the interaction that a line with it gives.
fn cell(field: &str, json: &str) -> Cell<'static> {
    let lines = line(&format!(", \"{field}\": {json}"));
    let interaction = read(lines.as_bytes()).remove(0).unwrap();
    let validator = validator();
    let id = validator.schema().position(field).unwrap();
    let found = validator.with_row(&interaction, &mut RowScratch::default(), |row| {
        Ok(match row.cells[id] {
            Cell::Null => Cell::Null,
            Cell::Bits(bits) => Cell::Bits(bits),
            Cell::Text(text) => Cell::Text(Box::leak(text.to_owned().into_boxed_str())),
        })
    });
    found.unwrap()
}

fn refused(line: &str) -> String {
    let mut read = read(line.as_bytes());
    assert_eq!(read.len(), 1);
    read.remove(0).unwrap_err().to_string()
}

#[test]
fn lines_become_interactions() {
    let lines = format!(
        "\u{feff}{}\r\n\n  \n{}",
        line(r#", "EVENT_VALUE": 1.5, "IMPRESSION": ["a", "b"], "FLAG": null"#),
        r#"{"TIMESTAMP": "20", "EVENT_TYPE": "view", "ITEM_ID": "ä", "USER_ID": "v"}"#,
    );
    let interactions: Vec<Interaction> = read(lines.as_bytes())
        .into_iter()
        .collect::<Result<_>>()
        .unwrap();
    let [first, second] = &interactions[..] else {
        panic!("{interactions:?}");
    };
    assert_eq!(
        (&*first.user_id, &*first.item_id, first.timestamp),
        ("u", "i", 10)
    );
    assert_eq!(
        (&*second.user_id, &*second.item_id, second.timestamp),
        ("v", "ä", 20)
    );
}

#[test]
fn values_convert_where_nothing_is_lost() {
    let float = |number: f32| Cell::Bits(bits_of_f32(number));
    let double = |number: f64| Cell::Bits(number.to_bits());
    assert_eq!(cell("EVENT_VALUE", "0.1"), float(0.1));
    assert_eq!(cell("EVENT_VALUE", "\"0.1\""), float(0.1));
    assert_eq!(cell("EVENT_VALUE", "3"), float(3.0));
    assert_eq!(cell("EVENT_VALUE", "null"), Cell::Null);
    assert_eq!(cell("EVENT_VALUE", "\"\""), Cell::Null);
    assert_eq!(
        cell("SHARE", "122.416294033786585"),
        double("122.416294033786585".parse().unwrap())
    );
    assert_eq!(cell("SHARE", "1e300"), double(1e300));
    assert_eq!(cell("COUNT", "3.0"), Cell::of_i64(3));
    assert_eq!(cell("COUNT", "\"-3\""), Cell::of_i64(-3));
    assert_eq!(cell("FLAG", "true"), Cell::Bits(1));
    assert_eq!(cell("FLAG", "\"false\""), Cell::Bits(0));
    assert_eq!(cell("IMPRESSION", "[\"a\", \"b\"]"), Cell::Text("a|b"));
    assert_eq!(cell("IMPRESSION", "\"a|b\""), Cell::Text("a|b"));
    assert_eq!(cell("IMPRESSION", "[]"), Cell::Null);
}

#[test]
fn refused_values_name_field_value_and_rule() {
    let int = "must be a whole number from -2147483648 to 2147483647; \
               write digits, or declare the field long, float or double";
    let float = "must be a finite number within the range of float; \
                 NaN and infinity are refused; write a decimal number";
    for (more, message) in [
        (
            "\"COUNT\": 1.5",
            format!("field COUNT: value \"1.5\": {int}"),
        ),
        (
            "\"COUNT\": 2147483648",
            format!("field COUNT: value \"2147483648\": {int}"),
        ),
        (
            "\"COUNT\": \"many\"",
            format!("field COUNT: value \"many\": {int}"),
        ),
        (
            "\"COUNT\": true",
            "field COUNT: value true: must be a number; write digits".to_owned(),
        ),
        (
            "\"COUNT\": [1]",
            "field COUNT: value [...]: must be a number; write digits".to_owned(),
        ),
        (
            "\"EVENT_VALUE\": 1e39",
            format!("field EVENT_VALUE: value \"1e39\": {float}"),
        ),
        (
            "\"EVENT_VALUE\": \"NaN\"",
            format!("field EVENT_VALUE: value \"NaN\": {float}"),
        ),
        (
            "\"FLAG\": 1",
            "field FLAG: value 1: must be a boolean; write true or false".to_owned(),
        ),
        (
            "\"FLAG\": \"True\"",
            "field FLAG: value \"True\": must be a boolean; write true or false, in lower case"
                .to_owned(),
        ),
        (
            "\"IMPRESSION\": 7",
            "field IMPRESSION: value 7: must be a list of item ids, or a string in which bars \
             join them; write one of them"
                .to_owned(),
        ),
        (
            "\"IMPRESSION\": [\"a\", 1.50]",
            "field IMPRESSION: value 1.50: must be a string; write item ids in quotes".to_owned(),
        ),
        (
            "\"IMPRESSION\": [\"a\", 7]",
            "field IMPRESSION: value 7: must be a string; write item ids in quotes".to_owned(),
        ),
        (
            "\"IMPRESSION\": [\"a|b\"]",
            "field IMPRESSION: value \"a|b\": an item id in a list must not be empty and must \
             not hold a bar; correct the id"
                .to_owned(),
        ),
        (
            "\"COLOR\": 1",
            "field COLOR: the schema has no such field; it has USER_ID, ITEM_ID, TIMESTAMP, \
             EVENT_TYPE, EVENT_VALUE, IMPRESSION, COUNT, SHARE, FLAG"
                .to_owned(),
        ),
        (
            "\"USER_ID\": \"w\"",
            "field USER_ID: is given twice; give it once".to_owned(),
        ),
    ] {
        assert_eq!(
            refused(&line(&format!(", {more}"))),
            format!("line 1: {message}")
        );
    }
}

#[test]
fn refused_required_values_name_field_and_rule() {
    let missing = "is missing or null; give a value";
    for (from, to, message) in [
        ("\"USER_ID\": \"u\", ", "", format!("USER_ID: {missing}")),
        ("\"i\"", "null", format!("ITEM_ID: {missing}")),
        (", \"TIMESTAMP\": 10", "", format!("TIMESTAMP: {missing}")),
        (
            ", \"EVENT_TYPE\": \"click\"",
            "",
            format!("EVENT_TYPE: {missing}"),
        ),
        (
            "\"click\"",
            "null",
            "EVENT_TYPE: value null: the field is not nullable; give a value".to_owned(),
        ),
        (
            "\"u\"",
            "7",
            "USER_ID: value 7: must be a string; write the value in quotes".to_owned(),
        ),
        // As it was sent, with digits that no float has.
        (
            "\"u\"",
            "12345678901234567890123",
            "USER_ID: value 12345678901234567890123: must be a string; write the value in quotes"
                .to_owned(),
        ),
        (
            "\"u\"",
            "\"\"",
            "USER_ID: value \"\": must not be empty; give a value".to_owned(),
        ),
        (
            "10",
            "-1",
            "TIMESTAMP: value \"-1\": a timestamp must not be negative; \
             write Unix epoch seconds"
                .to_owned(),
        ),
        (
            "10",
            "10.5",
            "TIMESTAMP: value \"10.5\": a timestamp must be a whole number; \
             write Unix epoch seconds without a fraction"
                .to_owned(),
        ),
    ] {
        let sound = line("");
        assert!(sound.contains(from));
        assert_eq!(
            refused(&sound.replacen(from, to, 1)),
            format!("line 1: field {message}")
        );
    }
}

#[test]
fn refused_lines_name_line_and_column() {
    let lines = format!("{}\n[1]\n{{\"USER_ID\": \n{}\n", line(""), line(""));
    let read = read(lines.as_bytes());
    let messages: Vec<String> = read
        .iter()
        .map(|result| match result {
            Ok(_) => "sound".to_owned(),
            Err(error) => error.message().to_owned(),
        })
        .collect();
    assert_eq!(
        messages,
        [
            "sound",
            "line 2: not a JSON object (invalid type: sequence, expected an object of field names \
             and values); write one object a line",
            "line 3: column 12: not a JSON object (EOF while parsing a value); \
             write one object a line",
            "sound",
        ]
    );
    assert_eq!(
        self::read(b"{\"USER_ID\": \"\xff\"}")[0]
            .as_ref()
            .unwrap_err()
            .to_string(),
        "line 1: column 14: not valid UTF-8; save the file as UTF-8"
    );
}

#[test]
fn a_line_beyond_its_bound_is_passed_over() {
    let validator = validator();
    let text = format!("{}\n{}\n{}\n", line(""), line(&" ".repeat(100)), line(""));
    let mut lines = JsonLines::new(text.as_bytes(), &validator).max_line_bytes(100);
    assert!(lines.next().unwrap().is_ok());
    assert_eq!(
        lines.next().unwrap().unwrap_err().to_string(),
        "line 2: the line is longer than 100 bytes; write one object a line"
    );
    assert_eq!(lines.line(), 2);
    assert!(lines.next().unwrap().is_ok());
    assert!(lines.next().is_none());
}
