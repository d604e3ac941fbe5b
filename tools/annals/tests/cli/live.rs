use std::io::{BufRead, BufReader};

use annals::{Durability, Interaction, Store};

use crate::support::{Folder, HEADER, SORTED};

#[test]
fn a_store_in_use_can_be_read_and_not_written() {
    let folder = Folder::with_rows();
    let store = Store::open(folder.path("store")).unwrap();
    let event = Interaction::new("c", "i4", 40).event_type("view");
    store.write(event, Durability::Buffered).unwrap();

    let newest = "c,i4,40,view,,,\n";
    let history = folder.run(&["history", "store", "--user", "c"]).ok();
    assert_eq!(history, format!("{HEADER}{newest}"));
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}{SORTED}{newest}")
    );
    let unseen = ["unseen", "store", "--user", "c", "--candidates", "-"];
    assert_eq!(folder.run_with(&unseen, "i4\ni5\n").ok(), "i5\n");
    let stats = folder.run(&["stats", "store"]).ok();
    assert!(
        stats.contains(" rows in the hot tier          1\n"),
        "{stats}"
    );
    folder.run(&["dump", "store"]).ok();
    folder.run(&["verify", "store"]).ok();

    for line in [
        &["import", "store", "rows.csv"][..],
        &["put", "store"],
        &["compact", "store"],
    ] {
        let message = folder.run(line).fails(5);
        assert!(
            message.contains(&format!(
                "store: the store is open for writing in process {} (cli-",
                std::process::id()
            )),
            "{message}"
        );
        assert!(message.contains("; close it there, or open"), "{message}");
    }
    let init = ["init", "store", "--schema", "schema.json"];
    let message = folder.run(&init).fails(1);
    assert!(message.contains("there is a store already"), "{message}");
    drop(store);
    folder.run(&["compact", "store"]).ok();
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}{SORTED}{newest}")
    );
}

#[test]
fn compact_merges_what_lies_apart() {
    let folder = Folder::with_rows();
    folder.write("more.csv", format!("{HEADER}c,i1,1,view,,,\n"));
    folder.run(&["import", "store", "more.csv"]).ok();
    let before = folder.exported("store");
    assert_eq!(folder.names("store/segments").len(), 2);
    let said = folder.run(&["compact", "store"]).ok();
    assert!(said.starts_with("2 segments of "), "{said}");
    assert!(said.contains(" before, 1 segment of "), "{said}");
    assert_eq!(folder.names("store/segments").len(), 1);
    assert_eq!(folder.exported("store"), before);
}

/// The name in the lock's file is that of a holder, not of whoever held it before.
#[test]
fn a_lock_is_let_go_with_its_name() {
    let folder = Folder::with_rows();
    assert_eq!(folder.read("store/LOCK"), "");
    folder.write("store/LOCK", "1 a process that was killed\n");
    folder.run(&["compact", "store"]).ok();
    let store = Store::open(folder.path("store")).unwrap();
    let held = folder.read("store/LOCK");
    assert!(
        held.starts_with(&format!("{} cli-", std::process::id())),
        "{held}"
    );
    let second = Store::open(folder.path("store")).map(drop).unwrap_err();
    assert!(
        second
            .message()
            .contains("in another handle of this process"),
        "{second}"
    );
    folder.write("store/LOCK", "no number");
    let message = folder.run(&["compact", "store"]).fails(5);
    assert!(
        message.contains("in another process or handle; close it"),
        "{message}"
    );
    drop(store);
}

#[test]
fn figures_are_shown_again_and_again() {
    let folder = Folder::with_rows();
    let store = Store::open(folder.path("store")).unwrap();
    let line = ["stats", "store", "--watch", "1", "--format", "json"];
    let mut command = folder.command(&line);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut rows = || -> u64 {
        let line = lines.next().unwrap().unwrap();
        let stats: serde_json::Value = serde_json::from_str(&line).unwrap();
        stats["rows"].as_u64().unwrap()
    };
    assert_eq!(rows(), 4);
    let event = Interaction::new("c", "i4", 40).event_type("view");
    store.write(event, Durability::Buffered).unwrap();
    // The next may have been begun before.
    assert!((0..3).any(|_| rows() == 5));
    child.kill().unwrap();
    child.wait().unwrap();
}
