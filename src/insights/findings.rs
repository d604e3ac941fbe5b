//! Figures against thresholds.

use super::{ColumnInsights, Finding, FindingKind, Insights, Thresholds};
use crate::model::{OddRows, OddTime, OddTimes, thousands};

/// The findings, in the order of [`FindingKind`].
pub(super) fn find(
    insights: &Insights,
    odd_times: &OddTimes<()>,
    thresholds: &Thresholds,
) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(few_interactions(insights, thresholds));
    found.extend(few_users(insights, thresholds));
    found.extend(small_user_share(insights, thresholds));
    found.extend(duplicate_rows(insights));
    found.extend(incomplete_rows(insights, thresholds));
    let columns = || insights.columns.iter();
    found.extend(columns().filter_map(|column| incomplete_column(column, thresholds)));
    found.extend(columns().filter_map(outliers));
    found.extend(columns().filter_map(|column| many_categories(column, thresholds)));
    found.extend(columns().filter_map(|column| many_event_types(column, thresholds)));
    found.extend(one_timestamp(insights));
    found.extend(odd_times.iter().map(|odd| odd_timestamps(odd, insights)));
    found
}

fn few_interactions(insights: &Insights, thresholds: &Thresholds) -> Option<Finding> {
    let (figure, least) = (insights.interactions, thresholds.min_interactions);
    (figure < least).then(|| Finding {
        kind: FindingKind::FewInteractions,
        field: None,
        figure: figure as f64,
        threshold: least as f64,
        message: format!(
            "{} interactions; training needs {}",
            thousands(figure),
            thousands(least)
        ),
        advice: "record or import more before training",
    })
}

fn few_users(insights: &Insights, thresholds: &Thresholds) -> Option<Finding> {
    let (figure, least) = (insights.users_with_enough, thresholds.min_users);
    (figure < least).then(|| Finding {
        kind: FindingKind::FewUsers,
        field: None,
        figure: figure as f64,
        threshold: least as f64,
        message: format!(
            "{} of {} users have {} interactions or more; training needs {least} such users",
            thousands(figure),
            thousands(insights.users),
            thresholds.min_user_interactions
        ),
        advice: "record or import more before training; look whether user ids are kept from visit \
                 to visit",
    })
}

fn small_user_share(insights: &Insights, thresholds: &Thresholds) -> Option<Finding> {
    let (figure, least) = (insights.share_with_enough(), thresholds.min_user_share);
    (insights.users > 0 && figure < least).then(|| Finding {
        kind: FindingKind::SmallUserShare,
        field: None,
        figure,
        threshold: least,
        message: format!(
            "{} of {} users have {} interactions or more; training needs {} of all users",
            thousands(insights.users_with_enough),
            thousands(insights.users),
            thresholds.min_user_interactions,
            percent(least)
        ),
        advice: "look whether user ids are kept from visit to visit, or leave out users of one \
                 interaction",
    })
}

fn duplicate_rows(insights: &Insights) -> Option<Finding> {
    let figure = insights.duplicate_rows;
    (figure > 0).then(|| Finding {
        kind: FindingKind::DuplicateRows,
        field: None,
        figure: figure as f64,
        threshold: 0.0,
        message: format!(
            "{} of {} rows equal an earlier one in every field",
            thousands(figure),
            thousands(insights.interactions)
        ),
        advice: "look whether a file was imported twice, or events were sent again without an event \
                 id; training counts such rows once",
    })
}

fn incomplete_rows(insights: &Insights, thresholds: &Thresholds) -> Option<Finding> {
    let figure = insights.incomplete_rows;
    (figure > 0).then(|| Finding {
        kind: FindingKind::IncompleteRows,
        field: None,
        figure: figure as f64,
        threshold: thresholds.min_completeness,
        message: format!(
            "{} of {} rows have values in less than {} of their fields",
            thousands(figure),
            thousands(insights.interactions),
            percent(thresholds.min_completeness)
        ),
        advice: "fill in the missing values at their source, or leave fields that are mostly empty \
                 out of the schema",
    })
}

fn incomplete_column(column: &ColumnInsights, thresholds: &Thresholds) -> Option<Finding> {
    let figure = column.completeness;
    (figure < thresholds.min_completeness).then(|| Finding {
        kind: FindingKind::IncompleteColumn,
        field: Some(column.name.clone()),
        figure,
        threshold: thresholds.min_completeness,
        message: format!(
            "{} is null in {} of {} rows; {} complete",
            column.name,
            thousands(column.nulls),
            thousands(column.nulls + column.values),
            percent(figure)
        ),
        advice: "fill in the missing values at their source, or leave the field out of the schema",
    })
}

fn outliers(column: &ColumnInsights) -> Option<Finding> {
    let numbers = column.numbers.as_ref()?;
    let figure = numbers.outliers_below + numbers.outliers_above;
    let (low, high) = numbers.bounds;
    (figure > 0).then(|| Finding {
        kind: FindingKind::Outliers,
        field: Some(column.name.clone()),
        figure: figure as f64,
        threshold: 0.0,
        message: format!(
            "{} has {} of {} values far outside of the others: {} below {}, {} above {}",
            column.name,
            thousands(figure),
            thousands(column.values),
            thousands(numbers.outliers_below),
            short(low),
            thousands(numbers.outliers_above),
            short(high)
        ),
        advice: "look whether they are errors, or in another unit; correct them, or cap them at \
                 their source",
    })
}

fn many_categories(column: &ColumnInsights, thresholds: &Thresholds) -> Option<Finding> {
    let figure = column.categories?.count;
    (figure > thresholds.max_categories).then(|| Finding {
        kind: FindingKind::ManyCategories,
        field: Some(column.name.clone()),
        figure: figure as f64,
        threshold: thresholds.max_categories as f64,
        message: format!(
            "{} has {} categories; more than {} dilute what training learns of each",
            column.name,
            thousands(figure),
            thousands(thresholds.max_categories)
        ),
        advice: "merge rare or alike categories, and look for different spellings of the same",
    })
}

fn many_event_types(column: &ColumnInsights, thresholds: &Thresholds) -> Option<Finding> {
    let figure = column
        .distinct
        .filter(|_| column.name == "EVENT_TYPE")?
        .count;
    (figure > thresholds.max_event_types).then(|| Finding {
        kind: FindingKind::ManyEventTypes,
        field: Some(column.name.clone()),
        figure: figure as f64,
        threshold: thresholds.max_event_types as f64,
        message: format!(
            "{} event types; the service takes {}",
            thousands(figure),
            thousands(thresholds.max_event_types)
        ),
        advice: "merge event types that mean the same, or leave out those that training does not \
                 use",
    })
}

fn one_timestamp(insights: &Insights) -> Option<Finding> {
    let (first, last) = insights.timestamps?;
    (first == last && insights.interactions > 1).then(|| Finding {
        kind: FindingKind::OneTimestamp,
        field: Some("TIMESTAMP".to_owned()),
        figure: first as f64,
        threshold: 1.0,
        message: format!("all interactions have the timestamp {first}"),
        advice: "give each interaction the time at which it happened; training learns from their \
                 order",
    })
}

fn odd_timestamps(found: &OddRows<()>, insights: &Insights) -> Finding {
    let (rows, all) = (thousands(found.rows), thousands(insights.interactions));
    let what = found.odd.what();
    Finding {
        kind: match found.odd {
            OddTime::Zero => FindingKind::ZeroTimestamps,
            _ => FindingKind::TimestampUnit,
        },
        field: Some("TIMESTAMP".to_owned()),
        figure: found.rows as f64,
        threshold: 0.0,
        message: match found.odd {
            OddTime::Zero => format!("{rows} of {all} rows have a TIMESTAMP that {what}"),
            _ => format!(
                "{rows} of {all} rows have a TIMESTAMP that {what}, such as {}",
                found.timestamp
            ),
        },
        advice: found.odd.advice(),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Four significant digits are enough to find a value by.
fn short(number: f64) -> String {
    match number.abs() {
        magnitude if magnitude >= 1000.0 || magnitude == 0.0 => format!("{number:.0}"),
        magnitude if magnitude >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    }
}
