//! The seam between the engine and the file system.

use super::FileMap;
use crate::model::Result;

/// A folder of files. Paths are relative to it, with `/` between parts.
pub trait Storage: Send + Sync {
    /// The whole file, without copying where the system can (a memory map).
    fn map(&self, path: &str) -> Result<FileMap>;

    /// Opens a file for reading parts of it.
    fn open(&self, path: &str) -> Result<Box<dyn ReadAt>>;

    /// Creates a file, which must not exist, for appending.
    fn create(&self, path: &str) -> Result<Box<dyn Append>>;

    /// Renames a file over another, atomically.
    fn rename(&self, from: &str, to: &str) -> Result<()>;

    /// Removes a file.
    fn remove(&self, path: &str) -> Result<()>;

    /// The names of the files in a folder, sorted.
    fn list(&self, folder: &str) -> Result<Vec<String>>;

    /// Creates a folder unless it is there.
    fn create_folder(&self, folder: &str) -> Result<()>;

    /// Makes creations, renames and removals in a folder survive power loss; "" is the root.
    fn sync_folder(&self, folder: &str) -> Result<()>;
}

/// A file that is read in parts.
pub trait ReadAt: Send + Sync {
    /// Its length in bytes.
    fn len(&self) -> Result<usize>;

    /// Fills `out` from `offset`.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()>;
}

/// A file that only grows.
pub trait Append: Send {
    /// Adds bytes at the end.
    fn append(&mut self, bytes: &[u8]) -> Result<()>;

    /// Makes what was appended survive power loss.
    fn sync(&mut self) -> Result<()>;
}
