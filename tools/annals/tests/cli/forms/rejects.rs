//! Rows that are refused, corrected and imported.

use super::MAP;
use crate::support::{Folder, HEADER};

#[test]
fn rejects_can_be_corrected_and_imported() {
    let columns = ["--delimiter", "tab", "--map", MAP, "--time-unit", "ms"];
    let headless = [
        "--columns",
        "USER_ID,EVENT_TYPE,ITEM_ID,TIMESTAMP",
        "--quotes",
        "none",
    ];
    let header = "visitorid\tevent\titemid\tts\n";
    for (header, options) in [
        (header, &columns[..]),
        ("", &[&headless, &columns[..2], &columns[4..]].concat()),
    ] {
        let folder = Folder::with_store();
        folder.write(
            "f",
            format!("{header}u\tview\ti\t1000\nu\t\"view\"\tj\tsoon\nu\tview\tk\n"),
        );
        let skip = [&["import", "store", "f", "--on-error", "skip"], options].concat();
        let said = folder.run(&skip).fails(3);
        assert!(said.contains("annals: 2 rows of 3 rejected\n"), "{said}");
        let rejects = folder.read("rejects.csv");
        assert!(
            rejects.starts_with("file,line,column,reason,record,header\nf,"),
            "{rejects}"
        );
        folder.write(
            "rejects.csv",
            rejects.replace("soon", "2000").replace("\tk", "\tk\t3000"),
        );
        let again = [&["import", "store", "rejects.csv"], options].concat();
        folder.run(&again).ok();
        let exported = folder.exported("store").replace("\"\"\"view\"\"\"", "view");
        assert_eq!(
            exported,
            format!("{HEADER}u,i,1,view,,,\nu,j,2,view,,,\nu,k,3,view,,,\n")
        );
    }
}

#[test]
fn rejects_that_are_broken_are_bad_input() {
    let folder = Folder::with_store();
    folder.write("f", format!("{HEADER}u,i,x,v,,,\n"));
    folder
        .run(&["import", "store", "f", "--on-error", "skip"])
        .fails(3);
    let rejects = folder.read("rejects.csv");
    // A quote that stood before the record is gone, so that its commas count.
    let broken = rejects.replacen(",\"u,i,x,v,,,\"", ",u,i,x,v,,,", 1);
    assert_ne!(broken, rejects);
    folder.write("broken.csv", broken);
    let said = folder.run(&["import", "store", "broken.csv"]).fails(3);
    assert!(said.contains("broken.csv: "), "{said}");
    assert!(
        said.contains("line 2: 12 values, but a rejects file has 6"),
        "{said}"
    );
    folder.write(
        "cut.csv",
        rejects.lines().next().unwrap().to_owned() + "\nf,3\n",
    );
    let said = folder.run(&["import", "store", "cut.csv"]).fails(3);
    assert!(
        said.contains("line 2: 2 values, but a rejects file has 6"),
        "{said}"
    );
}

#[test]
fn more_bad_rows_than_were_allowed_end_the_import() {
    let folder = Folder::with_store();
    folder.write("f", format!("{HEADER}u,i,1,v,,,\nu,i,x,v,,,\nu,i,y,v,,,\n"));
    let line = ["import", "store", "f", "--on-error", "skip", "--max-errors"];
    let said = folder.run(&[&line[..], &["1"]].concat()).fails(3);
    assert!(
        said.contains("more than 1 rows were refused, the last at f: line 4: "),
        "{said}"
    );
    assert_eq!(folder.exported("store"), HEADER);
    assert!(!folder.path("rejects.csv").exists());
    let said = folder.run(&[&line[..], &["2"]].concat()).fails(3);
    assert!(said.ends_with("annals: 2 rows of 3 rejected\n"), "{said}");
    assert_eq!(folder.exported("store"), format!("{HEADER}u,i,1,v,,,\n"));
    let said = folder
        .run(&["import", "store", "f", "--max-errors", "1"])
        .fails(2);
    assert_eq!(said, "annals: --max-errors needs --on-error skip\n");
}
