//! The rules of the contract, one by one, on interactions.

use annals::filter::{FilterContext, FilterPlan};
use annals::{Limits, Store};

use super::{event, kept, store_of};
use crate::support::record::Record;

const ITEMS: [&str; 4] = ["tea", "cake", "scone", "new"];

fn store() -> (Store, tempfile::TempDir) {
    store_of(&[
        Record {
            location: Some("home|garden".to_owned()),
            price: Some(2.5),
            value: Some(0.1),
            impression: vec!["tea".to_owned(), "cake".to_owned()],
            ..event("ann", "tea", 10, "Click")
        },
        Record {
            location: Some("Home".to_owned()),
            position: 7,
            ..event("ann", "cake", 20, "stream")
        },
        event("ann", "scone", 30, "click, stream"),
        event("bob", "new", 40, "click"),
    ])
}

#[track_caller]
fn assert_kept(expression: &str, want: &[&str]) {
    let (store, _folder) = store();
    let found = kept(&store, "ann", &ITEMS, expression, &FilterContext::new());
    assert_eq!(found.unwrap(), want, "{expression}");
}

#[test]
fn event_types_match_in_any_case_and_other_values_exactly() {
    assert_kept(
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"CLICK\")",
        &["cake", "scone", "new"],
    );
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"click\", \"STREAM\")",
        &["tea", "cake"],
    );
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN (\"click\")",
        &["cake", "scone"],
    );
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.LOCATION IN (\"Home\")",
        &["cake"],
    );
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.ITEM_ID IN (\"TEA\", \"scone\")",
        &["scone"],
    );
}

#[test]
fn a_comma_in_a_string_is_part_of_it() {
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"Click, Stream\")",
        &["scone"],
    );
}

#[test]
fn a_star_stands_for_every_event_type() {
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")",
        &["tea", "cake", "scone"],
    );
    assert_kept(
        "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")",
        &["new"],
    );
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN (\"*\")",
        &[],
    );
}

#[test]
fn any_field_of_an_interaction_can_be_asked_about() {
    assert_kept("INCLUDE ItemID WHERE Interactions.PRICE >= 2.5", &["tea"]);
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.EVENT_VALUE = 0.1",
        &["tea"],
    );
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.POSITION > 6.5",
        &["cake"],
    );
    assert_kept("INCLUDE ItemID WHERE Interactions.TIMESTAMP < 20", &["tea"]);
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.USER_ID IN (\"ann\")",
        &["tea", "cake", "scone"],
    );
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.USER_ID IN (\"bob\")",
        &[],
    );
}

#[test]
fn one_of_several_categories_is_enough() {
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.LOCATION IN (\"garden\")",
        &["tea"],
    );
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.LOCATION IN (\"home|garden\")",
        &[],
    );
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.IMPRESSION IN (\"cake\")",
        &["tea"],
    );
}

#[test]
fn what_has_no_value_is_in_no_list_and_passes_no_comparison() {
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.LOCATION NOT IN (\"home\")",
        &["cake", "scone"],
    );
    assert_kept("INCLUDE ItemID WHERE Interactions.PRICE < 1000", &["tea"]);
    assert_kept(
        "INCLUDE ItemID WHERE Interactions.IMPRESSION NOT IN (\"tea\")",
        &["cake", "scone"],
    );
}

#[test]
fn and_binds_tighter_than_or_and_is_about_one_interaction() {
    let click = "Interactions.EVENT_TYPE IN (\"click\")";
    let stream = "Interactions.EVENT_TYPE IN (\"stream\")";
    let position = "Interactions.POSITION = 7";
    assert_kept(&format!("INCLUDE ItemID WHERE {click} AND {position}"), &[]);
    assert_kept(
        &format!("INCLUDE ItemID WHERE {stream} AND {position}"),
        &["cake"],
    );
    assert_kept(
        &format!("INCLUDE ItemID WHERE {click} OR {stream} AND {position}"),
        &["tea", "cake"],
    );
    assert_kept(
        &format!("INCLUDE ItemID WHERE {stream} AND {position} OR {click}"),
        &["tea", "cake"],
    );
}

#[test]
fn includes_are_united_and_excludes_taken_away_in_any_order() {
    let include =
        |kind: &str| format!("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"{kind}\")");
    let exclude =
        |kind: &str| format!("EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"{kind}\")");
    let (a, b) = (include("click"), include("stream"));
    assert_kept(&format!("{a} | {b}"), &["tea", "cake"]);
    assert_kept(
        &format!("{} | {}", exclude("click"), exclude("stream")),
        &["scone", "new"],
    );
    for chained in [
        format!("{a} | {b} | {}", exclude("click")),
        format!("{} | {a} | {b}", exclude("click")),
        format!("{a} | {} | {b}", exclude("click")),
    ] {
        assert_kept(&chained, &["cake"]);
    }
}

#[test]
fn candidates_keep_their_order_and_may_repeat() {
    let (store, _folder) = store();
    let candidates = ["new", "cake", "new", "tea", "cake"];
    let expression = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"click\")";
    let found = kept(
        &store,
        "ann",
        &candidates,
        expression,
        &FilterContext::new(),
    );
    assert_eq!(found.unwrap(), ["new", "cake", "new", "cake"]);
    let found = kept(
        &store,
        "nobody",
        &candidates,
        expression,
        &FilterContext::new(),
    );
    assert_eq!(found.unwrap(), candidates);
    let found = kept(&store, "ann", &[], expression, &FilterContext::new());
    assert_eq!(found.unwrap(), [""; 0]);
}

/// The 100 most recent interactions of each event type count, whatever its case of letters.
#[test]
fn only_the_most_recent_interactions_of_an_event_type_count() {
    let mut records = vec![
        event("ann", "old", 1, "view"),
        event("ann", "bought", 2, "buy"),
    ];
    records.extend((0..99).map(|at| event("ann", "tea", 10 + at, "VIEW")));
    let (store, _folder) = store_of(&records);
    let candidates = ["old", "bought", "tea"];
    let all = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"*\")";
    let views = "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (\"view\")";
    let context = FilterContext::new();
    let found = |expression| kept(&store, "ann", &candidates, expression, &context).unwrap();
    assert_eq!(found(all), [""; 0]);
    store
        .write(
            event("ann", "tea", 200, "view").interaction(),
            annals::Durability::Buffered,
        )
        .unwrap();
    assert_eq!(found(all), ["old"]);
    assert_eq!(found(views), ["old", "bought"]);
    assert_eq!(
        found("EXCLUDE ItemID WHERE Interactions.TIMESTAMP < 5"),
        ["old", "tea"]
    );

    let of = |newest| {
        let limits = Limits::personalize().max_filter_interactions_per_event_type(newest);
        let plan = FilterPlan::compile(all, store.schema(), &limits).unwrap();
        store.filter(&plan, "ann", &candidates, &context).unwrap()
    };
    assert_eq!(of(None), [0usize; 0]);
    assert_eq!(of(Some(0)), [0, 1, 2]);
    assert_eq!(of(Some(1)), [0]);
    assert_eq!(of(Some(101)), [0usize; 0]);
}
