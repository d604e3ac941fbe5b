use crate::support::{Folder, HEADER, SORTED};

fn exported(folder: &Folder, store: &str) -> String {
    folder.run(&["export", store, "--output", "-"]).ok()
}

#[test]
fn a_checkpoint_is_a_store() {
    let folder = Folder::with_rows();
    let said = folder.run(&["checkpoint", "store", "copy"]).ok();
    assert!(said.starts_with("copy: 1 segment, "), "{said}");
    assert_eq!(exported(&folder, "copy"), format!("{HEADER}{SORTED}"));
    let refused = folder.run(&["checkpoint", "store", "copy"]).fails(1);
    assert!(refused.contains("there is a store already"), "{refused}");
    folder.run(&["checkpoint", "nothing", "other"]).fails(1);
    folder.run(&["checkpoint", "store", "store/copy"]).fails(3);
}

#[test]
fn backups_are_made_kept_and_restored() {
    let folder = Folder::with_rows();
    let said = folder.run(&["backup", "store", "backups"]).ok();
    assert!(said.starts_with("backups/1: 1 segment, "), "{said}");
    assert!(said.contains(" 0 bytes shared"), "{said}");
    folder.write("more.csv", format!("{HEADER}c,i1,1,view,,,\n"));
    folder.run(&["import", "store", "more.csv"]).ok();
    let said = folder.run(&["backup", "store", "backups"]).ok();
    assert!(said.starts_with("backups/2: 2 segments, "), "{said}");
    assert!(!said.contains(" 0 bytes shared"), "{said}");
    folder.run(&["verify", "backups/1"]).ok();

    let said = folder.run(&["restore", "backups@1", "old"]).ok();
    assert!(said.starts_with("old: backup 1 restored, "), "{said}");
    assert_eq!(exported(&folder, "old"), format!("{HEADER}{SORTED}"));
    folder.run(&["restore", "backups", "new"]).ok();
    assert_eq!(exported(&folder, "new"), exported(&folder, "store"));
    let refused = folder.run(&["restore", "backups", "new"]).fails(1);
    assert!(refused.contains("there is a store already"), "{refused}");
    let refused = folder.run(&["restore", "backups@9", "other"]).fails(1);
    assert!(
        refused.contains("there is no backup 9; they are 1 to 2"),
        "{refused}"
    );

    let said = folder
        .run(&["backup", "store", "backups", "--keep", "2"])
        .ok();
    assert!(
        said.ends_with("1 backup removed, 2 backups kept\n"),
        "{said}"
    );
    assert_eq!(folder.names("backups"), ["2", "3"]);
}
