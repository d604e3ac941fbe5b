use crate::support::{Folder, HEADER};

/// Imports rows twice, so that there are two segments.
fn with_two_segments() -> (Folder, [String; 2]) {
    let folder = Folder::with_rows();
    folder.write("more.csv", format!("{HEADER}c,i1,1,view,,,\n"));
    folder.run(&["import", "store", "more.csv"]).ok();
    let names = folder.names("store/segments");
    let [first, second] = names.try_into().unwrap();
    (
        folder,
        [first, second].map(|name| format!("segments/{name}")),
    )
}

fn flip(folder: &Folder, file: &str, at: usize) {
    let mut bytes = std::fs::read(folder.path(file)).unwrap();
    bytes[at] ^= 0x40;
    folder.write(file, bytes);
}

#[test]
fn a_sound_store_is_said_to_be_sound() {
    let (folder, _) = with_two_segments();
    let said = folder.run(&["verify", "store"]).ok();
    assert!(said.starts_with("store: sound; "), "{said}");
    assert!(
        said.contains(" bytes of 2 segments and 0 rows of the hot tier read"),
        "{said}"
    );
    folder.run_with(&["put", "store"], hot_rows()).ok();
    let said = folder.run(&["verify", "store"]).ok();
    assert!(
        said.contains(" bytes of 2 segments and 50 rows of the hot tier read"),
        "{said}"
    );
}

/// Lines for `put`.
fn hot_rows() -> String {
    let line = r#"{"USER_ID":"a","ITEM_ID":"i1","TIMESTAMP":1,"EVENT_TYPE":"view"}"#;
    format!("{line}\n").repeat(50)
}

#[test]
fn a_damaged_byte_is_named_wherever_it_is() {
    let (folder, [first, _]) = with_two_segments();
    let file = format!("store/{first}");
    let length = std::fs::metadata(folder.path(&file)).unwrap().len() as usize;
    let tail = length.saturating_sub(40)..length;
    for at in (0..length).step_by(97).chain(tail) {
        flip(&folder, &file, at);
        let ran = folder.run(&["verify", "store"]);
        assert_eq!(ran.code, 4, "byte {at}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.starts_with(&first), "byte {at}: {}", ran.stdout);
        assert!(ran.stdout.contains("lost: "), "byte {at}: {}", ran.stdout);
        flip(&folder, &file, at);
    }
    folder.run(&["verify", "store"]).ok();
}

#[test]
fn what_is_lost_is_said() {
    let (folder, [first, second]) = with_two_segments();
    flip(&folder, &format!("store/{first}"), 64);
    std::fs::remove_file(folder.path(&format!("store/{second}"))).unwrap();
    let ran = folder.run(&["verify", "store"]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ran.stdout);
    assert!(
        lines[0].starts_with(&format!("{first}: bytes 0..")),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with(&format!("{second}: missing; lost: ")),
        "{}",
        lines[1]
    );
    assert!(
        lines[1].contains("lost: the whole segment, rows of the commits 2 to 2: 1"),
        "{}",
        lines[1]
    );
    let message = ran.fails(4);
    assert!(message.contains("store: 2 damaged places"), "{message}");
    assert!(
        message.contains("annals restore BACKUPS@N NEWSTORE"),
        "{message}"
    );
    let message = folder.run(&["history", "store", "--user", "a"]).fails(4);
    assert!(
        message.contains("annals restore BACKUPS@N NEWSTORE"),
        "{message}"
    );
}

#[test]
fn a_damaged_manifest_is_named() {
    let (folder, _) = with_two_segments();
    let length = std::fs::metadata(folder.path("store/MANIFEST"))
        .unwrap()
        .len() as usize;
    // A byte of the version makes it one of another version.
    for (at, code, what) in [
        (0, 4, "bytes "),
        (9, 4, "bytes "),
        (13, 1, "format version "),
        (40, 4, "bytes "),
        (length - 1, 4, "bytes "),
    ] {
        flip(&folder, "store/MANIFEST", at);
        let message = folder.run(&["verify", "store"]).fails(code);
        assert!(message.contains("MANIFEST"), "byte {at}: {message}");
        assert!(message.contains(what), "byte {at}: {message}");
        flip(&folder, "store/MANIFEST", at);
    }
}

/// The largest write-ahead log of a store.
fn largest_log(folder: &Folder, store: &str) -> String {
    let names = folder.names(&format!("{store}/hot")).into_iter();
    names
        .filter(|name| name.ends_with(".log"))
        .map(|name| format!("{store}/hot/{name}"))
        .max_by_key(|file| std::fs::metadata(folder.path(file)).unwrap().len())
        .unwrap()
}

#[test]
fn a_damaged_hot_tier_is_named() {
    let folder = Folder::with_store();
    folder.run_with(&["put", "store"], hot_rows()).ok();
    let file = largest_log(&folder, "store");
    let length = std::fs::metadata(folder.path(&file)).unwrap().len() as usize;
    flip(&folder, &file, length / 2);
    let ran = folder.run(&["verify", "store"]);
    assert!(ran.stdout.starts_with("hot tier: "), "{}", ran.stdout);
    ran.fails(4);
}

/// A store whose process died behind 40 commits, with a damaged byte in the middle of its log.
fn with_damaged_log() -> Folder {
    let folder = Folder::with_store();
    let store = annals::Store::open(folder.path("store")).unwrap();
    for number in 0..40 {
        let row = annals::Interaction::new("a", format!("i{number}"), number);
        let row = row.event_type("view");
        store.write(row, annals::Durability::Synced).unwrap();
    }
    // As it lies there while it is open.
    let copied = std::process::Command::new("cp")
        .args(["-r", "store", "died"])
        .current_dir(folder.path(""))
        .status();
    assert!(copied.unwrap().success());
    drop(store);
    let log = largest_log(&folder, "died");
    let length = std::fs::metadata(folder.path(&log)).unwrap().len() as usize;
    flip(&folder, &log, length / 2);
    folder
}

#[test]
fn a_damaged_log_is_read_up_to_the_damage_and_repaired_on_demand() {
    let folder = with_damaged_log();
    let log = largest_log(&folder, "died");
    let read = folder.run(&["history", "died", "--user", "a", "--format", "csv"]);
    let shown = read.stdout.lines().count() as u64 - 1;
    assert!((1..39).contains(&shown), "{}", read.stdout);
    let hidden = 39 - shown;
    assert!(read.stderr.contains(&log), "{}", read.stderr);
    assert!(
        read.stderr
            .contains(&format!("({hidden} whole commits, and ")),
        "{}",
        read.stderr
    );
    read.ok();
    let refused = folder.run_with(&["put", "died"], hot_rows()).fails(4);
    assert!(refused.contains("annals repair"), "{refused}");
    folder.run(&["verify", "died"]).fails(4);
    let said = folder.run(&["repair", "died", "--drop-damaged-log"]).ok();
    assert!(
        said.contains(&format!(
            "{hidden} whole commits dropped behind the damage, and "
        )),
        "{said}"
    );
    // 40 were written: the one that is damaged is told, too, with its bytes.
    assert!(
        said.contains(" bytes of damaged ones (1 commit at least); 0 rows lost"),
        "{said}"
    );
    folder.run_with(&["put", "died"], hot_rows()).ok();
    let read = folder.run(&[
        "history", "died", "--user", "a", "--limit", "200", "--format", "csv",
    ]);
    assert_eq!(read.stderr, "");
    assert_eq!(read.ok().lines().count() as u64, 1 + shown + 50);
}

#[test]
fn a_store_with_a_damaged_segment_opens_and_is_repaired() {
    let (folder, [first, second]) = with_two_segments();
    let whole = std::fs::read(folder.path(&format!("store/{second}"))).unwrap();
    // Its footer, so that it does not open.
    flip(&folder, &format!("store/{second}"), whole.len() - 20);
    let history = ["history", "store", "--user", "c"];
    let said = folder.run(&history).fails(4);
    assert!(said.contains(&second), "{said}");
    assert!(
        said.contains("its 1 rows of the commits 2 to 2 cannot be read"),
        "{said}"
    );
    let line = r#"{"USER_ID":"d","ITEM_ID":"i1","TIMESTAMP":1,"EVENT_TYPE":"view"}"#;
    folder.run_with(&["put", "store"], line).ok();
    let stats = folder.run(&["stats", "store"]);
    assert!(
        stats.stderr.contains(&format!("warning: {second}: ")),
        "{}",
        stats.stderr
    );
    assert!(stats.ok().contains(" rows in damaged segments      1\n"));
    folder.run(&["export", "store", "--output", "-"]).fails(4);
    folder.run(&["compact", "store"]).fails(4);

    let dry = folder.run(&["repair", "store", "--dry-run", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&dry.stdout).unwrap();
    dry.fails(4);
    assert_eq!(report["segments"][0]["file"], second);
    assert_eq!(report["segments"][0]["rows"], 1);
    assert_eq!(report["segments"][0]["moved_to"], serde_json::Value::Null);
    assert!(!folder.path("store/quarantine").exists());

    let said = folder.run(&["repair", "store"]).ok();
    assert!(said.contains(&format!("{second}: ")), "{said}");
    assert!(
        said.contains("lost: 1 row of the commits 2 to 2, of users that cannot be told"),
        "{said}"
    );
    assert!(
        said.contains("store: 1 segment taken out, 1 row lost"),
        "{said}"
    );
    let moved = second.replace("segments/", "store/quarantine/");
    let mut damaged = std::fs::read(folder.path(&moved)).unwrap();
    let at = damaged.len() - 20;
    damaged[at] ^= 0x40;
    assert_eq!(damaged, whole);
    assert!(!folder.path(&format!("store/{second}")).exists());
    assert!(folder.path(&format!("store/{first}")).exists());
    let rows = folder.exported("store");
    assert_eq!(rows.lines().count(), 1 + 4 + 1, "{rows}");
    let verified = folder.run(&["verify", "store"]).ok();
    assert!(verified.starts_with("store: sound; "), "{verified}");
    assert!(
        verified.contains("quarantine/00000002.json: nothing names it; set aside by a repair")
            || verified.contains(".json: nothing names it; set aside by a repair"),
        "{verified}"
    );
    let said = folder.run(&["repair", "store"]).ok();
    assert_eq!(said, "store: nothing is damaged; nothing was changed\n");
    folder.run(&["compact", "store"]).ok();
}

#[test]
fn a_repair_names_users_and_times_where_they_can_be_read_and_takes_missing_segments_off() {
    let (folder, [first, second]) = with_two_segments();
    flip(&folder, &format!("store/{first}"), 64);
    std::fs::remove_file(folder.path(&format!("store/{second}"))).unwrap();
    let ran = folder.run(&["repair", "store", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.ok()).unwrap();
    let [one, other] = [0, 1].map(|at| report["segments"][at].clone());
    assert_eq!(one["file"], first);
    assert_eq!(one["rows"], 4);
    assert_eq!(one["users"], 2);
    assert_eq!(one["timestamps"], serde_json::json!([10, 30]));
    assert_eq!(one["between_users"], serde_json::json!(["a", "b"]));
    assert_eq!(other["file"], second);
    assert_eq!(other["moved_to"], serde_json::Value::Null);
    assert_eq!(folder.exported("store"), HEADER);
    folder.run(&["verify", "store"]).ok();
}

#[test]
fn files_that_nothing_names_are_listed() {
    let (folder, _) = with_two_segments();
    folder.write("store/segments/00009999.seg", "left");
    folder.write("store/segments/notes.txt", "mine");
    folder.write("store/temporary/00009998.run", "left");
    let said = folder.run(&["verify", "store"]).ok();
    assert!(said.starts_with("store: sound; "), "{said}");
    for line in [
        "segments/00009999.seg: nothing names it; left by what was interrupted",
        "segments/notes.txt: nothing names it; no file of the store",
        "temporary/00009998.run: nothing names it; left by",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert_eq!(said.lines().count(), 4, "{said}");
}
