//! Real files.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind as IoKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::{Append, FileMap, ReadAt, Storage};
use crate::model::{Error, ErrorKind, Result};

/// Who may read what is made, beside its owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Readers {
    /// Nobody.
    #[default]
    Owner,
    /// The group of the folder.
    Group,
}

impl Readers {
    /// Those who may read a file that is there.
    pub fn of(path: &Path) -> Self {
        const GROUP_MAY_READ: u32 = 0o040;
        let mode = fs::symlink_metadata(path).map_or(0, |found| found.permissions().mode());
        match mode & GROUP_MAY_READ {
            0 => Self::Owner,
            _ => Self::Group,
        }
    }

    fn file_mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Group => 0o640,
        }
    }

    /// Makes a folder, and with `all` those on the way to it.
    pub fn create_folder(self, path: &Path, all: bool) -> std::io::Result<()> {
        let mode = match self {
            Self::Owner => 0o700,
            Self::Group => 0o750,
        };
        DirBuilder::new().recursive(all).mode(mode).create(path)
    }

    /// Opens a file for appending, which is made where it is missing.
    pub fn open_or_create(self, path: &Path) -> std::io::Result<File> {
        let mut options = no_link();
        options.create(true).append(true);
        options.mode(self.file_mode()).open(path)
    }
}

/// A folder of the local file system.
///
/// What is made in it is the owner's, or the group's to read. A symbolic link in the place of a file is
/// refused: a store makes none.
pub struct LocalStorage {
    root: PathBuf,
    readers: Readers,
}

impl LocalStorage {
    /// The folder `root`, which must exist.
    pub fn new(root: impl Into<PathBuf>, readers: Readers) -> Self {
        Self {
            root: root.into(),
            readers,
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

/// Opens a file for reading.
///
/// # Errors
/// `NotFound`; `Corruption` for a symbolic link; `Io`.
pub(super) fn open_file(path: &Path) -> Result<File> {
    // A pipe in its place would be waited for otherwise.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        Some(libc::ELOOP) => Error::corrupt(format!(
            "{}: it is a symbolic link; put the file itself in its place",
            path.display()
        )),
        _ => said("open", path)(error),
    })?;
    match file.metadata().map_err(said("read", path))?.is_file() {
        true => Ok(file),
        false => Err(Error::corrupt(format!(
            "{}: it is no file; put the file itself in its place",
            path.display()
        ))),
    }
}

/// Opens files, and no symbolic links.
fn no_link() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags(libc::O_NOFOLLOW);
    options
}

pub(super) fn said(doing: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let doing = format!("{doing} {}", path.display());
    move |error| Error::io(doing, error)
}

impl Storage for LocalStorage {
    #[expect(
        unsafe_code,
        reason = "a memory map is what makes a lookup cost no system call"
    )]
    fn map(&self, path: &str) -> Result<FileMap> {
        let path = self.at(path);
        let file = open_file(&path)?;
        let length = file.metadata().map_err(said("read", &path))?.len();
        if length == 0 {
            return Ok(Bytes::new().into());
        }
        // SAFETY: the maps are shared and read-only. Files that are mapped are immutable once they
        // are renamed or published: the store only ever creates, reads and unlinks them, and the
        // lock file keeps a second writer out. Truncation by another program while a map lives
        // would end the process with SIGBUS, as with every store that maps its files.
        let map = || unsafe { memmap2::Mmap::map(&file) }.map_err(said("map", &path));
        Ok(FileMap::new(map()?, map()?))
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadAt>> {
        let path = self.at(path);
        let file = open_file(&path)?;
        Ok(Box::new(LocalFile { file, path }))
    }

    fn create(&self, path: &str) -> Result<Box<dyn Append>> {
        let path = self.at(path);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let file = options.mode(self.readers.file_mode()).open(&path);
        let file = file.map_err(said("create", &path))?;
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
            let kind = entry.file_type().map_err(said("list", &folder))?;
            // A link in the place of a file is no file of the store; whoever opens it is refused.
            if kind.is_file() || kind.is_symlink() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    fn create_folder(&self, folder: &str) -> Result<()> {
        let folder = self.at(folder);
        match self.readers.create_folder(&folder, false) {
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
        usize::try_from(metadata.len()).map_err(|_| {
            let message = format!("{}: larger than memory", self.path.display());
            Error::new(ErrorKind::Unsupported, message)
        })
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
