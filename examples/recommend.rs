//! A host that serves recommendations: it records what users do, drops candidates they have
//! bought, and hands the newest interactions on as features.
//!
//! `cargo run --release --example recommend -- FOLDER`

use annals::query::{TextBuffer, Unseen};
use annals::{
    Durability, ErrorKind, History, HistoryQuery, Interaction, Limits, Projection, Result, Schema,
    Store,
};

const SCHEMA: &str = r#"{
    "type": "record", "name": "Interactions", "version": "1.0",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
        {"name": "EVENT_TYPE", "type": "string"}
    ]
}"#;

/// What a request thread keeps: a handle of the store and buffers that are used again.
struct Recommender {
    store: Store,
    history: History,
    items: TextBuffer,
    unseen: Unseen,
}

impl Recommender {
    fn open(folder: &str) -> Result<Self> {
        let store = match Store::open(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Store::create(folder, &Schema::parse(SCHEMA, &Limits::personalize())?)?
            }
            opened => opened?,
        };
        Ok(Self {
            store,
            history: History::new(),
            items: TextBuffer::new(),
            unseen: Unseen::new(),
        })
    }

    fn record(&self, user: &str, item: &str, event_type: &str, at: i64) -> Result<()> {
        let event = Interaction::new(user, item, at).event_type(event_type);
        self.store.write(event, Durability::Synced)?;
        Ok(())
    }

    /// The candidates that the user has not bought, in their order.
    fn allowed<'a>(&mut self, user: &str, candidates: &[&'a str]) -> Result<Vec<&'a str>> {
        let bought = ["purchase".to_owned()];
        let snapshot = self.store.snapshot();
        let unseen = snapshot.unseen(user, candidates, &bought, &mut self.unseen)?;
        let kept = candidates.iter().zip(unseen).filter(|(_, unseen)| **unseen);
        Ok(kept.map(|(candidate, _)| *candidate).collect())
    }

    /// The items of the user's newest interactions, newest first.
    fn newest(&mut self, user: &str, limit: usize) -> Result<&TextBuffer> {
        let query = HistoryQuery::default()
            .limit(limit)
            .projection(Projection::names(["ITEM_ID"]))
            .copies_text(true);
        self.store.history(user, &query, &mut self.history)?;
        let item = self.store.schema().item();
        self.history.copy_text(item, &mut self.items)?;
        Ok(&self.items)
    }
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1);
    let mut recommender = Recommender::open(folder.as_deref().unwrap_or("recommend-example"))?;
    recommender.record("ada", "tea", "view", 1_700_000_000)?;
    recommender.record("ada", "tea", "purchase", 1_700_000_060)?;
    recommender.record("ada", "cake", "view", 1_700_000_120)?;

    let allowed = recommender.allowed("ada", &["tea", "coffee", "cake"])?;
    println!("not bought yet: {}", allowed.join(", "));
    let newest = recommender.newest("ada", 10)?;
    println!(
        "newest: {} interactions, {:?} first",
        newest.len(),
        newest.get(0)
    );
    Ok(())
}
