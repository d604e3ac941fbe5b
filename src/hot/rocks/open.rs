//! Opening the log, for writing or beside a writer.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rocksdb::{Cache, DB, Options};

use super::error::not_opened;
use super::{Access, RocksLog, family};
use crate::hot::table::Table;
use crate::hot::{closed, families};
use crate::types::{Error, ErrorKind, Result};

/// How often a secondary is opened anew when the primary changes files meanwhile; each time after
/// a millisecond more.
const SECONDARY_ATTEMPTS: u64 = 16;

impl RocksLog {
    /// Opens the log in `path` for writing; the first opening creates it. A generation is expected
    /// to stay within `generation_bytes`.
    ///
    /// After a crash, what follows the first torn record is gone. A log that was closed in order,
    /// by dropping it, is held to be whole.
    ///
    /// # Errors
    /// `Locked` when another process or handle has it open; `Corruption`; `Io`.
    pub(crate) fn open(path: &Path, generation_bytes: u64) -> Result<Self> {
        let closed = closed::is_noted(path);
        let options = families::database(generation_bytes, closed);
        let names = match path.join("CURRENT").try_exists() {
            Ok(false) => Vec::new(),
            _ => list(&options, path, closed)?,
        };
        let cache = families::cache();
        let descriptors = families::descriptors(&names, generation_bytes, &cache);
        let db = DB::open_cf_descriptors(&options, path, descriptors)
            .map_err(|error| not_opened(path, closed, error))?;
        if closed {
            closed::forget(path)?;
        }
        let access = Access::Write { generation_bytes };
        Self::new(db, options, access, &names, cache)
    }

    /// Opens the log in `path` for reading while another process may be writing to it; what it
    /// sees is what was appended before. `scratch` is a folder of this reader alone, for RocksDB's
    /// notes.
    ///
    /// # Errors
    /// `NotFound` when there is no log; `Corruption`; `Io`.
    pub(crate) fn open_secondary(path: &Path, scratch: &Path) -> Result<Self> {
        let mut attempt = 1;
        loop {
            // The primary may begin or drop a generation, and with it a log file, between the
            // listing and the opening.
            match Self::try_open_secondary(path, scratch) {
                Err(error) if attempt == SECONDARY_ATTEMPTS => return Err(error),
                Err(_) => {
                    std::thread::sleep(Duration::from_millis(attempt));
                    attempt += 1;
                }
                opened => return opened,
            }
        }
    }

    fn try_open_secondary(path: &Path, scratch: &Path) -> Result<Self> {
        let closed = closed::is_noted(path);
        let mut options = families::database(0, closed);
        options.create_if_missing(false);
        let logs = log_files(path)?;
        let names = list(&options, path, closed)?;
        let cache = families::cache();
        let descriptors = families::descriptors(&names, 0, &cache);
        let db = DB::open_cf_descriptors_as_secondary(&options, path, scratch, descriptors)
            .map_err(|error| not_opened(path, closed, error))?;
        // A secondary that finds a log file gone stops there, says nothing, and has not read the
        // newer ones.
        if !logs.is_subset(&log_files(path)?) {
            return Err(Error::new(
                ErrorKind::Locked,
                format!(
                    "{}: the writer removed log files while they were read; try again",
                    path.display()
                ),
            ));
        }
        Self::new(db, options, Access::Read, &names, cache)
    }

    fn new(
        db: DB,
        options: Options,
        access: Access,
        names: &[String],
        cache: Cache,
    ) -> Result<Self> {
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
            db,
            options,
            access,
            families: RwLock::new(families),
            tables: RwLock::new(tables),
            cache,
            changing: Mutex::default(),
            write_options: families::buffered_write(),
            batch: Mutex::default(),
            payload_bytes: AtomicU64::new(0),
        })
    }
}

/// The names of the write-ahead log's files.
fn log_files(path: &Path) -> Result<BTreeSet<OsString>> {
    let read = || -> std::io::Result<BTreeSet<OsString>> {
        let names = std::fs::read_dir(path)?.map(|file| Ok(file?.file_name()));
        let is_log = |name: &OsString| Path::new(name).extension().is_some_and(|end| end == "log");
        names
            .filter(|name| name.as_ref().map_or(true, is_log))
            .collect()
    };
    read().map_err(|error| Error::io(format!("listing {}", path.display()), error))
}

fn list(options: &Options, path: &Path, closed: bool) -> Result<Vec<String>> {
    DB::list_cf(options, path).map_err(|error| not_opened(path, closed, error))
}
