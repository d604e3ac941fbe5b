use proptest::prelude::*;

use super::super::{ErrorKind, Limits};
use super::{DataType, Role, Schema};

const REQUIRED: &str = r#"{"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"}"#;

/// A document with the required fields and more.
fn with_fields(more: &str) -> String {
    record(&format!("{REQUIRED}, {more}"))
}

fn record(fields: &str) -> String {
    format!(
        r#"{{"type": "record", "name": "Interactions",
            "namespace": "com.amazonaws.personalize.schema",
            "fields": [{fields}], "version": "1.0"}}"#
    )
}

fn parse(json: &str) -> Schema {
    Schema::parse(json, &Limits::personalize()).unwrap()
}

fn refused(json: &str) -> String {
    refused_by(json, &Limits::personalize())
}

fn refused_by(json: &str, limits: &Limits) -> String {
    let error = Schema::parse(json, limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.message().to_owned()
}

fn metadata(count: usize) -> String {
    let fields: Vec<String> = (0..count)
        .map(|number| format!(r#"{{"name": "M{number}", "type": "int"}}"#))
        .collect();
    fields.join(", ")
}

/// Readers of JSON differ in which of two values they take.
#[test]
fn a_repeated_key_is_refused_at_any_depth() {
    for (json, key, line) in [
        (
            record(REQUIRED).replace("\"version\"", "\"name\""),
            "name",
            5,
        ),
        (
            with_fields(r#"{"name": "A", "type": "int", "type": "long"}"#),
            "type",
            5,
        ),
        (
            with_fields(
                r#"{"name": "A", "type": "int", "doc": [{"a": {"b\u001b": 1, "b\u001b": 2}}]}"#,
            ),
            r"b\u{1b}",
            5,
        ),
    ] {
        let message = refused(&json);
        assert!(
            message.starts_with(&format!("schema: line {line}, column ")),
            "{message}"
        );
        let rule = format!(": the key \"{key}\" stands twice in one object; keep one");
        assert!(message.ends_with(&rule), "{message}");
    }
}

#[test]
fn a_schema_is_kept_as_written() {
    let json = with_fields(
        r#"{"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["float", "null"]},
        {"name": "IMPRESSION", "type": ["null", "string"]},
        {"name": "user_device_type", "type": ["null", "string"], "categorical": true},
        {"name": "PRICE", "type": "double"},
        {"name": "FLAG", "type": "boolean"}"#,
    );
    let schema = parse(&json);
    assert_eq!(schema.json(), json);
    assert_eq!(schema.warnings(), [] as [String; 0]);
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| (field.name(), field.data_type(), field.is_nullable()))
        .collect();
    assert_eq!(
        fields,
        [
            ("USER_ID", DataType::String, false),
            ("ITEM_ID", DataType::String, false),
            ("TIMESTAMP", DataType::Long, false),
            ("EVENT_TYPE", DataType::String, false),
            ("EVENT_VALUE", DataType::Float, true),
            ("IMPRESSION", DataType::String, true),
            ("user_device_type", DataType::String, true),
            ("PRICE", DataType::Double, false),
            ("FLAG", DataType::Boolean, false),
        ]
    );
    assert_eq!(schema.position_of(Role::EventValue), Some(4));
    assert_eq!(schema.quota_fields(), 5);
}

#[test]
fn what_public_projects_write_is_accepted() {
    let unordered = r#"{"fields": [{"name": "TIMESTAMP", "type": "long"},
        {"name": "ITEM_ID", "type": "string"}, {"name": "USER_ID", "type": "string"}],
        "name": "interactions", "type": "record"}"#;
    assert_eq!(parse(unordered).timestamp(), 0);
    for version in ["\"1.0\"", "1", "1.0"] {
        let json = with_fields(&metadata(1)).replace("\"1.0\"", version);
        assert_eq!(parse(&json).fields().len(), 4);
    }
    let marked = format!("\u{feff}{}", with_fields(&metadata(1)));
    assert_eq!(parse(&marked).json(), marked);
    let domain = with_fields(r#"{"name": "EVENT_TYPE", "type": "string"}"#).replacen(
        '{',
        r#"{"domain": "ECOMMERCE", "#,
        1,
    );
    assert_eq!(parse(&domain).fields().len(), 4);
}

#[test]
fn what_is_probably_not_meant_is_warned_of() {
    let warnings = |more| parse(&with_fields(more)).warnings().to_vec();
    assert_eq!(
        warnings(r#"{"name": "SESSION_ID", "type": "string"}"#),
        ["field SESSION_ID: a string field without \"categorical\": true is ignored by training"]
    );
    assert_eq!(
        warnings(r#"{"name": "eventType", "type": "string", "categorical": true}"#),
        ["field eventType: read as metadata; write EVENT_TYPE for the reserved field"]
    );
}

#[test]
fn refused_records_name_the_rule() {
    let sound = with_fields(&metadata(1));
    for (from, to, message) in [
        (
            "\"record\"",
            "\"array\"",
            "schema: type is \"array\"; it must be \"record\"",
        ),
        ("\"type\": \"record\", ", "", "schema: type is missing"),
        (
            "\"Interactions\"",
            "\"Users\"",
            "schema: name is \"Users\"; an interactions schema must be named \"Interactions\"",
        ),
        (
            "\"Interactions\"",
            "7",
            "schema: name is 7; it must be a string",
        ),
        (
            "com.amazonaws.personalize.schema",
            "org.example",
            "schema: namespace is \"org.example\"; \
             it must be \"com.amazonaws.personalize.schema\"",
        ),
        (
            "\"1.0\"",
            "\"2.0\"",
            "schema: version is \"2.0\"; it must be \"1.0\"",
        ),
        ("\"fields\"", "\"columns\"", "schema: fields is missing"),
        (
            "\"version\"",
            "\"domain\": \"MUSIC\", \"version\"",
            "schema: domain is \"MUSIC\"; it must be \"ECOMMERCE\" or \"VIDEO_ON_DEMAND\"",
        ),
        (
            "\"version\"",
            "\"domain\": \"VIDEO_ON_DEMAND\", \"version\"",
            "schema: field EVENT_TYPE: required by the domain \"VIDEO_ON_DEMAND\", but missing",
        ),
    ] {
        assert!(sound.contains(from));
        assert_eq!(refused(&sound.replacen(from, to, 1)), message);
    }
}

#[test]
fn refused_documents_name_the_rule() {
    assert_eq!(
        refused("{\"type\": \n record}"),
        "schema: not valid JSON at line 2, column 2"
    );
    assert_eq!(
        refused("[]"),
        "schema: the document must be a JSON object (an Avro record)"
    );
    assert_eq!(
        refused(r#"{"type": "record", "name": "Interactions", "fields": {}}"#),
        "schema: fields must be an array"
    );
    let long = with_fields(&metadata(1)) + &" ".repeat(20_000);
    assert_eq!(
        refused(&long),
        format!(
            "schema: the document has {} characters; the limit is 20000; shorten it or lift the limit max_schema_chars (annals limits STORE --set max_schema_chars=NUMBER, or --set at annals init)",
            long.chars().count()
        )
    );
    assert!(Schema::parse(&long, &Limits::unlimited()).is_ok());
}

#[test]
fn refused_fields_name_field_and_rule() {
    let union = "a union must have two branches, null and one other type";
    let nested = "nested types (records, arrays, maps) are not allowed; \
                  use string, int, long, float, double or boolean";
    for (field, message) in [
        ("7", "field number 4: must be a JSON object".to_owned()),
        (
            r#"{"type": "int"}"#,
            "field number 4: name is missing or not a string".to_owned(),
        ),
        (
            r#"{"name": "A-B", "type": "int"}"#,
            "field A-B: a name must be alphanumeric; underscores are allowed".to_owned(),
        ),
        (
            r#"{"name": "", "type": "int"}"#,
            "field : a name must be alphanumeric; underscores are allowed".to_owned(),
        ),
        (
            r#"{"name": "FARBTÖNE", "type": "int"}"#,
            "field FARBTÖNE: a name must be alphanumeric; underscores are allowed".to_owned(),
        ),
        (r#"{"name": "A"}"#, "field A: type is missing".to_owned()),
        (
            r#"{"name": "A", "type": "bytes"}"#,
            "field A: type \"bytes\" is not allowed; \
             use string, int, long, float, double or boolean"
                .to_owned(),
        ),
        (
            r#"{"name": "A", "type": "null"}"#,
            "field A: type null alone is not allowed; write a union with null".to_owned(),
        ),
        (
            r#"{"name": "A", "type": 7}"#,
            "field A: type is 7; it must be a type name or a union".to_owned(),
        ),
        (
            r#"{"name": "A", "type": {"type": "array", "items": "string"}}"#,
            format!("field A: {nested}"),
        ),
        (
            r#"{"name": "A", "type": ["int", "string"]}"#,
            format!("field A: {union}"),
        ),
        (
            r#"{"name": "A", "type": ["null", "int", "string"]}"#,
            format!("field A: {union}"),
        ),
        (
            r#"{"name": "A", "type": ["null", "null"]}"#,
            format!("field A: {union}"),
        ),
        (
            r#"{"name": "A", "type": ["null", {"type": "map", "values": "int"}]}"#,
            format!("field A: {union}"),
        ),
        (
            r#"{"name": "A", "type": "string", "categorical": "true"}"#,
            "field A: categorical is \"true\"; it must be true or false".to_owned(),
        ),
        (
            r#"{"name": "A", "type": "int", "categorical": true}"#,
            "field A: only a string field can be categorical; this one is int".to_owned(),
        ),
    ] {
        assert_eq!(refused(&with_fields(field)), format!("schema: {message}"));
    }
}

#[test]
fn reserved_fields_have_fixed_types() {
    let categorical = "a reserved field must not be categorical";
    let nullable = "must not be nullable";
    for (name, kind, more, rule) in [
        (
            "EVENT_TYPE",
            "\"int\"",
            "",
            "must be of type string; it is declared int",
        ),
        ("EVENT_TYPE", "[\"null\", \"string\"]", "", nullable),
        (
            "EVENT_TYPE",
            "\"string\"",
            ", \"categorical\": true",
            categorical,
        ),
        (
            "EVENT_VALUE",
            "\"string\"",
            "",
            "must be of type float; it is declared string",
        ),
        (
            "EVENT_VALUE",
            "[\"double\", \"null\"]",
            "",
            "must be of type float; it is declared double",
        ),
        (
            "IMPRESSION",
            "\"long\"",
            "",
            "must be of type string; it is declared long",
        ),
        (
            "IMPRESSION",
            "\"string\"",
            ", \"categorical\": true",
            categorical,
        ),
        (
            "RECOMMENDATION_ID",
            "\"int\"",
            "",
            "must be of type string; it is declared int",
        ),
        (
            "EVENT_ATTRIBUTION_SOURCE",
            "\"boolean\"",
            "",
            "must be of type string; it is declared boolean",
        ),
        (
            "EVENT_ATTRIBUTION_SOURCE",
            "\"string\"",
            ", \"categorical\": true",
            categorical,
        ),
    ] {
        let field = format!("{{\"name\": \"{name}\", \"type\": {kind}{more}}}");
        assert_eq!(
            refused(&with_fields(&field)),
            format!("schema: field {name}: {rule}")
        );
    }
}

#[test]
fn required_fields_have_fixed_types_and_are_never_null() {
    for (from, to, message) in [
        (
            "\"USER_ID\", \"type\": \"string\"",
            "\"USER_ID\", \"type\": \"long\"",
            "field USER_ID: must be of type string; it is declared long",
        ),
        (
            "\"USER_ID\", \"type\": \"string\"",
            "\"USER_ID\", \"type\": [\"null\", \"string\"]",
            "field USER_ID: must not be nullable",
        ),
        (
            "\"ITEM_ID\", \"type\": \"string\"",
            "\"ITEM_ID\", \"type\": \"int\"",
            "field ITEM_ID: must be of type string; it is declared int",
        ),
        (
            "\"long\"",
            "\"int\"",
            "field TIMESTAMP: must be of type long; it is declared int",
        ),
        (
            "\"long\"",
            "[\"long\", \"null\"]",
            "field TIMESTAMP: must not be nullable",
        ),
        (
            "\"USER_ID\"",
            "\"user_id\"",
            "field USER_ID: required, but missing; rename user_id to it",
        ),
        (
            "\"ITEM_ID\"",
            "\"ASIN\"",
            "field ITEM_ID: required, but missing; add it",
        ),
        (
            "\"TIMESTAMP\"",
            "\"WHEN\"",
            "field TIMESTAMP: required, but missing; add it",
        ),
    ] {
        assert!(REQUIRED.contains(from));
        let json = record(&REQUIRED.replacen(from, to, 1));
        assert_eq!(refused(&json), format!("schema: {message}"));
    }
}

#[test]
fn names_are_unique_beyond_case_and_underscores() {
    let pair = |first: &str, second: &str| {
        refused(&with_fields(&format!(
            r#"{{"name": "{first}", "type": "int"}}, {{"name": "{second}", "type": "int"}}"#
        )))
    };
    assert_eq!(
        pair("A", "A"),
        "schema: field A: declared twice; names must be unique"
    );
    let rule = "names that differ only by underscores or case are the same";
    assert_eq!(
        pair("GENRES_FIELD_1", "GENRESFIELD1"),
        format!("schema: field GENRESFIELD1: collides with GENRES_FIELD_1; {rule}")
    );
    assert_eq!(
        pair("Price", "PRICE"),
        format!("schema: field PRICE: collides with Price; {rule}")
    );
}

#[test]
fn quotas_are_options() {
    assert_eq!(parse(&with_fields(&metadata(5))).fields().len(), 8);
    assert_eq!(
        refused(&with_fields(&metadata(6))),
        "schema: 6 metadata fields; the limit is 5; leave some out or lift the limit \
         max_metadata_fields (annals limits STORE --set max_metadata_fields=NUMBER, or --set at annals init)"
    );
    let event_type = r#"{"name": "EVENT_TYPE", "type": "string"}"#;
    let wide = with_fields(&format!("{event_type}, {}", metadata(9)));
    let lifted = Limits {
        max_metadata_fields: None,
        ..Limits::personalize()
    };
    assert_eq!(
        refused_by(&wide, &lifted),
        "schema: 10 optional fields leave no room for an event type; fields and event types \
         together may be 10; leave some out or lift the limit \
         max_metadata_fields_and_event_types (annals limits STORE --set max_metadata_fields_and_event_types=NUMBER, or --set at annals init)"
    );
    assert!(Schema::parse(&wide, &Limits::unlimited()).is_ok());
    let widest = with_fields(&metadata(Limits::MAX_FIELDS - 2));
    assert_eq!(
        refused_by(&widest, &Limits::unlimited()),
        "schema: 513 fields; a store holds at most 512"
    );
}

#[test]
fn deep_nesting_is_refused() {
    let json = with_fields(&format!(
        r#"{{"name": "A", "type": {}{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    ));
    assert!(refused(&json).starts_with("schema: not valid JSON"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = Schema::parse(&text, &Limits::personalize());
    }

    #[test]
    fn no_damage_to_a_schema_makes_it_panic(
        at in 0_usize..400,
        cut in 0_usize..40,
        text in "[\\[\\]{}:,\" a-z0-9_\\\\]{0,12}",
    ) {
        let json = with_fields(r#"{"name": "TAG", "type": ["null", "string"], "categorical": true}"#);
        let at = at.min(json.len());
        let end = (at + cut).min(json.len());
        let damaged = format!("{}{text}{}", &json[..at], &json[end..]);
        if let Ok(schema) = Schema::parse(&damaged, &Limits::personalize()) {
            prop_assert_eq!(schema.json(), damaged);
        }
    }
}
