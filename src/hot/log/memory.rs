//! The log in memory, with power loss on demand.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::log::{Entries, Log, Visit, Written};
use super::position::Position;
use super::table::{Notes, Table};
use crate::model::{Error, ErrorKind, Result};

type Entry = (Vec<u8>, Vec<u8>);
/// Each value that a key had, with the append that put it, oldest first.
type ValuesByAppend = Vec<(u64, Option<Vec<u8>>)>;

/// A [`Log`] that remembers what was synced. A test shares it by `Arc`, lets a store write, and
/// opens another store over what a [crash](MemoryLog::crash) leaves.
#[derive(Default)]
pub(crate) struct MemoryLog(Mutex<LoggedState>);

#[derive(Default)]
struct LoggedState {
    generations: BTreeMap<u64, Vec<Append>>,
    tables: BTreeMap<Table, BTreeMap<Vec<u8>, ValuesByAppend>>,
    /// Appends so far; each is numbered by the count before it.
    appended: u64,
    /// Appends that survive power loss.
    synced: u64,
    payload_bytes: u64,
    failing: bool,
}

struct Append {
    number: u64,
    entries: Vec<Entry>,
}

impl MemoryLog {
    /// Loses power: `keep` is told how many appends are not synced and says how many of the first
    /// of them survive nevertheless; those behind are lost.
    pub(crate) fn crash(&self, keep: impl FnOnce(u64) -> u64) {
        let mut state = self.0.lock();
        let unsynced = state.appended - state.synced;
        let kept = state.synced + keep(unsynced).min(unsynced);
        for appends in state.generations.values_mut() {
            appends.retain(|append| append.number < kept);
        }
        for values in state.tables.values_mut().flat_map(BTreeMap::values_mut) {
            values.retain(|(number, _)| *number < kept);
        }
        state.appended = kept;
        state.synced = kept;
    }

    /// From now on, whether appends and syncs fail as on a broken disk.
    pub(crate) fn set_failing(&self, failing: bool) {
        self.0.lock().failing = failing;
    }
}

impl LoggedState {
    fn check(&self, doing: &str) -> Result<()> {
        if self.failing {
            return Err(Error::new(
                ErrorKind::Io,
                format!("{doing} the log in memory: set to fail"),
            ));
        }
        Ok(())
    }
}

impl Log for MemoryLog {
    fn create_generation(&self, id: u64) -> Result<()> {
        let mut state = self.0.lock();
        state.check("beginning a generation in")?;
        if state.generations.contains_key(&id) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("generation {id} stands in the log"),
            ));
        }
        state.generations.insert(id, Vec::new());
        state.synced = state.appended;
        Ok(())
    }

    fn drop_generation(&self, id: u64) -> Result<()> {
        let mut state = self.0.lock();
        state.check("dropping a generation of")?;
        state.generations.remove(&id);
        Ok(())
    }

    fn generations(&self) -> Result<Vec<u64>> {
        Ok(self.0.lock().generations.keys().copied().collect())
    }

    fn append(&self, id: u64, entries: &Entries, notes: &Notes) -> Result<()> {
        let mut state = self.0.lock();
        state.check("appending to")?;
        let number = state.appended;
        let known = |table| state.tables.contains_key(&table);
        if let Some((table, ..)) = notes.iter().find(|(table, ..)| !known(*table)) {
            return Err(table.missing());
        }
        let appends = state.generations.get_mut(&id).ok_or_else(|| missing(id))?;
        appends.push(Append {
            number,
            entries: entries
                .iter()
                .map(|(key, value)| (key.to_vec(), value.to_vec()))
                .collect(),
        });
        for (table, key, value) in notes.iter() {
            let entries = state.tables.entry(table).or_default();
            let values = entries.entry(key.to_vec()).or_default();
            values.push((number, value.map(<[u8]>::to_vec)));
        }
        state.appended += 1;
        state.payload_bytes += (entries.bytes() + notes.bytes()) as u64;
        Ok(())
    }

    fn sync(&self) -> Result<()> {
        let mut state = self.0.lock();
        state.check("syncing")?;
        state.synced = state.appended;
        Ok(())
    }

    fn replay(&self, id: u64, visit: &mut Visit<'_>) -> Result<()> {
        let mut entries: Vec<Entry> = {
            let state = self.0.lock();
            let appends = state.generations.get(&id).ok_or_else(|| missing(id))?;
            appends
                .iter()
                .flat_map(|append| append.entries.iter().cloned())
                .collect()
        };
        entries.sort();
        entries
            .iter()
            .try_for_each(|(key, value)| visit(key, value))
    }

    fn create_table(&self, table: Table) -> Result<()> {
        let mut state = self.0.lock();
        state.check("making a table of")?;
        if state.tables.contains_key(&table) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("table {} stands in the log", table.name()),
            ));
        }
        state.tables.insert(table, BTreeMap::new());
        Ok(())
    }

    fn drop_table(&self, table: Table) -> Result<()> {
        let mut state = self.0.lock();
        state.check("dropping a table of")?;
        state.tables.remove(&table);
        Ok(())
    }

    fn tables(&self) -> Result<Vec<Table>> {
        Ok(self.0.lock().tables.keys().copied().collect())
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let state = self.0.lock();
        let entries = state.tables.get(&table);
        let values = entries.ok_or_else(|| table.missing())?.get(key);
        Ok(values.and_then(|values| values.last()?.1.clone()))
    }

    fn replay_table(&self, table: Table, visit: &mut Visit<'_>) -> Result<()> {
        let entries: Vec<Entry> = {
            let state = self.0.lock();
            let entries = state.tables.get(&table);
            let entries = entries.ok_or_else(|| table.missing())?.iter();
            let live = entries.filter_map(|(key, values)| {
                let value = values.last()?.1.clone()?;
                Some((key.clone(), value))
            });
            live.collect()
        };
        entries
            .iter()
            .try_for_each(|(key, value)| visit(key, value))
    }

    fn rewrite_tables(&self) -> Result<()> {
        Ok(())
    }

    fn written(&self) -> Written {
        Written {
            payload_bytes: self.0.lock().payload_bytes,
            ..Written::default()
        }
    }

    fn position(&self) -> Result<Position> {
        Ok(Position::default())
    }

    fn close(&self) -> Result<()> {
        self.sync()
    }

    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

fn missing(id: u64) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("generation {id} is not in the log"),
    )
}
