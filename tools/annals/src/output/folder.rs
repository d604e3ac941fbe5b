//! A folder that is there as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::BUFFER_BYTES;
use super::unfinished::UnfinishedFolder;
use crate::failure::{Failure, Outcome};

/// A folder of files: made beside its place, and renamed at the end, so that nothing half-written stays.
pub struct OutputFolder {
    path: PathBuf,
    made: UnfinishedFolder,
    files: Vec<PathBuf>,
}

impl OutputFolder {
    /// `path` must be missing or an empty folder.
    pub fn create(path: &Path) -> Outcome<Self> {
        let failed = |error| Failure::io(format_args!("creating {}", path.display()), &error);
        match fs::read_dir(path) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(Failure::refused(format_args!(
                        "{}: the folder is not empty; give a new one, or remove this one first",
                        path.display()
                    )));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        Ok(Self {
            path: path.to_owned(),
            made: UnfinishedFolder::create(parent).map_err(failed)?,
            files: Vec::new(),
        })
    }

    /// Makes a file in it, by its path from the folder.
    pub fn file(&mut self, name: &Path) -> io::Result<BufWriter<File>> {
        let path = self.made.path().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::create_new(&path)?;
        self.files.push(path);
        Ok(BufWriter::with_capacity(BUFFER_BYTES, file))
    }

    /// Syncs the files, and puts the folder in its place.
    pub fn finish(self) -> Outcome {
        let failed = |error| Failure::io(format_args!("writing {}", self.path.display()), &error);
        let mut folders = vec![self.made.path().to_owned()];
        for file in &self.files {
            File::open(file)
                .and_then(|file| file.sync_all())
                .map_err(failed)?;
            let between = file.ancestors().skip(1);
            for folder in between.take_while(|folder| *folder != self.made.path()) {
                if !folders.iter().any(|known| known == folder) {
                    folders.push(folder.to_owned());
                }
            }
        }
        for folder in &folders {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(failed)?;
        }
        self.made.persist(&self.path).map_err(failed)
    }
}
