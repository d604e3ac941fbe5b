//! Opening the log for writing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use parking_lot::{Mutex, RecursiveRwLock, RwLock};
use rocksdb::{BottommostLevelCompaction, CompactOptions, DB};

use super::super::families;
use super::super::position::Noted;
use super::super::table::Table;
use super::error::failed;
use super::logged_rows::{LoggedRows, logged_rows};
use super::survey::{OnDamage, Survey};
use super::{RocksLog, family, folder};
use crate::model::{Error, ErrorKind, Result};

/// Table files that a log may have before an opening merges those of each family. Each opening that
/// finds entries in the log leaves one for each of their families.
const MOST_TABLE_FILES: usize = 6;

/// What an opening did to files.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    /// The damage of the write-ahead log: the file, the byte and what is wrong.
    pub(crate) damage: Option<String>,
    /// Whole records of the write-ahead log that stood behind damage and were dropped.
    pub(crate) dropped_records: u64,
    /// Bytes of it from the damage on that were no part of a whole record.
    pub(crate) damaged_bytes: u64,
    /// Copies of the damaged files.
    pub(crate) kept: Vec<PathBuf>,
}

impl RocksLog {
    /// Makes a log in the folder `path`, which has none. A generation is expected to stay within
    /// `generation_bytes`.
    ///
    /// # Errors
    /// `AlreadyExists`, `Io`.
    pub(crate) fn create(path: &Path, generation_bytes: u64) -> Result<Self> {
        if folder::is_database(path)? {
            let message = format!("{}: there is a log already", path.display());
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
        Self::start(path, generation_bytes, &[], BTreeMap::new())
    }

    /// Opens the log in `path`. `noted` is its last note: all that it names must be there.
    ///
    /// After a crash, a torn end of the write-ahead log is cut off. `on_damage` says what becomes of
    /// records behind damaged bytes.
    ///
    /// # Errors
    /// `Locked` when another process or handle has it open; `Corruption`, naming the file; `Io`.
    pub(crate) fn open(
        path: &Path,
        generation_bytes: u64,
        noted: &Noted,
        on_damage: OnDamage,
    ) -> Result<(Self, Mended)> {
        let survey = Survey::of(path, noted)?;
        let (logged, tail) = logged_rows(&survey, on_damage)?;
        let kept = survey.mend(&tail)?;
        let families = survey.database.families.values();
        let names: Vec<String> = families.map(|family| family.name.clone()).collect();
        let log = Self::start(path, generation_bytes, &names, logged)?;
        log.merge_tables()?;
        let mended = Mended {
            damaged_bytes: match tail.damage {
                Some(_) => tail.damaged_bytes,
                None => 0,
            },
            damage: tail.damage,
            dropped_records: tail.dropped_records,
            kept,
        };
        Ok((log, mended))
    }

    fn start(
        path: &Path,
        generation_bytes: u64,
        names: &[String],
        logged: BTreeMap<u64, LoggedRows>,
    ) -> Result<Self> {
        let options = families::database().map_err(|error| failed("setting up", path, error))?;
        let cache = families::cache();
        let descriptors = families::descriptors(names, generation_bytes, &cache);
        let db = DB::open_cf_descriptors(&options, path, descriptors)
            .map_err(|error| failed("opening", path, error))?;
        let tables = names
            .iter()
            .filter_map(|name| Some((Table::of_name(name)?, name.clone())))
            .collect();
        let families = names
            .iter()
            .filter_map(|name| Some((families::generation_of(name)?, name)))
            .map(|(id, name)| Ok((id, family(&db, id, name.clone())?)))
            .collect::<Result<_>>()?;
        Ok(Self {
            path: path.to_owned(),
            db: RecursiveRwLock::new(Some(db)),
            options,
            generation_bytes,
            families: RwLock::new(families),
            tables: RwLock::new(tables),
            logged,
            cache,
            changing: Mutex::default(),
            write_options: families::buffered_write(),
            batch: Mutex::default(),
            payload_bytes: AtomicU64::new(0),
        })
    }

    /// Merges the table files of each family where there are too many: a store that is opened for
    /// each row would have one more each time, and no process lives long enough for RocksDB to
    /// merge them in the background.
    fn merge_tables(&self) -> Result<()> {
        let db = self.db()?;
        let files = db.live_files();
        let files = files.map_err(|error| self.failed("listing the files of", error))?;
        if files.len() <= MOST_TABLE_FILES {
            return Ok(());
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for file in files {
            *counts.entry(file.column_family_name).or_default() += 1;
        }
        let several = counts.into_iter().filter(|(_, files)| *files > 1);
        self.merge_files(&db, several.map(|(name, _)| name))
    }

    /// Opens the database that this log has closed, which has these families.
    pub(super) fn open_again(&self, names: &[String]) -> Result<DB> {
        let descriptors = families::descriptors(names, self.generation_bytes, &self.cache);
        DB::open_cf_descriptors(&self.options, &self.path, descriptors)
            .map_err(|error| self.failed("opening", error))
    }

    /// Merges all files of families into one each, and removes those that they were.
    pub(super) fn merge_files(&self, db: &DB, names: impl Iterator<Item = String>) -> Result<()> {
        let mut all = CompactOptions::default();
        // Files that do not overlap would be moved as they are otherwise.
        all.set_bottommost_level_compaction(BottommostLevelCompaction::Force);
        for name in names {
            if let Some(family) = db.cf_handle(&name) {
                db.compact_range_cf_opt(&family, None::<&[u8]>, None::<&[u8]>, &all);
            }
        }
        // What was merged goes now: the thread that would remove it may not live long enough.
        db.disable_file_deletions()
            .and_then(|()| db.enable_file_deletions())
            .map_err(|error| self.failed("removing merged files of", error))
    }
}
