//! Simulated storage that remembers what was synced, for crash tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Append, FileMap, ReadAt, Storage};
use crate::model::{Error, ErrorKind, Result};

/// Files in memory. [`SimStorage::crash`] forgets what a power loss would: bytes that were not
/// synced, and names in folders that were not synced. [`SimStorage::fail_after`] makes a later
/// operation fail, as a full or broken disk does.
#[derive(Clone, Default)]
pub struct SimStorage {
    state: Arc<Mutex<SimulatedDisk>>,
}

#[derive(Default)]
struct SimulatedDisk {
    files: BTreeMap<String, Contents>,
    durable: BTreeMap<String, Contents>,
    operations_left: Option<u64>,
    /// Whether those after the failed one succeed.
    once: bool,
    trace: Vec<String>,
}

type Contents = Arc<Mutex<File>>;

#[derive(Default)]
struct File {
    bytes: Vec<u8>,
    synced: usize,
}

impl SimStorage {
    /// Empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// Loses what was not synced. Open files go on writing to nowhere.
    pub fn crash(&self) {
        let mut state = self.state.lock();
        let survivors: BTreeMap<String, Contents> = state
            .durable
            .iter()
            .map(|(name, contents)| {
                let file = contents.lock();
                let bytes = file.bytes.get(..file.synced).unwrap_or_default().to_vec();
                let synced = bytes.len();
                (name.clone(), Arc::new(Mutex::new(File { bytes, synced })))
            })
            .collect();
        state.files = survivors.clone();
        state.durable = survivors;
        state.operations_left = None;
    }

    /// Lets `operations` more writing operations succeed; every later one fails, until a crash.
    pub fn fail_after(&self, operations: u64) {
        let mut state = self.state.lock();
        state.operations_left = Some(operations);
        state.once = false;
    }

    /// Lets `operations` more writing operations succeed, fails one, and lets all later ones
    /// succeed.
    pub fn fail_once_after(&self, operations: u64) {
        self.fail_after(operations);
        self.state.lock().once = true;
    }

    /// Ends the failing, and tells whether it had begun. Nothing is lost.
    pub fn heal(&self) -> bool {
        let mut state = self.state.lock();
        let failed =
            state.operations_left == Some(0) || (state.once && state.operations_left.is_none());
        state.operations_left = None;
        state.once = false;
        failed
    }

    /// Turns one bit of a file, as a failing disk does.
    ///
    /// # Errors
    /// `NotFound` when there is no such byte.
    pub fn damage(&self, path: &str, offset: usize) -> Result<()> {
        let contents = self.contents(path)?;
        let mut file = contents.lock();
        match file.bytes.get_mut(offset) {
            Some(byte) => *byte ^= 1,
            None => return Err(missing(path)),
        }
        Ok(())
    }

    fn contents(&self, path: &str) -> Result<Contents> {
        let state = self.state.lock();
        state.files.get(path).cloned().ok_or_else(|| missing(path))
    }

    /// Every writing operation so far, those that failed included, a line each.
    pub fn trace(&self) -> Vec<String> {
        self.state.lock().trace.clone()
    }

    fn spend(&self, operation: String) -> Result<()> {
        spend(&mut self.state.lock(), operation)
    }
}

fn spend(state: &mut SimulatedDisk, operation: String) -> Result<()> {
    state.trace.push(operation);
    match &mut state.operations_left {
        None => Ok(()),
        Some(0) => {
            if state.once {
                state.operations_left = None;
            }
            Err(Error::new(ErrorKind::Io, "simulated failure of the disk"))
        }
        Some(left) => {
            *left -= 1;
            Ok(())
        }
    }
}

fn missing(path: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("{path}: no such file"))
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Storage for SimStorage {
    fn map(&self, path: &str) -> Result<FileMap> {
        let contents = self.contents(path)?;
        let file = contents.lock();
        Ok(Bytes::copy_from_slice(&file.bytes).into())
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt>> {
        Ok(Box::new(SimFile {
            path: path.to_owned(),
            contents: self.contents(path)?,
            storage: self.clone(),
        }))
    }

    fn create(&self, path: &str) -> Result<Box<dyn Append>> {
        let mut state = self.state.lock();
        spend(&mut state, format!("create {path}"))?;
        if state.files.contains_key(path) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("{path}: file exists"),
            ));
        }
        let contents = Contents::default();
        state.files.insert(path.to_owned(), contents.clone());
        Ok(Box::new(SimFile {
            path: path.to_owned(),
            contents,
            storage: self.clone(),
        }))
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        let mut state = self.state.lock();
        spend(&mut state, format!("rename {from} to {to}"))?;
        let contents = state.files.remove(from).ok_or_else(|| missing(from))?;
        state.files.insert(to.to_owned(), contents);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<()> {
        let mut state = self.state.lock();
        spend(&mut state, format!("remove {path}"))?;
        match state.files.remove(path) {
            Some(_) => Ok(()),
            None => Err(missing(path)),
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>> {
        let state = self.state.lock();
        Ok(state
            .files
            .keys()
            .filter(|path| folder_of(path) == folder)
            .map(|path| path.rsplit('/').next().unwrap_or(path).to_owned())
            .collect())
    }

    fn create_folder(&self, folder: &str) -> Result<()> {
        self.spend(format!("create folder {folder}"))
    }

    fn sync_folder(&self, folder: &str) -> Result<()> {
        let mut state = self.state.lock();
        spend(&mut state, format!("sync folder {folder}"))?;
        state.durable.retain(|path, _| folder_of(path) != folder);
        let named: Vec<(String, Contents)> = state
            .files
            .iter()
            .filter(|(path, _)| folder_of(path) == folder)
            .map(|(path, contents)| (path.clone(), contents.clone()))
            .collect();
        state.durable.extend(named);
        Ok(())
    }
}

struct SimFile {
    path: String,
    contents: Contents,
    storage: SimStorage,
}

impl ReadAt for SimFile {
    fn len(&self) -> Result<usize> {
        Ok(self.contents.lock().bytes.len())
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let file = self.contents.lock();
        let start = offset as usize;
        match file.bytes.get(start..start.saturating_add(out.len())) {
            Some(bytes) => out.copy_from_slice(bytes),
            None => return Err(Error::new(ErrorKind::Io, "read beyond the end of a file")),
        }
        Ok(())
    }
}

impl Append for SimFile {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let crc = super::crc32(bytes);
        let operation = format!("append {} bytes ({crc:08x}) to {}", bytes.len(), self.path);
        self.storage.spend(operation)?;
        self.contents.lock().bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.storage.spend(format!("sync {}", self.path))?;
        let mut file = self.contents.lock();
        file.synced = file.bytes.len();
        Ok(())
    }
}
