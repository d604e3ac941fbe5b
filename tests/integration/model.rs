//! Random operations under random settings, compared with a sorted map.
//!
//! `PROPTEST_CASES=1000` runs more of them.

mod operations;

use std::path::Path;

use annals::{
    Durability, HistoryQuery, ImportMode, ScanOrder, ScanQuery, Settings, Snapshot, Store,
};
use operations::{Asked, Operation, operations, settings};
use proptest::prelude::*;

use crate::support::model::Model;
use crate::support::record::{Record, batch};
use crate::support::{create, folder, open, read};

/// Snapshots held at a time.
const HELD: usize = 3;

struct Run<'a> {
    path: &'a Path,
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
            Operation::Flush => self.store.flush().unwrap(),
            Operation::Compact => self.store.compact().unwrap(),
            Operation::Reopen(settings) => self.reopen(settings),
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
        records
            .iter()
            .for_each(|record| record.push_to(&mut import).unwrap());
        let commit = import.commit().unwrap();
        self.model.import(records, mode);
        assert_eq!(commit.sequence, self.model.sequence);
    }

    fn reopen(&mut self, settings: &Settings) {
        // The old store has to let go first.
        let reader = Store::open_read_only(self.path).unwrap();
        self.model.assert_equals(&reader.snapshot());
        self.store = reader;
        self.store = open(self.path, settings.clone());
    }
}

fn ask(snapshot: &Snapshot, model: &Model, asked: &Asked) {
    let Asked {
        user,
        history,
        scan,
        candidates,
    } = asked;
    let found = read::history(snapshot, user, history);
    assert_eq!(found, model.history(user, history), "{history:?}");
    model.assert_scans(snapshot, scan);
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    let mut buffer = annals::Unseen::new();
    let types = &history.event_types;
    let found = snapshot
        .unseen(user, &candidates, types, &mut buffer)
        .unwrap();
    assert_eq!(found, model.unseen(user, &candidates, types));
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
            path: folder.path(),
            store: create(folder.path(), settings),
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
            let query = HistoryQuery {
                projection: projection.clone(),
                ..HistoryQuery::default()
            };
            store.history(user, &query, &mut buffer).unwrap();
            let found = read::lines_of(&buffer, user, store.schema());
            assert_eq!(found, model.history(user, &query));
        }
    }
    let any = ScanQuery {
        order: ScanOrder::Any,
        ..ScanQuery::default()
    };
    model.assert_scans(&store.snapshot(), &any);
}
