use crate::support::Folder;

#[test]
fn the_same_arguments_give_the_same_file() {
    let folder = Folder::new();
    let generate = |seed: &str| {
        let line = [
            "generate", "--rows", "500", "--users", "20", "--items", "30",
        ];
        let line = [&line[..], &["--seed", seed, "--output", "-"]].concat();
        folder.run(&line).ok()
    };
    assert_eq!(generate("7"), generate("7"));
    assert_ne!(generate("7"), generate("8"));
    assert_eq!(generate("7").lines().count(), 501);
}

#[test]
fn the_file_imports_under_the_schema() {
    let folder = Folder::new();
    let line = ["generate", "--rows", "2000", "--schema-out", "schema.json"];
    folder
        .run(&[&line[..], &["--output", "rows.csv"]].concat())
        .ok();
    folder
        .run(&["init", "store", "--schema", "schema.json"])
        .ok();
    let ran = folder.run(&["import", "store", "rows.csv"]);
    assert_eq!(ran.stderr, "");
    assert!(ran.ok().starts_with("2,000 rows imported"));
    let message = folder
        .run(&["generate", "--rows", "0", "--output", "none.csv"])
        .fails(3);
    assert!(message.contains("rows is 0"), "{message}");
    assert!(!folder.path("none.csv").exists());
}
