use serde_json::{Value, json};

use crate::support::{Folder, SCHEMA};

fn with_both_tiers() -> Folder {
    let folder = Folder::with_rows();
    let line = r#"{"USER_ID":"c","ITEM_ID":"i7","TIMESTAMP":50,"EVENT_TYPE":"view"}"#;
    folder.run_with(&["put", "store"], line).ok();
    folder
}

fn dump(folder: &Folder, more: &[&str]) -> Value {
    let line = [&["dump", "store", "--format", "json"], more].concat();
    serde_json::from_str(&folder.run(&line).ok()).unwrap()
}

#[test]
fn everything_is_shown_by_default() {
    let folder = with_both_tiers();
    let all = dump(&folder, &[]);
    let keys: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["generations", "manifest", "segments"]);
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(all["manifest"]["schema"], schema);
    assert_eq!(all["manifest"]["limits"]["max_id_chars"], 256);
    assert_eq!(all["generations"][0]["rows"], 1);
    assert_eq!(all["generations"][0]["timestamps"], json!([50, 50]));
    assert_eq!(all["segments"][0]["origin"], "bulk");
    assert_eq!(all["segments"][0]["user_range"], json!(["a", "b"]));
    let text = folder.run(&["dump", "store"]).ok();
    for word in [
        "manifest",
        "limit max_id_chars",
        "\"ITEM_ID\"",
        "takes writes",
        ".seg",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn parts_are_shown_where_they_are_asked_for() {
    let folder = with_both_tiers();
    for part in ["manifest", "generations", "segments"] {
        let flag = format!("--{part}");
        let shown = dump(&folder, &[&flag]);
        let keys: Vec<&String> = shown.as_object().unwrap().keys().collect();
        assert_eq!(keys, [part]);
    }
}

#[test]
fn a_segment_is_shown_down_to_its_rows() {
    let folder = with_both_tiers();
    let segments = dump(&folder, &["--segments"]);
    let id = segments["segments"][0]["id"].to_string();
    let shown = dump(&folder, &["--segment", &id, "--blocks", "--rows", "1..3"]);
    let segment = &shown["segment"];
    assert_eq!(segment["rows"], 4);
    let dictionary = &segment["dictionaries"][0];
    assert_eq!(dictionary["field"], "ITEM_ID");
    assert_eq!(dictionary["entries"], 3);
    let columns = segment["columns"].as_array().unwrap();
    assert!(columns.iter().any(|column| column["name"] == "DEVICE"));
    assert_eq!(
        shown["blocks"],
        json!([{"first_row": 0, "rows": 4, "timestamps": [10, 30]}])
    );
    assert_eq!(shown["rows"].as_array().unwrap().len(), 2);
    assert_eq!(shown["rows"][0]["(row)"], 1);
    assert_eq!(shown["rows"][0]["(sequence)"], 1);
    assert_eq!(shown["rows"][0]["IMPRESSION"], json!(["i2", "i3"]));
    assert_eq!(shown["rows"][1]["EVENT_VALUE"], 2.0);

    let line = [
        "dump",
        "store",
        "--segment",
        &id,
        "--blocks",
        "--rows",
        "0..4",
    ];
    let text = folder.run(&line).ok();
    for word in [
        "footer",
        "entries",
        "most frequent",
        "lowest timestamp",
        "phone",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn what_is_not_there_is_said() {
    let folder = with_both_tiers();
    let message = folder.run(&["dump", "store", "--segment", "99"]).fails(3);
    assert!(
        message.contains("segment 99: the store has no such segment"),
        "{message}"
    );
    let segments = dump(&folder, &["--segments"]);
    let id = segments["segments"][0]["id"].to_string();
    let line = ["dump", "store", "--segment", &id, "--rows", "0..5"];
    let message = folder.run(&line).fails(3);
    assert!(
        message.contains("rows 0..5 of a segment with 4 rows"),
        "{message}"
    );
}

#[test]
fn stats_count_both_tiers() {
    let folder = with_both_tiers();
    let stats = folder.run(&["stats", "store", "--format", "json"]).ok();
    let stats: Value = serde_json::from_str(&stats).unwrap();
    for (figure, value) in [("rows", 5), ("bulk_rows", 4), ("hot_rows", 1), ("users", 3)] {
        assert_eq!(stats[figure], value, "{figure}");
    }
    assert_eq!(stats["items"], 4);
    assert_eq!(stats["first_timestamp"], 10);
    assert_eq!(stats["last_timestamp"], 50);
    assert_eq!(stats["event_types"], json!(["buy", "click", "view"]));
    let table = folder.run(&["stats", "store"]).ok();
    for word in [
        "rows by bulk import",
        "1970-01-01T00:00:10Z",
        "EVENT_TYPE",
        "encoding",
    ] {
        assert!(table.contains(word), "{word} in {table}");
    }
}
