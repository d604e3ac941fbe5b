use tempfile::TempDir;

use super::{InferredSchema, infer_schema};
use crate::import::{Delimiter, FileForm};
use crate::model::{DataType, Limits, Result, Schema};

fn infer_with(text: &str, limits: &Limits) -> Result<InferredSchema> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file.csv");
    std::fs::write(&path, text).unwrap();
    infer_schema(&path, &FileForm::new(), limits)
}

fn infer(text: &str) -> InferredSchema {
    infer_with(text, &Limits::personalize()).unwrap()
}

fn refused(text: &str) -> String {
    let error = infer_with(text, &Limits::personalize()).unwrap_err();
    let (_, message) = error.message().split_once("file.csv: ").unwrap();
    message.to_owned()
}

/// The field that a column with these values gets.
fn field(values: &[&str]) -> (DataType, bool, bool) {
    let mut text = "USER_ID,ITEM_ID,TIMESTAMP,X\n".to_owned();
    for value in values {
        text += &format!("u,i,1,{value}\n");
    }
    let schema = Schema::parse(&infer(&text).json, &Limits::personalize()).unwrap();
    let field = &schema.fields()[3];
    (
        field.data_type(),
        field.is_nullable(),
        field.is_categorical(),
    )
}

#[test]
fn decimal_commas_are_named() {
    let infer = |values: [&str; 2]| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("file.csv");
        let [a, b] = values;
        let text = format!("USER_ID;ITEM_ID;TIMESTAMP;X\nu;i;1;{a}\nu;i;1;{b}\n");
        std::fs::write(&path, text).unwrap();
        let form = FileForm::new().delimiter(Delimiter::Semicolon);
        let of = |form| infer_schema(&path, &form, &Limits::personalize()).unwrap();
        (of(form.clone()), of(form.decimal_comma(true)))
    };
    let (found, with_commas) = infer(["1,5", "-2"]);
    assert_eq!(
        found.notes[0],
        "column X: numbers with a decimal comma; add --decimal-comma to infer and import, or they are texts"
    );
    assert!(with_commas.json.contains("\"double\""));
    assert!(!with_commas.notes.iter().any(|note| note.contains("comma")));
    for texts in [["1,5", "x"], ["1,5,2", "1"], ["1", "2"]] {
        let (found, _) = infer(texts);
        assert!(!found.notes.iter().any(|note| note.contains("comma")));
    }
}

#[test]
fn the_document_has_the_form_of_the_contract() {
    let found = infer(
        "ITEM_ID,USER_ID,EVENT_VALUE,TIMESTAMP,GENRE,IMPRESSION\n\
         i,u,1,10,a|b,\n\
         i,u,,20,a|b,i|j\n",
    );
    assert_eq!(
        found.json,
        r#"{
  "type": "record",
  "name": "Interactions",
  "namespace": "com.amazonaws.personalize.schema",
  "fields": [
    {
      "name": "ITEM_ID",
      "type": "string"
    },
    {
      "name": "USER_ID",
      "type": "string"
    },
    {
      "name": "EVENT_VALUE",
      "type": [
        "null",
        "float"
      ]
    },
    {
      "name": "TIMESTAMP",
      "type": "long"
    },
    {
      "name": "GENRE",
      "type": [
        "null",
        "string"
      ],
      "categorical": true
    },
    {
      "name": "IMPRESSION",
      "type": [
        "null",
        "string"
      ]
    }
  ],
  "version": "1.0"
}"#
    );
    assert_eq!(found.notes, [] as [String; 0]);
}

#[test]
fn a_column_gets_the_narrowest_type_of_all_values() {
    for (values, data_type) in [
        (&["true", "false"][..], DataType::Boolean),
        (&["true", "1"], DataType::String),
        (&["1", "-2147483648", "0"], DataType::Int),
        (&["1", "2147483648"], DataType::Long),
        (&["1", "0.5"], DataType::Double),
        (&["1", "-1e300"], DataType::Double),
        (&["1", "01"], DataType::String),
        (&["1.5", "00.5"], DataType::String),
        (&["9223372036854775808"], DataType::String),
        (&["9007199254740993", "0.5"], DataType::String),
        (&["1.5", "NaN"], DataType::String),
        (&["1", "x"], DataType::String),
    ] {
        assert_eq!(field(values).0, data_type, "{values:?}");
        assert!(field(values).1);
    }
    assert_eq!(field(&["1", ""]), (DataType::Int, true, false));
}

#[test]
fn strings_of_few_categories_are_categorical() {
    assert!(field(&["a", "b", "a", "b"]).2);
    assert!(field(&["a|b", "a|b"]).2);
    assert!(!field(&["a", "b", "c", "a"]).2);
    let many: Vec<String> = (0..3003)
        .map(|number| format!("c{}", number % 1001))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(!field(&many).2);
    assert!(field(&many[..1000].repeat(2)).2);
}

#[test]
fn what_stands_against_a_type_is_noted() {
    let found = infer(
        "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,NOTHING,SESSION\n\
         u,i,2019-01-01,,high,,s1\n\
         u,i,10,,high,,s1\n\
         u,i,10,,1,,s1\n\
         u,i,10,click,high,,s2\n\
         u,i,10,click,1,,s3\n",
    );
    assert_eq!(
        found.notes,
        [
            "an import refuses 1 row, at line 2, column TIMESTAMP: value \"2019-01-01\": a \
             timestamp must be a whole number; write dates as Unix epoch seconds, or import them with \
             --time-unit iso",
            "an import refuses 2 rows, the first at line 3, column EVENT_TYPE: value \"\": an empty \
             cell is null, and the field is not nullable; give a value",
            "an import refuses 1 row, at line 5, column EVENT_VALUE: value \"high\": must be a \
             finite number within the range of float; NaN and infinity are refused; write a decimal \
             number",
            "column NOTHING: every cell is empty; remove the column, or set its type yourself",
            "field NOTHING: a string field without \"categorical\": true is ignored by training",
            "field SESSION: a string field without \"categorical\": true is ignored by training",
        ]
    );
    let wide = "USER_ID,ITEM_ID,TIMESTAMP,A,B,C,D,E,F\nu,i,1,1,1,1,1,1,1\n";
    assert_eq!(
        infer(wide).notes,
        [
            "schema: 6 metadata fields; the limit is 5; leave some out or lift the limit \
          max_metadata_fields (annals limits STORE --set max_metadata_fields=NUMBER, or --set at annals init)"
        ]
    );
    assert!(
        infer_with(wide, &Limits::unlimited())
            .unwrap()
            .notes
            .is_empty()
    );
}

#[test]
fn a_missing_column_comes_with_candidates() {
    for (text, message) in [
        (
            "userId,ITEM_ID,TIMESTAMP\nu,i,1\n",
            "line 1: the header lacks USER_ID (it may be userId), which every schema must have; rename \
             the columns that hold them; to take them by other names, add --map \
             USER_ID=userId to infer and import",
        ),
        (
            "USER_ID,product_id,movie,TIMESTAMP\nu,i,m,1\n",
            "line 1: the header lacks ITEM_ID (it may be product_id or movie), which every schema must \
             have; rename the columns that hold them; to take them by other names, add \
             --map ITEM_ID=product_id,MOVIE=movie to infer and import",
        ),
        (
            "USER_ID,ITEM_ID,WHEN,COUNT,ts\nu,i,1574553634,3,x\nv,i,1574553635000,4,x\n",
            "line 1: the header lacks TIMESTAMP (it may be WHEN or ts), which every schema must have; \
             rename the columns that hold them; to take them by other names, add --map \
             TIMESTAMP=WHEN,COUNT=COUNT,TS=ts to infer and import",
        ),
        (
            "USER_ID,A,TIMESTAMP\nu,i,1\n",
            "line 1: the header lacks ITEM_ID (no column looks like it), which every schema must have; \
             rename the columns that hold them; to take them by other names, say which columns they are \
             (--map FIELD=COLUMN,...); the header has USER_ID, A, TIMESTAMP",
        ),
        (
            "user_id,movie_id,ts\nu1,i1,1700000000\n",
            "line 1: the header lacks USER_ID (it may be user_id), ITEM_ID (it may be movie_id), \
             TIMESTAMP (it may be ts), which every schema must have; rename the columns that hold them; \
             to take them by other names, add --map \
             USER_ID=user_id,ITEM_ID=movie_id,TIMESTAMP=ts to infer and import",
        ),
    ] {
        assert_eq!(refused(text), message);
    }
}

#[test]
fn refused_files_name_line_column_and_rule() {
    for (text, message) in [
        (
            "",
            "line 1: the file is empty; \
             the first line must name the columns after the schema's fields",
        ),
        (
            "USER_ID,ITEM_ID,TIMESTAMP\nu,i\n",
            "line 2: 2 values, but the header has 3 columns; \
             correct the row, and quote values that hold commas",
        ),
        (
            "USER_ID,ITEM_ID,TIMESTAMP,device type\nu,i,1,x\n",
            "line 1: the columns make no schema; rename them: schema: field device type: \
             a name must be alphanumeric; underscores are allowed",
        ),
    ] {
        assert_eq!(refused(text), message);
    }
}

/// What is noted is what an import refuses, and nothing else.
#[test]
fn signs_of_times_are_judged_as_an_import_does() {
    assert_eq!(
        infer("USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,+1700000000\n").notes,
        [""; 0]
    );
    assert_eq!(
        infer("USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,-5\n").notes,
        [
            "an import refuses 1 row, at line 2, column TIMESTAMP: value \"-5\": a timestamp must not \
             be negative; write Unix epoch seconds"
        ]
    );
    let long = "x".repeat(257);
    let text = format!("USER_ID,ITEM_ID,TIMESTAMP,PLACE\n{long},i,1,a\nu,i,1,USER_ID\n");
    let notes = infer(&text).notes;
    assert!(notes[0].starts_with("an import refuses 1 row, at line 2, column USER_ID: "));
    assert!(
        notes[1].starts_with("an import refuses 1 row, at line 3, column PLACE: value \"USER_ID\"")
    );
}

#[test]
fn too_many_fields_and_event_types_are_noted() {
    let mut text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,PAGE,PLACE\n".to_owned();
    for number in 0..16 {
        text += &format!("u,i,1,t{},p,q\n", number % 8);
    }
    assert_eq!(
        infer(&text).notes,
        [
            "3 optional fields (EVENT_TYPE, PAGE, PLACE) and 8 distinct event types make 11; the limit \
             is 10 together, and an import refuses what exceeds it; leave columns out, use fewer event \
             types or lift the limit max_metadata_fields_and_event_types (annals limits STORE \
             --set max_metadata_fields_and_event_types=NUMBER, or --set at annals init)"
        ]
    );
    assert_eq!(infer(&text.replace("t7", "t6")).notes, [""; 0]);
    let unlimited = infer_with(&text, &Limits::unlimited()).unwrap();
    assert_eq!(unlimited.notes, [""; 0]);
}
