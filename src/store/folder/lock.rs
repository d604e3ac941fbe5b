//! One writer a store: an advisory lock on a file, which says who holds it.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::io::Readers;
use crate::model::{Error, ErrorKind, Result};

pub(in crate::store) const FILE: &str = "LOCK";

/// Bytes of the file that are read.
const MOST_BYTES: u64 = 1024;

/// Held as long as a store is open for writing; the system lets go when the process ends.
pub(crate) struct StoreLock {
    file: File,
}

impl StoreLock {
    pub(crate) fn take(root: &Path, readers: Readers) -> Result<Self> {
        Self::take_file(&root.join(FILE), readers, |holder| {
            format!(
                "{}: the store is open for writing in {holder}; close it there, or open this one \
                 read-only",
                root.display(),
            )
        })
    }

    /// Takes the lock on a file, which is made where it is missing; `refusal` is what an error says of
    /// who holds it.
    ///
    /// # Errors
    /// `Locked`, `Io`.
    pub(super) fn take_file(
        path: &Path,
        readers: Readers,
        refusal: impl FnOnce(&str) -> String,
    ) -> Result<Self> {
        let doing = || format!("lock {}", path.display());
        let file = readers.open_or_create(path);
        let file = file.map_err(|error| Error::io(doing(), error))?;
        match file.try_lock() {
            Ok(()) => {
                // The lock holds without its holder's name.
                let _ = write_holder(&file);
                Ok(Self { file })
            }
            Err(TryLockError::WouldBlock) => {
                Err(Error::new(ErrorKind::Locked, refusal(&holder(path))))
            }
            Err(TryLockError::Error(error)) => Err(Error::io(doing(), error)),
        }
    }
}

/// Writes the number and the program of this process.
fn write_holder(mut file: &File) -> std::io::Result<()> {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(Path::file_name);
    let name = name.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    file.set_len(0)?;
    file.write_all(format!("{} {name}\n", std::process::id()).as_bytes())
}

/// Who holds the lock, as far as the file tells: it may be of a holder before, or of one that has not
/// written it yet.
fn holder(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
    let known = read.ok().and_then(|_| {
        let (number, name) = text.trim_end().split_once(' ')?;
        let number: u32 = number.parse().ok()?;
        Some((number, name))
    });
    match known {
        Some((number, _)) if number == std::process::id() => {
            "another handle of this process".to_owned()
        }
        Some((number, "")) => format!("process {number}"),
        Some((number, name)) => format!("process {number} ({name})"),
        None => "another process or handle".to_owned(),
    }
}

impl Drop for StoreLock {
    /// Closing alone would not do: a process that is being started at the moment holds a copy of
    /// the descriptor, and with it the lock, until its program is loaded.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}
