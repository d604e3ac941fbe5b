//! Expressions that select users.

use annals::Limits;
use annals::filter::{FilterContext, FilterPlan};

use super::{compile, event, store_of, users};

#[test]
fn users_are_selected_by_what_they_did_and_are() {
    let (store, _folder) = store_of(&[
        event("cid", "tea", 10, "view"),
        event("ann", "tea", 10, "Click"),
        event("ann", "tea", 20, "view"),
        event("bob", "tea", 10, "rating"),
    ]);
    let users = users("USER_ID,CITY,AGE\nann,Bern,30\nbob,Basel,\nzed,Bern,40\n");
    let context = FilterContext::new().users(&users);
    let ask = |expression: &str| {
        let plan = compile(&store, expression).unwrap();
        store.filter_users(&plan, &context).unwrap()
    };
    let by_type = "UserID WHERE Interactions.EVENT_TYPE IN (\"click\", \"rating\")";
    assert_eq!(ask(&format!("INCLUDE {by_type}")), ["ann", "bob"]);
    assert_eq!(ask(&format!("exclude {by_type}")), ["cid"]);
    // Users of the store; zed has no interactions.
    assert_eq!(
        ask("INCLUDE UserID WHERE Users.CITY IN (\"Bern\")"),
        ["ann"]
    );
    assert_eq!(ask("EXCLUDE UserID WHERE Users.AGE = 30"), ["bob", "cid"]);
    let chained = format!("INCLUDE {by_type} | EXCLUDE UserID WHERE Users.AGE > 1");
    assert_eq!(ask(&chained), ["bob"]);
    // One interaction must pass all that AND joins.
    let both = "Interactions.EVENT_TYPE IN (\"click\") AND Interactions.TIMESTAMP = 20";
    assert_eq!(ask(&format!("INCLUDE UserID WHERE {both}")), [""; 0]);
    let plan = compile(
        &store,
        &format!("EXCLUDE {}", by_type.replace("\"rating\"", "$T")),
    )
    .unwrap();
    assert_eq!(
        store.filter_users(&plan, &context).unwrap(),
        ["ann", "bob", "cid"]
    );
}

#[test]
fn the_most_recent_interactions_count_for_each_user() {
    let mut records = vec![
        event("ann", "old", 0, "view"),
        event("bob", "old", 0, "view"),
    ];
    records.extend((1..3).map(|at| event("ann", "tea", at, "VIEW")));
    records.push(event("bob", "tea", 5, "buy"));
    let (store, _folder) = store_of(&records);
    let selected = |newest| {
        let limits = Limits::personalize().max_filter_interactions_per_event_type(newest);
        let expression = "INCLUDE UserID WHERE Interactions.ITEM_ID IN (\"old\")";
        let plan = FilterPlan::compile(expression, store.schema(), &limits).unwrap();
        store.filter_users(&plan, &FilterContext::new()).unwrap()
    };
    assert_eq!(selected(None), ["ann", "bob"]);
    assert_eq!(selected(Some(3)), ["ann", "bob"]);
    assert_eq!(selected(Some(2)), ["bob"]);
    assert_eq!(selected(Some(0)), [""; 0]);
}
