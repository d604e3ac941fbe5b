//! The twelve queries of the field.

use crate::data::{EVERY_WAY, Row, rows, store_of};
use crate::model;
use crate::running::{Answer, answer, context};

pub type Model = fn(&[Row]) -> Answer;

/// The queries, as the benchmark runs them, with the model's answers.
pub const QUERIES: [(&str, Model); 12] = [
    (
        include_str!("../../../../benches/sql/queries/01_counts_by_type_and_day.sql"),
        model::counts_by_type_and_day,
    ),
    (
        include_str!("../../../../benches/sql/queries/02_sessions.sql"),
        model::sessions,
    ),
    (
        include_str!("../../../../benches/sql/queries/03_funnel.sql"),
        model::funnel,
    ),
    (
        include_str!("../../../../benches/sql/queries/04_top_items_by_week.sql"),
        model::top_items_by_week,
    ),
    (
        include_str!("../../../../benches/sql/queries/05_covisited.sql"),
        model::covisited,
    ),
    (
        include_str!("../../../../benches/sql/queries/06_retention.sql"),
        model::retention,
    ),
    (
        include_str!("../../../../benches/sql/queries/07_repeat_purchases.sql"),
        model::repeat_purchases,
    ),
    (
        include_str!("../../../../benches/sql/queries/08_position_bias.sql"),
        model::position_bias,
    ),
    (
        include_str!("../../../../benches/sql/queries/09_newest_per_user.sql"),
        model::newest_per_user,
    ),
    (
        include_str!("../../../../benches/sql/queries/10_did_a_not_b.sql"),
        model::did_a_not_b,
    ),
    (
        include_str!("../../../../benches/sql/queries/11_sliding_counts.sql"),
        model::sliding_counts,
    ),
    (
        include_str!("../../../../benches/sql/queries/12_popularity_as_of.sql"),
        model::popularity_as_of,
    ),
];

#[test]
fn the_twelve_queries_answer_as_the_model_does() {
    let rows = rows(3_000, 1);
    for held in EVERY_WAY {
        let stored = store_of(&rows, held);
        for threads in [1, 4] {
            let context = context(&stored.store, threads);
            for (sql, model) in QUERIES {
                let expected = model(&rows);
                assert!(!expected.is_empty());
                assert_eq!(
                    answer(&context, sql),
                    expected,
                    "{held:?}, {threads} threads: {sql}"
                );
            }
        }
    }
}
