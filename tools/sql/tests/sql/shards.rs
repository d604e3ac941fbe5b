//! SQL over a set of shards: the answers are those of one store with the same rows.

use annals::shards::ShardSet;
use annals::{Durability, Limits, Schema, WriteBatch};
use annals_datafusion::{Interactions, Live};
use tempfile::TempDir;

use crate::data::{Held, Row, SCHEMA, interactions, rows, store_of};
use crate::queries::QUERIES;
use crate::running::{answer, context, context_of, plan};

struct Sharded {
    folder: TempDir,
    set: ShardSet,
}

impl Sharded {
    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("set")
    }
}

/// Half of the rows in segments, half in memory.
fn set_of(rows: &[Row], shards: usize) -> Sharded {
    let folder = tempfile::tempdir().unwrap();
    let schema = Schema::parse(SCHEMA, &Limits::personalize()).unwrap();
    let set = ShardSet::create(folder.path().join("set"), &schema, shards).unwrap();
    let (first, second) = rows.split_at(rows.len() / 2);
    write(&set, first);
    for store in set.stores().unwrap() {
        store.flush().unwrap();
    }
    write(&set, second);
    Sharded { folder, set }
}

fn write(set: &ShardSet, rows: &[Row]) {
    let batch = WriteBatch::from_iter(interactions(rows));
    set.write(batch, Durability::Buffered).unwrap();
}

fn table(set: &ShardSet) -> Interactions {
    Interactions::of_shards(set.map(), &set.stores().unwrap()).unwrap()
}

#[test]
fn the_twelve_queries_answer_as_over_one_store() {
    let rows = rows(2_000, 40);
    for shards in [1, 2, 7] {
        let sharded = set_of(&rows, shards);
        for threads in [1, 4] {
            let context = context_of(&table(&sharded.set), threads);
            for (sql, model) in QUERIES {
                let found = answer(&context, sql);
                assert_eq!(found, model(&rows), "{shards} shards, {threads}: {sql}");
            }
        }
    }
}

#[test]
fn rows_filters_and_functions_are_those_of_one_store() {
    let rows = rows(1_500, 41);
    let stored = store_of(&rows, Held::Mixed);
    let one = context(&stored.store, 2);
    for shards in [1, 2, 7] {
        let sharded = set_of(&rows, shards);
        let all = context_of(&table(&sharded.set), 2);
        for sql in [
            "SELECT user_id, timestamp FROM interactions ORDER BY user_id, timestamp",
            "SELECT user_id, item_id, timestamp, event_type, event_value, device FROM interactions \
             ORDER BY user_id, timestamp, item_id, event_type, event_value, device",
            "SELECT timestamp FROM interactions WHERE user_id = 'u07' ORDER BY timestamp",
            "SELECT user_id, count(*) FROM interactions WHERE user_id IN ('u02', 'u03', 'u1', 'nobody') GROUP BY 1 \
             ORDER BY 1",
            "SELECT count(*) FROM interactions WHERE user_id > 'u2' AND event_type = 'cart'",
            "SELECT count(*) FROM interactions WHERE user_id <> 'u07'",
            "SELECT count(*) FROM interactions WHERE false",
            "SELECT timestamp FROM history('u07', 5)",
            "SELECT timestamp FROM history('nobody')",
            "SELECT user_id, timestamps FROM sequences(9) ORDER BY user_id",
            "SELECT timestamps FROM sequences() WHERE user_id = 'u07'",
        ] {
            assert_eq!(
                answer(&all, sql),
                answer(&one, sql),
                "{shards} shards: {sql}"
            );
        }
    }
}

#[test]
fn one_user_is_looked_for_in_one_shard() {
    let sharded = set_of(&rows(600, 42), 7);
    let context = context_of(&table(&sharded.set), 2);
    let of = |users: &str| {
        let sql = format!("SELECT item_id FROM interactions WHERE {users}");
        plan(&context, &sql)
    };
    assert!(of("user_id = 'u07'").contains("partitions=1"));
    assert!(of("user_id >= 'u07'").contains("partitions=7"));
}

/// The users of shards interleave, so partitions are no ranges of users; the order of each is still used.
#[test]
fn the_order_of_a_set_is_used() {
    let rows = rows(600, 43);
    let sharded = set_of(&rows, 2);
    let context = context_of(&table(&sharded.set), 2);
    let sql = "SELECT user_id, timestamp FROM interactions ORDER BY user_id, timestamp";
    let plan = plan(&context, sql);
    assert!(
        !plan.contains("SortExec") && !plan.contains("by user"),
        "{plan}"
    );
}

#[test]
fn a_set_is_followed_through_writes_and_splits() {
    let rows = rows(400, 44);
    let sharded = set_of(&rows, 2);
    let path = sharded.path();
    let mut live = Live::open(&path).unwrap();
    let count = |live: &Live| {
        let context = context_of(&live.interactions().unwrap(), 2);
        answer(&context, "SELECT count(*) FROM interactions")
    };
    assert_eq!(count(&live), [["400"]]);
    assert!(!live.refresh().unwrap());
    write(&sharded.set, &rows[..10]);
    assert_eq!(count(&live), [["400"]]);
    assert!(live.refresh().unwrap());
    assert_eq!(count(&live), [["410"]]);
    drop(sharded.set);
    ShardSet::builder().split(&path, 0).unwrap();
    assert_eq!(count(&live), [["410"]]);
    assert!(live.refresh().unwrap());
    assert_eq!(live.stores().len(), 3);
    assert_eq!(count(&live), [["410"]]);
}

#[test]
fn stores_that_are_not_those_of_the_map_are_refused() {
    let sharded = set_of(&rows(10, 45), 2);
    let stores = sharded.set.stores().unwrap();
    let error = Interactions::of_shards(sharded.set.map(), &stores[..1]).unwrap_err();
    assert!(
        error.to_string().contains("1 stores of 2 shards"),
        "{error}"
    );
}
