//! Random operations under random settings, compared with a sorted map.
//!
//! `PROPTEST_CASES=1000` runs more of them.

mod operations;

use std::path::{Path, PathBuf};

use annals::query::ScanOrder;
use annals::{
    Durability, Error, Event, History, HistoryQuery, ImportMode, Order, ScanQuery, Settings,
    Snapshot, Store,
};
use operations::{Asked, Operation, operations, settings};
use proptest::prelude::*;

use crate::support::model::Model;
use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, quiet, read};

/// Snapshots held at a time.
const HELD: usize = 3;

struct Run<'a> {
    /// Stores that the run went on from, and the one that it is at.
    folder: &'a Path,
    stores: usize,
    store: Store,
    model: Model,
    held: Vec<(Snapshot, Model)>,
}

impl Run<'_> {
    fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Write(records, synced) => self.write(records, *synced),
            Operation::Import(records, mode) => self.import(records, *mode),
            Operation::Abandon(records) => {
                let mut import = self.store.import(ImportMode::Full).unwrap();
                records
                    .iter()
                    .for_each(|record| record.push_to(&mut import).unwrap());
            }
            Operation::Delete(deleted) => {
                let deletion = deleted.deletion();
                let commit = self.store.delete(&deletion, Durability::Buffered).unwrap();
                self.model.delete(deleted);
                assert_eq!(commit.sequence, self.model.sequence);
            }
            Operation::Flush => self.store.flush().unwrap(),
            Operation::Compact => self.store.compact().unwrap(),
            Operation::Reopen(settings) => self.reopen(settings),
            Operation::Checkpoint => self.checkpoint(),
            Operation::Hold => {
                if self.held.len() == HELD {
                    self.held.remove(0);
                }
                self.held.push((self.store.snapshot(), self.model.clone()));
            }
            Operation::Ask(asked) => {
                ask(&self.store.snapshot(), &self.model, asked);
                for (snapshot, model) in &self.held {
                    ask(snapshot, model, asked);
                }
            }
        }
    }

    fn write(&mut self, records: &[Record], synced: bool) {
        let durability = match synced {
            true => Durability::Synced,
            false => Durability::Buffered,
        };
        let commit = self.store.write(batch(records), durability).unwrap();
        self.model.write(records);
        assert_eq!(commit.sequence, self.model.sequence);
    }

    fn import(&mut self, records: &[Record], mode: ImportMode) {
        let mut import = self.store.import(mode).unwrap();
        import.allow_empty(true);
        records
            .iter()
            .for_each(|record| record.push_to(&mut import).unwrap());
        let commit = import.commit().unwrap();
        self.model.import(records, mode);
        assert_eq!(commit.sequence, self.model.sequence);
    }

    fn reopen(&mut self, settings: &Settings) {
        let path = self.path();
        // The old store has to let go first.
        let reader = Store::open_read_only(&path).unwrap();
        self.model.assert_equals(&reader.snapshot());
        self.store = reader;
        self.store = open(&path, settings.clone());
    }

    fn path(&self) -> PathBuf {
        self.folder.join(self.stores.to_string())
    }

    fn checkpoint(&mut self) {
        self.stores += 1;
        self.store.checkpoint(self.path()).unwrap();
        let reader = Store::open_read_only(self.path()).unwrap();
        self.model.assert_equals(&reader.snapshot());
        let settings = quiet();
        self.store = open(&self.path(), settings);
    }
}

fn ask(snapshot: &Snapshot, model: &Model, asked: &Asked) {
    let Asked {
        user,
        users,
        history,
        scan,
        hints,
        candidates,
    } = asked;
    let found = read::history(snapshot, user, history);
    assert_eq!(found, model.history(user, history), "{history:?}");
    ask_of_many(snapshot, model, users, history);
    model.assert_scans(snapshot, scan);
    model.assert_hinted(snapshot, scan, hints);
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    let mut buffer = annals::query::Unseen::new();
    let types = &history.event_types;
    let found = snapshot
        .unseen(user, &candidates, types, &mut buffer)
        .unwrap();
    assert_eq!(found, model.unseen(user, &candidates, types));
}

/// Each user of the list is given once, in its place, with what the model has of it.
fn ask_of_many(snapshot: &Snapshot, model: &Model, users: &[String], query: &HistoryQuery) {
    let (mut buffer, mut found) = (History::new(), Vec::new());
    let schema = snapshot.schema();
    let visit = |place: usize, history: &History| {
        assert_eq!(place, found.len());
        found.push(read::lines_of(history, &users[place], schema));
        Ok::<_, Error>(())
    };
    snapshot
        .histories(users, query, &mut buffer, visit)
        .unwrap();
    let of_model = |query: &HistoryQuery| -> Vec<_> {
        let users = users.iter();
        users.map(|user| model.history(user, query)).collect()
    };
    assert_eq!(found, of_model(query), "{query:?}");

    let mut found = Vec::new();
    let visit = |place: usize, event: Option<Event<'_>>| {
        assert_eq!(place, found.len());
        let lines = event.map(|event| read::line_of(event, &users[place], schema));
        found.push(lines.into_iter().collect::<Vec<_>>());
        Ok::<_, Error>(())
    };
    snapshot.latest(users, query, &mut buffer, visit).unwrap();
    let newest = query.clone().limit(1).order(Order::NewestFirst);
    assert_eq!(found, of_model(&newest), "{query:?}");
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
    fn a_store_answers_as_a_sorted_map(
        (settings, operations) in (settings(), operations())
    ) {
        let folder = folder();
        let mut run = Run {
            folder: folder.path(),
            stores: 0,
            store: create(&folder.path().join("0"), settings),
            model: Model::default(),
            held: Vec::new(),
        };
        for operation in &operations {
            run.apply(operation);
        }
        run.model.assert_equals(&run.store.snapshot());
        for (snapshot, model) in &run.held {
            model.assert_equals(snapshot);
        }
        let report = run.store.verify(&mut |_| {}).unwrap();
        prop_assert!(report.is_sound(), "{:?}", report);
    }
}

/// A history buffer that one user's rows filled serves another's.
#[test]
fn a_history_buffer_is_reused() {
    let folder = folder();
    let store = create(folder.path(), Settings::default());
    let mut buffer = annals::History::new();
    let records: Vec<Record> = (0..60)
        .map(|n| Record::numbered(&format!("user {}", n % 4), n as i64, n))
        .collect();
    let mut model = Model::default();
    for chunk in records.chunks(20) {
        store.write(batch(chunk), Durability::Buffered).unwrap();
        model.write(chunk);
        store.flush().unwrap();
    }
    let projections = [
        annals::Projection::All,
        annals::Projection::names(["ITEM_ID"]),
        annals::Projection::names(["PRICE", "IMPRESSION"]),
    ];
    for user in ["user 1", "nobody", "user 0", "user 3"] {
        for projection in &projections {
            let query = HistoryQuery::default().projection(projection.clone());
            store.history(user, &query, &mut buffer).unwrap();
            let found = read::lines_of(&buffer, user, store.schema());
            assert_eq!(found, model.history(user, &query));
        }
    }
    let any = ScanQuery::default().order(ScanOrder::Any);
    model.assert_scans(&store.snapshot(), &any);
}

/// What a history kept of the places it read is right for other users, whose rows lie in other
/// places, for places that came since, and for another store.
#[test]
fn a_history_buffer_goes_from_place_to_place() {
    let mut buffer = annals::History::new();
    let query = HistoryQuery::default();
    for store_number in 0..2 {
        let folder = folder();
        let store = create(folder.path(), quiet());
        let mut model = Model::default();
        for round in 0..4_u64 {
            // Each user is missing from one of the places.
            let numbers = (0..30).map(|n| store_number * 1000 + round * 30 + n);
            let records: Vec<Record> = numbers
                .filter(|n| n % 4 != round)
                .map(|n| Record::numbered(&format!("user {}", n % 4), n as i64, n))
                .collect();
            store.write(batch(&records), Durability::Buffered).unwrap();
            model.write(&records);
            for turn in 0..8 {
                let user = format!("user {}", (turn + round) % 4);
                store.history(&user, &query, &mut buffer).unwrap();
                let found = read::lines_of(&buffer, &user, store.schema());
                assert_eq!(found, model.history(&user, &query));
                for (position, event) in buffer.iter().enumerate() {
                    let same = buffer.get(position).unwrap();
                    assert_eq!(same.item().unwrap(), event.item().unwrap());
                }
                assert!(buffer.get(buffer.len()).is_none());
            }
            match round {
                2 => store.compact().unwrap(),
                _ => store.flush().unwrap(),
            }
        }
    }
}
