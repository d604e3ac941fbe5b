//! The log on RocksDB: a column family per generation and table, one write-ahead log for all.

mod copy;
mod error;
mod folder;
mod framing;
#[cfg(feature = "fuzzing")]
mod fuzzing;
mod log_tail;
mod logged_rows;
mod open;
mod read_log;
mod survey;
mod version_edits;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::{
    MappedRecursiveRwLockReadGuard, Mutex, RecursiveRwLock, RecursiveRwLockReadGuard, RwLock,
};
use rocksdb::statistics::Ticker;
use rocksdb::{BoundColumnFamily, Cache, DB, FlushOptions, Options, WriteBatch, WriteOptions};

use super::log::{Entries, Log, Visit, Written};
use super::position::Position;
use super::table::{Notes, Table, TableKind};
use super::tally::Check;
use super::{batch, families};
use crate::model::{Error, ErrorKind, Result};
use error::failed;
use logged_rows::LoggedRows;

pub(crate) use copy::copy_log;
pub(crate) use folder::newest_log;
#[cfg(feature = "fuzzing")]
pub(crate) use fuzzing::{read_log, read_manifest};
pub(crate) use log_tail::{LogPlace, LogTail};
pub(crate) use open::Mended;
pub(crate) use read_log::ReadLog;
pub(crate) use survey::OnDamage;

/// Key of the marker whose flush begins a new write-ahead log.
const MARKER: &[u8] = b"generation";

/// Capacity of the reused batch that is kept from one append to the next.
const KEPT_BYTES: usize = 1 << 20;

/// A [`Log`] in a folder, by RocksDB.
///
/// Locks are taken in this order: `changing`, `db`, `families` or `tables`.
pub(crate) struct RocksLog {
    path: PathBuf,
    /// Whoever opens it anew has it alone; `None` where that failed.
    db: RecursiveRwLock<Option<DB>>,
    options: Options,
    /// What a generation is expected to stay within.
    generation_bytes: u64,
    /// Column families by generation. Appends share the lock; who changes the log files has it
    /// alone, so that no append falls between the sync of one and the beginning of the next.
    families: RwLock<BTreeMap<u64, Family>>,
    /// Column family names of tables.
    tables: RwLock<BTreeMap<Table, String>>,
    /// By generation, the rows that stood in the logs at the opening: RocksDB must give them back.
    logged: BTreeMap<u64, LoggedRows>,
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

impl RocksLog {
    fn failed(&self, doing: impl AsRef<str>, error: rocksdb::Error) -> Error {
        failed(doing.as_ref(), &self.path, error)
    }

    /// The open database. A thread that has it may ask for it again while another waits to open it anew.
    fn db(&self) -> Result<MappedRecursiveRwLockReadGuard<'_, DB>> {
        let db = self.db.read();
        RecursiveRwLockReadGuard::try_map(db, Option::as_ref).map_err(|_| self.is_closed())
    }

    fn is_closed(&self) -> Error {
        Error::new(
            ErrorKind::Poisoned,
            format!(
                "{}: the log could not be opened again; reopen the store",
                self.path.display()
            ),
        )
    }

    /// Syncs the write-ahead log and begins a new one, so that log files are freed with their
    /// generations. The old log is synced to its end first: its tail must not be lost to power when
    /// rows in the new one are kept. Appends wait for the tail alone.
    fn change_logs(&self, db: &DB, id: u64) -> std::result::Result<(), rocksdb::Error> {
        db.flush_wal(true)?;
        {
            let _alone = self.families.write();
            let mut synced = WriteOptions::default();
            synced.set_sync(true);
            db.put_opt(MARKER, id.to_be_bytes(), &synced)?;
            let mut begin = FlushOptions::default();
            begin.set_wait(false);
            db.flush_opt(&begin)?;
            self.flush_tables(db)?;
        }
        db.flush()
    }

    /// Has the tables written to files, in the background: their entries are in log files that could
    /// not be freed otherwise. The current log file must be empty, so that no other is begun.
    fn flush_tables(&self, db: &DB) -> std::result::Result<(), rocksdb::Error> {
        let mut options = FlushOptions::default();
        options.set_wait(false);
        let tables = self.tables.read();
        let mut families = tables.values().filter_map(|name| db.cf_handle(name));
        families.try_for_each(|family| db.flush_cf_opt(&family, &options))
    }

    fn add_notes(&self, db: &DB, notes: &Notes, batch: &mut WriteBatch) -> Result<()> {
        let mut last = None;
        for (table, key, value) in notes.iter() {
            let family = match last.take() {
                Some((same, family)) if same == table => family,
                _ => self.table(db, table)?,
            };
            match value {
                Some(value) => batch.put_cf(&family, key, value),
                None => batch.delete_cf(&family, key),
            }
            last = Some((table, family));
        }
        Ok(())
    }

    fn table<'a>(&self, db: &'a DB, table: Table) -> Result<Arc<BoundColumnFamily<'a>>> {
        let tables = self.tables.read();
        let name = tables.get(&table);
        let family = name.and_then(|name| db.cf_handle(name));
        family.ok_or_else(|| table.missing())
    }
}

impl Log for RocksLog {
    fn create_generation(&self, id: u64) -> Result<()> {
        let _changing = self.changing.lock();
        let db = self.db()?;
        if self.families.read().contains_key(&id) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("generation {id} stands in the log"),
            ));
        }
        let name = families::name_of(id);
        self.change_logs(&db, id)
            .and_then(|()| {
                let options = families::generation(self.generation_bytes);
                db.create_cf(&name, &options)
            })
            .map_err(|error| self.failed(format!("beginning generation {id}"), error))?;
        let family = family(&db, id, name)?;
        self.families.write().insert(id, family);
        Ok(())
    }

    fn drop_generation(&self, id: u64) -> Result<()> {
        let _changing = self.changing.lock();
        let db = self.db()?;
        let Some(family) = self.families.read().get(&id).cloned() else {
            return Ok(());
        };
        self.families.write().remove(&id);
        db.drop_cf(&family.name).map_err(|error| {
            let error = self.failed(format!("dropping generation {id}"), error);
            self.families.write().insert(id, family);
            error
        })
    }

    fn generations(&self) -> Result<Vec<u64>> {
        Ok(self.families.read().keys().copied().collect())
    }

    fn append(&self, id: u64, entries: &Entries, notes: &Notes) -> Result<()> {
        let db = self.db()?;
        let families = self.families.read();
        let family = families.get(&id).ok_or_else(|| missing(id))?;
        let mut batch = {
            let mut bytes = self.batch.lock();
            bytes.shrink_to(KEPT_BYTES);
            batch::encode(&family.record_start, entries, &mut bytes);
            WriteBatch::from_data(&bytes)
        };
        self.add_notes(&db, notes, &mut batch)?;
        let bytes = entries.bytes() + notes.bytes();
        db.write_opt(batch, &self.write_options)
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
        self.db()?
            .flush_wal(true)
            .map_err(|error| self.failed("syncing the write-ahead log", error))
    }

    fn replay(&self, id: u64, visit: &mut Visit<'_>) -> Result<()> {
        let db = self.db()?;
        let family = self.families.read().get(&id).cloned();
        let family = family
            .and_then(|family| db.cf_handle(&family.name))
            .ok_or_else(|| missing(id))?;
        let logged = self.logged.get(&id);
        let mut check = logged.map(|rows| Check::new(rows.commits, &rows.tally));
        visit_family(&db, &family, &mut |key, value| {
            if let Some(check) = &mut check {
                check.row(key, value);
            }
            visit(key, value)
        })
        .map_err(|error| self.failed(format!("reading generation {id}"), error))??;
        check.map_or(Ok(()), |check| check.end(id))
    }

    fn create_table(&self, table: Table) -> Result<()> {
        let db = self.db()?;
        let mut tables = self.tables.write();
        let name = table.name();
        if tables.contains_key(&table) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("table {name} stands in the log"),
            ));
        }
        let options = families::table(table.kind, self.generation_bytes, &self.cache);
        db.create_cf(&name, &options)
            .map_err(|error| self.failed(format!("making table {name}"), error))?;
        tables.insert(table, name);
        Ok(())
    }

    fn drop_table(&self, table: Table) -> Result<()> {
        let db = self.db()?;
        let mut tables = self.tables.write();
        let Some(name) = tables.get(&table) else {
            return Ok(());
        };
        db.drop_cf(name)
            .map_err(|error| self.failed(format!("dropping table {name}"), error))?;
        tables.remove(&table);
        Ok(())
    }

    fn tables(&self) -> Result<Vec<Table>> {
        Ok(self.tables.read().keys().copied().collect())
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let db = self.db()?;
        let family = self.table(&db, table)?;
        let value = db.get_pinned_cf(&family, key);
        let value =
            value.map_err(|error| self.failed(format!("reading table {}", table.name()), error))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn replay_table(&self, table: Table, visit: &mut Visit<'_>) -> Result<()> {
        let db = self.db()?;
        let family = self.table(&db, table)?;
        visit_family(&db, &family, visit)
            .map_err(|error| self.failed(format!("reading table {}", table.name()), error))?
    }

    /// Appends wait meanwhile: a flush begins a log file, and what the one before holds must be synced then.
    /// RocksDB's manifest goes on naming the first and the last key of files that are gone; only an opening
    /// begins another, and it has nothing to replay but what was appended since the last generation was sealed.
    fn rewrite_tables(&self) -> Result<()> {
        let _changing = self.changing.lock();
        let mut held = self.db.write();
        let db = held.as_ref().ok_or_else(|| self.is_closed())?;
        db.flush_wal(true)
            .map_err(|error| self.failed("syncing the write-ahead log", error))?;
        let tables = self.tables.read().clone();
        for name in tables.values() {
            if let Some(family) = db.cf_handle(name) {
                let flushed = db.flush_cf(&family);
                flushed.map_err(|error| self.failed(format!("flushing table {name}"), error))?;
            }
        }
        let holds_ids =
            |(table, name): (Table, String)| (table.kind != TableKind::Ids).then_some(name);
        let generations = self.families.read().clone();
        let names: Vec<String> = generations
            .into_values()
            .map(|family| family.name)
            .chain(tables.values().cloned())
            .collect();
        self.merge_files(db, tables.into_iter().filter_map(holds_ids))?;
        drop(held.take());
        *held = Some(self.open_again(&names)?);
        Ok(())
    }

    fn written(&self) -> Written {
        let count = |ticker| self.options.get_ticker_count(ticker);
        Written {
            payload_bytes: self.payload_bytes.load(Relaxed),
            log_bytes: count(Ticker::WalFileBytes),
            table_bytes: count(Ticker::FlushWriteBytes) + count(Ticker::CompactWriteBytes),
        }
    }

    fn position(&self) -> Result<Position> {
        let path = &self.path;
        let db = self.db()?;
        let database = db.get_db_identity();
        let database = database.map_err(|error| self.failed("reading the identity of", error))?;
        let database = String::from_utf8(database)
            .map_err(|_| Error::corrupt("the identity of the database is no text"))?;
        let manifest = folder::manifest(path)?;
        folder::sync(&path.join(folder::manifest_name(manifest.number)))?;
        Ok(Position {
            database,
            manifest,
            logs: folder::logs(path)?,
        })
    }

    fn close(&self) -> Result<()> {
        self.sync()?;
        self.db()?.cancel_all_background_work(true);
        Ok(())
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

/// Calls `visit` with each entry of a family, in the order of the keys.
fn visit_family(
    db: &DB,
    family: &Arc<BoundColumnFamily<'_>>,
    visit: &mut Visit<'_>,
) -> std::result::Result<Result<()>, rocksdb::Error> {
    let mut entries = db.raw_iterator_cf_opt(family, families::full_read());
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
