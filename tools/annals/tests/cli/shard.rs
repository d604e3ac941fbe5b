//! Sets of shards.

use crate::support::{Folder, HEADER, ROWS};

/// A set of three shards, and a store with the same rows.
fn with_set() -> Folder {
    let folder = Folder::with_rows();
    folder
        .run(&[
            "shard",
            "init",
            "set",
            "--schema",
            "schema.json",
            "--shards",
            "3",
        ])
        .ok();
    let said = folder.run(&["shard", "import", "set", "rows.csv"]).ok();
    assert!(said.starts_with("4 rows imported from 1 file"), "{said}");
    folder
}

fn figures(folder: &Folder) -> serde_json::Value {
    let json = folder
        .run(&["shard", "stats", "set", "--format", "json"])
        .ok();
    serde_json::from_str(&json).unwrap()
}

#[test]
fn a_set_is_made_filled_and_asked() {
    let folder = with_set();
    assert_eq!(
        folder.run(&["shard", "digest", "set"]).ok(),
        folder.run(&["digest", "store"]).ok()
    );
    for user in ["a", "b"] {
        let asked = ["--user", user, "--format", "csv"];
        assert_eq!(
            folder
                .run(&[&["shard", "history", "set"], &asked[..]].concat())
                .ok(),
            folder
                .run(&[&["history", "store"], &asked[..]].concat())
                .ok()
        );
        // A shard is a store.
        let route = folder.run(&["shard", "route", "set", user]).ok();
        let parts: Vec<&str> = route.trim_end().split('\t').collect();
        assert_eq!(parts[2].len(), 16);
        let shard = format!("set/{}", parts[1]);
        let number: usize = parts[0].parse().unwrap();
        assert_eq!(parts[1], format!("shard-{}", number + 1));
        assert_eq!(
            folder
                .run(&[&["history", &shard], &asked[..]].concat())
                .ok(),
            folder
                .run(&[&["history", "store"], &asked[..]].concat())
                .ok()
        );
    }
    // FORMAT.md has this hash.
    let ada = folder.run(&["shard", "route", "set", "ada"]).ok();
    assert_eq!(ada, "0\tshard-1\t2d80f0b225219f01\n");
    let report = figures(&folder);
    assert_eq!(report["rows"], 4);
    assert_eq!(report["users"], 2);
    assert_eq!(report["shards"].as_array().unwrap().len(), 3);
    let table = folder.run(&["shard", "list", "set"]).ok();
    assert!(
        table.contains("shard-3") && table.contains("all"),
        "{table}"
    );
    assert!(
        folder
            .run(&["shard", "verify", "set"])
            .ok()
            .starts_with("set: sound; ")
    );
}

#[test]
fn what_is_asked_of_one_user_goes_to_their_shard() {
    let folder = with_set();
    folder.write("candidates.txt", "i1\ni2\ni3\ni9\n");
    for user in ["a", "b"] {
        let of = |words: &[&str]| -> Vec<String> {
            let run = |source: &str| {
                let line = [&[words[0], source], &words[1..], &["--user", user]].concat();
                folder.run(&line).ok()
            };
            let (set, store) = (run("set"), run("store"));
            assert_eq!(set, store);
            set.lines().map(str::to_owned).collect()
        };
        assert!(!of(&["history", "--format", "csv"]).is_empty());
        assert!(of(&["unseen", "--candidates", "candidates.txt"]).contains(&"i9".to_owned()));
        let expression = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\")";
        of(&[
            "filter",
            "--candidates",
            "candidates.txt",
            "--expression",
            expression,
        ]);
    }
    let delete = |words: &[&str]| folder.run(&[&["delete", "set"], words].concat());
    let said = delete(&["--user", "a", "--user", "b", "--dry-run"]).ok();
    assert_eq!(said, "4 interactions would be deleted\n");
    let said = delete(&["--item", "i1"]).ok();
    assert!(said.ends_with(" deleted in 3 shards\n"), "{said}");
    folder.run(&["delete", "store", "--item", "i1"]).ok();
    let digest = || folder.run(&["shard", "digest", "set"]).ok();
    assert_eq!(digest(), folder.run(&["digest", "store"]).ok());
    let said = delete(&["--user", "a"]).ok();
    assert!(said.contains(" deleted, commit "), "{said}");
    folder.run(&["delete", "store", "--user", "a"]).ok();
    assert_eq!(digest(), folder.run(&["digest", "store"]).ok());
}

#[test]
fn a_set_is_exported_as_one() {
    let folder = with_set();
    let export = |source: &str, output: &str| {
        folder.run(&["export", source, "--output", output]).ok();
        let text = folder.read(output);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(export("set", "set.csv"), export("store", "store.csv"));
    let said = folder
        .run(&["export", "set", "--check", "set.csv.manifest.json"])
        .ok();
    assert!(said.starts_with("4 rows of 3 shards, content "), "{said}");
    let message = folder
        .run(&["export", "store", "--check", "set.csv.manifest.json"])
        .fails(3);
    assert!(
        message.contains("the manifest is of the shards "),
        "{message}"
    );
    let message = folder
        .run(&["export", "set", "--output", "x.csv", "--as-of", "1"])
        .fails(2);
    assert!(
        message.contains("export each shard (SET/shard-N)"),
        "{message}"
    );
}

#[test]
fn shards_are_split_and_merged() {
    let folder = with_set();
    let digest = folder.run(&["shard", "digest", "set"]).ok();
    let said = folder.run(&["shard", "split", "set", "1"]).ok();
    assert!(
        said.starts_with("set: shard-2 became shard-4 and shard-5, "),
        "{said}"
    );
    assert!(said.ends_with("; 4 shards now\n"), "{said}");
    let said = folder.run(&["shard", "merge", "set", "0", "1"]).ok();
    assert!(
        said.starts_with("set: shard-1 and shard-4 became shard-6, "),
        "{said}"
    );
    assert_eq!(folder.run(&["shard", "digest", "set"]).ok(), digest);
    assert_eq!(figures(&folder)["edit"], 3);
    assert!(
        folder
            .run(&["shard", "verify", "set"])
            .ok()
            .starts_with("set: sound; ")
    );
    let said = folder.run(&["shard", "split", "set", "3"]).fails(1);
    assert!(
        said.contains("there is no shard 3; they are 0 to 2"),
        "{said}"
    );
    let said = folder.run(&["shard", "merge", "set", "2", "1"]).fails(3);
    assert!(said.contains("no neighbours"), "{said}");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = with_set();
    let said = folder.run(&["shard", "stats", "store"]).fails(1);
    assert!(said.contains("no set of shards here"), "{said}");
    let again = [
        "shard",
        "init",
        "set",
        "--schema",
        "schema.json",
        "--shards",
        "3",
    ];
    folder.run(&again).fails(1);

    folder.write("bad.csv", format!("{HEADER}{ROWS}a,i9,soon,view,,,\n"));
    let said = folder.run(&["shard", "import", "set", "bad.csv"]).fails(3);
    assert!(said.contains("bad.csv: line 6, column TIMESTAMP"), "{said}");
    assert_eq!(figures(&folder)["rows"], 4);
    let skip = ["shard", "import", "set", "bad.csv", "--on-error", "skip"];
    folder.run(&[&skip[..], &["--dry-run"]].concat()).fails(3);
    assert_eq!(figures(&folder)["rows"], 4);
    folder.run(&skip).fails(3);
    assert_eq!(figures(&folder)["rows"], 8);
    // The rows of one shard alone.
    let rows = |shard: &str| {
        let only = ["shard", "import", "set", "rows.csv", "--shards", shard];
        let said = folder.run(&only).ok();
        said.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(rows("0,1") + rows("2"), 4);
    let full = ["shard", "import", "set", "rows.csv", "--mode", "full"];
    let said = folder.run(&full).ok();
    assert!(said.contains("in place of 12 rows"), "{said}");

    // A user of another shard.
    let stray = r#"{"USER_ID": "ada", "ITEM_ID": "i1", "TIMESTAMP": 1, "EVENT_TYPE": "view"}"#;
    folder.run_with(&["put", "set/shard-3"], stray).ok();
    let ran = folder.run(&["shard", "verify", "set"]);
    assert!(
        ran.stdout
            .contains("shard-3: 1 user of other shards, the first \"ada\""),
        "{}",
        ran.stdout
    );
    ran.fails(4);
    let text = folder
        .read("set/shards.json")
        .replace("0000616e", "0000616f");
    folder.write("set/shards.json", text);
    let said = folder.run(&["shard", "digest", "set"]).fails(4);
    assert!(said.contains("shards.json: its check is"), "{said}");
}
