//! Random deletions, expiries, purges, schemas and events beside seals, compactions and imports, compared
//! with plain rows.
//!
//! `PROPTEST_CASES=1000` runs more of them.

mod consumer;
mod model;
mod operations;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use annals::events::{PutEvent, PutEvents, Recommendation};
use annals::query::{ScanOrder, Unseen, value_at};
use annals::{
    Durability, History, HistoryQuery, ImportMode, Interaction, Limits, Order, Reader, ScanQuery,
    Schema, Snapshot, Store, StoreBuilder,
};
use model::{Model, Row};
use operations::{Operation, TYPES, USERS, items, operations};
use proptest::prelude::*;

use crate::support::{folder, quiet};

/// Snapshots held at a time.
const HELD: usize = 3;

/// The fields beside those that every row has, by the number of the schema: each follows the one before.
const LATER: [&str; 4] = [
    "",
    r#", {"name": "SCORE", "type": ["null", "float"]}"#,
    r#", {"name": "SCORE", "type": ["null", "double"]},
       {"name": "IMPRESSION", "type": ["null", "string"]}"#,
    r#", {"name": "NOTE", "type": ["null", "string"]}, {"name": "SCORE", "type": ["null", "double"]},
       {"name": "IMPRESSION", "type": ["null", "string"]},
       {"name": "RECOMMENDATION_ID", "type": ["null", "string"]},
       {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["null", "string"]}"#,
];

fn schema(number: usize) -> Schema {
    let json = format!(
        r#"{{"type": "record", "name": "Interactions", "fields": [
        {{"name": "USER_ID", "type": "string"}}, {{"name": "ITEM_ID", "type": "string"}},
        {{"name": "TIMESTAMP", "type": "long"}}, {{"name": "EVENT_TYPE", "type": "string"}},
        {{"name": "COUNT", "type": "{}"}}{}]}}"#,
        if number == 0 { "int" } else { "long" },
        LATER[number]
    );
    Schema::parse(&json, &Limits::unlimited()).unwrap()
}

const SHOWN: [&str; 9] = [
    "USER_ID",
    "ITEM_ID",
    "TIMESTAMP",
    "EVENT_TYPE",
    "COUNT",
    "SCORE",
    "IMPRESSION",
    "RECOMMENDATION_ID",
    "EVENT_ATTRIBUTION_SOURCE",
];

struct Run {
    path: PathBuf,
    now: Arc<AtomicU64>,
    store: Option<Store>,
    reader: Reader,
    schema: usize,
    model: Model,
    held: Vec<(Snapshot, Model)>,
    /// Whether a lease keeps what a consumer of the held snapshots has not taken.
    leased: bool,
    /// Changes from before these commits are not told: of the last purge, and of the last schema.
    purged: u64,
    evolved: u64,
}

impl Run {
    fn builder(now: &Arc<AtomicU64>) -> StoreBuilder {
        let clock = now.clone();
        let settings = quiet().max_runs(2);
        Store::builder()
            .settings(settings)
            .limits(Limits::unlimited())
            .clock(move || clock.load(Ordering::SeqCst))
    }

    fn new(path: PathBuf, number: usize) -> Self {
        let now = Arc::new(AtomicU64::new(model::START));
        let store = Self::builder(&now).create(&path, &schema(number)).unwrap();
        let leased = number % 2 == 1;
        if leased {
            Store::builder().lease(&path, "all", 0, None).unwrap();
        }
        Self {
            leased,
            purged: 0,
            evolved: 0,
            reader: Store::open_reader(&path).unwrap(),
            path,
            now,
            store: Some(store),
            schema: number,
            model: Model::default(),
            held: Vec::new(),
        }
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn apply(&mut self, operation: &Operation) {
        let store = self.store.as_ref().unwrap();
        let buffered = Durability::Buffered;
        match operation {
            Operation::Put {
                session,
                user,
                id,
                rows,
            } => {
                let has_impressions = self.schema > 1;
                let has_recommendations = self.schema > 2;
                let rows: Vec<Row> = rows.iter().map(|row| self.fitting(row)).collect();
                let event = |row: &Row| {
                    let mut event = PutEvent::new(row.event_type.clone(), row.at)
                        .item_id(row.item.clone())
                        .impression(row.impression.clone())
                        .property("COUNT", row.count as i32);
                    event.event_id = id.map(|id| format!("event {id}").into());
                    event.recommendation_id = row.recommendation.clone().map(Into::into);
                    event
                };
                let mut request = PutEvents::new(session).events(rows.iter().map(event));
                request.user_id = user.as_deref().map(Into::into);
                store.put_events(&request, buffered).unwrap();
                self.model.put(
                    session,
                    user.as_deref(),
                    *id,
                    &rows,
                    [has_impressions, has_recommendations],
                );
            }
            Operation::Write(rows) => {
                let rows: Vec<Row> = rows.iter().map(|row| self.fitting(row)).collect();
                let batch: annals::WriteBatch =
                    rows.iter().map(|row| self.interaction(row)).collect();
                store.write(batch, buffered).unwrap();
                self.model.write(&rows);
            }
            Operation::Import(rows, mode) => {
                let rows: Vec<Row> = rows.iter().map(|row| self.fitting(row)).collect();
                let mut import = store.import(*mode).unwrap();
                import.allow_empty(true);
                for row in &rows {
                    import.push(&self.interaction(row)).unwrap();
                }
                import.commit().unwrap();
                self.model.import(&rows, *mode == ImportMode::Full);
            }
            Operation::Recommend(id, items) => {
                let shown = Recommendation::new(id.clone(), items.clone()).source("home");
                store.record_recommendation(&shown, buffered).unwrap();
                self.model.recommend(id, items, self.schema > 1);
            }
            Operation::Delete(deleted) => {
                store.delete(&deleted.deletion(), buffered).unwrap();
                self.model.delete(deleted);
            }
            Operation::Retain(retention) => {
                store.set_retention(retention).unwrap();
                self.model.retention = retention.clone();
                self.expired();
            }
            Operation::Pass(seconds) => {
                self.now.fetch_add(*seconds, Ordering::SeqCst);
                self.model.now += seconds;
                store.expire().unwrap();
                self.expired();
            }
            Operation::Flush => store.flush().unwrap(),
            Operation::Compact => store.compact().unwrap(),
            Operation::Maintain => {
                store.expire().unwrap();
                store.maintain().unwrap();
                self.expired();
            }
            Operation::Reopen => self.reopened(|_| {}),
            Operation::Purge => {
                let mut receipt = None;
                self.purged = store.snapshot().sequence();
                if self.leased {
                    let lease = Store::builder().lease(&self.path, "all", self.purged, None);
                    lease.unwrap();
                }
                self.reopened(|run| {
                    receipt = Self::builder(&run.now).purge(&run.path).unwrap();
                    if let Some(receipt) = &receipt {
                        assert!(receipt.is_clean(), "{:?}", receipt.found);
                        let again = Self::builder(&run.now).check_purge(&run.path, receipt);
                        assert_eq!(again.unwrap(), []);
                        assert_eq!(Self::builder(&run.now).purge(&run.path).unwrap(), None);
                    }
                });
                assert!(receipt.is_some() || self.model.purgeable.is_empty());
                self.model.purge();
            }
            Operation::Evolve => {
                self.schema = (self.schema + 1).min(LATER.len() - 1);
                let number = self.schema;
                self.evolved = store.snapshot().sequence();
                self.reopened(|run| {
                    Self::builder(&run.now)
                        .evolve(&run.path, &schema(number))
                        .unwrap();
                });
            }
            Operation::Hold => {
                if self.held.len() == HELD {
                    self.held.remove(0);
                }
                self.held
                    .push((self.store().snapshot(), self.model.clone()));
            }
            Operation::Check(user) => {
                let full = |snapshot: &Snapshot, model: &Model| {
                    check(snapshot, model);
                    check_user(snapshot, model, user);
                };
                full(&self.store().snapshot(), &self.model);
                for (snapshot, model) in &self.held {
                    full(snapshot, model);
                    self.check_changes(snapshot);
                }
            }
        }
        self.model
            .assert_sequence(self.store().snapshot().sequence());
    }

    /// What was read at a commit, with the changes since, is what is read now; by the writer and by a reader.
    fn check_changes(&self, then: &Snapshot) {
        let since = then.sequence();
        if since < self.evolved {
            return;
        }
        let reader = self.reader.store();
        let now = scanned(&self.store().snapshot(), &ScanQuery::default());
        for store in [self.store(), &reader] {
            match store.changes_since(since) {
                Ok(changes) => assert_eq!(consumer::after(then, &changes), consumer::sorted(&now)),
                Err(error) => {
                    let said = error.to_string();
                    let forgets = !self.leased || since < self.purged;
                    let may = [
                        said.contains("a FULL import"),
                        said.contains("not remembered") && forgets,
                        said.contains("there is a user of its name"),
                    ];
                    assert!(may.contains(&true), "{said}");
                }
            }
        }
    }

    fn expired(&mut self) {
        self.model.expire();
        self.model.sequence = self.store().snapshot().sequence();
    }

    /// Closes the store, does something, and opens it again.
    fn reopened(&mut self, meanwhile: impl FnOnce(&Self)) {
        drop(self.store.take());
        meanwhile(self);
        self.store = Some(Self::builder(&self.now).open(&self.path).unwrap());
    }

    /// What of a row the schema has fields for.
    fn fitting(&self, row: &Row) -> Row {
        let mut row = row.clone();
        if self.schema < 1 {
            row.score = None;
        }
        if self.schema < 2 {
            row.impression.clear();
        }
        if self.schema < 3 {
            row.recommendation = None;
        }
        row
    }

    fn interaction(&self, row: &Row) -> Interaction {
        let mut interaction =
            Interaction::new(&row.owner, &row.item, row.at).event_type(&row.event_type);
        interaction = match self.schema {
            0 => interaction.with("COUNT", row.count as i32),
            _ => interaction.with("COUNT", row.count),
        };
        if let Some(score) = row.score {
            interaction = match self.schema {
                1 => interaction.with("SCORE", score),
                _ => interaction.with("SCORE", f64::from(score)),
            };
        }
        if let Some(id) = &row.recommendation {
            interaction = interaction.with("RECOMMENDATION_ID", id.clone());
        }
        match row.impression.is_empty() {
            true => interaction,
            false => interaction.impression(&row.impression),
        }
    }
}

/// A row as text; fields that the schema does not have are empty.
fn line(schema: &Schema, user: &str, value: impl Fn(usize) -> annals::Value) -> String {
    let cells = SHOWN.iter().map(|name| match schema.position(name) {
        Some(field) if field == schema.user() => user.to_owned(),
        Some(field) => match value(field) {
            annals::Value::Null => String::new(),
            annals::Value::String(text) => text,
            annals::Value::Int(number) => number.to_string(),
            annals::Value::Long(number) => number.to_string(),
            annals::Value::Float(number) => f64::from(number).to_string(),
            annals::Value::Double(number) => number.to_string(),
            annals::Value::Boolean(flag) => flag.to_string(),
            annals::Value::Items(items) => items.join("|"),
        },
        None => String::new(),
    });
    cells.collect::<Vec<String>>().join(",")
}

fn scanned(snapshot: &Snapshot, query: &ScanQuery) -> Vec<String> {
    let schema = snapshot.schema();
    let mut lines = Vec::new();
    for batch in snapshot.scan(query).unwrap() {
        let batch = batch.unwrap();
        for row in 0..batch.rows() {
            let user = value_at(schema, &batch, schema.user(), row).unwrap();
            let annals::Value::String(user) = user else {
                panic!("{user:?}")
            };
            lines.push(line(schema, &user, |field| {
                value_at(schema, &batch, field, row).unwrap()
            }));
        }
    }
    lines
}

/// Everything a scan shows, in both orders, and the users.
fn check(snapshot: &Snapshot, model: &Model) {
    let want = model.lines(|_| true);
    assert_eq!(scanned(snapshot, &ScanQuery::default()), want);
    let any = ScanQuery::default().order(ScanOrder::Any);
    let (mut found, mut want) = (scanned(snapshot, &any), want);
    found.sort();
    want.sort();
    assert_eq!(found, want);
    let users: Vec<String> = (snapshot.users(Default::default()).unwrap())
        .map(|user| user.unwrap())
        .collect();
    assert_eq!(users, model.users());
}

fn check_user(snapshot: &Snapshot, model: &Model, user: &str) {
    let schema = snapshot.schema();
    let mut history = History::new();
    let mut buffer = Unseen::new();
    for types in [vec![], vec!["VIEW".to_owned()]] {
        let is_asked = |row: &Row| {
            row.owner == user && (types.is_empty() || row.event_type.eq_ignore_ascii_case("view"))
        };
        let mut want = model.lines(is_asked);
        for limit in [usize::MAX, 2] {
            for order in [Order::OldestFirst, Order::NewestFirst] {
                let query = HistoryQuery::default()
                    .order(order)
                    .event_types(types.clone())
                    .limit(Some(limit).filter(|limit| *limit < usize::MAX));
                snapshot.history(user, &query, &mut history).unwrap();
                let found: Vec<String> = history
                    .iter()
                    .map(|event| line(schema, user, |field| event.value(field).unwrap()))
                    .collect();
                let mut want = want.clone();
                if order == Order::NewestFirst {
                    want.reverse();
                }
                want.truncate(limit);
                assert_eq!(found, want, "{user} {query:?}");
            }
        }
        let of_user = |row: &Row| row.owner == user;
        let item_of = |line: &String| line.split(',').nth(1).unwrap().to_owned();
        let seen: Vec<String> = want.iter().map(item_of).collect();
        let items = items();
        let unseen = snapshot.unseen(user, &items, &types, &mut buffer).unwrap();
        let expected: Vec<bool> = items.iter().map(|item| !seen.contains(item)).collect();
        assert_eq!(unseen, expected, "{user} {types:?}");
        want.reverse();
        let newest: Vec<String> = match types.is_empty() {
            false => want.iter().take(2).map(item_of).collect(),
            true => TYPES
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect::<std::collections::BTreeSet<_>>()
                .iter()
                .flat_map(|name| {
                    let mut lines = model
                        .lines(|row| of_user(row) && row.event_type.eq_ignore_ascii_case(name));
                    lines.reverse();
                    lines.truncate(2);
                    lines.iter().map(item_of).collect::<Vec<_>>()
                })
                .collect(),
        };
        let unseen = snapshot
            .unseen_among_newest(user, &items, &types, 2, &mut buffer)
            .unwrap();
        let expected: Vec<bool> = items.iter().map(|item| !newest.contains(item)).collect();
        assert_eq!(unseen, expected, "newest of {user} {types:?}");
    }
    let only = ScanQuery::default()
        .users(
            annals::query::UserRange::default()
                .from(user)
                .to(format!("{user}\u{1}")),
        )
        .event_types(["buy"]);
    let want = model.lines(|row| row.owner == user && row.event_type.eq_ignore_ascii_case("buy"));
    assert_eq!(scanned(snapshot, &only), want, "a scan of {user}");
}

/// A few seconds' worth, unless the environment says otherwise.
fn config() -> ProptestConfig {
    let given = ProptestConfig::default();
    ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").map_or(24, |_| given.cases),
        max_shrink_iters: 2000,
        ..given
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_store_that_changes_in_every_way_answers_as_plain_rows(
        (number, operations) in (0_usize..4, operations())
    ) {
        let folder = folder();
        let mut run = Run::new(folder.path().join("store"), number);
        for operation in &operations {
            run.apply(operation);
            if !matches!(operation, Operation::Hold | Operation::Check(_)) {
                run.reader.refresh().unwrap();
                check(&run.store().snapshot(), &run.model);
            }
        }
        for user in USERS {
            check_user(&run.store().snapshot(), &run.model, user);
            check_user(&run.reader.snapshot(), &run.model, user);
        }
        check(&run.reader.snapshot(), &run.model);
        for (snapshot, model) in &run.held {
            check(snapshot, model);
            run.check_changes(snapshot);
        }
        run.apply(&Operation::Reopen);
        check(&run.store().snapshot(), &run.model);
        run.apply(&Operation::Compact);
        check(&run.store().snapshot(), &run.model);
        let stats = run.store().stats().unwrap();
        prop_assert_eq!(stats.rows, run.model.rows.len() as u64);
        prop_assert_eq!(stats.users, run.model.users().len() as u64);
        let report = run.store().verify(&mut |_| {}).unwrap();
        prop_assert!(report.is_sound(), "{:?}", report);
    }
}

/// A session that joins a user goes with the user who is deleted then, and not the other way round.
#[test]
fn changes_come_in_the_order_of_their_commits() {
    let folder = folder();
    let path = folder.path().join("store");
    let now = Arc::new(AtomicU64::new(model::START));
    let store = Run::builder(&now).create(&path, &schema(0)).unwrap();
    let event = |session: &str, user: Option<&str>, item: &str| {
        let event = PutEvent::new("view", 900).item_id(item);
        let mut request = PutEvents::new(session).event(event.property("COUNT", 1));
        request.user_id = user.map(Into::into);
        store.put_events(&request, Durability::Buffered).unwrap();
    };
    event("s", None, "before");
    event("t", None, "kept");
    let then = store.snapshot();
    event("s", Some("ann"), "joined");
    store
        .delete(&annals::Deletion::user("ann"), Durability::Buffered)
        .unwrap();
    event("t", Some("ann"), "after");
    let changes = store.changes_since(then.sequence()).unwrap();
    let sequences: Vec<u64> = changes
        .steps
        .iter()
        .map(annals::copies::Change::sequence)
        .collect();
    assert_eq!(sequences, [3, 4, 5]);
    let left = scanned(&store.snapshot(), &ScanQuery::default());
    assert_eq!(left.len(), 2, "{left:?}");
    assert_eq!(consumer::after(&then, &changes), consumer::sorted(&left));
}
