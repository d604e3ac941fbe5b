//! Backups: several copies of a store in one folder, which share what did not change. Rank 6.
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

use crate::api::{Checkpoint, Sharing, Store, VerifyReport};
use crate::types::{Error, ErrorKind, Result};

/// A folder of backups of one store.
#[derive(Clone, Debug)]
pub struct Backups {
    folder: PathBuf,
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Backup {
    /// Its number, and the name of its folder.
    pub number: u64,
    /// Its folder.
    pub path: PathBuf,
    /// What it shares with the one before, and what was copied.
    pub checkpoint: Checkpoint,
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
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| self.said("listing", error))?,
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry
                .map_err(|error| self.said("listing", error))?
                .file_name();
            let number = name.to_str().and_then(number_of);
            // One that was interrupted has no manifest.
            let whole = |number: &u64| self.path(*number).join("MANIFEST").exists();
            numbers.extend(number.filter(whole));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The folder of a backup.
    pub fn path(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string())
    }

    /// Copies the store in the folder `store`, also while it is written to, to a new backup; the folder is
    /// made where it is missing. An interrupted backup leaves a folder without a manifest, which the next
    /// one replaces.
    ///
    /// Cost: a copy of the segments that the newest backup lacks, and of the log.
    ///
    /// # Errors
    /// `InvalidInput` where the folder holds backups of another store; else as
    /// [`StoreBuilder::checkpoint`](crate::StoreBuilder::checkpoint).
    pub fn make(&self, store: impl AsRef<Path>) -> Result<Backup> {
        let store = store.as_ref();
        let newest = self.numbers()?.last().copied();
        let sharing = match newest {
            Some(number) => {
                self.check_same(store, number)?;
                Sharing::LinkTo(self.path(number))
            }
            None => Sharing::Copy,
        };
        let number = newest.unwrap_or(0).checked_add(1).ok_or_else(|| {
            Error::invalid(format!(
                "{}: there is no number above that of the newest backup; choose another folder",
                self.folder.display()
            ))
        })?;
        let path = self.path(number);
        let checkpoint = Store::builder().checkpoint(store, &path, &sharing)?;
        Ok(Backup {
            number,
            path,
            checkpoint,
        })
    }

    /// Removes all but the newest `count` backups; gives the numbers of those that went. At least one is kept.
    ///
    /// # Errors
    /// `Io`.
    pub fn keep(&self, count: usize) -> Result<Vec<u64>> {
        let mut numbers = self.numbers()?;
        let kept = numbers.len().min(count.max(1));
        numbers.truncate(numbers.len() - kept);
        for number in &numbers {
            let (from, to) = (self.path(*number), self.folder.join(removed_name(*number)));
            std::fs::rename(&from, &to)
                .map_err(|error| Error::io(format!("removing {}", from.display()), error))?;
        }
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
    fn check_same(&self, store: &Path, number: u64) -> Result<()> {
        let [own, other] = [store, &self.path(number)].map(Store::id_of);
        let (own, other) = (own?, other?);
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
