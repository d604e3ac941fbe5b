//! A store over simulated storage, and what should be in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hot::{Log, MemoryLog, Mended};
use crate::io::{SimStorage, Storage};
use crate::model::{
    Cell, Clock, Commit, Durability, Error, Interaction, Limits, Result, Row, ScanQuery, Schema,
    Settings, WriteBatch,
};
use crate::store::bulk::{BulkImport, ImportMode};
use crate::store::engine::Engine;
use crate::store::folder::{Account, Identity, Manifest, found};
use crate::store::open::{Found, Opening};

const SCHEMA: &str = r#"{"type": "record", "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema", "version": "1.0", "fields": [
    {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"}, {"name": "PRICE", "type": ["double", "null"]}]}"#;

/// User, timestamp, item; the item tells commit and position.
pub(super) type Line = (String, i64, String);

/// Disk and log of one store.
#[derive(Clone, Default)]
pub(super) struct Machine {
    pub(super) storage: SimStorage,
    pub(super) log: Arc<MemoryLog>,
}

impl Machine {
    /// A machine with an empty store.
    pub(super) fn new() -> Self {
        Self::with_schema(SCHEMA)
    }

    /// One with an empty store of this schema.
    pub(super) fn with_schema(schema: &str) -> Self {
        let machine = Self::default();
        let limits = Limits::unlimited();
        let manifest = Manifest::new(Identity::default(), schema, &limits);
        let schema = Schema::parse(schema, &limits).unwrap();
        found(&machine.storage, machine.log.clone(), manifest, &schema).unwrap();
        machine
    }

    /// Opens the store; its budget lets imports spill and compactions cut every few rows. One thread
    /// does all the work, so that the same steps give the same operations.
    pub(super) fn open(&self) -> Result<Arc<Engine>> {
        let settings = Settings {
            generation_rows: 5,
            memory_budget_bytes: 2048,
            threads: 1,
            background: false,
            ..Settings::default()
        };
        self.open_with(settings)
    }

    pub(super) fn open_with(&self, settings: Settings) -> Result<Arc<Engine>> {
        self.open_as(settings, Clock::default())
    }

    pub(super) fn open_as(&self, settings: Settings, clock: Clock) -> Result<Arc<Engine>> {
        let storage = Arc::new(self.storage.clone());
        let manifest = Manifest::read(&*storage)?;
        let account = Account::read(&*storage, &manifest)?;
        let found = Found {
            storage,
            log: self.log.clone(),
            manifest,
            account,
            mended: Mended::default(),
        };
        let opening = Opening {
            settings,
            clock,
            ..Opening::default()
        };
        Engine::recover(found, opening, None).map(Arc::new)
    }

    /// Asserts that nothing is there but what the manifest lists.
    pub(super) fn assert_no_strays(&self) {
        let manifest = Manifest::read(&self.storage).unwrap();
        let mut listed: Vec<String> = manifest
            .segments
            .iter()
            .map(|entry| format!("{:08}.seg", entry.id))
            .collect();
        listed.sort();
        assert_eq!(self.storage.list("segments").unwrap(), listed);
        assert_eq!(
            self.storage.list("temporary").unwrap(),
            Vec::<String>::new()
        );
        assert_eq!(self.log.generations().unwrap(), manifest.generations);
    }
}

/// Ends an engine as the death of its process does: it is not closed in order.
pub(super) fn kill(engine: Arc<Engine>) {
    drop(engine.poison(Error::invalid("killed by a test")));
}

/// Everything that a store shows, in order.
pub(super) fn lines(engine: &Engine) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for batch in engine.snapshot().scan(&ScanQuery::default())? {
        let batch = batch?;
        let (ids, items) = (
            batch.user_ids.clone().unwrap(),
            batch.dictionaries[1].clone().unwrap(),
        );
        let crate::column::Column::Strings(codes) = &batch.fields[1] else {
            panic!("items are strings");
        };
        for ((user, at), item) in batch.users.iter().zip(&batch.timestamps).zip(codes) {
            let (user, item) = (ids.get(*user)?.to_owned(), items.get(*item)?.to_owned());
            lines.push((user, *at, item));
        }
    }
    Ok(lines)
}

/// What should be there: rows by user, timestamp, commit and position, and whether they are bulk.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Expected {
    rows: BTreeMap<(String, i64, u64, usize), bool>,
    pub(super) sequence: u64,
}

impl Expected {
    pub(super) fn lines(&self) -> Vec<Line> {
        let line = |(user, at, commit, position): &(String, i64, u64, usize)| {
            (user.clone(), *at, item(*commit, *position))
        };
        self.rows.keys().map(line).collect()
    }

    fn add(&mut self, rows: usize, bulk: bool) {
        self.sequence += 1;
        for position in 0..rows {
            let (user, at) = place(self.sequence, position);
            self.rows.insert((user, at, self.sequence, position), bulk);
        }
    }
}

fn item(commit: u64, position: usize) -> String {
    format!("{commit}.{position}")
}

fn place(commit: u64, position: usize) -> (String, i64) {
    (
        format!("user {}", (commit as usize * 3 + position) % 4),
        (position % 3) as i64,
    )
}

/// One step of a script.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Write(usize, Durability),
    Import(usize, ImportMode),
    /// An import that is dropped.
    Abandon(usize),
    Flush,
    Compact,
    /// What the background threads do.
    Maintain,
}

impl Step {
    /// What should be there once the step is done.
    pub(super) fn expected(self, before: &Expected) -> Expected {
        let mut after = before.clone();
        match self {
            Self::Write(rows, _) => after.add(rows, false),
            Self::Import(rows, mode) => {
                if mode == ImportMode::Full {
                    after.rows.retain(|_, bulk| !*bulk);
                }
                after.add(rows, true);
            }
            Self::Abandon(_) | Self::Flush | Self::Compact | Self::Maintain => {}
        }
        after
    }

    /// Does it as the commit `sequence`; gives the commit where it is one.
    pub(super) fn run(self, engine: &Arc<Engine>, sequence: u64) -> Result<Option<Commit>> {
        match self {
            Self::Write(rows, durability) => {
                let batch: WriteBatch = (0..rows)
                    .map(|position| {
                        let (user, at) = place(sequence, position);
                        Interaction::new(user, item(sequence, position), at)
                    })
                    .collect();
                engine.write(batch, durability).map(Some)
            }
            Self::Import(rows, mode) => filled(engine, rows, mode, sequence)?.commit().map(Some),
            Self::Abandon(rows) => filled(engine, rows, ImportMode::Full, sequence).map(|_| None),
            Self::Flush => engine.flush().map(|()| None),
            Self::Compact => engine.compact().map(|()| None),
            Self::Maintain => engine.maintain().map(|()| None),
        }
    }
}

fn filled(
    engine: &Arc<Engine>,
    rows: usize,
    mode: ImportMode,
    sequence: u64,
) -> Result<BulkImport> {
    let mut import = BulkImport::new(engine.clone(), mode, 1024)?;
    import.allow_empty(true);
    for position in 0..rows {
        let (user, timestamp) = place(sequence, position);
        let item = item(sequence, position);
        let cells = [Cell::Null, Cell::Text(&item), Cell::Null, Cell::Null];
        import.push_row(&Row {
            user: &user,
            timestamp,
            cells: &cells,
        })?;
    }
    Ok(import)
}
