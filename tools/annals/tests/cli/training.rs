//! Exports as training data: manifests, checks, splits, partitions.

use serde_json::Value;

use crate::support::{Folder, ROWS};

const ROWS_LATER: &str = r#"{"USER_ID": "b", "ITEM_ID": "i9", "TIMESTAMP": 40, "EVENT_TYPE": "view"}
{"USER_ID": "c", "ITEM_ID": "i1", "TIMESTAMP": 5, "EVENT_TYPE": "buy", "EVENT_VALUE": 0.5}
"#;

fn put(folder: &Folder) {
    folder.run_with(&["put", "store"], ROWS_LATER).ok();
}

fn manifest(folder: &Folder, name: &str) -> Value {
    serde_json::from_str(&folder.read(name)).unwrap()
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[track_caller]
fn ok(folder: &Folder, line: &str) -> String {
    folder.run(&words(line)).ok()
}

#[test]
fn a_manifest_stands_beside_a_file() {
    let folder = Folder::with_rows();
    ok(&folder, "export store --output rows.parquet");
    let manifest = manifest(&folder, "rows.parquet.manifest.json");
    assert_eq!(manifest["format"], 1);
    assert_eq!(manifest["sequence"], 1);
    assert_eq!(manifest["report"]["stored"], 4);
    assert_eq!(manifest["report"]["content"]["rows"], 4);
    assert_eq!(manifest["columns"][0]["name"], "USER_ID");
    assert_eq!(manifest["columns"][0]["type"], "string");
    assert_eq!(manifest["columns"][6]["type"], "list<string>");
    assert_eq!(manifest["schema"]["name"], "Interactions");
    let file = &manifest["files"][0];
    assert_eq!(file["path"], "rows.parquet");
    let bytes = std::fs::read(folder.path("rows.parquet")).unwrap();
    assert_eq!(file["bytes"], bytes.len());
    let digest = ok(&folder, "digest store");
    assert_eq!(manifest["report"]["content"]["digest"], digest.trim_end());
    // Equal whatever the form and the tier.
    put(&folder);
    let both = ok(&folder, "digest store");
    assert_ne!(both, digest);
    assert_eq!(ok(&folder, "digest store --as-of 1"), digest);
    ok(&folder, "compact store");
    assert_eq!(ok(&folder, "digest store"), both);
    ok(&folder, "export store --output rows.csv");
    ok(&folder, "export store --check rows.csv.manifest.json");
    ok(&folder, "export store --check rows.parquet.manifest.json");
}

#[test]
fn a_check_finds_what_was_changed() {
    let folder = Folder::with_rows();
    ok(&folder, "export store --output out.csv");
    let check = ["export", "store", "--check", "out.csv.manifest.json"];
    assert!(folder.run(&check).ok().contains("the store gives the same"));
    let text = folder.read("out.csv");
    folder.write("out.csv", text.replace("i2", "i4"));
    let message = folder.run(&check).fails(4);
    assert!(
        message.contains("the file out.csv was changed"),
        "{message}"
    );
    folder.write("out.csv", text);
    let manifest = folder.read("out.csv.manifest.json");
    let mut wrong: Value = serde_json::from_str(&manifest).unwrap();
    wrong["report"]["content"]["digest"] = Value::from("0".repeat(32));
    folder.write("out.csv.manifest.json", wrong.to_string());
    let message = folder.run(&check).fails(6);
    assert!(message.contains("content: 0000"), "{message}");
    let other = Folder::with_rows();
    other.write("m.json", manifest);
    let message = other
        .run(&["export", "store", "--check", "m.json"])
        .fails(3);
    assert!(
        message.contains("the manifest is of the store"),
        "{message}"
    );
    other.write("m.json", "{}");
    other
        .run(&["export", "store", "--check", "m.json"])
        .fails(3);
}

#[test]
fn changes_add_up_to_the_whole() {
    let folder = Folder::with_rows();
    ok(&folder, "export store --output base.csv");
    put(&folder);
    ok(&folder, "export store --output delta.csv --changes-since 1");
    ok(&folder, "export store --output full.csv");
    let digest = |name: &str| {
        let manifest = manifest(&folder, name);
        let digest = manifest["report"]["content"]["digest"].as_str().unwrap();
        u128::from_str_radix(digest, 16).unwrap()
    };
    let sum = digest("base.csv.manifest.json").wrapping_add(digest("delta.csv.manifest.json"));
    assert_eq!(sum, digest("full.csv.manifest.json"));
    assert_eq!(folder.read("delta.csv").lines().count(), 3);
    ok(&folder, "export store --check delta.csv.manifest.json");
    // A FULL import replaces what the base has.
    folder
        .run(&["import", "store", "rows.csv", "--mode", "full"])
        .ok();
    let line = words("export store --output x.csv --changes-since 1");
    let message = folder.run(&line).fails(3);
    assert!(
        message.contains("start over with an export of all"),
        "{message}"
    );
    let message = folder
        .run(&words("export store --output x.csv --as-of 1"))
        .fails(3);
    assert!(
        message.contains("the earliest commit that can is"),
        "{message}"
    );
    assert!(!folder.path("x.csv").exists());
}

#[test]
fn parts_and_partitions_are_folders() {
    let folder = Folder::with_rows();
    ok(&folder, "export store --output out --split time:20,30");
    assert_eq!(
        folder.names("out"),
        ["manifest.json", "test", "train", "valid"]
    );
    let of = |part: &str| {
        folder
            .read(&format!("out/{part}/part-0.csv"))
            .lines()
            .count()
            - 1
    };
    assert_eq!((of("train"), of("valid"), of("test")), (1, 2, 1));
    let parts = &manifest(&folder, "out/manifest.json")["parts"];
    assert_eq!(parts.to_string(), r#"{"test":1,"train":1,"valid":2}"#);
    ok(&folder, "export store --check out/manifest.json");

    let line = words("export store --output out --split time:20");
    let message = folder.run(&line).fails(1);
    assert!(message.contains("the folder is not empty"), "{message}");

    ok(
        &folder,
        "export store --output months --format jsonl --partition-by month",
    );
    assert_eq!(folder.names("months"), ["manifest.json", "month=m1970-01"]);
    let lines = folder.read("months/month=m1970-01/part-0.jsonl");
    assert!(
        lines.starts_with("{\"USER_ID\":\"a\"") && !lines.contains("m1970-01"),
        "{lines}"
    );

    let line = "export store --output both --split leave-last:1 --partition-by user-hash:2 --format parquet";
    let said = folder.run(&words(line));
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr
            .contains("warning: leave-last splits each user apart"),
        "{}",
        said.stderr
    );
    assert!(
        folder
            .names("both/train")
            .iter()
            .all(|name| name.starts_with("shard=s0"))
    );

    folder
        .run(&words("export store --output - --split time:20"))
        .fails(2);
    let refused = folder.run(&words("export store --output x --split weekly"));
    assert_eq!(refused.code, 2);
    folder
        .run(&words("export store --output x --partition-by user-hash:0"))
        .fails(3);
    let names = folder.names(".");
    assert!(
        names
            .iter()
            .all(|name| name != "x" && !name.ends_with(".part")),
        "{names:?}"
    );
}

#[test]
fn layouts_are_written_in_every_form() {
    let folder = Folder::with_rows();
    let line = "export store --output - --layout sequences --format jsonl --max-length 2";
    assert_eq!(
        ok(&folder, line).lines().next(),
        Some(
            r#"{"USER_ID":"a","ITEM_ID":["i2","i3"],"TIMESTAMP":[20,20],"EVENT_TYPE":["click","buy"],"EVENT_VALUE":[1.5,2.0]}"#
        )
    );
    let line = "export store --output - --layout examples --columns USER_ID,ITEM_ID --min-length 1";
    assert_eq!(
        ok(&folder, line),
        "USER_ID,ITEM_ID,HISTORY_ITEM_ID\na,i2,\"[\"\"i1\"\"]\"\na,i3,\"[\"\"i1\"\"]\"\n"
    );
    let line = "export store --output - --layout impressions --columns USER_ID,ITEM_ID,IMPRESSION";
    assert_eq!(
        ok(&folder, line),
        "USER_ID,ITEM_ID,SHOWN_POSITION,CLICKED,EVENT_ITEM_ID\na,i2,1,true,i2\na,i3,2,false,i2\n"
    );
    let line = "export store --output - --event-type click>=1:0.5,view --columns ITEM_ID";
    assert_eq!(
        ok(&folder, line),
        "ITEM_ID,WEIGHT\ni1,1.0\ni2,0.5\ni1,1.0\n"
    );
    for form in ["parquet", "arrow", "arrows"] {
        ok(
            &folder,
            &format!("export store --output x.{form} --layout sequences"),
        );
        ok(
            &folder,
            &format!("export store --check x.{form}.manifest.json"),
        );
    }
    ok(
        &folder,
        "export store --output x.inter --columns USER_ID,ITEM_ID,TIMESTAMP",
    );
    let notes = &manifest(&folder, "x.inter.manifest.json")["notes"];
    assert_eq!(notes[0], "timestamp: seconds since 10");

    let leaks = "export store --output leak.csv --layout examples --same-second all";
    let message = folder.run(&words(leaks)).fails(3);
    assert!(message.starts_with("annals: leak: user \"a\""), "{message}");
    assert!(!folder.path("leak.csv").exists());
    ok(&folder, &format!("{leaks} --leak-guard off"));
    folder
        .run(&words("export store --output x.csv --history 5"))
        .fails(2);
    folder
        .run(&words("export store --output x.csv --strings view"))
        .fails(3);
    folder
        .run(&words("export store --output x.inter --layout sequences"))
        .fails(3);
}

#[test]
fn what_rules_leave_out_is_counted() {
    let folder = Folder::with_store();
    folder.write(
        "rows.csv",
        format!("{}{ROWS}{ROWS}", crate::support::HEADER),
    );
    folder.run(&["import", "store", "rows.csv"]).ok();
    let line = "export store --output x.csv --since 20 --distinct --min-user-events 2 --newest 1";
    let ran = folder.run(&words(line));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for told in [
        "2 rows left out by time",
        "3 rows left out by distinct",
        "1 row left out by min-user-events",
        "1 row left out by newest",
        "1 row exported",
    ] {
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
    assert!(folder.read("x.csv").ends_with("a,i2,20,click,1.5,,i2|i3\n"));
}

#[test]
fn skew_is_found() {
    let folder = Folder::with_rows();
    assert!(ok(&folder, "skew store").contains("2 users with 4 interactions"));
    for name in [
        "out.csv",
        "out.parquet",
        "out.jsonl",
        "out.arrow",
        "out.arrows",
    ] {
        ok(&folder, &format!("export store --output {name}"));
        ok(&folder, &format!("skew store --against {name}"));
    }
    put(&folder);
    // As of the export, nothing is different.
    ok(&folder, "skew store --against out.csv");
    let text = folder.read("out.csv");
    folder.write("out.csv", text.replace("a,i2,20", "a,i7,20"));
    let message = folder.run(&words("skew store --against out.csv")).fails(6);
    assert!(
        message.contains("ITEM_ID is served as Some(\"i2\"), and the export has Some(\"i7\")")
            && message.contains("item \"i7\" is unseen online"),
        "{message}"
    );
    ok(&folder, "export store --output part.csv --since 20");
    let message = folder.run(&words("skew store --against part.csv")).fails(3);
    assert!(
        message.contains("not of all interactions in rows"),
        "{message}"
    );
}

#[test]
fn a_manifest_says_what_to_do_to_earlier_rows() {
    let folder = Folder::with_rows();
    ok(&folder, "export store --output base.csv");
    let base = folder.read("base.csv");
    let lease = |more: &str| folder.run(&words(format!("lease store {more}").trim()));
    assert_eq!(lease("").ok(), "no leases\n");
    let message = lease("trainer --at 99").fails(3);
    assert!(message.contains("the newest commit is 1"), "{message}");
    let message = lease("trainer").fails(3);
    assert!(
        message.contains("there is no lease of this name"),
        "{message}"
    );
    let said = lease("trainer --at 1 --for 7d").ok();
    assert!(
        said.starts_with("trainer has taken changes up to the commit 1; later"),
        "{said}"
    );
    ok(&folder, "delete store --user a");
    let since = |output: &str, since: &str| {
        let line = format!("export store --output {output} --changes-since {since}");
        folder.run(&words(&line))
    };
    let said = since("delta.csv", "base.csv.manifest.json");
    assert!(said.stderr.contains("1 step to apply"), "{}", said.stderr);
    let delta = manifest(&folder, "delta.csv.manifest.json");
    let step = serde_json::json!([{"step": "deleted", "sequence": 2, "users": ["a"]}]);
    assert_eq!(delta["changes"], step);
    assert_eq!(folder.read("delta.csv").lines().count(), 1);
    ok(&folder, "export store --output full.csv");
    let left: Vec<&str> = base
        .lines()
        .filter(|line| !line.starts_with("a,"))
        .collect();
    assert_eq!(folder.read("full.csv").lines().collect::<Vec<_>>(), left);
    let message = since("-", "1").fails(2);
    assert!(message.contains("only a manifest says"), "{message}");
    let message = since("x.csv", "none.json").fails(2);
    assert!(
        message.contains("neither a commit nor a manifest"),
        "{message}"
    );
    let line = words("export store --output x.csv --changes-since 1 --newest 3");
    let message = folder.run(&line).fails(3);
    assert!(
        message.contains("newest judges rows by others"),
        "{message}"
    );

    let message = folder.run(&["purge", "store"]).fails(1);
    assert!(message.contains("the lease trainer"), "{message}");
    assert!(lease("").ok().contains("trainer"));
    let json = folder.run(&["stats", "store", "--format", "json"]).ok();
    let stats: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(stats["oldest_lease"]["name"], "trainer");
    lease("trainer --at 2").ok();
    folder.run(&["purge", "store"]).ok();
    let message = since("x.csv", "1").fails(3);
    assert!(message.contains("is not remembered any more"), "{message}");
    since("x.csv", "2").ok();
    lease("trainer --release").ok();
    let message = lease("trainer --release").fails(1);
    assert!(
        message.contains("there is no lease of the name trainer"),
        "{message}"
    );
}
