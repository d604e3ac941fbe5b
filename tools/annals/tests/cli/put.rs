use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Folder, HEADER};

const LINE: &str = r#"{"USER_ID":"a","ITEM_ID":"i1","TIMESTAMP":1,"EVENT_TYPE":"view"}"#;

#[test]
fn lines_are_written_in_their_order() {
    let folder = Folder::with_store();
    folder.write(
        "events.jsonl",
        r#"{"USER_ID":"a","ITEM_ID":"i2","TIMESTAMP":5,"EVENT_TYPE":"view","DEVICE":"tv"}
{"USER_ID":"a","ITEM_ID":"i1","TIMESTAMP":5,"EVENT_TYPE":"buy","EVENT_VALUE":0.1,"IMPRESSION":["x","y"]}
"#,
    );
    let put = ["put", "store", "events.jsonl", "--durability", "buffered"];
    assert_eq!(folder.run(&put).ok(), "2 rows written, sequence 1\n");
    assert_eq!(
        folder.run_with(&["put", "store", "-"], LINE).ok(),
        "1 row written, sequence 2\n"
    );
    assert_eq!(folder.run(&["put", "store"]).ok(), "0 rows written\n");
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}a,i1,1,view,,,\na,i2,5,view,,tv,\na,i1,5,buy,0.1,,x|y\n")
    );
}

#[test]
fn a_last_line_without_its_end_is_of_the_same_commit() {
    let folder = Folder::with_store();
    let lines = format!("{LINE}\n{LINE}");
    folder.write("events.jsonl", &lines);
    assert_eq!(
        folder.run(&["put", "store", "events.jsonl"]).ok(),
        "2 rows written, sequence 1\n"
    );
    // As a shell redirects a file.
    let file = std::fs::File::open(folder.path("events.jsonl")).unwrap();
    let output = folder.command(&["put", "store"]).stdin(file).output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    assert_eq!(said, "2 rows written, sequence 2\n");
}

#[test]
fn lines_before_a_bad_one_are_written_and_none_after_it() {
    let folder = Folder::with_store();
    let lines = format!("{LINE}\n\n{LINE}\n{{\"USER_ID\":\"a\"}}\n{LINE}\n");
    let message = folder.run_with(&["put", "store"], lines).fails(3);
    assert_eq!(
        message,
        "annals: standard input: line 4: field TIMESTAMP: is missing or null; give a value; \
         2 rows before it written\n"
            .replace("TIMESTAMP", "ITEM_ID")
    );
    assert_eq!(folder.exported("store").lines().count(), 3);
    folder.write("events.jsonl", "[]");
    let message = folder.run(&["put", "store", "events.jsonl"]).fails(3);
    assert!(
        message.starts_with("annals: events.jsonl: line 1: "),
        "{message}"
    );
}

#[test]
fn many_lines_are_committed_in_batches() {
    let folder = Folder::with_store();
    let lines = format!("{LINE}\n").repeat(2500);
    let said = folder.run_with(&["put", "store"], lines).ok();
    assert!(said.starts_with("2,500 rows written, sequence "), "{said}");
    assert_eq!(folder.exported("store").lines().count(), 2501);
}

#[test]
fn a_line_is_committed_as_it_comes() {
    let folder = Folder::with_store();
    let mut child = folder
        .command(&["put", "store"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{LINE}").unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while folder.exported("store").lines().count() < 2 {
        assert!(Instant::now() < patience, "the line was not committed");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn milliseconds_are_warned_about() {
    let folder = Folder::with_store();
    let line = LINE.replace(":1,", ":1700000000000,");
    let ran = folder.run_with(&["put", "store"], line);
    assert!(ran.stderr.starts_with(
        "annals: warning: 1 row whose TIMESTAMP looks like milliseconds, the first \
                          at standard input: line 1, value 1700000000000; "
    ));
    ran.ok();
}

#[test]
fn misspelt_names_come_in_one_message_with_what_they_may_mean() {
    let folder = Folder::with_store();
    let line = r#"{"user_id":"u","itemId":"i","TIMESTAMP":1,"EVENT_TYPE":"view","colour":1}"#;
    let message = folder.run_with(&["put", "store"], line).fails(3);
    assert!(
        message.starts_with(
            "annals: standard input: line 1: field user_id: the schema has no such field (did you mean \
             USER_ID?), and no \"itemId\" (did you mean ITEM_ID?), and no \"colour\"; it has USER_ID, "
        ),
        "{message}"
    );
}

/// Each spelling of a whole number is the same one, in every form of input.
#[test]
fn spellings_of_a_number_are_one_number() {
    let folder = Folder::with_store();
    for number in ["3", "3.0", "3e0", "\"3\"", "\"3.0\"", "\"3e0\"", "30e-1"] {
        let line = LINE.replace(":1,", &format!(":{number},"));
        folder.run_with(&["put", "store"], line).ok();
    }
    let rows = "a,i1,3,view,,,\na,i1,3.0,view,,,\na,i1,3e0,view,,,\n";
    folder.write("rows.csv", format!("{HEADER}{rows}"));
    folder.run(&["import", "store", "rows.csv"]).ok();
    let row = "a,i1,3,view,,,\n";
    assert_eq!(
        folder.exported("store"),
        format!("{HEADER}{}", row.repeat(10))
    );
    for (number, rule) in [
        // A double would take it for 1704164646.
        (
            "1704164645.9999999999",
            "a timestamp must be a whole number; write Unix epoch seconds",
        ),
        ("1e30", "a timestamp must fit 64 bits"),
    ] {
        let line = LINE.replace(":1,", &format!(":{number},"));
        let message = folder.run_with(&["put", "store"], line).fails(3);
        let want = format!("line 1: field TIMESTAMP: value \"{number}\": {rule}");
        assert!(message.contains(&want), "{message}");
    }
    for number in ["NaN", "-Infinity"] {
        let line = LINE.replace(":1,", &format!(":{number},"));
        let message = folder.run_with(&["put", "store"], line).fails(3);
        let want = format!("{number} is no number of JSON; write null, or leave it out");
        assert!(message.contains(&want), "{message}");
    }
}

/// The disk fills up between two batches: what was written before is told, and why it ended.
#[test]
fn a_full_disk_does_not_hide_what_was_written() {
    let folder = Folder::with_store();
    let lines = format!("{LINE}\n").repeat(20_000);
    folder.write("events.jsonl", &lines);
    let tool = env!("CARGO_BIN_EXE_annals");
    // Writing beyond the bound on a file's size fails as on a full disk.
    let line = format!("trap '' XFSZ; ulimit -f 256; exec '{tool}' put store events.jsonl");
    let output = std::process::Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    let rows = folder.exported("store").lines().count() - 1;
    assert!(rows > 0, "{message}");
    let (_, told) = message.rsplit_once("; ").unwrap();
    let told = told.replace(',', "");
    assert_eq!(
        told,
        format!("{rows} rows before it written\n"),
        "{message}"
    );
}

#[test]
fn strings_longer_than_the_service_takes_are_warned_about() {
    let folder = Folder::with_store();
    let device = "x".repeat(1001);
    let line = LINE.replace("}", &format!(",\"DEVICE\":\"{device}\"}}"));
    let ran = folder.run_with(&["put", "store"], format!("{LINE}\n{line}\n"));
    assert!(
        ran.stderr.starts_with(
            "annals: warning: 1 row with a string that is longer than the service takes in a cell \
             (DEVICE, in the first); they are kept whole"
        ),
        "{}",
        ran.stderr
    );
    ran.ok();
    assert!(folder.exported("store").contains(&device));
}
