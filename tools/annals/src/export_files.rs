//! The files of an export.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::failure::{Failure, Outcome};
use crate::output::{OutputFile, OutputFolder};

/// Where an export goes.
pub enum Target {
    File(Arc<Mutex<OutputFile>>),
    Folder(OutputFolder),
}

/// A file of an export.
pub enum Sink {
    Whole(Arc<Mutex<OutputFile>>),
    Part(BufWriter<File>),
}

impl Target {
    pub fn create(path: &Path, is_folder: bool) -> Outcome<Self> {
        Ok(match is_folder {
            true => Self::Folder(OutputFolder::create(path)?),
            false => Self::File(Arc::new(Mutex::new(OutputFile::create(path)?))),
        })
    }

    /// The file with a name.
    pub fn file(&mut self, name: &Path) -> io::Result<Sink> {
        match self {
            Self::File(file) => Ok(Sink::Whole(file.clone())),
            Self::Folder(folder) => folder.file(name).map(Sink::Part),
        }
    }

    /// Puts all in its place, the manifest last.
    pub fn finish(self, beside: &Path, manifest: &str) -> Outcome {
        match self {
            Self::File(file) => {
                let file = Arc::into_inner(file).map(Mutex::into_inner);
                let file =
                    file.ok_or_else(|| Failure::unequal("an export that is still written to"))?;
                if !file.is_whole() {
                    return file.finish();
                }
                // An earlier one is not of this file.
                match std::fs::remove_file(beside) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(Failure::io(
                            format_args!("removing {}", beside.display()),
                            &error,
                        ));
                    }
                    _ => {}
                }
                file.finish()?;
                let mut file = OutputFile::create(beside)?;
                let written = file.write_all(manifest.as_bytes());
                written.map_err(|error| {
                    Failure::io(format_args!("writing {}", beside.display()), &error)
                })?;
                file.finish()
            }
            Self::Folder(mut folder) => {
                let written = folder
                    .file(Path::new("manifest.json"))
                    .and_then(|mut file| {
                        file.write_all(manifest.as_bytes())?;
                        file.flush()
                    });
                written.map_err(|error| Failure::io("writing manifest.json", &error))?;
                folder.finish()
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Whole(file) => file.lock().write(bytes),
            Self::Part(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Whole(file) => file.lock().flush(),
            Self::Part(file) => file.flush(),
        }
    }
}
