//! What plans use of the order and the partitions of a store.

use annals::Durability;
use annals_datafusion::{Interactions, register};
use datafusion::catalog::TableProvider;
use futures::StreamExt;

use crate::data::{EVERY_WAY, Held, rows, store_of, write};
use crate::running::{answer, block_on, context, is_dictionary, plan, texts};

#[test]
fn what_goes_by_user_and_time_needs_no_sort_and_no_exchange() {
    let stored = store_of(&rows(3_000, 5), Held::Mixed);
    let context = context(&stored.store, 4);
    for sql in [
        "SELECT user_id, timestamp FROM interactions ORDER BY user_id, timestamp",
        "SELECT lag(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp) FROM interactions",
        "SELECT count(*) OVER (PARTITION BY user_id ORDER BY timestamp RANGE BETWEEN 60 PRECEDING AND CURRENT ROW) FROM interactions",
        "SELECT user_id, count(*) FROM interactions GROUP BY user_id",
        "SELECT user_id, event_type, count(*) FROM interactions GROUP BY user_id, event_type",
        include_str!("../../../../benches/sql/queries/02_sessions.sql"),
        include_str!("../../../../benches/sql/queries/03_funnel.sql"),
        include_str!("../../../../benches/sql/queries/09_newest_per_user.sql"),
        include_str!("../../../../benches/sql/queries/11_sliding_counts.sql"),
    ] {
        let plan = plan(&context, sql);
        assert!(plan.contains("partitions=4 by user"), "{plan}");
        let below = plan.lines().rev();
        // Up from the scan to what puts the partitions together, which is where the answer is small.
        let by_user = below.map(str::trim_start).take_while(|line| {
            let whole = line.starts_with("AggregateExec") && !line.contains("user_id");
            !(whole
                || line.starts_with("CoalescePartitionsExec")
                || line.starts_with("SortPreservingMergeExec"))
        });
        for line in by_user {
            assert!(
                !line.contains("SortExec") && !line.contains("RepartitionExec"),
                "{sql}\n{plan}"
            );
        }
    }
}

#[test]
fn the_declared_order_is_the_order() {
    let rows = rows(2_000, 6);
    let mut expected: Vec<_> = rows
        .iter()
        .map(|row| vec![row.user.clone(), row.time.to_string()])
        .collect();
    expected.sort();
    for held in EVERY_WAY {
        let stored = store_of(&rows, held);
        for threads in [1, 5] {
            let context = context(&stored.store, threads);
            let found = answer(
                &context,
                "SELECT user_id, timestamp FROM interactions ORDER BY user_id, timestamp",
            );
            assert_eq!(found, expected, "{held:?}, {threads}");
        }
    }
}

#[test]
fn strings_stay_codes() {
    let stored = store_of(&rows(300, 7), Held::Compacted);
    let context = context(&stored.store, 2);
    let sql = "SELECT user_id, item_id, event_type, device FROM interactions";
    let batches = block_on(async { context.sql(sql).await.unwrap().collect().await.unwrap() });
    for batch in &batches {
        for column in ["user_id", "item_id", "event_type", "device"] {
            assert!(is_dictionary(batch, column), "{column}");
        }
    }
}

#[test]
fn a_limit_reads_no_more_than_it_needs() {
    let stored = store_of(&rows(3_000, 8), Held::Compacted);
    let context = context(&stored.store, 2);
    let sql = "SELECT user_id FROM interactions LIMIT 7";
    assert_eq!(answer(&context, sql).len(), 7);
    assert!(plan(&context, sql).contains("fetch=7"));
    assert_eq!(
        answer(
            &context,
            "SELECT user_id FROM interactions WHERE user_id = 'u07' LIMIT 2"
        )
        .len(),
        2
    );
}

#[test]
fn the_planner_knows_how_many_rows_there_are() {
    let stored = store_of(&rows(1_000, 9), Held::Compacted);
    let context = context(&stored.store, 2);
    let explain = |sql: &str| {
        let rows = answer(&context, &format!("EXPLAIN {sql}"));
        rows.into_iter()
            .map(|row| row.join(" "))
            .collect::<String>()
    };
    answer(&context, "SET datafusion.explain.show_statistics = true");
    assert!(explain("SELECT item_id FROM interactions").contains("Rows=Inexact(1000)"));
    // The rows of one user of 61.
    assert!(
        explain("SELECT item_id FROM interactions WHERE user_id = 'u07'")
            .contains("Rows=Inexact(17)")
    );
}

#[test]
fn a_table_shows_one_commit_and_registering_again_goes_on() {
    let rows = rows(100, 10);
    let stored = store_of(&rows, Held::Hot);
    let context = context(&stored.store, 2);
    let count = || answer(&context, "SELECT count(*) FROM interactions");
    write(&stored.store, &rows);
    assert_eq!(count(), [["100"]]);
    register(&context, &Interactions::of(&stored.store)).unwrap();
    assert_eq!(count(), [["200"]]);
}

#[test]
fn rows_that_were_deleted_are_not_shown() {
    let rows = rows(800, 11);
    let stored = store_of(&rows, Held::Compacted);
    stored
        .store
        .delete(&annals::Deletion::user("u07"), Durability::Buffered)
        .unwrap();
    let context = context(&stored.store, 2);
    let left = rows.iter().filter(|row| row.user != "u07").count();
    assert_eq!(
        answer(&context, "SELECT count(*) FROM interactions"),
        [[left.to_string()]]
    );
}

/// A stream that is dropped reads no further; what it gave stays as it was.
#[test]
fn a_stream_can_be_dropped_at_any_batch() {
    let stored = store_of(&rows(3_000, 12), Held::Compacted);
    let context = context(&stored.store, 2);
    answer(&context, "SET datafusion.execution.batch_size = 64");
    let first = block_on(async {
        let frame = context
            .sql("SELECT user_id, timestamp FROM interactions")
            .await
            .unwrap();
        let mut stream = frame.execute_stream().await.unwrap();
        stream.next().await.unwrap().unwrap()
    });
    assert!(first.num_rows() <= 64);
    drop(stored);
    assert_eq!(texts(&first).len(), first.num_rows());
}

#[test]
fn columns_have_the_types_of_the_schema() {
    let stored = store_of(&rows(10, 13), Held::Hot);
    let schema = Interactions::of(&stored.store).schema();
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| format!("{} {}", field.name(), field.data_type()))
        .collect();
    assert_eq!(
        fields,
        [
            "user_id Dictionary(Int32, Utf8)",
            "item_id Dictionary(Int32, Utf8)",
            "timestamp Int64",
            "event_type Dictionary(Int32, Utf8)",
            "event_value Float32",
            "device Dictionary(Int32, Utf8)",
            "impression List(non-null Dictionary(Int32, Utf8))",
        ]
    );
}
