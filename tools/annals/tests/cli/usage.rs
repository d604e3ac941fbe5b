use crate::support::Folder;

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
        assert!(!ran.stderr.is_empty(), "{line:?}");
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
