//! Filters, with what the engine answers of them itself.

use annals::{Durability, Interaction};

use crate::data::{EVERY_WAY, Held, Row, rows, store_of};
use crate::running::{answer, context, plan};

type Holds = fn(&Row) -> bool;

/// A filter, what it means, and whether nothing of it is left to DataFusion.
const FILTERS: [(&str, Holds, bool); 40] = [
    ("user_id = 'u07'", |row| row.user == "u07", true),
    ("'u07' = user_id", |row| row.user == "u07", true),
    (
        "user_id = 'é, \"quoted\"'",
        |row| row.user == "é, \"quoted\"",
        true,
    ),
    ("user_id = 'nobody'", |_| false, true),
    ("user_id = ''", |_| false, true),
    (
        "user_id IN ('u09', 'u03', 'nobody', 'u40', 'u41')",
        |row| ["u09", "u03", "u40", "u41"].contains(&&*row.user),
        true,
    ),
    (
        "user_id = 'u03' OR user_id > 'u50'",
        |row| row.user == "u03" || *row.user > *"u50",
        true,
    ),
    ("user_id < 'u10'", |row| *row.user < *"u10", true),
    ("user_id <= 'u1'", |row| *row.user <= *"u1", true),
    ("user_id > 'u1'", |row| *row.user > *"u1", true),
    (
        "user_id >= 'u42' AND user_id < 'u44'",
        |row| *row.user >= *"u42" && *row.user < *"u44",
        true,
    ),
    (
        "user_id BETWEEN 'u11' AND 'u13'",
        |row| *row.user >= *"u11" && *row.user <= *"u13",
        true,
    ),
    ("user_id <> 'u07'", |row| row.user != "u07", true),
    ("user_id > 'u50' AND user_id < 'u20'", |_| false, true),
    (
        "timestamp >= 1701000000",
        |row| row.time >= 1_701_000_000,
        true,
    ),
    (
        "timestamp > 1701000000 AND timestamp <= 1702000000",
        |row| row.time > 1_701_000_000 && row.time <= 1_702_000_000,
        true,
    ),
    (
        "timestamp = 1700000000",
        |row| row.time == 1_700_000_000,
        true,
    ),
    ("timestamp < 0", |_| false, true),
    ("timestamp > 9223372036854775807", |_| false, true),
    (
        "to_timestamp_seconds(timestamp) < TIMESTAMP '2023-11-20 00:00:00.5'",
        |row| row.time <= 1_700_438_400,
        true,
    ),
    (
        "to_timestamp_seconds(timestamp) >= '2023-11-20'",
        |row| row.time >= 1_700_438_400,
        true,
    ),
    ("event_type = 'cart'", |row| row.event_type == "cart", true),
    (
        "event_type IN ('cart', 'click')",
        |row| ["cart", "click"].contains(&row.event_type),
        true,
    ),
    (
        "event_type = 'view' AND event_type = 'cart'",
        |_| false,
        true,
    ),
    ("event_type = 'Cart'", |_| false, false),
    (
        "event_type <> 'cart'",
        |row| row.event_type != "cart",
        false,
    ),
    ("device = 'phone'", |row| row.device == Some("phone"), false),
    (
        "event_value > 3.5 AND user_id = 'u08'",
        |row| row.value > Some(3.5) && row.user == "u08",
        false,
    ),
    ("timestamp % 2 = 0", |row| row.time % 2 == 0, false),
    (
        "event_value >= 20.25 AND event_value < 24",
        |row| {
            row.value
                .is_some_and(|value| (20.25..24.0).contains(&value))
        },
        false,
    ),
    (
        "event_value = 7 OR event_value IN (8, 9.25)",
        |row| [Some(7.0), Some(8.0), Some(9.25)].contains(&row.value),
        false,
    ),
    ("event_value = 1000", |_| false, false),
    (
        "device IN ('phone', 'tv')",
        |row| row.device == Some("phone"),
        false,
    ),
    ("device > 'e'", |row| row.device == Some("phone"), false),
    ("device = 'tv'", |_| false, false),
    ("event_type > 'p'", |row| row.event_type > "p", false),
    ("event_value IS NULL", |row| row.value.is_none(), false),
    (
        "event_value IS NOT NULL AND device IS NULL",
        |row| row.value.is_some() && row.device.is_none(),
        false,
    ),
    (
        "impression IS NOT NULL",
        |row| !row.impression.is_empty(),
        false,
    ),
    (
        "user_id = 'u03' OR event_type = 'cart'",
        |row| row.user == "u03" || row.event_type == "cart",
        false,
    ),
];

#[test]
fn filters_leave_what_they_say_and_go_to_the_engine() {
    let rows = rows(2_000, 2);
    for held in EVERY_WAY {
        let stored = store_of(&rows, held);
        let context = context(&stored.store, 3);
        for (filter, holds, exact) in FILTERS {
            let mut kept: Vec<&Row> = rows.iter().filter(|row| holds(row)).collect();
            kept.sort_by(|a, b| (&a.user, a.time).cmp(&(&b.user, b.time)));
            let kept: Vec<_> = kept
                .iter()
                .map(|row| vec![row.user.clone(), row.time.to_string()])
                .collect();
            let sql = format!(
                "SELECT user_id, timestamp FROM interactions WHERE {filter} ORDER BY user_id, timestamp"
            );
            assert_eq!(answer(&context, &sql), kept, "{held:?}: {filter}");
            let count = format!("SELECT count(*) FROM interactions WHERE {filter}");
            assert_eq!(
                answer(&context, &count),
                [[kept.len().to_string()]],
                "{held:?}: {filter}"
            );
            let plan = plan(&context, &sql);
            assert_eq!(!plan.contains("FilterExec"), exact, "{filter}:\n{plan}");
        }
    }
}

#[test]
fn explain_shows_what_goes_to_the_engine() {
    let stored = store_of(&rows(500, 3), Held::Compacted);
    let context = context(&stored.store, 2);
    let shown = |filter: &str| {
        let plan = plan(
            &context,
            &format!("SELECT item_id FROM interactions WHERE {filter}"),
        );
        plan.lines()
            .find(|line| line.contains("InteractionsExec"))
            .unwrap()
            .trim()
            .to_owned()
    };
    for (filter, part) in [
        ("user_id = 'u07'", r#"users=["u07"]"#),
        (
            "user_id >= 'u07' AND user_id <= 'u11'",
            r#"users=[["u07".."u11"]]"#,
        ),
        ("user_id > 'u07'", r#"users=[("u07"..)]"#),
        ("timestamp >= 5 AND timestamp < 9", "since=5, until=9"),
        (
            "event_type IN ('cart', 'view')",
            r#"event_types=["cart", "view"]"#,
        ),
        (
            "event_value >= 2.5 AND device IN ('phone', 'tv')",
            r#"hints=[EVENT_VALUE >= 2.5, DEVICE IN ("phone", "tv")]"#,
        ),
        ("device IS NOT NULL", "hints=[DEVICE IS NOT NULL]"),
    ] {
        assert!(shown(filter).contains(part), "{filter}: {}", shown(filter));
    }
}

/// The engine takes `Cart` for `cart`; SQL does not.
#[test]
fn types_that_differ_in_case_alone_stay_apart() {
    let stored = store_of(&rows(400, 4), Held::Compacted);
    let other = Interaction::new("u07", "i1", 1).event_type("CART");
    stored.store.write(other, Durability::Buffered).unwrap();
    let context = context(&stored.store, 2);
    let count = |filter: &str| {
        answer(
            &context,
            &format!("SELECT count(*) FROM interactions WHERE {filter}"),
        )[0][0]
            .clone()
    };
    assert_eq!(count("event_type = 'CART'"), "1");
    let both: u64 = count("lower(event_type) = 'cart'").parse().unwrap();
    assert_eq!(count("event_type = 'cart'"), (both - 1).to_string());
}
