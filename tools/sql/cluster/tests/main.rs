//! Two worker processes on loopback answer as one process does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails says where"
)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use annals::shards::ShardSet;
use annals::{Durability, Interaction, Limits, Schema, Store, WriteBatch};
use annals_cluster::session;
use annals_datafusion::{Interactions, Options, register};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use datafusion_distributed::display_plan_ascii;
use tempfile::TempDir;
use url::Url;

const QUERIES: [&str; 12] = [
    include_str!("../../../../benches/sql/queries/01_counts_by_type_and_day.sql"),
    include_str!("../../../../benches/sql/queries/02_sessions.sql"),
    include_str!("../../../../benches/sql/queries/03_funnel.sql"),
    include_str!("../../../../benches/sql/queries/04_top_items_by_week.sql"),
    include_str!("../../../../benches/sql/queries/05_covisited.sql"),
    include_str!("../../../../benches/sql/queries/06_retention.sql"),
    include_str!("../../../../benches/sql/queries/07_repeat_purchases.sql"),
    include_str!("../../../../benches/sql/queries/08_position_bias.sql"),
    include_str!("../../../../benches/sql/queries/09_newest_per_user.sql"),
    include_str!("../../../../benches/sql/queries/10_did_a_not_b.sql"),
    include_str!("../../../../benches/sql/queries/11_sliding_counts.sql"),
    include_str!("../../../../benches/sql/queries/12_popularity_as_of.sql"),
];

/// A process that runs parts of queries; it ends with the test.
struct Worker {
    process: Child,
    url: Url,
}

impl Worker {
    fn start(root: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_annals-cluster"))
            .args(["worker", "--root"])
            .arg(root)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        Self {
            process,
            url: Url::parse(line.trim()).unwrap(),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn schema() -> Schema {
    let schema = r#"{"type": "record", "name": "Interactions", "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "EVENT_VALUE", "type": ["null", "float"]},
        {"name": "IMPRESSION", "type": ["null", "string"]}
    ]}"#;
    Schema::parse(schema, &Limits::personalize()).unwrap()
}

/// Rows of 97 users over some weeks.
fn rows(count: u64) -> impl Iterator<Item = Interaction> {
    let types = ["view", "view", "cart", "purchase", "view"];
    (0..count).map(move |at| {
        let mixed = at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let item = |step: u64| format!("i{}", (mixed >> step) % 40);
        let time = 1_700_000_000 + (at * 1_709) as i64 % 3_000_000;
        Interaction::new(format!("u{}", mixed % 97), item(7), time)
            .event_type(types[(mixed >> 13) as usize % types.len()])
            .impression([item(3), item(7), item(11)])
    })
}

fn store(folder: &Path, count: u64) -> PathBuf {
    let path = folder.join("store");
    let store = Store::create(&path, &schema()).unwrap();
    let all: Vec<Interaction> = rows(count).collect();
    for part in all.chunks(5_000) {
        let batch = WriteBatch::from_iter(part.iter().cloned());
        store.write(batch, Durability::Buffered).unwrap();
        store.flush().unwrap();
    }
    path
}

fn options() -> Options {
    Options {
        threads: Some(2),
        memory: None,
    }
}

fn cluster(workers: &[Worker], path: &Path) -> SessionContext {
    let urls = workers.iter().map(|worker| worker.url.clone()).collect();
    let context = session(urls, &options()).unwrap();
    register(&context, &Interactions::of_pin(path, "query").unwrap()).unwrap();
    context
}

/// The same in this process alone.
fn alone(path: &Path) -> SessionContext {
    let context = annals_datafusion::session(&options()).unwrap();
    register(&context, &Interactions::of_pin(path, "query").unwrap()).unwrap();
    context
}

async fn answer(context: &SessionContext, sql: &str) -> Result<String, String> {
    let frame = context.sql(sql).await.map_err(|error| error.to_string())?;
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    Ok(pretty_format_batches(&batches).unwrap().to_string())
}

/// The stages of a query, each with its number of tasks.
async fn plan(context: &SessionContext, sql: &str) -> String {
    let frame = context.sql(sql).await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    display_plan_ascii(&*plan, false)
}

async fn agree(path: &Path, root: &Path) {
    let workers = [Worker::start(root), Worker::start(root)];
    let (cluster, alone) = (cluster(&workers, path), alone(path));
    for sql in QUERIES {
        let found = answer(&cluster, sql).await;
        assert_eq!(found, answer(&alone, sql).await, "{sql}");
        let plan = plan(&cluster, sql).await;
        assert!(plan.contains("tasks=2"), "{plan}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_answer_as_one_process_does() {
    let folder = TempDir::new().unwrap();
    let path = store(folder.path(), 20_000);
    annals::shards::pin(&path, "query", None).unwrap();
    // What comes later is not of the pin.
    let store = Store::open(&path).unwrap();
    store
        .write(
            Interaction::new("late", "i1", 5).event_type("view"),
            Durability::Buffered,
        )
        .unwrap();
    store.compact().unwrap();
    drop(store);
    agree(&path, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_answer_over_a_set_of_shards() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("set");
    let set = ShardSet::create(&path, &schema(), 3).unwrap();
    set.write(WriteBatch::from_iter(rows(6_000)), Durability::Buffered)
        .unwrap();
    drop(set);
    annals::shards::pin(&path, "query", None).unwrap();
    agree(&path, folder.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_gives_an_error_or_the_right_answer() {
    let folder = TempDir::new().unwrap();
    let path = store(folder.path(), 60_000);
    annals::shards::pin(&path, "query", None).unwrap();
    let sql = QUERIES[11];
    let right = answer(&alone(&path), sql).await.unwrap();
    for wait in [0, 5, 20, 60] {
        let workers = [Worker::start(folder.path()), Worker::start(folder.path())];
        let context = cluster(&workers, &path);
        let query = tokio::spawn(async move { answer(&context, sql).await });
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        let [first, _second] = workers;
        drop(first);
        if let Ok(found) = query.await.unwrap() {
            assert_eq!(found, right);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_cannot_open_is_said() {
    let folder = TempDir::new().unwrap();
    let path = store(folder.path(), 20_000);
    annals::shards::pin(&path, "query", None).unwrap();
    let other = TempDir::new().unwrap();
    let workers = [Worker::start(other.path()), Worker::start(other.path())];
    let said = answer(&cluster(&workers, &path), QUERIES[0])
        .await
        .unwrap_err();
    assert!(said.contains("the root of this worker"), "{said}");

    let workers = [Worker::start(folder.path()), Worker::start(folder.path())];
    let context = cluster(&workers, &path);
    annals::shards::unpin(&path, "query").unwrap();
    let said = answer(&context, QUERIES[0]).await.unwrap_err();
    assert!(
        said.contains("partition of the pin query: it is gone"),
        "{said}"
    );
}
