use crate::support::Folder;

#[test]
fn candidates_that_remain_come_in_their_order() {
    let folder = Folder::with_rows();
    folder.write("candidates.txt", "\u{feff}z\r\ni3\ni1\n\ny\ni2\nz");
    let unseen = |user: &str, more: &[&str]| {
        let line = [
            "unseen",
            "store",
            "--user",
            user,
            "--candidates",
            "candidates.txt",
        ];
        folder.run(&[&line[..], more].concat()).ok()
    };
    assert_eq!(unseen("a", &[]), "z\ny\nz\n");
    assert_eq!(unseen("b", &[]), "z\ni3\ny\ni2\nz\n");
    assert_eq!(unseen("nobody", &[]), "z\ni3\ni1\ny\ni2\nz\n");
    let types = ["--event-type", "View", "--event-type", "buy"];
    assert_eq!(unseen("a", &types), "z\ny\ni2\nz\n");
    assert_eq!(unseen("a", &["--format", "csv"]), "ITEM_ID\nz\ny\nz\n");
    let list: Vec<String> = serde_json::from_str(&unseen("a", &["--format", "json"])).unwrap();
    assert_eq!(list, ["z", "y", "z"]);
    let lines = unseen("a", &["--format", "jsonl"]);
    assert!(lines.starts_with("{\"ITEM_ID\":\"z\"}\n"), "{lines}");
    assert!(unseen("a", &["--format", "table"]).starts_with(" ITEM_ID\n"));
}

#[test]
fn candidates_can_come_by_standard_input() {
    let folder = Folder::with_rows();
    let line = ["unseen", "store", "--user", "b", "--candidates", "-"];
    assert_eq!(folder.run_with(&line, "i1\ni2").ok(), "i2\n");
    let message = folder.run_with(&line, b"i1\n\xff\n").fails(3);
    assert!(
        message.contains("standard input: line 2: column 1: not valid UTF-8"),
        "{message}"
    );
    let message = folder.run_with(&line, b"\x1f\x8b\x08\0").fails(3);
    assert!(message.contains("compressed by gzip"), "{message}");
}
