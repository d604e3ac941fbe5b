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
    assert_eq!(folder.names("backups"), ["2", "3", "BACKUPS", "LOCK"]);
}

#[test]
fn a_backup_is_read_and_not_written_to() {
    let folder = Folder::with_rows();
    folder.run(&["backup", "store", "backups"]).ok();
    let line = r#"{"USER_ID":"a","ITEM_ID":"i1","TIMESTAMP":1,"EVENT_TYPE":"view"}"#;
    folder.write("line.jsonl", line);
    for command in [
        &["put", "backups/1", "line.jsonl"][..],
        &["import", "backups/1", "rows.csv"],
        &["compact", "backups/1"],
        &["limits", "backups/1", "--set", "max_metadata_fields=9"],
        &["init", "backups/2", "--schema", "schema.json"],
    ] {
        let refused = folder.run(command).fails(1);
        assert!(refused.contains("it is a backup"), "{refused}");
        assert!(refused.contains("annals restore"), "{refused}");
    }
    assert_eq!(exported(&folder, "backups/1"), exported(&folder, "store"));
    folder.run(&["verify", "backups/1"]).ok();
    assert_eq!(folder.names("backups"), ["1", "BACKUPS", "LOCK"]);
    folder.run(&["restore", "backups@1", "copy"]).ok();
    folder.run(&["put", "copy", "line.jsonl"]).ok();
    // Outside of the folder of backups it is a store like any other.
    std::fs::rename(folder.path("backups/1"), folder.path("moved")).unwrap();
    folder.run(&["put", "moved", "line.jsonl"]).ok();
}

/// A store of two segments with two backups, the second of which was made when the first segment of
/// the first was damaged, or the store lacked it.
#[test]
fn a_damaged_segment_is_no_part_of_the_next_backup() {
    let folder = Folder::with_rows();
    folder.run(&["backup", "store", "backups"]).ok();
    let name = folder.names("store/segments").remove(0);
    let shared = format!("backups/1/segments/{name}");
    let whole = std::fs::read(folder.path(&shared)).unwrap();
    let mut damaged = whole.clone();
    damaged[100] ^= 4;
    folder.write(&shared, &damaged);
    let made = folder.run(&["backup", "store", "backups"]);
    assert!(
        made.stderr.contains("warning: backups/1: segments/"),
        "{}",
        made.stderr
    );
    assert!(
        made.stderr.contains("of an earlier backup"),
        "{}",
        made.stderr
    );
    assert!(made.ok().contains(" 0 bytes shared"));
    folder.run(&["verify", "backups/2"]).ok();
    folder.run(&["verify", "backups/1"]).fails(4);

    // Now a byte of the store's own file is another.
    let own = format!("store/segments/{name}");
    folder.write(&own, &damaged);
    let made = folder.run(&["backup", "store", "backups"]);
    let said = made.fails(4);
    assert!(
        said.contains("1 damaged segment in the store: store: segments/"),
        "{said}"
    );
    folder.run(&["verify", "backups/3"]).ok();

    // Then it is gone: the backup is whole, and the store is said to be damaged.
    std::fs::remove_file(folder.path(&format!("store/segments/{name}"))).unwrap();
    let made = folder.run(&["backup", "store", "backups", "--keep", "1"]);
    assert!(made.stdout.starts_with("backups/4: "), "{}", made.stdout);
    let said = made.fails(4);
    assert!(
        said.contains("1 damaged segment in the store: store: segments/"),
        "{said}"
    );
    assert!(said.contains("its file is missing"), "{said}");
    assert!(said.contains("no backup was removed"), "{said}");
    folder.run(&["verify", "backups/4"]).ok();
    assert_eq!(
        folder.names("backups"),
        ["1", "2", "3", "4", "BACKUPS", "LOCK"]
    );
}

#[test]
fn a_damaged_store_is_not_backed_up() {
    let folder = Folder::with_rows();
    let name = folder.names("store/segments").remove(0);
    let path = format!("store/segments/{name}");
    let mut damaged = std::fs::read(folder.path(&path)).unwrap();
    damaged[100] ^= 4;
    folder.write(&path, &damaged);
    let said = folder.run(&["backup", "store", "backups"]).fails(4);
    assert!(said.contains("store: "), "{said}");
    assert!(
        said.contains(&format!("segments/{name}: bytes 0..")),
        "{said}"
    );
    assert_eq!(folder.names("backups"), ["BACKUPS", "LOCK"]);
}

#[test]
fn what_is_no_backup_is_passed_over() {
    let folder = Folder::with_rows();
    folder.run(&["backup", "store", "backups"]).ok();
    folder.run(&["backup", "store", "backups"]).ok();
    std::fs::remove_file(folder.path("backups/2/MANIFEST")).unwrap();
    let made = folder.run(&["backup", "store", "backups"]);
    assert!(
        made.stderr.contains("backups/2: it has no file MANIFEST"),
        "{}",
        made.stderr
    );
    let said = made.ok();
    assert!(said.starts_with("backups/3: 1 segment, "), "{said}");
    assert!(!said.contains(" 0 bytes shared"), "{said}");
    assert!(folder.path("backups/2/ACCOUNT").exists());

    // A manifest that is damaged hinders the next backup neither, and stays as it is.
    folder.write("backups/3/MANIFEST", "nothing");
    let made = folder.run(&["backup", "store", "backups", "--keep", "1"]);
    assert!(
        made.stderr.contains("backups/3: MANIFEST: "),
        "{}",
        made.stderr
    );
    assert!(made.ok().starts_with("backups/4: 1 segment, "));
    assert_eq!(folder.names("backups"), ["2", "3", "4", "BACKUPS", "LOCK"]);
    folder.run(&["verify", "backups/4"]).ok();
}

#[test]
fn one_backup_is_made_at_a_time_and_none_removed_beside_a_restore() {
    let folder = Folder::with_rows();
    folder.run(&["backup", "store", "backups"]).ok();
    let lock = std::fs::File::open(folder.path("backups/LOCK")).unwrap();
    lock.lock().unwrap();
    let refused = folder.run(&["backup", "store", "backups"]).fails(5);
    assert!(
        refused.contains("a backup is being made or removed in "),
        "{refused}"
    );
    folder.run(&["restore", "backups", "beside"]).ok();
    drop(lock);

    // As one holds it that restores.
    let mark = std::fs::File::open(folder.path("backups/BACKUPS")).unwrap();
    mark.lock_shared().unwrap();
    folder.run(&["backup", "store", "backups"]).ok();
    let refused = folder
        .run(&["backup", "store", "backups", "--keep", "1"])
        .fails(5);
    assert!(refused.contains("a backup is being restored"), "{refused}");
    assert!(refused.contains("backups/3 was made"), "{refused}");
    folder.run(&["restore", "backups@1", "too"]).ok();
    drop(mark);
    folder
        .run(&["backup", "store", "backups", "--keep", "1"])
        .ok();
    assert_eq!(folder.names("backups"), ["4", "BACKUPS", "LOCK"]);
}
