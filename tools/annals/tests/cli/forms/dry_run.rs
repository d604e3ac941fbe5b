//! Imports that are only tried.

use crate::support::{Folder, HEADER};

/// The names and bytes of all files below a folder, sorted.
fn bytes_below(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(bytes_below(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_dry_run_changes_no_byte_and_runs_beside_a_writer() {
    let folder = Folder::with_rows();
    let line = r#"{"USER_ID":"a","ITEM_ID":"i1","TIMESTAMP":1,"EVENT_TYPE":"view"}"#;
    folder.run_with(&["put", "store"], line).ok();
    let before = bytes_below(&folder.path("store"));
    folder.write("f", format!("{HEADER}u,i,1,v,,,\nu,i,2,w,,,\n"));
    let dry = ["import", "store", "f", "--dry-run"];
    folder.run(&dry).ok();
    assert!(bytes_below(&folder.path("store")) == before);
    let many: String = (0..9).map(|n| format!("u,i,{n},type {n},,,\n")).collect();
    folder.write("many", format!("{HEADER}{many}"));
    let said = folder.run(&["import", "store", "many", "--dry-run"]);
    let for_good = folder.run(&["import", "store", "many"]);
    assert_eq!(said.fails(3), for_good.fails(3));

    let store = annals::Store::open(folder.path("store")).unwrap();
    folder.run(&dry).ok();
    drop(store);
}

#[test]
fn a_dry_run_shows_rows_and_writes_nothing() {
    let folder = Folder::with_rows();
    let before = folder.exported("store");
    folder.write("f", format!("{HEADER}u,i,1,v,1.5,tv,a|b\nu,i,x,v,,,\n"));
    let line = [
        "import",
        "store",
        "f",
        "--mode",
        "full",
        "--on-error",
        "skip",
        "--dry-run",
    ];
    let ran = folder.run(&line);
    assert_eq!(ran.stdout, format!("{HEADER}u,i,1,v,1.5,tv,a|b\n"));
    let said = ran.fails(3);
    for told in [
        "annals: f: line 3, column TIMESTAMP: value \"x\": a timestamp must be a whole number",
        "annals: 1 row would be imported from 1 file, from 1 (1970-01-01T00:00:01Z) to 1 (1970-01-01T00:00:01Z); \
         nothing was written (--dry-run)\n",
    ] {
        assert!(said.contains(told), "{said}");
    }
    assert_eq!(folder.exported("store"), before);
    assert!(!folder.path("rejects.csv").exists());
    assert_eq!(folder.names("store/temporary"), [""; 0]);
}
