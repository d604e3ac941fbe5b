//! Where a result goes: standard output, or a file that is there as a whole or not at all.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Stdout, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::{Failure, Outcome};

/// `-` is standard output; a file is written beside its place, synced and renamed at the end; pipes and
/// devices are written to.
pub struct Sink {
    path: PathBuf,
    target: Target,
}

enum Target {
    Stdout(BufWriter<Stdout>),
    Special(BufWriter<File>),
    Whole(BufWriter<NamedTempFile>),
}

impl Sink {
    pub fn create(path: &Path) -> Outcome<Self> {
        let failed = |error| Failure::io(format_args!("creating {}", path.display()), &error);
        let target = if path == Path::new("-") {
            Target::Stdout(BufWriter::new(io::stdout()))
        } else {
            match path.metadata() {
                Ok(found) if !found.is_file() => {
                    let file = File::options().write(true).open(path).map_err(failed)?;
                    Target::Special(BufWriter::new(file))
                }
                _ => Target::Whole(BufWriter::new(beside(path).map_err(failed)?)),
            }
        };
        Ok(Self {
            path: path.to_owned(),
            target,
        })
    }

    /// Puts a file in its place.
    pub fn finish(self) -> Outcome {
        let path = self.path;
        let done = match self.target {
            Target::Stdout(mut out) => out.flush(),
            Target::Special(mut out) => out.flush(),
            Target::Whole(out) => place(out, &path),
        };
        done.map_err(|error| Failure::io(format_args!("writing {}", path.display()), &error))
    }
}

fn place(out: BufWriter<NamedTempFile>, path: &Path) -> io::Result<()> {
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    // What a link points to is replaced, not the link.
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    file.persist(place).map_err(|error| error.error)?;
    Ok(())
}

fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    tempfile::Builder::new()
        .prefix(".annals-")
        .suffix(".part")
        // As any new file has, less the umask.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

impl Write for Sink {
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
