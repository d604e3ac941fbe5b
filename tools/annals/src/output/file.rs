//! A file that is there as a whole or not at all.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::unfinished::Unfinished;
use super::{BUFFER_BYTES, Terminal};
use crate::failure::{Failure, Outcome};

/// What a command writes a result to: `-` is standard output; a file is written beside its place
/// and renamed at the end, so that nothing half-written stays; pipes and devices are written to.
pub struct OutputFile {
    path: PathBuf,
    target: Target,
}

enum Target {
    Stdout(BufWriter<Terminal<io::Stdout>>),
    Special(BufWriter<Terminal<File>>),
    Whole(BufWriter<Unfinished>),
}

impl OutputFile {
    pub fn create(path: &Path) -> Outcome<Self> {
        if path == Path::new("-") {
            return Ok(Self {
                path: path.to_owned(),
                target: Target::Stdout(BufWriter::with_capacity(
                    BUFFER_BYTES,
                    Terminal::new(io::stdout()),
                )),
            });
        }
        let failed = |error| Failure::io(format_args!("creating {}", path.display()), &error);
        let target = match path.metadata() {
            Ok(found) if !found.is_file() => {
                let file = File::options().write(true).open(path).map_err(failed)?;
                Target::Special(BufWriter::with_capacity(BUFFER_BYTES, Terminal::new(file)))
            }
            _ => {
                let file = beside(path).map_err(failed)?;
                Target::Whole(BufWriter::with_capacity(BUFFER_BYTES, file))
            }
        };
        Ok(Self {
            path: path.to_owned(),
            target,
        })
    }

    /// Puts the file in its place.
    pub fn finish(self) -> Outcome {
        let path = self.path;
        let failed =
            |error: &io::Error| Failure::io(format_args!("writing {}", path.display()), error);
        match self.target {
            Target::Stdout(mut out) => Ok(out.flush()?),
            Target::Special(mut out) => out.flush().map_err(|error| failed(&error)),
            Target::Whole(out) => {
                let file = out.into_inner().map_err(|error| failed(error.error()))?;
                let place = place_of(&path);
                file.persist(&place).map_err(|error| failed(&error))
            }
        }
    }

    /// Whether it is a file that appears when it is complete, and no pipe or device.
    pub fn is_whole(&self) -> bool {
        matches!(self.target, Target::Whole(_))
    }

    /// As it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Where the file itself is: what a link points to is replaced, not the link.
pub(super) fn place_of(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn beside(path: &Path) -> io::Result<Unfinished> {
    let path = place_of(path);
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    Unfinished::create(|| {
        tempfile::Builder::new()
            .prefix(".annals-")
            .suffix(".part")
            // As any new file has, less the umask.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
    })
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::Stdout(out) => out.write(bytes),
            Target::Special(out) => out.write(bytes),
            Target::Whole(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Stdout(out) => out.flush(),
            Target::Special(out) => out.flush(),
            Target::Whole(out) => out.flush(),
        }
    }
}
