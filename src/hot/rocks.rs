//! The log on RocksDB: a column family per generation and table, one write-ahead log for all.

mod error;
mod open;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::{Mutex, RwLock};
use rocksdb::statistics::Ticker;
use rocksdb::{BoundColumnFamily, Cache, DB, FlushOptions, Options, WriteBatch, WriteOptions};

use super::log::{Entries, Log, Visit, Written};
use super::table::{Notes, Table};
use super::{batch, closed, families};
use crate::types::{Error, ErrorKind, Result};
use error::failed;

/// Key of the marker whose flush begins a new write-ahead log.
const MARKER: &[u8] = b"generation";

/// Capacity of the reused batch that is kept from one append to the next.
const KEPT_BYTES: usize = 1 << 20;

/// A [`Log`] in a folder, by RocksDB.
pub(crate) struct RocksLog {
    db: DB,
    options: Options,
    access: Access,
    /// Column families by generation. Appends share the lock; who changes the log files has it
    /// alone, so that no append falls between the sync of one and the beginning of the next.
    families: RwLock<BTreeMap<u64, Family>>,
    /// Column family names of tables.
    tables: RwLock<BTreeMap<Table, String>>,
    /// Blocks of the tables that were read.
    cache: Cache,
    /// Held while a generation is begun or dropped.
    changing: Mutex<()>,
    write_options: WriteOptions,
    /// The memory of the last batch.
    batch: Mutex<Vec<u8>>,
    payload_bytes: AtomicU64,
}

/// The column family of a generation.
#[derive(Clone)]
struct Family {
    name: String,
    /// What its records in a batch begin with.
    record_start: Vec<u8>,
}

/// What a handle may do.
#[derive(Clone, Copy)]
enum Access {
    Read,
    Write { generation_bytes: u64 },
}

impl RocksLog {
    /// Bytes that a generation may hold, where this handle may write.
    fn writable(&self) -> Result<u64> {
        match self.access {
            Access::Write { generation_bytes } => Ok(generation_bytes),
            Access::Read => Err(Error::new(
                ErrorKind::Unsupported,
                "the log is open for reading; open the store for writing",
            )),
        }
    }

    fn failed(&self, doing: impl AsRef<str>, error: rocksdb::Error) -> Error {
        failed(doing.as_ref(), self.db.path(), error)
    }

    /// Syncs the write-ahead log and begins a new one, so that log files are freed with their
    /// generations. The old log is synced first: its tail must not be lost to power when rows in
    /// the new one are kept. Appends wait for the tail alone.
    fn change_logs(&self, id: u64) -> std::result::Result<(), rocksdb::Error> {
        self.db.flush_wal(true)?;
        {
            let _alone = self.families.write();
            self.db.flush_wal(true)?;
            self.db.put(MARKER, id.to_be_bytes())?;
            let mut begin = FlushOptions::default();
            begin.set_wait(false);
            self.db.flush_opt(&begin)?;
            self.flush_tables()?;
        }
        self.db.flush()
    }

    /// Has the tables written to files, in the background: their entries are in log files that could
    /// not be freed otherwise. The current log file must be empty, so that no other is begun.
    fn flush_tables(&self) -> std::result::Result<(), rocksdb::Error> {
        let mut options = FlushOptions::default();
        options.set_wait(false);
        let tables = self.tables.read();
        let mut families = tables.values().filter_map(|name| self.db.cf_handle(name));
        families.try_for_each(|family| self.db.flush_cf_opt(&family, &options))
    }

    fn add_notes(&self, notes: &Notes, batch: &mut WriteBatch) -> Result<()> {
        let mut last = None;
        for (table, key, value) in notes.iter() {
            let family = match last.take() {
                Some((same, family)) if same == table => family,
                _ => self.table(table)?,
            };
            match value {
                Some(value) => batch.put_cf(&family, key, value),
                None => batch.delete_cf(&family, key),
            }
            last = Some((table, family));
        }
        Ok(())
    }

    fn table(&self, table: Table) -> Result<Arc<BoundColumnFamily<'_>>> {
        let tables = self.tables.read();
        let name = tables.get(&table);
        let family = name.and_then(|name| self.db.cf_handle(name));
        family.ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("table {} is not in the log", table.name()),
            )
        })
    }

    fn visit(
        &self,
        family: &Arc<BoundColumnFamily<'_>>,
        visit: &mut Visit<'_>,
    ) -> std::result::Result<Result<()>, rocksdb::Error> {
        let mut entries = self.db.raw_iterator_cf_opt(family, families::full_read());
        entries.seek_to_first();
        while let Some((key, value)) = entries.item() {
            if let Err(error) = visit(key, value) {
                return Ok(Err(error));
            }
            entries.next();
        }
        // An iterator also ends where it fails; only its status tells the two apart.
        entries.status().map(Ok)
    }
}

impl Drop for RocksLog {
    /// Closes in order. What fails here costs no data, only that the next opening takes damage at
    /// the end of the log for a crash.
    fn drop(&mut self) {
        if self.writable().is_ok() && self.db.flush_wal(true).is_ok() {
            let _ = closed::note(self.db.path());
        }
    }
}

impl Log for RocksLog {
    fn create_generation(&self, id: u64) -> Result<()> {
        let generation_bytes = self.writable()?;
        let _changing = self.changing.lock();
        if self.families.read().contains_key(&id) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("generation {id} stands in the log"),
            ));
        }
        let name = families::name_of(id);
        self.change_logs(id)
            .and_then(|()| {
                let options = families::generation(generation_bytes);
                self.db.create_cf(&name, &options)
            })
            .map_err(|error| self.failed(format!("beginning generation {id}"), error))?;
        let family = family(&self.db, id, name)?;
        self.families.write().insert(id, family);
        Ok(())
    }

    fn drop_generation(&self, id: u64) -> Result<()> {
        self.writable()?;
        let _changing = self.changing.lock();
        let Some(family) = self.families.read().get(&id).cloned() else {
            return Ok(());
        };
        self.families.write().remove(&id);
        self.db.drop_cf(&family.name).map_err(|error| {
            let error = self.failed(format!("dropping generation {id}"), error);
            self.families.write().insert(id, family);
            error
        })
    }

    fn generations(&self) -> Result<Vec<u64>> {
        Ok(self.families.read().keys().copied().collect())
    }

    fn append(&self, id: u64, entries: &Entries, notes: &Notes) -> Result<()> {
        self.writable()?;
        let families = self.families.read();
        let family = families.get(&id).ok_or_else(|| missing(id))?;
        let mut batch = {
            let mut bytes = self.batch.lock();
            bytes.shrink_to(KEPT_BYTES);
            batch::encode(&family.record_start, entries, &mut bytes);
            WriteBatch::from_data(&bytes)
        };
        self.add_notes(notes, &mut batch)?;
        let bytes = entries.bytes() + notes.bytes();
        self.db
            .write_opt(batch, &self.write_options)
            .map_err(|error| self.failed(format!("appending to generation {id}"), error))?;
        self.payload_bytes.fetch_add(bytes as u64, Relaxed);
        Ok(())
    }

    /// `append` returns once its record has been handed to the operating system (manual WAL flush
    /// is off), and a sync takes the files and then calls `fdatasync` on every log file not yet
    /// synced, the current one included, without stopping writers. What was appended before the
    /// call is therefore covered, also when the log changes meanwhile; what is appended during it
    /// may be. A failed sync makes RocksDB refuse further writes.
    fn sync(&self) -> Result<()> {
        self.db
            .flush_wal(true)
            .map_err(|error| self.failed("syncing the write-ahead log", error))
    }

    fn replay(&self, id: u64, visit: &mut Visit<'_>) -> Result<()> {
        let family = self.families.read().get(&id).cloned();
        let family = family
            .and_then(|family| self.db.cf_handle(&family.name))
            .ok_or_else(|| missing(id))?;
        self.visit(&family, visit)
            .map_err(|error| self.failed(format!("reading generation {id}"), error))?
    }

    fn create_table(&self, table: Table) -> Result<()> {
        let generation_bytes = self.writable()?;
        let mut tables = self.tables.write();
        let name = table.name();
        if tables.contains_key(&table) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("table {name} stands in the log"),
            ));
        }
        let options = families::table(table.kind, generation_bytes, &self.cache);
        self.db
            .create_cf(&name, &options)
            .map_err(|error| self.failed(format!("making table {name}"), error))?;
        tables.insert(table, name);
        Ok(())
    }

    fn drop_table(&self, table: Table) -> Result<()> {
        self.writable()?;
        let mut tables = self.tables.write();
        let Some(name) = tables.get(&table) else {
            return Ok(());
        };
        self.db
            .drop_cf(name)
            .map_err(|error| self.failed(format!("dropping table {name}"), error))?;
        tables.remove(&table);
        Ok(())
    }

    fn tables(&self) -> Result<Vec<Table>> {
        Ok(self.tables.read().keys().copied().collect())
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let family = self.table(table)?;
        let value = self.db.get_pinned_cf(&family, key);
        let value =
            value.map_err(|error| self.failed(format!("reading table {}", table.name()), error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn replay_table(&self, table: Table, visit: &mut Visit<'_>) -> Result<()> {
        let family = self.table(table)?;
        self.visit(&family, visit)
            .map_err(|error| self.failed(format!("reading table {}", table.name()), error))?
    }

    fn written(&self) -> Written {
        let count = |ticker| self.options.get_ticker_count(ticker);
        Written {
            payload_bytes: self.payload_bytes.load(Relaxed),
            log_bytes: count(Ticker::WalFileBytes),
            table_bytes: count(Ticker::FlushWriteBytes) + count(Ticker::CompactWriteBytes),
        }
    }

    fn verify(&self) -> Result<()> {
        for id in self.generations()? {
            let read = self.replay(id, &mut |_, _| Ok(()));
            // One that was sealed meanwhile is gone in order.
            if self.families.read().contains_key(&id) {
                read?;
            }
        }
        for table in self.tables()? {
            let read = self.replay_table(table, &mut |_, _| Ok(()));
            // So is one that has expired.
            if self.tables.read().contains_key(&table) {
                read?;
            }
        }
        Ok(())
    }
}

fn family(db: &DB, id: u64, name: String) -> Result<Family> {
    let handle = db.cf_handle(&name).ok_or_else(|| missing(id))?;
    let record_start = batch::record_start(&handle)?;
    Ok(Family { name, record_start })
}

fn missing(id: u64) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("generation {id} is not in the log"),
    )
}
