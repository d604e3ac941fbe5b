use crate::support::{Folder, SCHEMA};

#[test]
fn limits_are_shown_and_raised() {
    let folder = Folder::with_rows();
    let shown = folder.run(&["limits", "store"]).ok();
    assert!(
        shown.contains(" max_metadata_fields                      5\n"),
        "{shown}"
    );
    let long = "x".repeat(300);
    let line = format!(r#"{{"USER_ID":"{long}","ITEM_ID":"i","TIMESTAMP":1,"EVENT_TYPE":"view"}}"#);
    let message = folder.run_with(&["put", "store"], &line).fails(3);
    assert!(
        message.contains(
            "lift the limit max_id_chars (annals limits STORE --set max_id_chars=NUMBER, or --set at \
             annals init)"
        ),
        "{message}"
    );
    let raise = [
        "limits",
        "store",
        "--set",
        "max_id_chars=300",
        "--format",
        "json",
    ];
    let raised: serde_json::Value = serde_json::from_str(&folder.run(&raise).ok()).unwrap();
    assert_eq!(raised["max_id_chars"], 300);
    assert_eq!(raised["max_metadata_fields"], 5);
    folder.run_with(&["put", "store"], &line).ok();
    assert_eq!(folder.exported("store").lines().count(), 6);
    folder.run(&["verify", "store"]).ok();
    let lift = [
        "limits",
        "store",
        "--set",
        "max_id_chars=none",
        "--set",
        "min_import_rows=0",
    ];
    let shown = folder.run(&lift).ok();
    assert!(
        shown.contains(" max_id_chars                             none\n"),
        "{shown}"
    );
}

#[test]
fn limits_are_not_lowered() {
    let folder = Folder::with_store();
    let lower = |set: &str| folder.run(&["limits", "store", "--set", set]);
    let message = lower("max_id_chars=10").fails(3);
    assert!(
        message.contains("raised, not lowered") && message.contains("max_id_chars is 256, not 10"),
        "{message}"
    );
    let message = lower("max_metadata_field=10").fails(2);
    assert!(
        message.contains(
            "--set max_metadata_field: there is no such limit; did you mean max_metadata_fields"
        ),
        "{message}"
    );
    let message = lower("colours=10").fails(2);
    assert!(
        message.contains("the limits are max_attribution_source_chars, "),
        "{message}"
    );
    let message = lower("max_id_chars=true").fails(2);
    assert!(
        message.contains("--set max_id_chars=true: give a number, or none"),
        "{message}"
    );
    assert_eq!(lower("max_id_chars").code, 2);
    assert_eq!(lower("max_id_chars=-1").code, 2);
}

#[test]
fn a_schema_is_checked_against_limits_that_are_set() {
    let folder = Folder::new();
    let more: String = ["B", "C", "D", "E", "F"]
        .map(|name| format!(r#"{{"name": "{name}", "type": "int"}},"#))
        .concat();
    let wide = SCHEMA.replace(
        r#"{"name": "DEVICE""#,
        &format!(r#"{more}{{"name": "DEVICE""#),
    );
    folder.write("wide.json", &wide);
    let check = ["schema", "check", "wide.json"];
    let message = folder.run(&check).fails(3);
    assert!(
        message.contains("--set max_metadata_fields=NUMBER"),
        "{message}"
    );
    let set = ["--set", "max_metadata_fields=6"];
    folder.run(&[&check[..], &set].concat()).ok();
    folder
        .run(&[&check[..], &["--limits", "unlimited"]].concat())
        .ok();
    let init = ["init", "store", "--schema", "wide.json"];
    folder.run(&init).fails(3);
    folder.run(&[&init[..], &set].concat()).ok();
    let limits = folder.run(&["limits", "store"]).ok();
    assert!(
        limits.contains(" max_metadata_fields                      6\n"),
        "{limits}"
    );
}
