use crate::support::{Folder, HEADER};

#[test]
fn the_newest_come_first() {
    let folder = Folder::with_rows();
    let history = |more: &[&str]| {
        let line = [&["history", "store", "--user", "a"], more].concat();
        let text = folder.run(&line).ok();
        text.strip_prefix(HEADER).expect("a header").to_owned()
    };
    let [buy, click, view] = [
        "a,i3,20,buy,2.0,,\n",
        "a,i2,20,click,1.5,,i2|i3\n",
        "a,i1,10,view,,phone,\n",
    ];
    assert_eq!(history(&[]), [buy, click, view].concat());
    assert_eq!(history(&["--oldest-first"]), [view, click, buy].concat());
    assert_eq!(history(&["--limit", "2"]), [buy, click].concat());
    assert_eq!(history(&["--oldest-first", "--limit", "1"]), view);
    assert_eq!(history(&["--since", "11"]), [buy, click].concat());
    assert_eq!(history(&["--since", "10", "--until", "20"]), view);
    assert_eq!(history(&["--since", "-5"]), [buy, click, view].concat());
    let types = ["--event-type", "VIEW", "--event-type", "buy"];
    assert_eq!(history(&types), [buy, view].concat());
    assert_eq!(history(&["--event-type", "none"]), "");
}

#[test]
fn columns_come_in_schema_order() {
    let folder = Folder::with_rows();
    let line = [
        "history",
        "store",
        "--user",
        "b",
        "--columns",
        "DEVICE,USER_ID",
    ];
    assert_eq!(folder.run(&line).ok(), "USER_ID,DEVICE\nb,tv\n");
    let line = ["history", "store", "--user", "a", "--columns", "DEVICE"];
    assert_eq!(folder.run(&line).ok(), "DEVICE\n\"\"\n\"\"\nphone\n");
    let line = ["history", "store", "--user", "a", "--columns", "COLOUR"];
    let message = folder.run(&line).fails(3);
    assert!(
        message.contains("field COLOUR: the schema has no such field"),
        "{message}"
    );
}

#[test]
fn every_format_has_the_rows() {
    let folder = Folder::with_rows();
    let history = |user: &str, format: &str| {
        let columns = "ITEM_ID,TIMESTAMP,EVENT_VALUE";
        let line = ["history", "store", "--user", user, "--columns", columns];
        folder
            .run(&[&line[..], &["--format", format]].concat())
            .ok()
    };
    assert_eq!(
        history("b", "table"),
        " ITEM_ID              TIMESTAMP   EVENT_VALUE\n\
         ──────────────────────────────────────────────\n \
          i1        1970-01-01T00:00:30Z\n"
    );
    assert_eq!(
        history("b", "csv"),
        "ITEM_ID,TIMESTAMP,EVENT_VALUE\ni1,30,\n"
    );
    let object = r#"{"ITEM_ID":"i1","TIMESTAMP":30,"EVENT_VALUE":null}"#;
    assert_eq!(history("b", "json"), format!("[\n  {object}\n]\n"));
    assert_eq!(history("b", "jsonl"), format!("{object}\n"));
    assert_eq!(history("nobody", "csv"), "ITEM_ID,TIMESTAMP,EVENT_VALUE\n");
    assert_eq!(history("nobody", "json"), "[]\n");
    assert_eq!(history("nobody", "jsonl"), "");
}

#[test]
fn any_id_can_be_asked_for() {
    let folder = Folder::with_store();
    let ids = [
        "-8997174881451465988",
        "--limit",
        "a b",
        "\u{7528}\u{6237}",
        "tab\there",
    ];
    let rows: String = ids.map(|id| format!("{id},i,1,view,,,\n")).concat();
    folder.write("rows.csv", format!("{HEADER}{rows}"));
    folder.run(&["import", "store", "rows.csv"]).ok();
    for id in ids {
        let history = folder.run(&["history", "store", "--user", id]).ok();
        assert_eq!(history, format!("{HEADER}{id},i,1,view,,,\n"));
    }
}

#[test]
fn a_table_has_nothing_that_a_terminal_obeys() {
    let folder = Folder::with_store();
    folder.write("rows.csv", format!("{HEADER}a,\u{1b}[31mred,1,view,,,\n"));
    folder.run(&["import", "store", "rows.csv"]).ok();
    let line = ["history", "store", "--user", "a", "--format"];
    let table = folder.run(&[&line[..], &["table"]].concat()).ok();
    assert!(table.contains("\\u{1b}[31mred"), "{table}");
    let csv = folder.run(&[&line[..], &["csv"]].concat()).ok();
    assert!(csv.contains("\u{1b}[31mred"), "{csv}");
}
