//! What the tool says of itself, and how much.

use crate::support::{Folder, HEADER, ROWS};

#[test]
fn the_version_tells_what_it_was_made_of() {
    let folder = Folder::new();
    assert_eq!(folder.run(&["-V"]).ok(), "annals 0.1.0\n");
    let version = folder.run(&["--version"]).ok();
    for part in [
        "annals 0.1.0\ncommit: ",
        "\nformats: manifest 3, account 2, segment 5, hot row 1\n",
        "\nRocksDB: ",
    ] {
        assert!(version.contains(part), "{version}");
    }
}

#[test]
fn shells_and_manuals_know_every_command() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(&["completions", shell]).ok();
        assert!(
            script.contains("put-events") && script.contains("memory-budget"),
            "{script}"
        );
    }
    assert_eq!(folder.run(&["completions", "csh"]).code, 2);
    let page = folder.run(&["man"]).ok();
    assert!(
        page.starts_with(".ie") && page.contains("Exit codes:"),
        "{page}"
    );
    folder.run(&["man", "--output", "pages/man1"]).ok();
    let names = folder.names("pages/man1");
    for name in [
        "annals.1",
        "annals-init.1",
        "annals-put-events.1",
        "annals-schema-infer.1",
    ] {
        assert!(names.iter().any(|found| found == name), "{names:?}");
    }
    assert!(
        folder
            .read("pages/man1/annals-import.1")
            .contains("memory\\-budget")
    );
}

#[test]
fn quiet_and_verbose() {
    let folder = Folder::with_store();
    folder.write("rows.csv", format!("{HEADER}{ROWS}"));
    let ran = folder.run(&["import", "store", "rows.csv", "-q"]);
    assert_eq!(ran.stderr, "");
    assert!(ran.ok().starts_with("4 rows imported"));
    let ran = folder.run(&["-v", "export", "store", "--output", "-"]);
    assert!(
        ran.stderr.contains("annals: 4 rows exported in "),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("annals: took 0."), "{}", ran.stderr);
    assert!(
        ran.stderr.contains(" MiB of memory at most\n"),
        "{}",
        ran.stderr
    );
    let message = folder
        .run(&["-q", "export", "none", "--output", "-"])
        .fails(1);
    assert!(message.contains("no store here"), "{message}");
    assert_eq!(folder.run(&["-q", "-v", "stats", "store"]).code, 2);
}
