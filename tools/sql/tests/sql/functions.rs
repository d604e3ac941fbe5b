//! `history`, `sequences`, and the tables of attributes.

use annals::filter::AttributeDataset;
use annals_datafusion::register_attributes;

use crate::data::{EVERY_WAY, Held, Row, rows, store_of};
use crate::running::{answer, context, error, plan};

/// The rows of each user in order, users in order.
fn by_user(rows: &[Row]) -> Vec<(String, Vec<Row>)> {
    let mut users: Vec<(String, Vec<Row>)> = Vec::new();
    let mut sorted = rows.to_vec();
    sorted.sort_by(|a, b| (&a.user, a.time).cmp(&(&b.user, b.time)));
    for row in sorted {
        match users.last_mut() {
            Some((user, rows)) if *user == row.user => rows.push(row),
            _ => users.push((row.user.clone(), vec![row])),
        }
    }
    users
}

#[test]
fn history_gives_the_newest_first() {
    let rows = rows(900, 20);
    for held in EVERY_WAY {
        let stored = store_of(&rows, held);
        let context = context(&stored.store, 2);
        for (user, mut own) in by_user(&rows).into_iter().take(5) {
            own.reverse();
            let shown = |row: &Row| {
                let value = row
                    .value
                    .map_or("NULL".to_owned(), |value| format!("{value:?}"));
                let impression = match row.impression.as_slice() {
                    [] => "NULL".to_owned(),
                    items => format!("[{}]", items.join(", ")),
                };
                vec![
                    row.user.clone(),
                    row.item.clone(),
                    row.time.to_string(),
                    row.event_type.to_owned(),
                    value,
                    impression,
                ]
            };
            for (call, count) in [
                (format!("history('{user}')"), usize::MAX),
                (format!("history('{user}', 3)"), 3),
            ] {
                let sql = format!(
                    "SELECT user_id, item_id, timestamp, event_type, event_value, impression FROM {call}"
                );
                let expected: Vec<_> = own.iter().take(count).map(shown).collect();
                assert_eq!(answer(&context, &sql), expected, "{held:?}: {call}");
            }
        }
        assert!(answer(&context, "SELECT * FROM history('nobody')").is_empty());
    }
}

#[test]
fn sequences_have_a_row_for_each_user() {
    let rows = rows(2_500, 21);
    for held in EVERY_WAY {
        let stored = store_of(&rows, held);
        for threads in [1, 3] {
            let context = context(&stored.store, threads);
            answer(&context, "SET datafusion.execution.batch_size = 50");
            for (call, max_length) in [
                ("sequences(7)", 7),
                ("sequences(60)", 60),
                ("sequences()", usize::MAX),
            ] {
                let expected: Vec<Vec<String>> = by_user(&rows)
                    .into_iter()
                    .map(|(user, own)| {
                        let own = &own[own.len().saturating_sub(max_length)..];
                        let list = |of: fn(&Row) -> String| {
                            let values: Vec<_> = own.iter().map(of).collect();
                            format!("[{}]", values.join(", "))
                        };
                        vec![
                            user,
                            list(|row| row.item.clone()),
                            list(|row| row.time.to_string()),
                            list(|row| row.event_type.to_owned()),
                        ]
                    })
                    .collect();
                let sql = format!("SELECT * FROM {call} ORDER BY user_id");
                assert_eq!(
                    answer(&context, &sql),
                    expected,
                    "{held:?}, {threads}: {call}"
                );
            }
        }
    }
}

#[test]
fn sequences_of_some_users_read_those_alone() {
    let rows = rows(600, 22);
    let stored = store_of(&rows, Held::Compacted);
    let context = context(&stored.store, 2);
    let sql = "SELECT user_id FROM sequences(5) WHERE user_id = 'u07'";
    assert_eq!(answer(&context, sql), [["u07"]]);
    let plan = plan(&context, sql);
    assert!(
        plan.contains(r#"users=["u07"]"#) && !plan.contains("FilterExec"),
        "{plan}"
    );
}

#[test]
fn functions_say_what_they_take() {
    let stored = store_of(&rows(10, 23), Held::Hot);
    let context = context(&stored.store, 1);
    for (sql, rule) in [
        ("SELECT * FROM history()", "history takes a user id"),
        (
            "SELECT * FROM history(7)",
            "history takes a user's id in single quotes",
        ),
        ("SELECT * FROM history('a', 0)", "a whole number from 1"),
        ("SELECT * FROM sequences('a')", "a whole number from 1"),
        (
            "SELECT * FROM sequences(1, 2)",
            "sequences takes the greatest length",
        ),
    ] {
        let message = error(&context, sql);
        assert!(message.contains(rule), "{sql}: {message}");
    }
}

const USERS: &str = r#"{"type": "record", "name": "Users", "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "AGE", "type": ["null", "int"]},
    {"name": "MEMBER", "type": "boolean"},
    {"name": "CITY", "type": ["null", "string"], "categorical": true}
]}"#;

#[test]
fn attributes_of_users_join_by_id() {
    let rows = rows(900, 24);
    let stored = store_of(&rows, Held::Compacted);
    let file = stored.folder.path().join("users.csv");
    // The last row of an id counts.
    std::fs::write(
        &file,
        "USER_ID,AGE,MEMBER,CITY\nu07,1,false,Ulm\nu08,,true,\nu07,31,true,\"Bonn|Köln\"\n",
    )
    .unwrap();
    let context = context(&stored.store, 2);
    register_attributes(&context, AttributeDataset::Users, USERS, &file).unwrap();
    let all = answer(
        &context,
        "SELECT user_id, age, member, city FROM users ORDER BY user_id",
    );
    assert_eq!(
        all,
        [
            ["u07", "31", "true", "Bonn|Köln"],
            ["u08", "NULL", "true", "NULL"]
        ]
    );
    let events = rows.iter().filter(|row| row.user == "u07").count();
    let joined = "SELECT count(*) FROM interactions i JOIN users u ON i.user_id = u.user_id WHERE u.age = 31";
    assert_eq!(answer(&context, joined), [[events.to_string()]]);
}

#[test]
fn a_bad_attribute_is_named_with_its_place() {
    let stored = store_of(&rows(10, 25), Held::Hot);
    let file = stored.folder.path().join("users.csv");
    std::fs::write(&file, "USER_ID,AGE,MEMBER,CITY\nu07,1,maybe,Ulm\n").unwrap();
    let context = context(&stored.store, 1);
    let failed = register_attributes(&context, AttributeDataset::Users, USERS, &file)
        .unwrap_err()
        .to_string();
    for part in ["users.csv", "line 2", "MEMBER", "maybe", "boolean"] {
        assert!(failed.contains(part), "{part}: {failed}");
    }
}

/// As DataFusion has it of plain strings.
#[test]
fn positions_in_impressions_are_those_of_plain_lists() {
    let stored = store_of(&rows(900, 25), Held::Mixed);
    let context = context(&stored.store, 2);
    let plain = "CAST(impression AS VARCHAR[])";
    for (sought, text) in [
        ("item_id", "CAST(item_id AS VARCHAR)"),
        ("device", "CAST(device AS VARCHAR)"),
        ("'i7'", "'i7'"),
    ] {
        let sql = format!(
            "SELECT count(*), count(array_position(impression, {sought})), \
             count(*) FILTER (WHERE array_position(impression, {sought}) IS DISTINCT FROM \
             array_position({plain}, {text})) FROM interactions"
        );
        let found = answer(&context, &sql);
        assert_eq!(
            (found[0][0].as_str(), found[0][2].as_str()),
            ("900", "0"),
            "{sql}"
        );
        assert!(sought == "device" || found[0][1] != "0", "{sql}");
    }
}
