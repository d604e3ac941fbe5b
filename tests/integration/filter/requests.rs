//! What comes with a request: parameters, attributes, the current item; and explanations.

use annals::filter::{ExpressionOutcome, FilterContext, FilterPlan};
use annals::{Error, ErrorKind, Limits, Result, Schema, Store};

use super::{compile, event, items, kept, message, store_of, users};

const CANDIDATES: [&str; 3] = ["tea", "cake", "scone"];

fn store() -> (Store, tempfile::TempDir) {
    store_of(&[
        event("ann", "tea", 10, "view"),
        event("ann", "cake", 20, "buy"),
    ])
}

fn given(parameters: &[(&str, &str)]) -> Result<FilterContext<'static>> {
    let mut parameters = parameters.iter();
    parameters.try_fold(FilterContext::new(), |context, (name, values)| {
        context.parameter(name, values)
    })
}

#[track_caller]
fn ask(expression: &str, parameters: &[(&str, &str)]) -> Result<Vec<&'static str>> {
    let (store, _folder) = store();
    kept(&store, "ann", &CANDIDATES, expression, &given(parameters)?)
}

const BY_TYPE: &str = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($TYPES)";

#[test]
fn values_arrive_as_a_quoted_list_in_one_string() {
    for (values, want) in [
        ("\"view\"", &["cake", "scone"][..]),
        ("\"VIEW\",\"buy\"", &["scone"]),
        (" 'view' ,\n\"buy\" ", &["scone"]),
        ("\"view,buy\"", &["tea", "cake", "scone"]),
        ("\"*\"", &["scone"]),
        ("\"\"", &["tea", "cake", "scone"]),
    ] {
        assert_eq!(
            ask(BY_TYPE, &[("TYPES", values)]).unwrap(),
            want,
            "{values}"
        );
    }
    let mixed = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\", \"$TYPES\")";
    assert_eq!(ask(mixed, &[("TYPES", "\"buy\"")]).unwrap(), ["scone"]);
    let number = "INCLUDE ItemID WHERE Interactions.TIMESTAMP >= $SINCE";
    for values in ["15", " 15.0 ", "\"15\"", "'1.5e1'"] {
        assert_eq!(
            ask(number, &[("SINCE", values)]).unwrap(),
            ["cake"],
            "{values}"
        );
    }
}

#[test]
fn values_that_are_written_otherwise_are_refused() {
    let expected = "expected a string in quotes or a number; values are a list such as \
                    \"comedy\",\"drama\", found";
    for (values, want) in [
        (
            "",
            format!("parameter TYPES: line 1, column 1: {expected} the end"),
        ),
        (
            "view",
            format!("parameter TYPES: line 1, column 1: {expected} \"view\""),
        ),
        (
            "\"a\",",
            format!("parameter TYPES: line 1, column 5: {expected} the end"),
        ),
        (
            "\"a\" \"b\"",
            "parameter TYPES: line 1, column 5: expected \",\" or the end, found the string \"b\""
                .to_owned(),
        ),
        (
            "\"a",
            "parameter TYPES: line 1, column 1: the string that begins here is not closed; close \
             it with \""
                .to_owned(),
        ),
        (
            "5",
            "filter: parameter TYPES: 5 is looked for as a string; put it in quotes".to_owned(),
        ),
    ] {
        assert_eq!(
            message(ask(BY_TYPE, &[("TYPES", values)])),
            want,
            "{values}"
        );
    }
    let number = "INCLUDE ItemID WHERE Interactions.TIMESTAMP >= $SINCE";
    assert_eq!(
        message(ask(number, &[("SINCE", "1,2")])),
        "filter: parameter SINCE: 2 values; a comparison takes one"
    );
    assert_eq!(
        message(ask(number, &[("SINCE", "\"soon\"")])),
        "filter: parameter SINCE: \"soon\" is compared as a number, and is none"
    );
    let other = "INCLUDE ItemID WHERE Interactions.LOCATION IN ($PLACES)";
    assert_eq!(
        message(ask(other, &[("PLACES", "\"*\"")])),
        "filter: line 1, column 22: Interactions.LOCATION: parameter PLACES is \"*\", which stands \
         for every event type, and is for Interactions.EVENT_TYPE alone"
    );
}

#[test]
fn an_include_needs_its_parameters_and_an_exclude_is_left_out() {
    let include = "INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\", $TYPES)";
    let missing = "filter: parameter TYPES: not given, and an INCLUDE needs every parameter";
    assert_eq!(message(ask(include, &[])), missing);
    assert_eq!(
        message(ask(&format!("{BY_TYPE} | {include}"), &[])),
        missing
    );
    assert_eq!(ask(BY_TYPE, &[]).unwrap(), CANDIDATES);
    let chained = format!(
        "{BY_TYPE} | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($OTHERS) | \
         INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")"
    );
    assert_eq!(ask(&chained, &[("OTHERS", "\"view\"")]).unwrap(), ["cake"]);
    // A part of the parameters is not enough.
    let two = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($A, $B)";
    assert_eq!(ask(two, &[("A", "\"view\"")]).unwrap(), CANDIDATES);
}

#[test]
fn parameters_are_case_sensitive_and_must_be_named() {
    assert_eq!(
        message(ask(BY_TYPE, &[("types", "\"view\"")])),
        "filter: parameter types: the filter does not name it; it names $TYPES (names are \
         case-sensitive)"
    );
    let twice = given(&[("TYPES", "\"buy\""), ("TYPES", "\"view\"")]).unwrap();
    let (store, _folder) = store();
    let found = kept(&store, "ann", &CANDIDATES, BY_TYPE, &twice);
    assert_eq!(found.unwrap(), ["cake", "scone"]);
}

#[test]
fn items_and_users_are_asked_of_the_host() {
    let (store, _folder) = store();
    let items = items(
        "ITEM_ID,GENRE,BRAND,PRICE,YEAR,NEW\n\
         tea,hot|green,x|y,2.5,2020,true\ncake,,X,9,,false\nscone,Green,,,2021,\n",
    );
    let users = users("USER_ID,CITY,AGE\nann,Bern,30\n");
    let context = FilterContext::new()
        .items(&items)
        .users(&users)
        .current_item("tea");
    let ask = |expression: &str| kept(&store, "ann", &CANDIDATES, expression, &context).unwrap();
    assert_eq!(
        ask("INCLUDE ItemID WHERE items.genre IN (\"green\")"),
        ["tea"]
    );
    assert_eq!(
        ask("INCLUDE ItemID WHERE Items.GENRE NOT IN (\"green\")"),
        ["cake", "scone"]
    );
    assert_eq!(
        ask("INCLUDE ItemID WHERE Items.BRAND IN (\"x\", \"x|y\")"),
        ["tea"]
    );
    assert_eq!(
        ask("EXCLUDE ItemID WHERE Items.PRICE <= 9 AND Items.YEAR < 2021"),
        ["cake", "scone"]
    );
    assert_eq!(
        ask("INCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE"),
        ["tea"]
    );
    assert_eq!(
        ask("INCLUDE ItemID WHERE Items.PRICE > CurrentItem.PRICE"),
        ["cake"]
    );
    assert_eq!(
        ask("INCLUDE ItemID WHERE Interactions.ITEM_ID IN CurrentItem.ITEM_ID"),
        ["tea"]
    );
    let only_if =
        "EXCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE = 30 AND CurrentUser.CITY IN";
    assert_eq!(ask(&format!("{only_if} (\"Bern\")")), ["cake"]);
    assert_eq!(ask(&format!("{only_if} (\"Basel\")")), CANDIDATES);
    // With nothing left, nothing is filtered; with other expressions left, they decide.
    let include = "INCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE > 50";
    assert_eq!(ask(include), CANDIDATES);
    let chained = format!("{include} | INCLUDE ItemID WHERE Items.PRICE = 9");
    assert_eq!(ask(&chained), ["cake"]);
    let stranger = kept(
        &store,
        "bob",
        &CANDIDATES,
        &format!("{only_if} (\"Bern\")"),
        &context,
    );
    assert_eq!(stranger.unwrap(), CANDIDATES);
    let unknown = context.clone().current_item("unknown");
    let found = kept(
        &store,
        "ann",
        &CANDIDATES,
        "EXCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE",
        &unknown,
    );
    assert_eq!(found.unwrap(), CANDIDATES);
}

#[test]
fn what_was_not_given_is_named() {
    let (store, _folder) = store();
    let items = items("ITEM_ID,GENRE,BRAND,PRICE,YEAR,NEW\n");
    let only_items = FilterContext::new().items(&items);
    let none = FilterContext::new();
    for (expression, context, want) in [
        (
            "EXCLUDE ItemID WHERE Items.GENRE IN (\"x\")",
            &none,
            "filter: line 1, column 22: Items.GENRE: a store holds interactions alone, and the \
             Items dataset was not given with the request",
        ),
        (
            "EXCLUDE ItemID WHERE Items.GENRE IN (\"x\") IF CurrentUser.AGE > 1",
            &only_items,
            "filter: line 1, column 46: CurrentUser.AGE: a store holds interactions alone, and \
             the Users dataset was not given with the request",
        ),
        (
            "EXCLUDE ItemID WHERE Items.GENRE IN CurrentItem.GENRE",
            &only_items,
            "filter: line 1, column 37: CurrentItem.GENRE: the item that the request is about was \
             not given with the request",
        ),
        (
            "EXCLUDE ItemID WHERE Items.COLOUR IN (\"x\")",
            &only_items,
            "filter: line 1, column 22: Items.COLOUR: the Items dataset has no such field",
        ),
        (
            "EXCLUDE ItemID WHERE Items.NEW IN (\"true\")",
            &only_items,
            "filter: line 1, column 22: Items.NEW: a boolean field, which no filter asks about; \
             use a string field",
        ),
        (
            "EXCLUDE ItemID WHERE Items.GENRE > 5",
            &only_items,
            "filter: line 1, column 22: Items.GENRE: > compares numbers, and the field is a \
             string; use IN or NOT IN",
        ),
        (
            "EXCLUDE ItemID WHERE Items.PRICE < CurrentItem.GENRE",
            &only_items,
            "filter: line 1, column 36: CurrentItem.GENRE: < compares numbers, and the field is a \
             string; use IN or NOT IN",
        ),
    ] {
        let found = kept(&store, "ann", &CANDIDATES, expression, context);
        assert_eq!(message(found), want);
    }
}

#[test]
fn a_plan_is_for_its_schema_and_its_subject() {
    let (store, _folder) = store();
    let other = r#"{"type": "record", "name": "Interactions", "fields": [
        {"name": "ITEM_ID", "type": "string"}, {"name": "USER_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_TYPE", "type": "string"}]}"#;
    let other = Schema::parse(other, &Limits::personalize()).unwrap().into();
    let expression = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"x\")";
    let plan = FilterPlan::compile(expression, &other, store.limits()).unwrap();
    let found: Error = store
        .filter(&plan, "ann", &CANDIDATES, &FilterContext::new())
        .unwrap_err();
    assert_eq!(found.kind(), ErrorKind::InvalidInput);
    assert_eq!(
        found.to_string(),
        "filter: it was compiled for another schema; compile it with that of the store"
    );
    let of_users = compile(&store, "EXCLUDE UserID WHERE Users.A > 1").unwrap();
    assert_eq!(
        message(store.filter(&of_users, "ann", &CANDIDATES, &FilterContext::new())),
        "filter: it selects users (UserID); call filter_users"
    );
    let of_items = compile(&store, expression).unwrap();
    assert_eq!(
        message(store.filter_users(&of_items, &FilterContext::new())),
        "filter: it keeps items (ItemID); call filter with candidates"
    );
}

#[test]
fn an_explanation_names_what_decided() {
    let (store, _folder) = store_of(&[
        event("ann", "tea", 10, "view"),
        event("ann", "tea", 30, "View"),
        event("ann", "tea", 20, "view"),
    ]);
    let expression = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\") | \
                      EXCLUDE ItemID WHERE Items.GENRE IN ($G) | \
                      INCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE > 50 | \
                      INCLUDE ItemID WHERE Items.YEAR = 5";
    let plan = compile(&store, expression).unwrap();
    let items = items("ITEM_ID,GENRE,BRAND,PRICE,YEAR,NEW\ntea,,,,5,\ncake,,,,5,\n");
    let users = users("USER_ID,CITY,AGE\n");
    let context = FilterContext::new().items(&items).users(&users);
    let tea = store.explain(&plan, "ann", "tea", &context).unwrap();
    assert_eq!(
        tea.to_string(),
        "tea: dropped\n\
         \x20 EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\"): matches View at 30\n\
         \x20 EXCLUDE ItemID WHERE Items.GENRE IN ($G): left out, $G is not given\n\
         \x20 INCLUDE ItemID WHERE Items.YEAR > 1 IF CurrentUser.AGE > 50: left out, \
         CurrentUser.AGE > 50 does not hold\n\
         \x20 INCLUDE ItemID WHERE Items.YEAR = 5: matches"
    );
    let cake = store.explain(&plan, "ann", "cake", &context).unwrap();
    assert!(cake.kept);
    assert_eq!(cake.expressions[0].outcome, ExpressionOutcome::DoesNotMatch);
    let scone = store.explain(&plan, "ann", "scone", &context).unwrap();
    assert!(!scone.kept);
    assert_eq!(
        scone.expressions[3].outcome,
        ExpressionOutcome::DoesNotMatch
    );
}
