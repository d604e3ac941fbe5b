use std::process::Stdio;

use crate::support::{Folder, HEADER, ROWS};

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    let folder = Folder::with_store();
    for line in [
        &[][..],
        &["frobnicate"],
        &["history", "store"],
        &["history", "store", "--user", "a", "--format", "xml"],
        &["import", "store"],
        &["import", "store", "x.csv", "--memory-budget", "0"],
        &["import", "store", "x.csv", "--rejects", "r.csv"],
        &["dump", "store", "--rows", "1..2"],
        &["dump", "store", "--segment", "1", "--rows", "2..1"],
        &["export", "store"],
        &["stats", "store", "--format", "csv"],
        &["filter", "store"],
        &["filter", "store", "--expression", "x", "--param", "GENRE"],
        &[
            "filter",
            "store",
            "--expression",
            "x",
            "--items",
            "items.csv",
        ],
    ] {
        let ran = folder.run(line);
        assert_eq!(ran.code, 2, "{line:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{line:?}");
        match line.is_empty() {
            // Nothing is wrong but that nothing was asked for.
            true => assert!(ran.stderr.contains("Usage: annals"), "{}", ran.stderr),
            false => assert!(ran.stderr.starts_with("annals: "), "{}", ran.stderr),
        }
        assert!(!ran.stderr.contains("error:"), "{}", ran.stderr);
    }
}

#[test]
fn help_lists_the_exit_codes() {
    let help = Folder::new().run(&["--help"]).ok();
    assert!(help.contains("Exit codes:\n  0  done"), "{help}");
    assert!(help.contains("5  the store is open for writing elsewhere"));
}

#[test]
fn a_store_that_is_not_there_is_exit_code_1() {
    let folder = Folder::new();
    folder.write("x.csv", "");
    for line in [
        &["import", "none", "x.csv"][..],
        &["put", "none"],
        &["put-events", "none"],
        &["recommendations", "none"],
        &["history", "none", "--user", "a"],
        &["unseen", "none", "--user", "a", "--candidates", "x.csv"],
        &["filter", "none", "--expression", "x"],
        &["export", "none", "--output", "-"],
        &["dump", "none"],
        &["stats", "none"],
        &["insights", "none"],
        &["verify", "none"],
        &["compact", "none"],
    ] {
        let message = folder.run(line).fails(1);
        assert!(message.contains("none: no store here"), "{message}");
    }
    assert_eq!(folder.names("."), ["x.csv"]);
}

fn full_disk() -> Stdio {
    let full = std::fs::File::options().write(true).open("/dev/full");
    full.unwrap().into()
}

#[test]
fn messages_that_cannot_be_written_end_nothing() {
    let folder = Folder::with_store();
    folder.write("rows.csv", format!("{HEADER}{ROWS}"));
    let mut import = folder.command(&["import", "store", "rows.csv"]);
    let output = import.stderr(full_disk()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"4 rows imported"));
    let mut wrong = folder.command(&["import", "store", "none.csv"]);
    let output = wrong.stderr(full_disk()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_was_done_is_told_though_it_cannot_be_written() {
    let folder = Folder::with_store();
    folder.write("rows.csv", format!("{HEADER}{ROWS}"));
    folder.write(
        "put.jsonl",
        r#"{"USER_ID":"a","ITEM_ID":"i","TIMESTAMP":1,"EVENT_TYPE":"view"}"#,
    );
    for (line, done) in [
        (
            &["import", "store", "rows.csv"][..],
            "; 4 rows imported from 1 file in ",
        ),
        (
            &["put", "store", "put.jsonl"],
            "; 1 row written, sequence 2\n",
        ),
        (&["compact", "store"], ", 2 segments of "),
    ] {
        let mut command = folder.command(line);
        let output = command.stdout(full_disk()).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(
            message.contains("annals: writing to standard output: No space left on device"),
            "{message}"
        );
        assert!(message.contains(done), "{message}");
    }
}

#[test]
fn messages_hold_nothing_that_a_terminal_obeys() {
    let folder = Folder::with_store();
    let name = "a\u{1b}[2J\u{9b}.csv";
    folder.write(name, "ITEM\u{1b}]0;x\u{7},USER_ID,USER_ID\n");
    let message = folder.run(&["import", "store", name]).fails(3);
    assert!(
        message.starts_with("annals: a\\u{1b}[2J\\u{9b}.csv: line 1, column USER_ID"),
        "{message}"
    );
    assert!(
        !message.trim_end_matches('\n').contains(char::is_control),
        "{message:?}"
    );
    folder.write("twice.csv", "A\u{1b},A\u{1b}\n");
    let message = folder.run(&["schema", "infer", "twice.csv"]).fails(3);
    assert!(message.contains("column A\\u{1b}: "), "{message}");
}
