use crate::support::Folder;

const SCHEMA: &str = r#"{
  "type": "record",
  "name": "Interactions",
  "namespace": "com.amazonaws.personalize.schema",
  "fields": [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "USER_ID", "type": "string"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_VALUE", "type": ["float", "null"]},
    {"name": "IMPRESSION", "type": ["null", "string"]},
    {"name": "RECOMMENDATION_ID", "type": ["null", "string"]},
    {"name": "COUNT", "type": ["null", "int"]},
    {"name": "BIG", "type": ["null", "long"]},
    {"name": "RATIO", "type": ["null", "double"]},
    {"name": "FLAG", "type": ["null", "boolean"]},
    {"name": "TAG", "type": ["null", "string"], "categorical": true}
  ],
  "version": "1.0"
}"#;

/// A byte order mark, CRLF, columns in another order, no final newline.
const INPUT: &str = "\u{feff}TAG,USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,IMPRESSION,\
RECOMMENDATION_ID,COUNT,BIG,RATIO,FLAG\r\n\
\"say \"\"hi\"\", you\",-7,-1,0,buy,0.1,-1|-2|\u{e9},r 1,-2147483648,-9223372036854775808,1e-300,true\r\n\
,\u{7528}\u{6237},i,5,view,,,,,,,\r\n\
\"line\nbreak\",-7,\"a,b\",0,view,16777216,\"a,b\",,2147483647,9223372036854775807,0.30000000000000004,false\r\n\
a|b,b,i,9223372036854775807,VIEW,1e38,i,,0,0,-0.0,";

const EXPECTED: &str = "\
ITEM_ID,USER_ID,EVENT_TYPE,TIMESTAMP,EVENT_VALUE,IMPRESSION,RECOMMENDATION_ID,COUNT,BIG,RATIO,FLAG,TAG\n\
-1,-7,buy,0,0.1,-1|-2|\u{e9},r 1,-2147483648,-9223372036854775808,1e-300,true,\"say \"\"hi\"\", you\"\n\
\"a,b\",-7,view,0,16777216.0,\"a,b\",,2147483647,9223372036854775807,0.30000000000000004,false,\"line\nbreak\"\n\
i,b,VIEW,9223372036854775807,1e38,i,,0,0,-0.0,,a|b\n\
i,\u{7528}\u{6237},view,5,,,,,,,,\n";

fn store(folder: &Folder, name: &str) {
    folder.write("schema.json", SCHEMA);
    folder.run(&["init", name, "--schema", "schema.json"]).ok();
}

#[test]
fn an_export_has_every_value_of_the_import() {
    let folder = Folder::new();
    store(&folder, "store");
    folder.write("rows.csv", INPUT);
    folder.run(&["import", "store", "rows.csv"]).ok();
    assert_eq!(folder.exported("store"), EXPECTED);
    let any = ["export", "store", "--output", "-", "--order", "any"];
    assert_eq!(folder.run(&any).ok(), EXPECTED);

    store(&folder, "second");
    folder.write("exported.csv", EXPECTED);
    folder.run(&["import", "second", "exported.csv"]).ok();
    assert_eq!(folder.exported("second"), EXPECTED);
    folder.run(&["verify", "second"]).ok();
}

#[test]
fn a_history_as_json_lines_is_what_put_takes() {
    let folder = Folder::new();
    store(&folder, "store");
    folder.write("rows.csv", INPUT);
    folder.run(&["import", "store", "rows.csv"]).ok();
    store(&folder, "second");
    for user in ["-7", "b", "\u{7528}\u{6237}"] {
        let history = ["history", "store", "--user", user, "--oldest-first"];
        let lines = folder
            .run(&[&history[..], &["--format", "jsonl"]].concat())
            .ok();
        folder.run_with(&["put", "second", "-"], lines).ok();
    }
    assert_eq!(folder.exported("second"), EXPECTED);
    folder.run(&["compact", "second"]).ok();
    assert_eq!(folder.exported("second"), EXPECTED);
}

#[test]
fn json_values_have_their_types() {
    let folder = Folder::new();
    store(&folder, "store");
    folder.write("rows.csv", INPUT);
    folder.run(&["import", "store", "rows.csv"]).ok();
    let line = [
        "history",
        "store",
        "--user",
        "-7",
        "--oldest-first",
        "--limit",
        "1",
    ];
    let json = folder
        .run(&[&line[..], &["--format", "json"]].concat())
        .ok();
    assert_eq!(
        json,
        "[\n  {\"ITEM_ID\":\"-1\",\"USER_ID\":\"-7\",\"EVENT_TYPE\":\"buy\",\"TIMESTAMP\":0,\
         \"EVENT_VALUE\":0.1,\"IMPRESSION\":[\"-1\",\"-2\",\"\u{e9}\"],\
         \"RECOMMENDATION_ID\":\"r 1\",\"COUNT\":-2147483648,\"BIG\":-9223372036854775808,\
         \"RATIO\":1e-300,\"FLAG\":true,\"TAG\":\"say \\\"hi\\\", you\"}\n]\n"
    );
    let line = [
        "history",
        "store",
        "--user",
        "\u{7528}\u{6237}",
        "--format",
        "jsonl",
    ];
    assert_eq!(
        folder.run(&line).ok(),
        "{\"ITEM_ID\":\"i\",\"USER_ID\":\"\u{7528}\u{6237}\",\"EVENT_TYPE\":\"view\",\
         \"TIMESTAMP\":5,\"EVENT_VALUE\":null,\"IMPRESSION\":null,\"RECOMMENDATION_ID\":null,\
         \"COUNT\":null,\"BIG\":null,\"RATIO\":null,\"FLAG\":null,\"TAG\":null}\n"
    );
}
