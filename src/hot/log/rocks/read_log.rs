//! The log as a reader sees it, also while another process writes to it.
//!
//! What stands in the write-ahead log is read here, without RocksDB. RocksDB is opened, as a secondary
//! on a folder of its own with a copy of the manifest, only where table files hold entries.

use std::collections::BTreeMap;
use std::path::Path;

use parking_lot::Mutex;
use rocksdb::DB;

use super::super::families;
use super::super::log::{Entries, Log, Visit, Written};
use super::super::position::{Noted, Position};
use super::super::table::{Notes, Table};
use super::copy::lay_out;
use super::error::failed;
use super::log_tail::LogTail;
use super::survey::{OnDamage, Survey};
use super::{folder, visit_family};
use crate::model::{Error, ErrorKind, Result};

/// How often the files are looked at anew where the writer changes them meanwhile.
const ATTEMPTS: usize = 16;

/// A [`Log`] for reading: a copy of what stands in the write-ahead log at the opening, and the table
/// files.
pub(crate) struct ReadLog {
    generations: BTreeMap<u64, Entries>,
    tables: BTreeMap<Table, Changes>,
    /// Where table files hold anything.
    files: Option<DB>,
    damage: Option<LogDamage>,
    tail: Mutex<Option<LogTail>>,
}

/// Damage of the write-ahead log that a reader stopped at.
#[derive(Clone, Debug)]
pub(crate) struct LogDamage {
    /// The file, the byte and what is wrong.
    pub(crate) what: String,
    /// Whole records behind it, which are not shown.
    pub(crate) records: u64,
    /// Bytes from it on that are no part of a whole record.
    pub(crate) damaged_bytes: u64,
}

/// What the log says of a table: the newest value of each key, or that it was removed.
type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

impl ReadLog {
    /// Opens the log in `path`. `noted` is its last note. `scratch` gives a folder of this reader
    /// alone, for RocksDB's notes; it is asked for one only where table files are to be read.
    /// `on_damage` is not [`OnDamage::Drop`]: a reader changes nothing.
    ///
    /// # Errors
    /// `NotFound` when there is no log; `Corruption`, naming the file; `Locked` where the writer
    /// changed files each time; `Io`.
    pub(crate) fn open(
        path: &Path,
        noted: &Noted,
        on_damage: OnDamage,
        scratch: &mut dyn FnMut() -> Result<std::path::PathBuf>,
    ) -> Result<Self> {
        if !folder::is_database(path)? {
            let message = format!("{}: there is no log", path.display());
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        for _ in 0..ATTEMPTS {
            let before = folder::manifest(path)?;
            let read = Self::try_open(path, noted, on_damage, scratch);
            // The writer may have begun or dropped a generation meanwhile, and with it files.
            match folder::manifest(path)? == before {
                true => return read,
                false => drop(read),
            }
        }
        let message = format!(
            "{}: the writer changed files too often to read them in between; try again",
            path.display()
        );
        Err(Error::new(ErrorKind::Locked, message))
    }

    fn try_open(
        path: &Path,
        noted: &Noted,
        on_damage: OnDamage,
        scratch: &mut dyn FnMut() -> Result<std::path::PathBuf>,
    ) -> Result<Self> {
        let survey = Survey::of(path, noted)?;
        let mut log = Self {
            generations: BTreeMap::new(),
            tables: BTreeMap::new(),
            files: None,
            damage: None,
            tail: Mutex::default(),
        };
        let all = &survey.database.families;
        for family in all.values() {
            if let Some(id) = families::generation_of(&family.name) {
                log.generations.insert(id, Entries::default());
            } else if let Some(table) = Table::of_name(&family.name) {
                log.tables.insert(table, Changes::new());
            }
        }
        let tail = survey.read_logs(on_damage, &mut |entry| {
            let family = all.get(&entry.change.family);
            let family = family.filter(|family| entry.log >= family.log_number);
            match family {
                Some(family) => log.add(&family.name, entry.change.key, entry.change.value),
                None => Ok(()),
            }
        })?;
        // Behind damage nothing can be read.
        let end = tail.end.filter(|_| tail.damage.is_none());
        log.tail = Mutex::new(end.map(|end| LogTail::new(&survey, end, tail.next)));
        log.damage = tail.damage.map(|what| LogDamage {
            what,
            records: tail.dropped_records,
            damaged_bytes: tail.damaged_bytes,
        });
        if all.values().any(|family| family.holds_entries()) {
            log.files = Some(open_files(path, &survey, &scratch()?)?);
        }
        Ok(log)
    }

    /// The damage that it stopped at.
    pub(crate) fn damage(&self) -> Option<&LogDamage> {
        self.damage.as_ref()
    }

    /// Takes where it ended, for who goes on from there.
    pub(crate) fn take_tail(&self) -> Option<LogTail> {
        self.tail.lock().take()
    }

    fn add(&mut self, family: &str, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        let generation = families::generation_of(family);
        let generation = generation.and_then(|id| self.generations.get_mut(&id));
        if let (Some(entries), Some(value)) = (generation, value) {
            let value = |out: &mut Vec<u8>| {
                out.extend_from_slice(value);
                Ok(())
            };
            return entries.push(|out| out.extend_from_slice(key), value);
        }
        if let Some(changes) = Table::of_name(family).and_then(|table| self.tables.get_mut(&table))
        {
            changes.insert(key.to_vec(), value.map(<[u8]>::to_vec));
        }
        Ok(())
    }

    /// Calls `visit` with each entry of a family in the table files.
    fn visit_files(&self, name: &str, visit: &mut Visit<'_>) -> Result<()> {
        let Some(files) = &self.files else {
            return Ok(());
        };
        let Some(family) = files.cf_handle(name) else {
            return Ok(());
        };
        visit_family(files, &family, visit)
            .map_err(|error| failed(&format!("reading {name} in"), files.path(), error))?
    }

    fn changes(&self, table: Table) -> Result<&Changes> {
        self.tables.get(&table).ok_or_else(|| table.missing())
    }
}

/// Lays out what RocksDB is to read in `folder`: what was looked at, whatever the writer does meanwhile.
/// No file of the store's own folder is held or changed.
fn link_files(path: &Path, survey: &Survey, folder: &Path) -> Result<()> {
    let fresh = || {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        std::path::absolute(path)
    };
    let path = fresh().map_err(|error| folder::said("making", folder, error))?;
    lay_out(&path, folder, survey, &mut |from, to| {
        std::os::unix::fs::symlink(from, to).map_err(|error| folder::said("making", to, error))
    })
}

/// Opens the table files, and checks that RocksDB takes all of them.
fn open_files(path: &Path, survey: &Survey, scratch: &Path) -> Result<DB> {
    let names = survey.database.families.values();
    let names: Vec<String> = names.map(|family| family.name.clone()).collect();
    let mut options = families::database().map_err(|error| failed("setting up", path, error))?;
    options.create_if_missing(false);
    let private = scratch.join("hot");
    link_files(path, survey, &private)?;
    let cache = families::cache();
    let descriptors = families::descriptors(&names, 0, &cache);
    let files =
        DB::open_cf_descriptors_as_secondary(&options, private.as_path(), scratch, descriptors)
            .map_err(|error| failed("opening", path, error))?;
    // A secondary that cannot open a file falls back to an earlier state, and says nothing.
    let live = files.live_files();
    let live = live.map_err(|error| failed("listing the files of", path, error))?;
    for (number, _) in survey.table_files() {
        let name = folder::table_name(number);
        if !live
            .iter()
            .any(|file| file.name.trim_start_matches('/') == name)
        {
            return Err(folder::damaged(
                &path.join(name),
                "RocksDB does not open it",
            ));
        }
    }
    Ok(files)
}

fn read_only<T>() -> Result<T> {
    Err(Error::new(
        ErrorKind::Unsupported,
        "the log is open for reading; open the store for writing",
    ))
}

impl Log for ReadLog {
    fn create_generation(&self, _id: u64) -> Result<()> {
        read_only()
    }

    fn drop_generation(&self, _id: u64) -> Result<()> {
        read_only()
    }

    fn generations(&self) -> Result<Vec<u64>> {
        Ok(self.generations.keys().copied().collect())
    }

    fn append(&self, _id: u64, _entries: &Entries, _notes: &Notes) -> Result<()> {
        read_only()
    }

    fn sync(&self) -> Result<()> {
        read_only()
    }

    fn replay(&self, id: u64, visit: &mut Visit<'_>) -> Result<()> {
        let entries = self.generations.get(&id);
        let entries = entries.ok_or_else(|| super::missing(id))?;
        let mut logged = entries.sorted().into_iter().peekable();
        self.visit_files(&families::name_of(id), &mut |key, value| {
            while let Some((key, value)) = logged.next_if(|(logged, _)| *logged < key) {
                visit(key, value)?;
            }
            visit(key, value)
        })?;
        logged.try_for_each(|(key, value)| visit(key, value))
    }

    fn create_table(&self, _table: Table) -> Result<()> {
        read_only()
    }

    fn drop_table(&self, _table: Table) -> Result<()> {
        read_only()
    }

    fn tables(&self) -> Result<Vec<Table>> {
        Ok(self.tables.keys().copied().collect())
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if let Some(value) = self.changes(table)?.get(key) {
            return Ok(value.clone());
        }
        let Some(files) = &self.files else {
            return Ok(None);
        };
        let name = table.name();
        let Some(family) = files.cf_handle(&name) else {
            return Ok(None);
        };
        files
            .get_cf(&family, key)
            .map_err(|error| failed(&format!("reading table {name} in"), files.path(), error))
    }

    fn replay_table(&self, table: Table, visit: &mut Visit<'_>) -> Result<()> {
        let changes = self.changes(table)?;
        let mut logged = changes.iter().peekable();
        let changed = |(key, value): (&Vec<u8>, &Option<Vec<u8>>), visit: &mut Visit<'_>| {
            value.as_ref().map_or(Ok(()), |value| visit(key, value))
        };
        self.visit_files(&table.name(), &mut |key, value| {
            while let Some(entry) = logged.next_if(|(logged, _)| logged.as_slice() < key) {
                changed(entry, visit)?;
            }
            match logged.next_if(|(logged, _)| logged.as_slice() == key) {
                Some(newer) => changed(newer, visit),
                None => visit(key, value),
            }
        })?;
        logged.try_for_each(|entry| changed(entry, visit))
    }

    fn rewrite_tables(&self) -> Result<()> {
        read_only()
    }

    fn written(&self) -> Written {
        Written::default()
    }

    fn position(&self) -> Result<Position> {
        read_only()
    }

    fn close(&self) -> Result<()> {
        Ok(())
    }

    fn verify(&self) -> Result<()> {
        for table in self.tables()? {
            self.replay_table(table, &mut |_, _| Ok(()))?;
        }
        Ok(())
    }
}
