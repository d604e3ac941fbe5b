//! What a report on a store says about its data.

use annals::insights::{ColumnInsights, FindingKind, Insights, Thresholds};
use annals::{Durability, ImportMode, Interaction, Limits, Schema, Store, WriteBatch};

use crate::support::record::{Record, batch};
use crate::support::{create, folder, quiet};

const SCHEMA: &str = r#"{"type": "record", "name": "Interactions", "fields": [
    {"name": "USER_ID", "type": "string"},
    {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"},
    {"name": "EVENT_TYPE", "type": "string"},
    {"name": "EVENT_VALUE", "type": ["float", "null"]},
    {"name": "PLACE", "type": ["string", "null"], "categorical": true},
    {"name": "MEMBER", "type": ["boolean", "null"]},
    {"name": "IMPRESSION", "type": ["string", "null"]}]}"#;

/// A report on these interactions.
fn report(interactions: impl IntoIterator<Item = Interaction>) -> Insights {
    let folder = folder();
    let limits = Limits::unlimited();
    let store = Store::builder()
        .settings(quiet())
        .limits(limits.clone())
        .create(folder.path(), &Schema::parse(SCHEMA, &limits).unwrap())
        .unwrap();
    let batch: WriteBatch = interactions.into_iter().collect();
    store.write(batch, Durability::Buffered).unwrap();
    Insights::of(&store.snapshot(), &Thresholds::default()).unwrap()
}

/// 1,000 complete interactions of 25 users.
fn healthy() -> Vec<Interaction> {
    let one = |n: u64| {
        Interaction::new(
            format!("u{}", n % 25),
            format!("i{}", n % 300),
            n as i64 + 1,
        )
        .event_type(["view", "buy"][(n % 4 / 3) as usize])
        .with("EVENT_VALUE", (n % 9) as f32 / 2.0)
        .with("PLACE", ["here", "here|there"][(n % 2) as usize])
        .with("MEMBER", n.is_multiple_of(5))
        .impression(vec!["i1"; (n % 3 + 1) as usize])
    };
    (0..1000).map(one).collect()
}

fn column<'a>(insights: &'a Insights, name: &str) -> &'a ColumnInsights {
    let mut columns = insights.columns.iter();
    columns.find(|column| column.name == name).unwrap()
}

/// What is found, as kind, field, figure and message.
fn found(insights: &Insights) -> Vec<(FindingKind, Option<&str>, f64, &str)> {
    let findings = insights.findings.iter();
    findings
        .map(|one| (one.kind, one.field.as_deref(), one.figure, &*one.message))
        .collect()
}

#[test]
fn sound_data_has_figures_and_no_findings() {
    let insights = report(healthy());
    assert_eq!(found(&insights), []);
    assert!(insights.trainable);
    assert_eq!((insights.interactions, insights.users), (1000, 25));
    assert_eq!(insights.users_with_enough, 25);
    assert_eq!(insights.timestamps, Some((1, 1000)));
    let names: Vec<&str> = insights.columns.iter().map(|one| &*one.name).collect();
    assert_eq!(names.len(), 8);
    assert!(insights.columns.iter().all(|one| one.completeness == 1.0));
    let distinct = |name: &str| {
        column(&insights, name)
            .distinct
            .map(|one| (one.count, one.exact))
    };
    assert_eq!(distinct("USER_ID"), Some((25, true)));
    assert_eq!(distinct("ITEM_ID"), Some((300, true)));
    assert_eq!(distinct("TIMESTAMP"), None);
    let frequent = |name: &str| {
        let frequent = column(&insights, name).frequent.iter();
        let frequent = frequent.map(|one| (one.value.clone(), one.count));
        frequent.collect::<Vec<_>>()
    };
    let pairs = |pairs: [(&str, u64); 2]| pairs.map(|(value, count)| (value.to_owned(), count));
    assert_eq!(frequent("EVENT_TYPE"), pairs([("view", 750), ("buy", 250)]));
    assert_eq!(frequent("MEMBER"), pairs([("false", 800), ("true", 200)]));
    assert_eq!(column(&insights, "PLACE").categories.unwrap().count, 2);
    assert_eq!(column(&insights, "PLACE").distinct.unwrap().count, 2);
    let items = column(&insights, "IMPRESSION")
        .items_per_impression
        .unwrap();
    assert!((items - 2.0).abs() < 0.01, "{items}");
    let numbers = column(&insights, "EVENT_VALUE").numbers.clone().unwrap();
    assert_eq!((numbers.min, numbers.max), (0.0, 4.0));
    assert_eq!(numbers.quartiles, [1.0, 2.0, 3.0]);
    assert!((numbers.mean - 2.0).abs() < 0.01, "{numbers:?}");
    let deviation = (60.0f64 / 9.0).sqrt() / 2.0;
    assert!(
        (numbers.standard_deviation - deviation).abs() < 0.01,
        "{numbers:?}"
    );
}

#[test]
fn an_empty_store_has_too_little() {
    let insights = report([]);
    let messages: Vec<&str> = found(&insights).iter().map(|one| one.3).collect();
    assert_eq!(
        messages,
        [
            "0 interactions; training needs 1,000",
            "0 of 0 users have 2 interactions or more; training needs 25 such users",
        ]
    );
    assert!(!insights.trainable);
}

#[test]
fn one_interaction_or_user_less_is_too_little() {
    let mut interactions = healthy();
    interactions.pop();
    let insights = report(interactions);
    let few = "999 interactions; training needs 1,000";
    assert_eq!(
        found(&insights),
        [(FindingKind::FewInteractions, None, 999.0, few)]
    );
    assert!(!insights.trainable);
    let mut interactions = healthy();
    for number in (25..1000).step_by(25) {
        interactions[number] = complete("u1", number as i64, 1.0);
    }
    let insights = report(interactions);
    let few = "24 of 25 users have 2 interactions or more; training needs 25 such users";
    assert_eq!(found(&insights), [(FindingKind::FewUsers, None, 24.0, few)]);
}

/// An interaction with a value in every field.
fn complete(user: &str, at: i64, value: f32) -> Interaction {
    Interaction::new(user, "i1", at)
        .event_type("view")
        .event_value(value)
        .with("PLACE", "here")
        .with("MEMBER", true)
        .impression(["i1"])
}

#[test]
fn what_is_not_as_it_should_be_is_found() {
    // 5 of 8 fields: less than 70 %.
    let incomplete = |n: i64| {
        Interaction::new("u0", "i1", n)
            .event_type("view")
            .with("EVENT_VALUE", 1.0)
    };
    let mut interactions = healthy();
    interactions.extend((1..431).map(incomplete));
    let insights = report(interactions);
    let null = |name: &str| format!("{name} is null in 430 of 1,430 rows; 69.9 % complete");
    let messages: Vec<String> = found(&insights)
        .iter()
        .map(|one| one.3.to_owned())
        .collect();
    assert_eq!(
        messages,
        [
            "430 of 1,430 rows have values in less than 70.0 % of their fields".to_owned(),
            null("PLACE"),
            null("MEMBER"),
            null("IMPRESSION"),
        ]
    );

    let mut interactions = healthy();
    interactions.extend([-1e6, 1e6, 20.0].map(|value| complete("u1", 1, value)));
    let insights = report(interactions);
    let message = "EVENT_VALUE has 3 of 1,003 values far outside of the others: 1 below -5.00, 2 \
                   above 9.00";
    assert_eq!(
        found(&insights),
        [(FindingKind::Outliers, Some("EVENT_VALUE"), 3.0, message)]
    );

    let places = (0..1000).map(|n| {
        let place = format!("p{}|p{}", n % 30, (n + 1) % 31);
        let event_type = format!("t{}", n % 11);
        Interaction::new(format!("u{}", n % 25), "i", 7)
            .event_type(event_type)
            .with("EVENT_VALUE", 1.0)
            .with("PLACE", place)
            .with("MEMBER", true)
            .impression(["i"])
    });
    let insights = report(places);
    let kinds: Vec<_> = found(&insights)
        .iter()
        .map(|one| (one.0, one.1, one.2))
        .collect();
    assert_eq!(
        kinds,
        [
            (FindingKind::ManyCategories, Some("PLACE"), 31.0),
            (FindingKind::ManyEventTypes, Some("EVENT_TYPE"), 11.0),
            (FindingKind::OneTimestamp, Some("TIMESTAMP"), 7.0),
        ]
    );
    assert!(insights.findings.iter().all(|one| !one.advice.is_empty()));
}

/// Bulk and recorded rows, in hot generations, segments of several runs, and one.
#[test]
fn a_report_is_the_same_in_every_tier() {
    let folder = folder();
    let store = create(folder.path(), quiet());
    let records: Vec<Record> = (0..600)
        .map(|n| Record::numbered(&format!("user {}", n % 70), (n % 400) as i64, n))
        .collect();
    let mut import = store.import(ImportMode::Incremental).unwrap();
    for record in &records[..200] {
        record.push_to(&mut import).unwrap();
    }
    import.commit().unwrap();
    let mut reports = Vec::new();
    let mut look = |store: &Store| {
        reports.push(Insights::of(&store.snapshot(), &Thresholds::default()).unwrap());
    };
    store
        .write(batch(&records[200..400]), Durability::Buffered)
        .unwrap();
    store.flush().unwrap();
    store
        .write(batch(&records[400..]), Durability::Buffered)
        .unwrap();
    look(&store);
    store.flush().unwrap();
    look(&store);
    store.compact().unwrap();
    look(&store);
    let [first, others @ ..] = reports.as_slice() else {
        panic!("no reports");
    };
    assert_eq!((first.interactions, first.users), (600, 70));
    assert_eq!(column(first, "ITEM_ID").distinct.unwrap().count, 97);
    for other in others {
        assert_eq!(without_rounding(other), without_rounding(first));
    }
}

/// Means depend on the order of the rows in their last digits.
fn without_rounding(insights: &Insights) -> Insights {
    let mut insights = insights.clone();
    for column in &mut insights.columns {
        if let Some(numbers) = &mut column.numbers {
            numbers.mean = (numbers.mean * 1e6).round();
            numbers.standard_deviation = (numbers.standard_deviation * 1e3).round();
        }
    }
    insights
}

#[test]
fn rows_that_are_there_twice_are_counted() {
    let mut rows = healthy();
    let copies: Vec<Interaction> = rows.iter().step_by(100).cloned().collect();
    rows.extend(copies.clone());
    rows.extend(copies);
    // The same user, time and item, and another value: no duplicate.
    rows.push(Interaction::new("u0", "i0", 1).event_type("view"));
    let insights = report(rows);
    assert_eq!(insights.duplicate_rows, 20);
    assert_eq!(
        found(&insights)[0],
        (
            FindingKind::DuplicateRows,
            None,
            20.0,
            "20 of 1,021 rows equal an earlier one in every field"
        )
    );
}

#[test]
fn duplicates_are_found_in_both_tiers_and_beyond_batches() {
    let folder = folder();
    let limits = Limits::unlimited();
    let store = Store::builder()
        .settings(quiet())
        .limits(limits.clone())
        .create(folder.path(), &Schema::parse(SCHEMA, &limits).unwrap())
        .unwrap();
    let row = |n: u64| Interaction::new("u", format!("i{}", n % 9_000), 7).event_type("view");
    for part in [0..9_000, 9_000..18_000] {
        let batch: WriteBatch = part.map(row).collect();
        store.write(batch, Durability::Buffered).unwrap();
        store.flush().unwrap();
    }
    store.write(row(3), Durability::Buffered).unwrap();
    let insights = Insights::of(&store.snapshot(), &Thresholds::default()).unwrap();
    assert_eq!(insights.duplicate_rows, 9_001);
}

#[test]
fn few_users_of_many_come_back() {
    let once =
        (0..2475).map(|n| Interaction::new(format!("once{n}"), "i", n + 1).event_type("view"));
    let mut rows = healthy();
    rows.extend(once.clone());
    assert_eq!(
        found(&report(rows.clone())).first().map(|one| one.0),
        Some(FindingKind::IncompleteRows)
    );
    rows.push(Interaction::new("one more", "i", 1).event_type("view"));
    let insights = report(rows);
    assert!(!insights.trainable);
    let (kind, field, figure, message) = found(&insights)[0];
    assert_eq!((kind, field), (FindingKind::SmallUserShare, None));
    assert!(figure < 0.01, "{figure}");
    assert_eq!(
        message,
        "25 of 2,501 users have 2 interactions or more; training needs 1.0 % of all users"
    );
}
