//! Backups: several copies of a store in one folder, which share what did not change. Rank 7.
//!
//! A [`Backups`] folder holds a folder for each backup, named by its number: 1, 2, and so on. Each is a
//! store like any other, which the command-line tool and [`Store::open_read_only`] take as it is. A
//! segment that two backups have is one file with two names, so that a backup costs the segments that
//! are new, and the log of single writes. Nothing is shared with the store that is backed up: damage to its
//! disk or its files spares the backups.
//!
//! ```
//! use annals::backup::Backups;
//! # use annals::{Limits, Schema, Store};
//! # fn main() -> annals::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("store");
//! # let schema = Schema::parse(annals_generate::SCHEMA, &Limits::personalize())?;
//! # drop(Store::create(&path, &schema)?);
//! let backups = Backups::new(folder.path().join("backups"));
//! let made = backups.make(&path)?;
//! assert_eq!(made.number, 1);
//! backups.make(&path)?;
//! backups.keep(1)?;
//! assert_eq!(backups.numbers()?, [2]);
//! backups.restore(None, folder.path().join("restored"), &mut |_| {})?;
//! # Ok(())
//! # }
//! ```

use std::path::{Path, PathBuf};

use crate::api::{
    BackupsReader, BackupsWriter, Checkpoint, Sharing, Store, VerifyReport, is_unfinished,
};
use crate::model::{Error, ErrorKind, Result, StoreId};

/// A folder of backups of one store.
#[derive(Clone, Debug)]
pub struct Backups {
    folder: PathBuf,
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Backup {
    /// Its number, and the name of its folder.
    pub number: u64,
    /// Its folder.
    pub path: PathBuf,
    /// What it shares with the one before, and what was copied.
    pub checkpoint: Checkpoint,
    /// What lies among the backups, is named like one and cannot be used, a line each with the reason. It
    /// stayed as it was.
    pub passed_over: Vec<String>,
}

/// A folder among the backups that is named like one.
struct FoundBackup {
    number: u64,
    state: CopyState,
}

#[derive(PartialEq, Eq)]
enum CopyState {
    /// Its manifest was read: a backup of this store.
    Whole(StoreId),
    /// A backup that did not come to its end.
    Interrupted,
    /// Neither, and why.
    Unusable(String),
}

impl Backups {
    /// The backups in a folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The numbers of the backups, rising; none where there is no folder.
    ///
    /// # Errors
    /// `Io`.
    pub fn numbers(&self) -> Result<Vec<u64>> {
        let mut numbers = self.named()?;
        // One that was interrupted has no manifest.
        numbers.retain(|number| self.path(*number).join("MANIFEST").exists());
        Ok(numbers)
    }

    /// The numbers that folders are named by, rising.
    fn named(&self) -> Result<Vec<u64>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| self.said("listing", error))?,
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry
                .map_err(|error| self.said("listing", error))?
                .file_name();
            numbers.extend(name.to_str().and_then(number_of));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// What is named like a backup, by rising number.
    fn found(&self) -> Result<Vec<FoundBackup>> {
        let state = |number: u64| {
            let path = self.path(number);
            match Store::id_of(&path) {
                Ok(id) => CopyState::Whole(id),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    match path.is_dir() && is_unfinished(&path) {
                        true => CopyState::Interrupted,
                        false => CopyState::Unusable(format!(
                            "{}: it has no file MANIFEST, and is no backup that was interrupted either; \
                         look what it is, and move it elsewhere",
                            path.display()
                        )),
                    }
                }
                Err(error) => CopyState::Unusable(error.within(path.display()).full_message()),
            }
        };
        let numbers = self.named()?.into_iter();
        let found = numbers.map(|number| FoundBackup {
            number,
            state: state(number),
        });
        Ok(found.collect())
    }

    /// The folder of a backup.
    pub fn path(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }

    /// Copies the store in the folder `store`, also while it is written to, to a new backup; the folder is
    /// made where it is missing. An interrupted backup leaves a folder without a manifest, which the next
    /// one replaces. A folder of that name that is no backup, and a backup whose manifest is damaged, stay as
    /// they are, are passed over, and are named in the answer.
    ///
    /// A segment that the newest backup has, too, is shared with it once every byte of it was found to be
    /// right; where it is not, it is copied from the store. What was copied is read again, so that no
    /// backup begins with damage.
    ///
    /// Cost: every segment is read in the store and in its backup; what the newest backup lacks is copied,
    /// and so is the log.
    ///
    /// # Errors
    /// `Locked`, naming the process, where another backup is being made or removed in the folder;
    /// `InvalidInput` where it holds backups of another store; `Corruption` where the store is damaged or
    /// lacks a segment that the newest backup has not either; else as
    /// [`StoreBuilder::checkpoint`](crate::StoreBuilder::checkpoint).
    pub fn make(&self, store: impl AsRef<Path>) -> Result<Backup> {
        let store = store.as_ref();
        let own = Store::id_of(store)?;
        let _writer = BackupsWriter::of_store(&self.folder, store)?;
        let found = self.found()?;
        let newest = found.iter().rev().find_map(|one| match &one.state {
            CopyState::Whole(id) => Some((one.number, *id)),
            _ => None,
        });
        let sharing = match newest {
            Some((number, id)) => {
                self.check_same(store, own, id)?;
                Sharing::LinkTo(self.path(number))
            }
            None => Sharing::Copy,
        };
        let taken = found
            .iter()
            .filter(|one| one.state != CopyState::Interrupted);
        let highest = taken.map(|one| one.number).max();
        let number = highest.unwrap_or(0).checked_add(1).ok_or_else(|| {
            Error::invalid(format!(
                "{}: there is no number above that of the newest backup; choose another folder",
                self.folder.display()
            ))
        })?;
        let path = self.path(number);
        let checkpoint = Store::builder().checkpoint(store, &path, &sharing)?;
        let passed_over = found.into_iter().filter_map(|one| match one.state {
            CopyState::Unusable(why) => Some(why),
            CopyState::Whole(_) | CopyState::Interrupted => None,
        });
        Ok(Backup {
            number,
            path,
            checkpoint,
            passed_over: passed_over.collect(),
        })
    }

    /// Removes all but the newest `count` backups; gives the numbers of those that went. At least one is
    /// kept. Only backups whose manifest can be read are counted and removed.
    ///
    /// # Errors
    /// `Locked` where a backup is being made, removed or restored in the folder; nothing was removed then.
    /// `Io`.
    pub fn keep(&self, count: usize) -> Result<Vec<u64>> {
        let writer = match self.folder.is_dir() {
            true => BackupsWriter::of(&self.folder)?,
            false => return Ok(Vec::new()),
        };
        let whole = self.found()?.into_iter();
        let whole = whole.filter(|one| matches!(one.state, CopyState::Whole(_)));
        let mut numbers: Vec<u64> = whole.map(|one| one.number).collect();
        let kept = numbers.len().min(count.max(1));
        numbers.truncate(numbers.len() - kept);
        if numbers.is_empty() {
            self.remove_renamed()?;
            return Ok(numbers);
        }
        writer.removing(|| {
            for number in &numbers {
                let (from, to) = (self.path(*number), self.folder.join(removed_name(*number)));
                std::fs::rename(&from, &to)
                    .map_err(|error| Error::io(format!("removing {}", from.display()), error))?;
            }
            Ok(())
        })?;
        self.remove_renamed()?;
        Ok(numbers)
    }

    /// Copies a backup, the newest where `number` is `None`, to the folder `store`, which must be missing or
    /// empty. Every byte of the backup is checked before, and every byte of the copy after it. `progress`
    /// is told how many bytes of the two were read so far.
    ///
    /// # Errors
    /// `NotFound` when there is no such backup; `Corruption`, naming what is damaged, and nothing stays at `store`;
    /// else as [`StoreBuilder::checkpoint`](crate::StoreBuilder::checkpoint).
    pub fn restore(
        &self,
        number: Option<u64>,
        store: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Backup> {
        let store = store.as_ref();
        let _reader = BackupsReader::of(&self.folder);
        let number = self.existing(number)?;
        let path = self.path(number);
        let read = check(&path, progress)?.bytes;
        let checkpoint = Store::builder().checkpoint(&path, store, &Sharing::Copy)?;
        if let Err(error) = check(store, &mut |bytes| progress(read + bytes)) {
            std::fs::remove_dir_all(store)
                .map_err(|error| Error::io(format!("removing {}", store.display()), error))?;
            return Err(error);
        }
        Ok(Backup {
            number,
            path: store.to_owned(),
            checkpoint,
            passed_over: Vec::new(),
        })
    }

    /// Removes what no longer counts, also that of a call that was interrupted.
    fn remove_renamed(&self) -> Result<()> {
        let entries = std::fs::read_dir(&self.folder);
        for entry in entries.map_err(|error| self.said("listing", error))? {
            let name = entry
                .map_err(|error| self.said("listing", error))?
                .file_name();
            let number = name.to_str().and_then(|name| name.split('.').next());
            let number = number.and_then(number_of);
            if let Some(own) = number.map(removed_name).filter(|own| name == own.as_str()) {
                let path = self.folder.join(own);
                std::fs::remove_dir_all(&path)
                    .map_err(|error| Error::io(format!("removing {}", path.display()), error))?;
            }
        }
        Ok(())
    }

    /// The number of a backup that is there; the newest for `None`.
    fn existing(&self, number: Option<u64>) -> Result<u64> {
        let numbers = self.numbers()?;
        let found = match number {
            Some(number) => numbers.iter().find(|known| **known == number),
            None => numbers.last(),
        };
        found.copied().ok_or_else(|| {
            let folder = self.folder.display();
            let message = match (number, numbers.as_slice()) {
                (_, []) => format!("{folder}: there are no backups"),
                (None, _) => format!("{folder}: there is no newest backup"),
                (Some(number), [first, .., last]) => {
                    format!("{folder}: there is no backup {number}; they are {first} to {last}")
                }
                (Some(number), [only]) => {
                    format!("{folder}: there is no backup {number}, only {only}")
                }
            };
            Error::new(ErrorKind::NotFound, message)
        })
    }

    /// Refuses to lay backups of one store among those of another.
    fn check_same(&self, store: &Path, own: StoreId, other: StoreId) -> Result<()> {
        match own == other {
            true => Ok(()),
            false => Err(Error::invalid(format!(
                "{}: it holds backups of the store {other}, and {} is {own}; choose another folder",
                self.folder.display(),
                store.display()
            ))),
        }
    }

    fn said(&self, doing: &str, error: std::io::Error) -> Error {
        Error::io(format!("{doing} {}", self.folder.display()), error)
    }
}

/// The name of a backup that is being removed: whatever interrupts that, it counts no more.
fn removed_name(number: u64) -> String {
    format!("{number}.removed")
}

/// The number that a folder of this name is a backup of: decimal digits without leading zeros.
fn number_of(name: &str) -> Option<u64> {
    let number = name.parse::<u64>().ok().filter(|number| *number > 0)?;
    (number.to_string() == name).then_some(number)
}

/// Reads all of a store.
fn check(store: &Path, progress: &mut dyn FnMut(u64)) -> Result<VerifyReport> {
    let report = Store::builder().verify(store, progress)?;
    let damage = report.damage.iter();
    let damage = damage.map(|damage| format!("{}: {}", damage.file, damage.what));
    let first = damage.chain(report.problems.iter().cloned()).next();
    match first {
        Some(first) => Err(Error::corrupt(format!("{}: {first}", store.display()))),
        None => Ok(report),
    }
}
