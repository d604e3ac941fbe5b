//! Real files.

use std::fs::{self, File};
use std::io::{ErrorKind as IoKind, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::{Append, ReadAt, Storage};
use crate::types::{Error, Result};

/// A folder of the local file system.
pub struct LocalStorage {
    root: PathBuf,
}

impl LocalStorage {
    /// The folder `root`, which must exist.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

fn said(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let doing = format!("{doing} {}", path.display());
    move |error| Error::io(doing, error)
}

impl Storage for LocalStorage {
    #[expect(
        unsafe_code,
        reason = "a memory map is what makes a lookup cost no system call"
    )]
    fn map(&self, path: &str) -> Result<Bytes> {
        let path = self.at(path);
        let file = File::open(&path).map_err(said("open", &path))?;
        let length = file.metadata().map_err(said("read", &path))?.len();
        if length == 0 {
            return Ok(Bytes::new());
        }
        // SAFETY: the map is shared and read-only. Files that are mapped are immutable once they
        // are renamed or published: the store only ever creates, reads and unlinks them, and the
        // lock file keeps a second writer out. Truncation by another program while the map lives
        // would end the process with SIGBUS, as with every store that maps its files.
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(said("map", &path))?;
        Ok(Bytes::from_owner(map))
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt>> {
        let path = self.at(path);
        let file = File::open(&path).map_err(said("open", &path))?;
        Ok(Box::new(LocalFile { file, path }))
    }

    fn create(&self, path: &str) -> Result<Box<dyn Append>> {
        let path = self.at(path);
        let file = File::create_new(&path).map_err(said("create", &path))?;
        Ok(Box::new(LocalFile { file, path }))
    }

    fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (self.at(from), self.at(to));
        fs::rename(&from, &to).map_err(said("rename", &from))
    }

    fn remove(&self, path: &str) -> Result<()> {
        let path = self.at(path);
        fs::remove_file(&path).map_err(said("remove", &path))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>> {
        let folder = self.at(folder);
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(said("list", &folder))? {
            let entry = entry.map_err(said("list", &folder))?;
            if entry.file_type().map_err(said("list", &folder))?.is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    fn create_folder(&self, folder: &str) -> Result<()> {
        let folder = self.at(folder);
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == IoKind::AlreadyExists => Ok(()),
            other => other.map_err(said("create folder", &folder)),
        }
    }

    fn sync_folder(&self, folder: &str) -> Result<()> {
        let folder = self.at(folder);
        let open = File::open(&folder).map_err(said("open", &folder))?;
        open.sync_all().map_err(said("sync", &folder))
    }
}

struct LocalFile {
    file: File,
    path: PathBuf,
}

impl ReadAt for LocalFile {
    fn len(&self) -> Result<usize> {
        let metadata = self.file.metadata().map_err(said("read", &self.path))?;
        usize::try_from(metadata.len())
            .map_err(|_| Error::corrupt(format!("{}: larger than memory", self.path.display())))
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, out, offset)
            .map_err(said("read", &self.path))
    }
}

impl Append for LocalFile {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(said("write", &self.path))
    }

    fn sync(&mut self) -> Result<()> {
        self.file.sync_all().map_err(said("sync", &self.path))
    }
}
