//! What is asked for and not there is said.

use crate::support::{Folder, HEADER};

#[track_caller]
fn said(folder: &Folder, line: &[&str]) -> (String, String) {
    let ran = folder.run(line);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    (ran.stdout, ran.stderr)
}

#[test]
fn an_event_type_that_is_not_there_is_named() {
    let folder = Folder::with_rows();
    let (found, message) = said(
        &folder,
        &["history", "store", "--user", "a", "--event-type", "veiw"],
    );
    assert_eq!(found, HEADER);
    assert_eq!(
        message,
        "annals: warning: event type \"veiw\": no event of the store has it; did you mean \"view\"?\n\
         annals: user \"a\": none of the user's interactions is of these event types and times\n"
    );
    let export = ["export", "store", "--output", "-", "--event-type"];
    let (_, message) = said(&folder, &[&export[..], &["purchase"]].concat());
    assert!(
        message.contains(
            "event type \"purchase\": no event of the store has it; it has \"buy\", \"click\", \"view\""
        ),
        "{message}"
    );
    folder.write("c.txt", "i1\n");
    let unseen = ["unseen", "store", "--user", "a", "--candidates", "c.txt"];
    let (_, message) = said(&folder, &[&unseen[..], &["--event-type", "views"]].concat());
    assert!(message.contains("did you mean \"view\"?"), "{message}");
}

#[test]
fn event_types_are_separated_by_commas() {
    let folder = Folder::with_store();
    folder.write(
        "rows.csv",
        format!("{HEADER}a,i,1,view,,,\na,i,2,click,,,\na,i,3,\"a,b\",,,\n"),
    );
    folder.run(&["import", "store", "rows.csv"]).ok();
    let times = |list: &str| {
        let line = [
            "history",
            "store",
            "--user",
            "a",
            "--columns",
            "TIMESTAMP",
            "--event-type",
        ];
        let (found, message) = said(&folder, &[&line[..], &[list]].concat());
        (found.replace('\n', " "), message)
    };
    assert_eq!(
        times("view,CLICK"),
        ("TIMESTAMP 2 1 ".to_owned(), String::new())
    );
    assert_eq!(times("\"a,b\",view").0, "TIMESTAMP 3 1 ");
    let (_, message) = times("a,b");
    assert!(
        message.contains("one that holds a comma stands in quotes: '\"a,b\"'"),
        "{message}"
    );
    let line = ["history", "store", "--user", "a", "--event-type", "view,"];
    assert_eq!(folder.run(&line).code, 2);
}

#[test]
fn a_user_that_is_not_there_is_named() {
    let folder = Folder::with_store();
    let rows = ["Anna", "anton", "ben"].map(|user| format!("{user},i,1,view,,,\n"));
    folder.write("rows.csv", format!("{HEADER}{}", rows.concat()));
    folder.run(&["import", "store", "rows.csv"]).ok();
    let message = |user: &str| said(&folder, &["history", "store", "--user", user]).1;
    assert_eq!(
        message("antom"),
        "annals: warning: user \"antom\": the store has no interactions of this user; did you mean \
         \"anton\"?\n"
    );
    assert!(message(" BEN").contains("did you mean \"ben\"?"));
    assert!(message("zoe").contains("ids match exactly, in upper and lower case, too"));
    folder.write("c.txt", "i\n");
    let filter = [
        "filter",
        "store",
        "--user",
        "anto",
        "--candidates",
        "c.txt",
        "--expression",
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\")",
    ];
    let (_, message) = said(&folder, &filter);
    assert!(message.contains("did you mean \"anton\"?"), "{message}");
    let expression = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"veiw\", \"*\")";
    let filter = [&filter[..7], &[expression]].concat();
    let (_, message) = said(&folder, &filter);
    assert!(
        message
            .contains("event type \"veiw\": no event of the store has it; did you mean \"view\"?"),
        "{message}"
    );
    assert!(!message.contains("\"*\""), "{message}");
}

#[test]
fn times_at_which_nothing_was_are_named() {
    let folder = Folder::with_rows();
    let message = |bounds: &[&str]| {
        let line = ["export", "store", "--output", "-"];
        said(&folder, &[&line[..], bounds].concat()).1
    };
    assert!(message(&["--since", "1700000000000"]).contains(
        "--since 1700000000000 looks like milliseconds; timestamps are Unix epoch seconds: divide \
             by 1000"
    ));
    assert!(message(&["--since", "2024"]).contains("for the year write 2024-01-01"));
    assert!(message(&["--since", "7d"]).contains(
        "the store has nothing at these times; its first timestamp is 10 (1970-01-01T00:00:10Z), \
             its last 30 (1970-01-01T00:00:30Z)"
    ));
    assert!(message(&["--until", "10"]).contains("the store has nothing at these times"));
    assert!(message(&["--since", "20", "--until", "20"]).contains("no time is from --since 20"));
    assert!(!message(&["--since", "10", "--until", "11"]).contains("warning"));
    assert!(!message(&["--since", "1970-01-01", "--until", "1970-01-02"]).contains("warning"));
    let wrong = folder.run(&["export", "store", "--output", "-", "--since", "monday"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong
            .stderr
            .contains("write epoch seconds, a date such as 2024-01-31")
    );
}

#[test]
fn times_are_dates_for_people() {
    let folder = Folder::with_rows();
    let shown = |more: &[&str]| {
        let line = ["history", "store", "--user", "b", "--columns", "TIMESTAMP"];
        said(&folder, &[&line[..], more].concat()).0
    };
    assert!(shown(&["--format", "table"]).ends_with(" 1970-01-01T00:00:30Z\n"));
    assert!(shown(&["--format", "table", "--time", "epoch"]).ends_with(" 30\n"));
    assert_eq!(shown(&[]), "TIMESTAMP\n30\n");
    assert_eq!(
        shown(&["--time", "iso"]),
        "TIMESTAMP\n1970-01-01T00:00:30Z\n"
    );
    assert_eq!(
        shown(&["--time", "iso", "--format", "jsonl"]),
        "{\"TIMESTAMP\":\"1970-01-01T00:00:30Z\"}\n"
    );
}
