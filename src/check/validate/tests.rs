use std::sync::Arc;

use super::{RowScratch, Validator};
use crate::column::ColumnsBuilder;
use crate::model::{
    Cell, Interaction, Limits, Result, Row, Schema, Value, bits_of_f32, f32_of_bits,
};

const FIELDS: [(&str, &str); 13] = [
    ("USER_ID", "\"string\""),
    ("ITEM_ID", "\"string\""),
    ("TIMESTAMP", "\"long\""),
    ("EVENT_TYPE", "\"string\""),
    ("EVENT_VALUE", "[\"null\", \"float\"]"),
    ("IMPRESSION", "[\"string\", \"null\"]"),
    ("TAG", "[\"null\", \"string\"]"),
    ("SMALL", "[\"null\", \"int\"]"),
    ("LARGE", "[\"null\", \"long\"]"),
    ("WIDE", "[\"null\", \"double\"]"),
    ("FLAG", "[\"null\", \"boolean\"]"),
    ("NEEDED", "\"int\""),
    ("RECOMMENDATION_ID", "[\"null\", \"string\"]"),
];

fn schema() -> Arc<Schema> {
    let fields: Vec<String> = FIELDS
        .iter()
        .map(|(name, kind)| format!("{{\"name\": \"{name}\", \"type\": {kind}}}"))
        .collect();
    let json = format!(
        "{{\"type\": \"record\", \"name\": \"Interactions\", \"fields\": [{}]}}",
        fields.join(", ")
    );
    Arc::new(Schema::parse(&json, &Limits::unlimited()).unwrap())
}

fn validator() -> Validator {
    Validator::new(schema(), Limits::personalize())
}

fn parse(field: &str, text: &str) -> std::result::Result<Cell<'static>, String> {
    let validator = validator();
    let id = validator.schema().position(field).unwrap();
    match validator.parse_cell(id, text) {
        Ok(Cell::Text(text)) => Ok(Cell::Text(Box::leak(text.to_owned().into_boxed_str()))),
        Ok(Cell::Bits(bits)) => Ok(Cell::Bits(bits)),
        Ok(Cell::Null) => Ok(Cell::Null),
        Err(error) => {
            assert_eq!(error.field(), Some(field));
            Err(error.to_string())
        }
    }
}

/// The message of a row that is sound but for one cell.
fn check(field: &str, cell: Cell<'_>) -> std::result::Result<(), String> {
    check_with(&validator(), field, cell)
}

fn check_with(
    validator: &Validator,
    field: &str,
    cell: Cell<'_>,
) -> std::result::Result<(), String> {
    let mut cells = vec![Cell::Null; FIELDS.len()];
    cells[1] = Cell::Text("i1");
    cells[3] = Cell::Text("click");
    cells[11] = Cell::of_i64(1);
    let mut row = Row {
        user: "u1",
        timestamp: 10,
        cells: &[],
    };
    match (field, cell) {
        ("USER_ID", Cell::Text(user)) => row.user = user,
        _ => cells[validator.schema().position(field).unwrap()] = cell,
    }
    row.cells = &cells;
    checked(validator, &row)
}

/// The message of a row, which is the same when it is taken into columns.
fn checked(validator: &Validator, row: &Row<'_>) -> std::result::Result<(), String> {
    let checked = validator.check_row(row).map_err(|error| error.to_string());
    let mut columns = ColumnsBuilder::new(validator);
    let taken = columns.push(row).map_err(|error| error.to_string());
    assert_eq!(taken, checked);
    assert_eq!(columns.rows(), usize::from(taken.is_ok()));
    checked
}

fn convert<R>(interaction: &Interaction, use_row: impl FnOnce(&Row<'_>) -> Result<R>) -> Result<R> {
    validator().with_row(interaction, &mut RowScratch::default(), use_row)
}

fn sound() -> Interaction {
    Interaction::new("u1", "i1", 10)
        .event_type("click")
        .with("NEEDED", 1)
}

fn refused(interaction: Interaction) -> String {
    let error = convert(&interaction, |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), crate::model::ErrorKind::InvalidInput);
    error.to_string()
}

#[test]
fn text_becomes_typed_cells() {
    assert_eq!(parse("USER_ID", "-8120"), Ok(Cell::Text("-8120")));
    assert_eq!(parse("TIMESTAMP", "0"), Ok(Cell::of_i64(0)));
    assert_eq!(parse("EVENT_VALUE", ""), Ok(Cell::Null));
    assert_eq!(
        parse("EVENT_VALUE", "4.0"),
        Ok(Cell::Bits(bits_of_f32(4.0)))
    );
    assert_eq!(
        parse("EVENT_VALUE", "-1e3"),
        Ok(Cell::Bits(bits_of_f32(-1000.0)))
    );
    assert_eq!(
        parse("SMALL", "-2147483648"),
        Ok(Cell::of_i64(i32::MIN.into()))
    );
    assert_eq!(
        parse("LARGE", "9223372036854775807"),
        Ok(Cell::of_i64(i64::MAX))
    );
    assert_eq!(parse("WIDE", "0.1"), Ok(Cell::Bits(0.1_f64.to_bits())));
    assert_eq!(parse("FLAG", "true"), Ok(Cell::Bits(1)));
    assert_eq!(parse("FLAG", "false"), Ok(Cell::Bits(0)));
    assert_eq!(parse("TAG", "a, \"b\"\n"), Ok(Cell::Text("a, \"b\"\n")));
}

#[test]
fn refused_text_names_field_value_and_rule() {
    let int = "must be a whole number from -2147483648 to 2147483647; \
               write digits, or declare the field long, float or double";
    let long = "must be a whole number from -9223372036854775808 to 9223372036854775807; \
                write digits, or declare the field float or double";
    let float = "must be a finite number within the range of float; NaN and infinity are refused; \
                 write a decimal number";
    let double = "must be a finite number within the range of double; NaN and infinity are \
                  refused; write a decimal number";
    let boolean = "must be a boolean; write true or false, in lower case";
    let empty = "an empty cell is null, and the field is not nullable; give a value";
    for (field, text, rule) in [
        ("USER_ID", "", empty),
        ("ITEM_ID", "", empty),
        ("TIMESTAMP", "", empty),
        ("EVENT_TYPE", "", empty),
        ("SMALL", "2147483648", int),
        ("SMALL", "1.5", int),
        ("SMALL", "2147483648.0", int),
        ("SMALL", " 1", int),
        ("LARGE", "9223372036854775808", long),
        ("LARGE", "abc", long),
        ("EVENT_VALUE", "abc", float),
        ("EVENT_VALUE", "NaN", float),
        ("EVENT_VALUE", "-inf", float),
        ("EVENT_VALUE", "1e39", float),
        ("WIDE", "Infinity", double),
        ("WIDE", "1e309", double),
        ("WIDE", "1,5", double),
        ("FLAG", "True", boolean),
        ("FLAG", "1", boolean),
    ] {
        assert_eq!(
            parse(field, text).unwrap_err(),
            format!("field {field}: value {text:?}: {rule}")
        );
    }
}

#[test]
fn each_wrong_timestamp_has_its_own_message() {
    for (text, rule) in [
        (
            "-1",
            "a timestamp must not be negative; write Unix epoch seconds",
        ),
        (
            "-1.5",
            "a timestamp must not be negative; write Unix epoch seconds",
        ),
        (
            "1574553634.5",
            "a timestamp must be a whole number; \
             write Unix epoch seconds without a fraction",
        ),
        (
            "15e-1",
            "a timestamp must be a whole number; \
             write Unix epoch seconds without a fraction",
        ),
        (
            "2019-11-24",
            "a timestamp must be a whole number; write dates as Unix epoch seconds, or import them with \
             --time-unit iso",
        ),
        (
            "NaN",
            "a timestamp must be a whole number; write dates as Unix epoch seconds",
        ),
        (
            "99999999999999999999",
            "a timestamp must fit 64 bits; write Unix epoch seconds",
        ),
    ] {
        assert_eq!(
            parse("TIMESTAMP", text).unwrap_err(),
            format!("field TIMESTAMP: value {text:?}: {rule}")
        );
    }
}

#[test]
fn shortest_float_text_reads_back_to_the_same_number() {
    let mut state = 1_u64;
    for _ in 0..2000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let single = f32::from_bits((state >> 32) as u32);
        if single.is_finite() {
            let Ok(Cell::Bits(bits)) = parse("EVENT_VALUE", &single.to_string()) else {
                panic!("{single} was not read");
            };
            assert_eq!(f32_of_bits(bits).to_bits(), single.to_bits());
        }
        let double = f64::from_bits(state);
        if double.is_finite() {
            let cell = parse("WIDE", &double.to_string());
            assert_eq!(cell, Ok(Cell::Bits(double.to_bits())));
        }
    }
}

#[test]
fn lengths_are_counted_in_characters() {
    let longest = "é".repeat(256);
    assert_eq!(check("USER_ID", Cell::Text(&longest)), Ok(()));
    assert_eq!(check("ITEM_ID", Cell::Text(&longest)), Ok(()));
    assert_eq!(check("EVENT_TYPE", Cell::Text(&longest)), Ok(()));
    // Longer than the service takes, and kept all the same.
    for field in ["TAG", "RECOMMENDATION_ID"] {
        assert_eq!(check(field, Cell::Text(&"é".repeat(1001))), Ok(()));
    }
    let items = vec!["a"; 501].join("|");
    assert_eq!(check("IMPRESSION", Cell::Text(&items)), Ok(()));
    assert_eq!(check("IMPRESSION", Cell::Text(&"éé|".repeat(333))), {
        let shown = format!("{}…", "éé|".repeat(20));
        Err(format!(
            "field IMPRESSION: value \"{shown}\": holds an empty item id; \
             write item ids joined by single bars"
        ))
    });
}

#[test]
fn overlong_values_name_the_limit() {
    for (field, char, count, max, limit) in [
        ("USER_ID", "é", 257, 256, "max_id_chars"),
        ("ITEM_ID", "a", 257, 256, "max_id_chars"),
        ("EVENT_TYPE", "a", 257, 256, "max_event_type_chars"),
        ("IMPRESSION", "a", 257, 256, "max_id_chars"),
    ] {
        let text: String = char.chars().cycle().take(count).collect();
        let shown: String = char.chars().cycle().take(60).collect();
        assert_eq!(
            check(field, Cell::Text(&text)).unwrap_err(),
            format!(
                "field {field}: value \"{shown}…\": {count} characters; \
                 shorten it to {max} or lift the limit {limit} (annals limits STORE --set {limit}=NUMBER, or --set at annals init)"
            )
        );
    }
}

#[test]
fn lifted_limits_leave_the_hard_cap() {
    let lifted = Validator::new(schema(), Limits::unlimited());
    let most = "a".repeat(Limits::MAX_CELL_BYTES);
    for field in ["USER_ID", "TAG", "IMPRESSION"] {
        assert_eq!(check_with(&lifted, field, Cell::Text(&most)), Ok(()));
        let message = check_with(&lifted, field, Cell::Text(&format!("{most}a"))).unwrap_err();
        assert!(message.ends_with("1048577 bytes; a store holds at most 1048576 in one value"));
    }
    assert_eq!(check_with(&lifted, "TAG", Cell::Text("TIMESTAMP")), Ok(()));
    assert!(check_with(&lifted, "IMPRESSION", Cell::Text("a||b")).is_err());
}

#[test]
fn refused_cells_name_field_value_and_rule() {
    let null = "value null: the field is not nullable; give a value";
    for (field, cell, rule) in [
        ("ITEM_ID", Cell::Null, null),
        ("EVENT_TYPE", Cell::Null, null),
        ("NEEDED", Cell::Null, null),
        (
            "USER_ID",
            Cell::Text(""),
            "value \"\": must not be empty; give a value",
        ),
        (
            "TAG",
            Cell::Text(""),
            "value \"\": must not be empty; give a value",
        ),
        (
            "USER_ID",
            Cell::Bits(1),
            "stands apart from the cells of a row; leave its cell null",
        ),
        (
            "TAG",
            Cell::Text("USER_ID"),
            "value \"USER_ID\": a reserved field name must not be a value; rename it or lift the \
             limit refuse_reserved_values (annals limits STORE --set refuse_reserved_values=false, or --set at annals init)",
        ),
        (
            "IMPRESSION",
            Cell::Text("a|ITEM_ID"),
            "value \"ITEM_ID\": a reserved field name must not be a value; rename it or lift the \
             limit refuse_reserved_values (annals limits STORE --set refuse_reserved_values=false, or --set at annals init)",
        ),
        (
            "IMPRESSION",
            Cell::Text("a||b"),
            "value \"a||b\": holds an empty item id; write item ids joined by single bars",
        ),
        (
            "IMPRESSION",
            Cell::Text("a|"),
            "value \"a|\": holds an empty item id; write item ids joined by single bars",
        ),
        (
            "SMALL",
            Cell::Text("1"),
            "value \"1\": is a string; give a value of type int",
        ),
        (
            "TAG",
            Cell::Bits(1),
            "value \"0x1\": is a number's bits; give a value of type string",
        ),
        (
            "SMALL",
            Cell::of_i64(1 << 31),
            "value \"2147483648\": must be a whole number from -2147483648 to 2147483647; \
             write digits, or declare the field long, float or double",
        ),
        (
            "EVENT_VALUE",
            Cell::Bits(bits_of_f32(f32::NAN)),
            "value \"NaN\": must be a finite number within the range of float; \
             NaN and infinity are refused; write a decimal number",
        ),
        (
            "EVENT_VALUE",
            Cell::Bits(1 << 32),
            "value \"0x100000000\": must be a finite number within the range of float; \
             NaN and infinity are refused; write a decimal number",
        ),
        (
            "WIDE",
            Cell::Bits(f64::INFINITY.to_bits()),
            "value \"inf\": must be a finite number within the range of double; \
             NaN and infinity are refused; write a decimal number",
        ),
        (
            "FLAG",
            Cell::Bits(2),
            "value \"0x2\": must be a boolean; write true or false, in lower case",
        ),
    ] {
        assert_eq!(
            check(field, cell).unwrap_err(),
            format!("field {field}: {rule}")
        );
    }
}

#[test]
fn rows_need_a_cell_a_field_and_a_timestamp_from_zero() {
    let mut row = Row {
        user: "u1",
        timestamp: 10,
        cells: &[],
    };
    assert_eq!(
        checked(&validator(), &row).unwrap_err(),
        "the row has 0 cells and the schema 13 fields; give one cell for each field"
    );
    let cells = vec![Cell::Null; FIELDS.len()];
    row.timestamp = -1;
    row.cells = &cells;
    assert_eq!(
        checked(&validator(), &row).unwrap_err(),
        "field TIMESTAMP: value \"-1\": a timestamp must not be negative; \
         write Unix epoch seconds"
    );
}

#[test]
fn of_several_faults_the_first_is_reported() {
    let long = "x".repeat(300);
    let nulls = vec![Cell::Null; FIELDS.len()];
    let mut cells = nulls.clone();
    cells[1] = Cell::Text("i1");
    let mut row = Row {
        user: &long,
        timestamp: -1,
        cells: &[],
    };
    let field = |row: &Row<'_>| {
        let message = checked(&validator(), row).unwrap_err();
        message[..message.find(':').unwrap()].to_owned()
    };
    row.cells = &nulls;
    assert_eq!(field(&row), "field USER_ID");
    row.user = "u1";
    assert_eq!(field(&row), "field TIMESTAMP");
    row.timestamp = 10;
    assert_eq!(field(&row), "field ITEM_ID");
    row.cells = &cells;
    assert_eq!(field(&row), "field EVENT_TYPE");
}

#[test]
fn interactions_become_rows_in_schema_order() {
    let interaction = Interaction::new("u1", "i1", 10)
        .with("NEEDED", 7_i64)
        .with("LARGE", 5)
        .with("WIDE", 0.5_f32)
        .with("SMALL", Value::Null)
        .with("FLAG", true)
        .with("TAG", "")
        .impression(["i1", "i2"])
        .event_value(1.5)
        .event_type("click");
    convert(&interaction, |row| {
        assert_eq!((row.user, row.timestamp), ("u1", 10));
        let expected = [
            Cell::Null,
            Cell::Text("i1"),
            Cell::Null,
            Cell::Text("click"),
            Cell::Bits(bits_of_f32(1.5)),
            Cell::Text("i1|i2"),
            Cell::Null,
            Cell::Null,
            Cell::of_i64(5),
            Cell::Bits(0.5_f64.to_bits()),
            Cell::Bits(1),
            Cell::of_i64(7),
            Cell::Null,
        ];
        assert_eq!(row.cells, expected);
        Ok(())
    })
    .unwrap();
}

#[test]
fn numbers_convert_where_nothing_is_lost() {
    let cell = |name: &'static str, value: Value| {
        let id = validator().schema().position(name).unwrap();
        convert(&sound().with(name, value), |row| match row.cells[id] {
            Cell::Bits(bits) => Ok(bits),
            other => panic!("{other:?}"),
        })
    };
    let float = |number: f32| bits_of_f32(number);
    assert_eq!(cell("EVENT_VALUE", Value::Int(3)).unwrap(), float(3.0));
    assert_eq!(cell("EVENT_VALUE", Value::Double(0.1)).unwrap(), float(0.1));
    assert!(cell("EVENT_VALUE", Value::Int(16_777_217)).is_err());
    assert!(cell("EVENT_VALUE", Value::Double(1e39)).is_err());
    assert_eq!(
        cell("WIDE", Value::Int(16_777_217)).unwrap(),
        16_777_217_f64.to_bits()
    );
    assert!(cell("WIDE", Value::Long(i64::MAX)).is_err());
    assert_eq!(
        cell("WIDE", Value::Long(i64::MIN)).unwrap(),
        (i64::MIN as f64).to_bits()
    );
    assert!(cell("SMALL", Value::Long(1 << 31)).is_err());
    assert!(cell("LARGE", Value::Float(1.0)).is_err());
}

#[test]
fn refused_interactions_name_field_value_and_rule() {
    for (interaction, message) in [
        (
            sound().with("COLOR", "red"),
            "field COLOR: the schema has no such field; it has USER_ID, ITEM_ID, TIMESTAMP, \
             EVENT_TYPE, EVENT_VALUE, IMPRESSION, TAG, SMALL, LARGE, WIDE, FLAG, NEEDED, \
             RECOMMENDATION_ID",
        ),
        (
            sound().with("TAG", "a").with("TAG", "b"),
            "field TAG: is set twice; set it once",
        ),
        (
            sound()
                .with("RECOMMENDATION_ID", "a")
                .with("TAG", "b")
                .with("RECOMMENDATION_ID", "c"),
            "field RECOMMENDATION_ID: is set twice; set it once",
        ),
        (
            sound().with("TIMESTAMP", 5_i64),
            "field TIMESTAMP: is given when the interaction is made; do not set it again",
        ),
        (
            sound().with("FLAG", 1),
            "field FLAG: value \"1\": must be a boolean; write true or false, in lower case",
        ),
        (
            sound().with("TAG", 1),
            "field TAG: value \"1\": must be a string; write text",
        ),
        (
            sound().impression(["a|b"]),
            "field IMPRESSION: value \"a|b\": an item id in a list must not be empty and must not \
             hold a bar; correct the id",
        ),
        (
            Interaction::new("u1", "i1", 10).with("NEEDED", 1),
            "field EVENT_TYPE: value null: the field is not nullable; give a value",
        ),
        (
            Interaction::new("u1", "i1", 10)
                .event_type("")
                .with("NEEDED", 1),
            "field EVENT_TYPE: value \"\": an empty cell is null, and the field is not nullable; give a \
             value",
        ),
        (
            Interaction::new("", "i1", 10),
            "field USER_ID: value \"\": must not be empty; give a value",
        ),
        (
            Interaction::new("u1", "i1", -5),
            "field TIMESTAMP: value \"-5\": a timestamp must not be negative; \
             write Unix epoch seconds",
        ),
    ] {
        assert_eq!(refused(interaction), message);
    }
}

#[test]
fn scratch_is_clean_after_an_error() {
    let validator = validator();
    let mut scratch = RowScratch::default();
    let full = sound().impression(["a", "b"]).with("TAG", "x");
    validator.with_row(&full, &mut scratch, |_| Ok(())).unwrap();
    let wrong = sound().with("TAG", "y").with("FLAG", 3);
    assert!(
        validator
            .with_row(&wrong, &mut scratch, |_| Ok(()))
            .is_err()
    );
    validator
        .with_row(
            &sound().impression(Vec::<String>::new()),
            &mut scratch,
            |row| {
                assert_eq!((row.cells[5], row.cells[6]), (Cell::Null, Cell::Null));
                Ok(())
            },
        )
        .unwrap();
}
