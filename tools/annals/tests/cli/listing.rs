//! Users, items and counts.

use crate::support::{Folder, HEADER};

fn with_days() -> Folder {
    let folder = Folder::with_rows();
    folder.write(
        "put.jsonl",
        r#"{"USER_ID":"b","ITEM_ID":"i1","TIMESTAMP":86400,"EVENT_TYPE":"view","DEVICE":"tv"}
{"USER_ID":"c","ITEM_ID":"i4","TIMESTAMP":86401,"EVENT_TYPE":"buy"}
"#,
    );
    folder.run(&["put", "store", "put.jsonl"]).ok();
    folder
}

fn answer(folder: &Folder, line: &str) -> String {
    folder.run(&line.split(' ').collect::<Vec<_>>()).ok()
}

#[test]
fn users_and_items_are_listed_in_order() {
    let folder = with_days();
    assert_eq!(
        answer(&folder, "users store"),
        "USER_ID,INTERACTIONS,FIRST,LAST\na,3,10,20\nb,2,30,86400\nc,1,86401,86401\n"
    );
    assert_eq!(
        answer(&folder, "users store --prefix b --time iso"),
        "USER_ID,INTERACTIONS,FIRST,LAST\nb,2,1970-01-01T00:00:30Z,1970-01-02T00:00:00Z\n"
    );
    assert_eq!(answer(&folder, "users store --limit 1").lines().count(), 2);
    assert_eq!(
        answer(&folder, "items store"),
        "ITEM_ID,INTERACTIONS,FIRST,LAST\ni1,3,10,86400\ni2,1,20,20\ni3,1,20,20\ni4,1,86401,86401\n"
    );
    assert_eq!(
        answer(&folder, "items store --event-type buy --until 100"),
        "ITEM_ID,INTERACTIONS,FIRST,LAST\ni3,1,20,20\n"
    );
    let table = answer(&folder, "users store --limit 1 --format table");
    assert!(
        table.ends_with(" a                    3   1970-01-01T00:00:10Z   1970-01-01T00:00:20Z\n"),
        "{table}"
    );
}

#[test]
fn the_top_have_the_most_interactions() {
    let folder = with_days();
    let ids = |line: &str| {
        let text = answer(&folder, line);
        let ids = text
            .lines()
            .skip(1)
            .filter_map(|line| line.split(',').next());
        ids.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids("top store --by user"), "a b c");
    assert_eq!(ids("top store --by user --limit 2"), "a b");
    assert_eq!(ids("top store --by user --limit 0"), "");
    assert_eq!(ids("top store --by item"), "i1 i2 i3 i4");
    assert_eq!(ids("top store --by item --limit 2"), "i1 i2");
    assert_eq!(ids("top store --by user --event-type view"), "b a");
    assert_eq!(folder.run(&["top", "store"]).code, 2);
}

#[test]
fn interactions_are_counted_by_fields_and_days() {
    let folder = with_days();
    assert_eq!(
        answer(&folder, "count store"),
        "EVENT_TYPE,INTERACTIONS\nview,3\nbuy,2\nclick,1\n"
    );
    assert_eq!(
        answer(&folder, "count store --by EVENT_TYPE,day"),
        "EVENT_TYPE,day,INTERACTIONS\nbuy,1970-01-01,1\nbuy,1970-01-02,1\nclick,1970-01-01,1\n\
         view,1970-01-01,2\nview,1970-01-02,1\n"
    );
    assert_eq!(
        answer(&folder, "count store --by month"),
        "month,INTERACTIONS\n1970-01,6\n"
    );
    assert_eq!(
        answer(&folder, "count store --by year"),
        "year,INTERACTIONS\n1970,6\n"
    );
    assert_eq!(
        answer(&folder, "count store --by DEVICE"),
        "DEVICE,INTERACTIONS\n,3\ntv,2\nphone,1\n"
    );
    assert_eq!(
        answer(&folder, "count store --by EVENT_VALUE --limit 2"),
        "EVENT_VALUE,INTERACTIONS\n,4\n1.5,1\n"
    );
    assert_eq!(
        answer(&folder, "count store --by USER_ID --format jsonl"),
        "{\"USER_ID\":\"a\",\"INTERACTIONS\":3}\n{\"USER_ID\":\"b\",\"INTERACTIONS\":2}\n\
         {\"USER_ID\":\"c\",\"INTERACTIONS\":1}\n"
    );
    folder.write(
        "weeks.csv",
        format!(
            "{HEADER}w,i,1735513199,view,,,\nw,i,1735513200,view,,,\nw,i,1735516800,view,,,\n\
             w,i,1736035200,view,,,\n"
        ),
    );
    folder
        .run(&["init", "weeks", "--schema", "schema.json"])
        .ok();
    folder.run(&["import", "weeks", "weeks.csv"]).ok();
    // 2024-12-29 is a Sunday; the week of 2024-12-30 is the first of 2025.
    assert_eq!(
        answer(&folder, "count weeks --by week"),
        "week,INTERACTIONS\n2024-W52,2\n2025-W01,2\n"
    );
    assert_eq!(
        answer(&folder, "count weeks --by hour,EVENT_TYPE"),
        "hour,EVENT_TYPE,INTERACTIONS\n2024-12-29T22,view,1\n2024-12-29T23,view,1\n\
         2024-12-30T00,view,1\n2025-01-05T00,view,1\n"
    );
    let message = folder
        .run(&["count", "store", "--by", "event_type"])
        .fails(3);
    assert!(message.contains("did you mean EVENT_TYPE?"), "{message}");
    assert!(
        message.contains("beside fields there are hour, day, week, month and year"),
        "{message}"
    );
    let message = folder
        .run(&["count", "store", "--by", "IMPRESSION"])
        .fails(3);
    assert!(message.contains("impressions are lists"), "{message}");
}

#[test]
fn stats_tell_of_both_tiers_and_of_what_is_remembered() {
    let folder = with_days();
    let event = r#"{"sessionId":"s","userId":"u","eventList":[{"eventId":"e","eventType":"view","itemId":"i","sentAt":1}]}"#;
    folder.run_with(&["put-events", "store"], event).ok();
    let stats = answer(&folder, "stats store");
    for part in [
        " rows                          7\n",
        " event types                   3\n",
        " sessions with a user          1\n",
        " event ids                     1\n",
        " last write on disk            ",
        " hot tier on disk, bytes       ",
        " event type   rows\n",
        " view            4\n",
        " buy             2\n",
    ] {
        assert!(stats.contains(part), "{part}\n{stats}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&answer(&folder, "stats store --format json")).unwrap();
    assert_eq!(json["rows"], 7);
    assert_eq!(json["rows_by_event_type"][0]["event_type"], "view");
    assert_eq!(json["remembered"]["event_ids"], 1);
    assert!(json["hot_disk_bytes"].as_u64().unwrap() > 0);
    assert!(json["last_write"].as_u64().unwrap() > 1_700_000_000);
}

#[test]
fn an_empty_store_has_nothing_to_list() {
    let folder = Folder::with_store();
    assert_eq!(answer(&folder, "users store").lines().count(), 1);
    assert_eq!(answer(&folder, "items store").lines().count(), 1);
    assert_eq!(answer(&folder, "top store --by user").lines().count(), 1);
    assert_eq!(answer(&folder, "count store").lines().count(), 1);
    assert!(answer(&folder, "stats store").contains(" last write on disk            none\n"));
    assert!(HEADER.starts_with("USER_ID"));
}
