//! Folders that go with the process.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Outcome;

/// In memory, where syncs cost nothing.
const SHARED_MEMORY: &str = "/dev/shm";

/// A folder of one worker.
pub struct Scratch {
    folder: TempDir,
    path: PathBuf,
}

impl Scratch {
    pub fn new() -> Outcome<Self> {
        let builder = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix("annals-crash-");
            builder
        };
        let folder = match builder().tempdir_in(SHARED_MEMORY) {
            Ok(folder) => folder,
            Err(_) => builder().tempdir()?,
        };
        // The recorder compares paths as they are.
        let path = folder.path().canonicalize()?;
        Ok(Self { folder, path })
    }

    /// The folder that is watched.
    pub fn disk(&self) -> PathBuf {
        self.path.join("disk")
    }

    /// The store on it.
    pub fn store(&self) -> PathBuf {
        self.disk().join("store")
    }

    /// What the recorder writes.
    pub fn trace(&self) -> PathBuf {
        self.path.join("trace")
    }

    /// Makes the disk empty.
    pub fn clear(&self) -> Outcome<()> {
        let disk = self.disk();
        if disk.exists() {
            std::fs::remove_dir_all(&disk)?;
        }
        Ok(std::fs::create_dir_all(disk)?)
    }

    /// Keeps a copy of the disk.
    pub fn keep(&self, to: &Path) -> Outcome<()> {
        crate::disk::Image::read(&self.disk())?.write(to)
    }

    /// Removes everything, and says where that fails.
    pub fn close(self) -> Outcome<()> {
        Ok(self.folder.close()?)
    }
}
