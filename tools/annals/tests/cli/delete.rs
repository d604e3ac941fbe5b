use crate::support::Folder;

/// Users and items of all rows.
fn rows(folder: &Folder) -> Vec<String> {
    let csv = folder.exported("store");
    let short = |line: &str| line.split(',').take(2).collect::<Vec<_>>().join(" ");
    csv.lines().skip(1).map(short).collect()
}

#[test]
fn users_are_deleted_by_name_and_by_file() {
    let folder = Folder::with_rows();
    let all = rows(&folder);
    let of = |user: &str| all.iter().filter(|row| row.starts_with(user)).count();
    let delete = |more: &[&str]| folder.run(&[&["delete", "store"], more].concat());
    let (a, b) = (of("a "), of("b "));
    assert!(a > 1 && b > 0, "{all:?}");
    let said = delete(&["--user", "a", "--dry-run"]).ok();
    assert_eq!(said, format!("{a} interactions would be deleted\n"));
    assert_eq!(rows(&folder), all);
    let said = delete(&["--user", "a", "--user", "nobody"]).ok();
    assert!(
        said.starts_with(&format!("{a} interactions deleted, commit ")),
        "{said}"
    );
    assert_eq!(rows(&folder).len(), all.len() - a);
    folder.write("users.csv", "USER_ID\r\nb\r\na\r\n");
    let said = delete(&["--users", "users.csv"]).ok();
    assert!(said.starts_with(&format!("{b} interaction")), "{said}");
    assert_eq!(rows(&folder).len(), all.len() - a - b);
    folder.run(&["compact", "store"]).ok();
    assert_eq!(rows(&folder).len(), all.len() - a - b);
}

#[test]
fn a_part_of_a_user_and_an_item_for_everybody() {
    let folder = Folder::with_rows();
    let all = rows(&folder);
    let with = all.iter().filter(|row| row.ends_with(" i1")).count();
    let said = folder
        .run(&["delete", "store", "--user", "a", "--item", "i1"])
        .ok();
    assert!(said.starts_with("1 interaction deleted"), "{said}");
    let said = folder.run(&["delete", "store", "--item", "i1"]).ok();
    assert!(
        said.starts_with(&format!("{} interaction", with - 1)),
        "{said}"
    );
    assert!(rows(&folder).iter().all(|row| !row.ends_with(" i1")));
    let said = folder
        .run(&["delete", "store", "--user", "a", "--until", "1970-01-01"])
        .ok();
    assert!(said.starts_with("0 interactions deleted"), "{said}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let folder = Folder::with_rows();
    let all = rows(&folder);
    let delete = |more: &[&str]| folder.run(&[&["delete", "store"], more].concat());
    let message = delete(&[]).fails(2);
    assert!(
        message.contains("--user ID, --users FILE or --item ID"),
        "{message}"
    );
    let message = delete(&["--item", "i1", "--since", "5"]).fails(3);
    assert!(
        message.contains("name users, or leave the times out"),
        "{message}"
    );
    for (file, says) in [
        (
            "user\na\n",
            "line 1: the header is \"user\"; a file of users has the one column USER_ID",
        ),
        ("USER_ID\na\n\"\"\n", "line 3: an empty user id"),
        (
            "USER_ID\na,b\n",
            "line 2: 2 values, and the header has one column",
        ),
        ("", "the header is \"\""),
    ] {
        folder.write("users.csv", file);
        let message = delete(&["--users", "users.csv"]).fails(3);
        assert!(message.contains(says), "{message}");
    }
    assert_eq!(rows(&folder), all);
}

#[test]
fn what_matches_nothing_is_said() {
    let folder = Folder::with_rows();
    let said = |more: &[&str]| {
        let done = folder.run(&[&["delete", "store", "--dry-run"], more].concat());
        let stderr = done.stderr.clone();
        assert_eq!(done.ok(), "0 interactions would be deleted\n");
        stderr
    };
    let some = rows(&folder);
    let mut cells = some.first().unwrap().split(' ');
    let (user, item) = (cells.next().unwrap(), cells.next().unwrap());
    let misspelt = format!("{user}x");
    let told = said(&["--user", &misspelt]);
    assert!(
        told.contains(&format!(
            "user {misspelt:?}: the store has no interactions of this user; did you mean {user:?}"
        )),
        "{told}"
    );
    let misspelt = format!("{item}x");
    let told = said(&["--item", &misspelt]);
    assert!(
        told.contains("no interaction of the store has it; did you mean"),
        "{told}"
    );
    let told = said(&["--user", user, "--since", "1700000000000"]);
    assert!(told.contains("milliseconds"), "{told}");
}

#[test]
fn a_purge_takes_the_bytes_out_and_its_receipt_is_checked_later() {
    let folder = Folder::with_store();
    let rows = "user-ann-7f3a9c,i1,10,view,,tv,\nuser-bob-000001,i1,20,view,,tv,\n";
    folder.write("rows.csv", format!("{}{rows}", crate::support::HEADER));
    folder.run(&["import", "store", "rows.csv"]).ok();
    let purge = |more: &[&str]| folder.run(&[&["purge", "store"], more].concat());
    assert_eq!(
        purge(&[]).ok(),
        "nothing was deleted since the last purge\n"
    );
    folder
        .run(&["delete", "store", "--user", "user-ann-7f3a9c"])
        .ok();
    let said = purge(&[]).ok();
    assert!(
        said.starts_with("1 id purged, 1 segment rewritten, "),
        "{said}"
    );
    assert!(
        said.ends_with(" searched: no deleted id is found\n"),
        "{said}"
    );
    let receipt = format!("store/purges/{}", folder.names("store/purges")[0]);
    let said = purge(&["--check", &receipt]).ok();
    assert_eq!(said, "none of 1 deleted id is found\n");
    folder.run(&["import", "store", "rows.csv"]).ok();
    let message = purge(&["--check", &receipt]).fails(4);
    assert!(
        message.contains("1 deleted id found, first in segments/"),
        "{message}"
    );
    let found = purge(&["--check", &receipt, "--format", "json"]);
    assert_eq!(found.code, 4);
    assert!(
        found.stdout.contains("\"place\": \"a user\""),
        "{}",
        found.stdout
    );
    let message = purge(&["--check", "rows.csv"]).fails(3);
    assert!(
        message.contains("rows.csv: not a receipt of a purge"),
        "{message}"
    );
    // A file of others in the folder is searched, too.
    folder
        .run(&["delete", "store", "--user", "user-ann-7f3a9c"])
        .ok();
    folder.write("store/notes.txt", "call user-ann-7f3a9c");
    let message = purge(&[]).fails(4);
    assert!(message.contains("first in notes.txt: byte 5"), "{message}");
}

#[test]
fn rules_of_retention_are_shown_and_changed() {
    let folder = Folder::with_rows();
    let retention = |more: &[&str]| folder.run(&[&["retention", "store"], more].concat());
    assert_eq!(retention(&[]).ok(), "everything is kept for ever\n");
    // What is here is of 1970.
    let before = rows(&folder);
    let tried = retention(&["--max-age", "1d", "--dry-run"]);
    let all = before.len();
    assert!(
        tried
            .stderr
            .contains(&format!("{all} interactions of {all} would be dropped")),
        "{}",
        tried.stderr
    );
    tried.ok();
    assert_eq!(rows(&folder), before);
    let unknown = retention(&["--event-type", "viewx=36h", "--dry-run"]);
    assert!(
        unknown.stderr.contains("no event of the store has it"),
        "{}",
        unknown.stderr
    );
    assert_eq!(retention(&[]).ok(), "everything is kept for ever\n");
    let said = retention(&["--event-type", "view=36h", "--sessions", "7d"]).ok();
    assert!(
        said.contains("event type view") && said.contains("36h"),
        "{said}"
    );
    assert!(
        said.contains("sessions without a user") && said.contains("7d"),
        "{said}"
    );
    let csv = folder.exported("store");
    assert!(!csv.contains("view") && csv.contains("click"), "{csv}");
    let said = retention(&["--max-age", "52w", "--event-type", "view=none"]).ok();
    assert!(!said.contains("view") && said.contains("364d"), "{said}");
    assert_eq!(rows(&folder), Vec::<String>::new());
    let json = retention(&["--show", "--format", "json"]).ok();
    assert!(json.contains("\"max_age_seconds\": 31449600"), "{json}");
    let said = retention(&["--max-age", "none", "--newest", "1"]).ok();
    assert!(said.contains("the newest 1"), "{said}");
    let csv = folder.exported("store");
    let users = csv.lines().skip(1).map(|line| line.split(',').next());
    let users: Vec<Option<&str>> = users.collect();
    assert!(users.is_sorted_by(|a, b| a < b), "{csv}");
    let said = retention(&["--newest", "none"]).ok();
    assert!(!said.contains("newest"), "{said}");
    assert!(
        retention(&["--newest", "many"])
            .fails(2)
            .contains("write a number")
    );
    assert!(
        retention(&["--newest", "0"])
            .fails(3)
            .contains("the newest 0 of each user")
    );
    let message = retention(&["--max-age", "1y"]).fails(2);
    assert!(
        message.contains("write a number and a unit, such as 365d"),
        "{message}"
    );
    let message = retention(&["--event-type", "30d"]).fails(2);
    assert!(message.contains("such as view=30d"), "{message}");
    let message = retention(&["--max-age", "0d"]).fails(3);
    assert!(message.contains("it must be at least 1"), "{message}");
}

#[test]
fn a_pin_is_listed_read_and_released() {
    let folder = Folder::with_rows();
    let pin = |more: &[&str]| folder.run(&[&["pin", "store"], more].concat());
    assert_eq!(pin(&[]).ok(), "no pins\n");
    let said = pin(&["monday", "--for", "7d"]).ok();
    assert!(
        said.starts_with("store/pins/monday: kept until 20"),
        "{said}"
    );
    let before = folder.run(&["digest", "store"]).ok();
    folder.run(&["delete", "store", "--user", "a"]).ok();
    assert_ne!(folder.run(&["digest", "store"]).ok(), before);
    assert_eq!(folder.run(&["digest", "store/pins/monday"]).ok(), before);
    let said = pin(&[]).ok();
    assert!(
        said.contains("monday") && said.contains("expires"),
        "{said}"
    );
    let json = pin(&["--format", "json"]).ok();
    let pins: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(pins[0]["name"], "monday");
    let message = folder.run(&["purge", "store"]).fails(1);
    assert!(
        message.contains("monday") && message.contains("--release"),
        "{message}"
    );
    folder.run(&["purge", "store", "--force"]).ok();
    let json = folder.run(&["purge", "store", "--format", "json"]).ok();
    assert_eq!(json, "null\n");
    let message = pin(&["monday", "--release"]).fails(1);
    assert!(
        message.contains("it was released, or it expired"),
        "{message}"
    );
}
