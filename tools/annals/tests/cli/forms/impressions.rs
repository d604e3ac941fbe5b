//! Items that were shown: lists, and labels of single items.

use super::{import, refused};
use crate::support::{Folder, HEADER};

#[test]
fn impressions_are_lists_as_they_are_said_to_be() {
    let columns = [
        "--delimiter",
        "tab",
        "--columns",
        "USER_ID,ITEM_ID,TIMESTAMP,IMPRESSION",
        "--set",
        "EVENT_TYPE=v",
    ];
    for (written, separator) in [
        ("a|b", "|"),
        ("a, b", ","),
        ("a  b", " "),
        (r#""[""a"", ""b""]""#, "json"),
    ] {
        let options = [&columns[..], &["--list-separator", separator]].concat();
        assert_eq!(
            import("f", format!("u\ti\t1\t{written}\n"), &options),
            "u,i,1,v,,,a|b\n",
            "{separator}"
        );
    }
    let options = [
        &columns[..],
        &["--list-separator", "json", "--quotes", "none"],
    ]
    .concat();
    assert_eq!(
        import("f", "u\ti\t1\t[1, \"b\"]\n", &options),
        "u,i,1,v,,,1|b\n"
    );
    let said = refused("u\ti\t1\ta b\n", &options);
    assert!(
        said.contains("column IMPRESSION: value \"a b\": must be a list of item ids in JSON"),
        "{said}"
    );
    let options = [&columns[..], &["--list-separator", ","]].concat();
    let said = refused("u\ti\t1\ta|b,c\n", &options);
    assert!(
        said.contains("column IMPRESSION: the item \"a|b\" holds a bar, which separates items"),
        "{said}"
    );
}

#[test]
fn lists_that_are_taken_for_one_item_are_told() {
    let folder = Folder::with_store();
    folder.write(
        "f",
        format!("{HEADER}u,i,1,v,,,a|b c\nu,i,1,v,,,a b\nu,i,1,v,,,\"[\"\"a\"\"]\"\n"),
    );
    let said = folder.run(&["import", "store", "f"]).stderr;
    let told = "warning: 2 rows whose IMPRESSION looks like a list without bars, the first at f: line 3: each is taken \
                for one item; say what separates items (--list-separator ',', ' ' or json)\n";
    assert!(said.contains(told), "{said}");
    let said = folder.run(&["schema", "infer", "f"]).stderr;
    assert!(
        said.contains(
            "2 rows whose IMPRESSION looks like a list without bars, the first at line 3"
        ),
        "{said}"
    );
}

#[test]
fn labelled_items_give_a_row_a_click() {
    let columns = [
        "--columns",
        "USER_ID,TIMESTAMP,IMPRESSION",
        "--set",
        "EVENT_TYPE=v",
        "--list-separator",
        " ",
    ];
    let options = [&columns[..], &["--click-labels"]].concat();
    assert_eq!(
        import("f", "u,1,a-1 b-0 c-d-1\nu,2,a-0\nu,3,\n", &options),
        "u,a,1,v,,,a|b|c-d\nu,c-d,1,v,,,a|b|c-d\n"
    );
    let said = refused("u,1,a-1 b\n", &options);
    assert!(
        said.contains("file: line 1, column IMPRESSION: the item \"b\" has no label; write item-1"),
        "{said}"
    );
}
