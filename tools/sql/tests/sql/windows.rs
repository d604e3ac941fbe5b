//! Window functions that are computed here, beside DataFusion's own operator over the same rows.

use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionContext;

use crate::data::{EVERY_WAY, Held, rows, store_of};
use crate::running::{answer, context, plan};

const FRAMES: [&str; 9] = [
    "",
    "ROWS UNBOUNDED PRECEDING",
    "ROWS BETWEEN 3 PRECEDING AND CURRENT ROW",
    "ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING",
    "ROWS BETWEEN 4 PRECEDING AND 2 PRECEDING",
    "RANGE BETWEEN 1800 PRECEDING AND CURRENT ROW",
    "RANGE BETWEEN 86400 PRECEDING AND 1 PRECEDING",
    "RANGE BETWEEN 20 PRECEDING AND 300 FOLLOWING",
    "RANGE BETWEEN CURRENT ROW AND 20 FOLLOWING",
];
const AGGREGATES: [&str; 4] = [
    "count(*)",
    "count(event_value)",
    "sum(timestamp - 1700000000)",
    "sum(CASE WHEN event_type = 'view' THEN timestamp END)",
];
/// Of frames that begin with the partition.
const EXTREMES: [&str; 2] = [
    "max(CASE WHEN event_type = 'cart' THEN timestamp END)",
    "min(-timestamp)",
];
const SHIFTS: [&str; 5] = [
    "lag(timestamp)",
    "lag(item_id, 3)",
    "lead(event_value, 2)",
    "lead(device)",
    "row_number()",
];
/// What is left to DataFusion.
const OTHERS: [&str; 6] = [
    "avg(event_value) OVER (PARTITION BY user_id ORDER BY timestamp)",
    "sum(event_value) OVER (PARTITION BY user_id ORDER BY timestamp)",
    "lag(event_value) IGNORE NULLS OVER (PARTITION BY user_id ORDER BY timestamp)",
    "lag(timestamp, 1, 7) OVER (PARTITION BY user_id ORDER BY timestamp)",
    "max(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp ROWS 2 PRECEDING)",
    "count(*) FILTER (WHERE event_type = 'view') OVER (PARTITION BY user_id ORDER BY timestamp)",
];

/// The same session with DataFusion's operator.
fn plain(own: &SessionContext) -> SessionContext {
    let state = own.state();
    let rules = state.physical_optimizers().iter();
    let rules = rules.filter(|rule| rule.name() != "sorted_windows");
    let rules = rules.cloned().collect();
    let state = SessionStateBuilder::new_from_existing(state.clone());
    SessionContext::new_with_state(state.with_physical_optimizer_rules(rules).build())
}

fn windows() -> Vec<String> {
    let over = |frame: &str| format!("OVER (PARTITION BY user_id ORDER BY timestamp {frame})");
    let aggregates = FRAMES.iter().flat_map(|frame| {
        let each = AGGREGATES.iter();
        each.map(move |function| format!("{function} {}", over(frame)))
    });
    let extremes = EXTREMES.iter().flat_map(|function| {
        let frames = FRAMES[..2].iter();
        frames.map(move |frame| format!("{function} {}", over(frame)))
    });
    let shifts = SHIFTS.iter().map(|shift| format!("{shift} {}", over("")));
    let by_item = "count(*) OVER (PARTITION BY item_id ORDER BY timestamp RANGE 3600 PRECEDING)";
    let all = aggregates.chain(extremes).chain(shifts);
    all.chain([by_item.to_owned()]).collect()
}

#[test]
fn windows_over_sorted_rows_give_what_datafusion_gives() {
    let rows = rows(3_000, 11);
    for held in EVERY_WAY {
        let stored = store_of(&rows, held);
        let own = context(&stored.store, 2);
        let plain = plain(&own);
        for window in windows() {
            let sql = format!(
                "SELECT user_id, timestamp, {window} AS found FROM interactions ORDER BY 1, 2, 3"
            );
            let shown = plan(&own, &sql);
            assert!(shown.contains("SortedWindowExec"), "{window}\n{shown}");
            assert_eq!(
                answer(&own, &sql),
                answer(&plain, &sql),
                "{held:?}: {window}"
            );
        }
    }
}

#[test]
fn what_is_not_computed_here_is_left_to_datafusion() {
    let stored = store_of(&rows(1_000, 12), Held::Mixed);
    let own = context(&stored.store, 2);
    let plain = plain(&own);
    for window in OTHERS {
        let sql = format!(
            "SELECT user_id, timestamp, {window} AS found FROM interactions ORDER BY 1, 2, 3"
        );
        let shown = plan(&own, &sql);
        assert!(!shown.contains("SortedWindowExec"), "{window}\n{shown}");
        assert_eq!(answer(&own, &sql), answer(&plain, &sql), "{window}");
    }
}

#[test]
fn a_user_of_many_batches_is_one_partition() {
    let mut rows = rows(40_000, 13);
    for row in rows.iter_mut().skip(500) {
        row.user = "u30".to_owned();
    }
    rows.sort_by_key(|row| row.time);
    let stored = store_of(&rows, Held::Compacted);
    let own = context(&stored.store, 2);
    let sql = "SELECT max(number) FROM (SELECT row_number() OVER (PARTITION BY user_id ORDER BY timestamp) AS number \
               FROM interactions)";
    let most = rows.iter().filter(|row| row.user == "u30").count();
    assert_eq!(answer(&own, sql), [[most.to_string()]]);
}
