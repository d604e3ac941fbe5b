use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Folder, HEADER, SORTED};

#[test]
fn a_file_appears_as_a_whole() {
    let folder = Folder::with_rows();
    folder.write("out.csv", "an earlier file");
    folder
        .run(&["export", "store", "--output", "out.csv", "--format", "csv"])
        .ok();
    assert_eq!(folder.read("out.csv"), format!("{HEADER}{SORTED}"));

    // A link stays a link.
    std::os::unix::fs::symlink("out.csv", folder.path("link.csv")).unwrap();
    folder
        .run(&[
            "export",
            "store",
            "--output",
            "link.csv",
            "--columns",
            "USER_ID",
        ])
        .ok();
    assert_eq!(folder.read("out.csv"), "USER_ID\na\na\na\nb\n");
    std::fs::remove_file(folder.path("link.csv")).unwrap();
    folder.run(&["export", "store", "--output", "out.csv"]).ok();

    let bytes = std::fs::read(folder.path(&folder.segment())).unwrap();
    let mut damaged = bytes.clone();
    damaged[100] ^= 1;
    folder.write(&folder.segment(), damaged);
    folder
        .run(&["export", "store", "--output", "out.csv"])
        .fails(4);
    folder
        .run(&["export", "store", "--output", "new.csv"])
        .fails(4);
    assert_eq!(folder.read("out.csv"), format!("{HEADER}{SORTED}"));
    assert_eq!(
        folder.names("."),
        [
            "link.csv.manifest.json",
            "out.csv",
            "out.csv.manifest.json",
            "rows.csv",
            "schema.json",
            "store"
        ]
    );
}

#[test]
fn rows_and_columns_can_be_chosen() {
    let folder = Folder::with_rows();
    let export = |more: &[&str]| {
        let line = [&["export", "store", "--output", "-"], more].concat();
        folder.run(&line).ok()
    };
    let columns = [
        "--columns",
        "TIMESTAMP,ITEM_ID",
        "--since",
        "20",
        "--until",
        "30",
    ];
    assert_eq!(export(&columns), "ITEM_ID,TIMESTAMP\ni2,20\ni3,20\n");
    let types = ["--columns", "USER_ID", "--event-type", "VIEW"];
    assert_eq!(export(&types), "USER_ID\na\nb\n");
    let one = ["--columns", "EVENT_VALUE", "--order", "any"];
    assert_eq!(export(&one), "EVENT_VALUE\n\"\"\n1.5\n2.0\n\"\"\n");
    let line = ["export", "store", "--output", "-", "--columns", "COLOUR"];
    folder.run(&line).fails(3);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let folder = Folder::new();
    let rows = [
        "--rows",
        "50000",
        "--schema-out",
        "schema.json",
        "--output",
        "rows.csv",
    ];
    folder.run(&[&["generate"], &rows[..]].concat()).ok();
    folder
        .run(&["init", "store", "--schema", "schema.json"])
        .ok();
    folder.run(&["import", "store", "rows.csv"]).ok();
    for line in [
        &["export", "store", "--output", "-"][..],
        &["generate", "--rows", "50000", "--output", "-"],
        &["dump", "store", "--segment", "2", "--rows", "0..20000"],
    ] {
        let mut child = folder
            .command(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut first).unwrap();
        drop(output);
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert_eq!(said, "", "{line:?}");
        assert!(child.wait().unwrap().success(), "{line:?}");
    }
}

#[test]
fn no_output_goes_into_the_store() {
    let folder = Folder::with_rows();
    for output in [
        "store/MANIFEST",
        "store/new.csv",
        "./store/../store/segments/x.csv",
    ] {
        let message = folder
            .run(&["export", "store", "--output", output])
            .fails(2);
        assert!(
            message.contains("that lies in the store store"),
            "{message}"
        );
    }
    folder.run(&["verify", "store"]).ok();
    let both = [
        "generate",
        "--rows",
        "1",
        "--output",
        "a.csv",
        "--schema-out",
        "a.csv",
    ];
    folder.run(&both).fails(2);
    assert_eq!(folder.names("."), ["rows.csv", "schema.json", "store"]);
}

fn is_part(name: &str) -> bool {
    name.ends_with(".part")
}

/// A long run of the tool under way, after `before` in its shell. The signals that a background job
/// ignores are heeded first.
fn under_way(folder: &Folder, before: &str) -> Child {
    let tool = env!("CARGO_BIN_EXE_annals");
    let line = format!("{before} exec '{tool}' generate --rows 2000000000 --output out.csv");
    let mut command = Command::new("env");
    command.args(["--default-signal", "sh", "-c", &line]);
    let command = command.current_dir(folder.path(".")).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while !folder.names(".").iter().any(|name| is_part(name)) {
        assert!(child.try_wait().unwrap().is_none(), "it has ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let line = ["-s", name, &child.id().to_string()];
    assert!(Command::new("kill").args(line).status().unwrap().success());
}

#[test]
fn a_signal_leaves_no_part_of_a_file() {
    for (name, number) in [("INT", 2), ("TERM", 15), ("HUP", 1)] {
        let folder = Folder::new();
        let mut child = under_way(&folder, "");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().signal(), Some(number));
        assert_eq!(folder.names("."), [""; 0], "{name}");
    }
}

#[test]
fn a_signal_that_is_ignored_stays_so() {
    let folder = Folder::new();
    let mut child = under_way(&folder, "trap '' HUP;");
    signal(&child, "HUP");
    std::thread::sleep(Duration::from_millis(50));
    assert!(child.try_wait().unwrap().is_none());
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert_eq!(folder.names("."), [""; 0]);
}

#[test]
fn a_name_of_another_format_is_refused() {
    let folder = Folder::with_rows();
    for (name, what) in [
        ("x.orc", "ORC"),
        ("x.JSON", "JSON"),
        ("x.csv.gz", "compressed"),
    ] {
        let export = ["export", "store", "--output", name];
        let message = folder.run(&export).fails(2);
        assert_eq!(
            message,
            format!(
                "annals: --output {name}: the name says {what}, and export writes CSV, JSON lines, Parquet, Arrow \
                 and RecBole's files; give a name that ends in .csv, .jsonl, .parquet, .arrow, .arrows or \
                 .inter, or say --format\n"
            )
        );
        assert!(!folder.path(name).exists());
        folder
            .run(&[&export[..], &["--format", "csv"]].concat())
            .ok();
        assert_eq!(folder.read(name), format!("{HEADER}{SORTED}"));
    }
}

#[test]
fn json_lines_are_what_put_takes() {
    let folder = Folder::with_rows();
    folder.run(&["export", "store", "--output", "x.jsonl"]).ok();
    let lines = folder.read("x.jsonl");
    assert!(
        lines.starts_with(
            r#"{"USER_ID":"a","ITEM_ID":"i1","TIMESTAMP":10,"EVENT_TYPE":"view","EVENT_VALUE":null,"DEVICE":"phone","IMPRESSION":null}"#
        ),
        "{lines}"
    );
    folder
        .run(&["init", "again", "--schema", "schema.json"])
        .ok();
    folder.run(&["put", "again", "x.jsonl"]).ok();
    assert_eq!(folder.exported("again"), folder.exported("store"));
    let line = [
        "export",
        "store",
        "--output",
        "-",
        "--format",
        "jsonl",
        "--columns",
        "ITEM_ID",
    ];
    let chosen = folder.run(&line).ok();
    assert!(chosen.starts_with("{\"ITEM_ID\":\"i1\"}\n"), "{chosen}");
}

#[test]
fn the_first_rows_alone_are_exported() {
    let folder = Folder::with_rows();
    for format in ["csv", "jsonl"] {
        let rows = |limit: &str| {
            let line = [
                "export", "store", "--output", "-", "--format", format, "--limit", limit,
            ];
            folder.run(&line).ok().lines().count()
        };
        let header = usize::from(format == "csv");
        assert_eq!(rows("0"), header);
        assert_eq!(rows("3"), 3 + header);
        assert_eq!(rows("9"), 4 + header);
    }
}
