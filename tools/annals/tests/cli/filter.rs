use crate::support::{Folder, Ran};

const CANDIDATES: &str = "i4\ni3\ni2\ni1\n";

const ITEMS: &str = r#"{"type": "record", "name": "Items", "fields": [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "GENRE", "type": ["null", "string"], "categorical": true},
    {"name": "PRICE", "type": ["null", "float"]}]}"#;

const USERS: &str = r#"{"type": "record", "name": "Users", "fields": [
    {"name": "USER_ID", "type": "string"}, {"name": "AGE", "type": "int"}]}"#;

fn folder() -> Folder {
    let folder = Folder::with_rows();
    folder.write("candidates.txt", CANDIDATES);
    folder.write("items.json", ITEMS);
    folder.write(
        "items.csv",
        "ITEM_ID,GENRE,PRICE\ni1,comedy|drama,5\ni3,horror,9.5\n",
    );
    folder.write("users.json", USERS);
    folder.write("users.csv", "USER_ID,AGE\na,30\nb,17\n");
    folder
}

/// Filters the candidates for user `a`.
fn filter(folder: &Folder, expression: &str, more: &[&str]) -> Ran {
    let line = [
        "filter",
        "store",
        "--user",
        "a",
        "--candidates",
        "candidates.txt",
    ];
    folder.run(&[&line[..], &["--expression", expression], more].concat())
}

#[test]
fn candidates_that_are_kept_come_in_their_order() {
    let folder = folder();
    let click = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"Click\")";
    assert_eq!(filter(&folder, click, &[]).ok(), "i4\ni3\ni1\n");
    let by_type = "include itemid where interactions.event_type in ($TYPES)";
    let types = ["--param", "TYPES=\"buy\",'view'"];
    assert_eq!(filter(&folder, by_type, &types).ok(), "i3\ni1\n");
    let line = [
        "filter",
        "store",
        "--user",
        "b",
        "--candidates",
        "-",
        "--expression",
        click,
    ];
    assert_eq!(folder.run_with(&line, "i1\ni2").ok(), "i1\ni2\n");
}

#[test]
fn items_and_users_come_out_of_files() {
    let folder = folder();
    let items = ["--items", "items.csv", "--items-schema", "items.json"];
    let drama = "INCLUDE ItemID WHERE Items.GENRE IN (\"drama\")";
    assert_eq!(filter(&folder, drama, &items).ok(), "i1\n");
    let current = "EXCLUDE ItemID WHERE Items.PRICE > CurrentItem.PRICE";
    let line = [&items[..], &["--current-item", "i1"]].concat();
    assert_eq!(filter(&folder, current, &line).ok(), "i4\ni2\ni1\n");
    let grown = "EXCLUDE ItemID WHERE Items.PRICE > 6 IF CurrentUser.AGE >= $AGE";
    let users = [
        "--users",
        "users.csv",
        "--users-schema",
        "users.json",
        "--param",
        "$AGE=18",
    ];
    let line = [&items[..], &users].concat();
    assert_eq!(filter(&folder, grown, &line).ok(), "i4\ni2\ni1\n");
    let message = filter(&folder, drama, &[]).fails(3);
    assert!(
        message.contains("the Items dataset was not given"),
        "{message}"
    );
    folder.write("items.csv", "ITEM_ID,GENRE,PRICE\ni1,,cheap\n");
    assert_eq!(
        filter(&folder, drama, &items).fails(3),
        "annals: items.csv: line 2, column PRICE: value \"cheap\": not of type float\n"
    );
}

#[test]
fn users_are_selected_without_candidates() {
    let folder = folder();
    let select = |expression: &str, more: &[&str]| {
        let line = ["filter", "store", "--expression", expression];
        folder.run(&[&line[..], more].concat())
    };
    let clicked = "INCLUDE UserID WHERE Interactions.EVENT_TYPE IN (\"click\")";
    assert_eq!(select(clicked, &[]).ok(), "a\n");
    assert_eq!(
        select(&clicked.replace("INCLUDE", "exclude"), &[]).ok(),
        "b\n"
    );
    let users = ["--users", "users.csv", "--users-schema", "users.json"];
    assert_eq!(
        select("EXCLUDE UserID WHERE Users.AGE < 18", &users).ok(),
        "a\n"
    );
    select(clicked, &["--user", "a"]).fails(2);
    select("EXCLUDE ItemID WHERE Items.A > 1", &[]).fails(2);
}

#[test]
fn explanations_name_the_interaction() {
    let folder = folder();
    let click = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"Click\", $MORE)";
    let told = filter(&folder, click, &["--explain", "--param", "MORE=\"buy\""]).ok();
    let text = "  EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"Click\", $MORE): ";
    assert_eq!(
        told,
        format!(
            "i4: kept\n{text}does not match\ni3: dropped\n{text}matches buy at 20\n\
             i2: dropped\n{text}matches click at 20\ni1: kept\n{text}does not match\n"
        )
    );
    let told = filter(&folder, click, &["--explain"]).ok();
    assert!(
        told.starts_with(&format!("i4: kept\n{text}left out, $MORE is not given\n")),
        "{told}"
    );
}

#[test]
fn wrong_expressions_and_parameters_are_exit_code_3() {
    let folder = folder();
    assert_eq!(
        filter(&folder, "EXCLUDE ItemID WERE", &[]).fails(3),
        "annals: filter: line 1, column 16: expected WHERE, found \"WERE\"\n"
    );
    let by_type = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPES)";
    let message = filter(&folder, by_type, &["--param", "TYPES=buy"]).fails(3);
    assert!(
        message.starts_with("annals: parameter TYPES: line 1, column 1:"),
        "{message}"
    );
    let comma = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"click, buy\")";
    let ran = filter(&folder, comma, &[]);
    assert!(
        ran.stderr
            .starts_with("annals: warning: line 1, column 50: "),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.ok(), CANDIDATES);
}

#[test]
fn curly_quotes_in_a_list_are_refused_where_they_stand() {
    let folder = folder();
    for (list, column, quote) in [
        ("(\u{201c}buy\u{201d})", 50, '\u{201c}'),
        ("('view', \u{2018}buy\u{2019})", 58, '\u{2018}'),
        ("(`buy`)", 50, '`'),
    ] {
        let expression = format!("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN {list}");
        let message = filter(&folder, &expression, &[]).fails(3);
        assert_eq!(
            message,
            format!(
                "annals: filter: line 1, column {column}: expected a string in quotes or a \
                 parameter such as $GENRE, found {quote}; write straight quotes, \" or '\n"
            )
        );
    }
    let expression = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (buy\u{201d})";
    let message = filter(&folder, expression, &[]).fails(3);
    assert!(message.contains("line 1, column 53: "), "{message}");
    let twice = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"\u{201c}buy\u{201d}\")";
    let ran = filter(&folder, twice, &[]);
    assert!(
        ran.stderr.contains("stands in quotes twice"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.ok(), CANDIDATES);
}

/// What has no value passes no comparison, that for being unequal included.
#[test]
fn unequal_numbers_are_kept_and_missing_ones_are_not() {
    let folder = folder();
    let items = ["--items", "items.csv", "--items-schema", "items.json"];
    let unequal = "INCLUDE ItemID WHERE Items.PRICE != $PRICE";
    let price = |price: &'static str| [&items[..], &["--param", price]].concat();
    assert_eq!(filter(&folder, unequal, &price("PRICE=5")).ok(), "i3\n");
    assert_eq!(filter(&folder, unequal, &price("PRICE=5.0")).ok(), "i3\n");
    assert_eq!(filter(&folder, unequal, &price("PRICE=6")).ok(), "i3\ni1\n");
    let value = "EXCLUDE ItemID WHERE Interactions.EVENT_VALUE!=1.5";
    assert_eq!(filter(&folder, value, &[]).ok(), "i4\ni2\ni1\n");
}

#[test]
fn a_parameter_in_not_in_is_taken_with_a_warning() {
    let folder = folder();
    let expression = "INCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ($TYPES)";
    let ran = filter(&folder, expression, &["--param", "TYPES=\"buy\""]);
    assert_eq!(
        ran.stderr,
        "annals: warning: line 1, column 22: NOT IN with a parameter is taken here, and refused by the \
         service\n"
    );
    assert_eq!(ran.ok(), "i2\ni1\n");
}

#[test]
fn the_values_of_a_parameter_have_a_limit() {
    let folder = folder();
    let by_type = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPES)";
    let values = |chars: usize| format!("TYPES=\"{}\"", "\u{e4}".repeat(chars - 2));
    filter(&folder, by_type, &["--param", &values(1000)]).ok();
    assert_eq!(
        filter(&folder, by_type, &["--param", &values(1001)]).fails(3),
        "annals: filter: parameter TYPES: its values have 1001 characters; shorten them to 1000 or lift \
         the limit max_filter_parameter_value_chars (annals limits STORE --set max_filter_parameter_value_chars=NUMBER, or --set at annals init)\n"
    );
}

#[test]
fn attribute_files_are_read_strictly() {
    let folder = folder();
    let items = ["--items", "items.csv", "--items-schema", "items.json"];
    let horror = "INCLUDE ItemID WHERE Items.GENRE IN (\"horror\")";
    folder.write(
        "items.csv",
        "ITEM_ID,GENRE,PRICE\ni1,\"12 Men,\ni2,horror,1\ni3,\"8 Mile,\ni4,horror,\n",
    );
    let message = filter(&folder, horror, &items).fails(3);
    assert!(
        message.starts_with("annals: items.csv: line 2, column GENRE: value \"12 Men,\\ni2"),
        "{message}"
    );
    assert!(message.contains("(line 4, character 5)"), "{message}");
    folder.write(
        "items.csv",
        "\"ITEM_ID\",\"GENRE\",PRICE\ni1,\"horror\",\"1\"\n",
    );
    assert_eq!(filter(&folder, horror, &items).ok(), "i1\n");
}
