//! Paths to the files of one import.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::model::{Error, ErrorKind, Result};

/// The files that paths stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CsvFiles {
    /// The files of one import, in their order.
    pub files: Vec<PathBuf>,
    /// What lies in the folders and was passed over: folders, files with other names, hidden files.
    pub passed_over: Vec<PathBuf>,
}

/// The files that paths stand for: a file for itself, a folder for the files in it whose names end
/// in `.csv` or `.parquet`, in any case of letters, sorted by name. Folders within and hidden files are passed over.
///
/// # Errors
/// `NotFound` for a path that does not exist and a folder without such files; `InvalidInput` for a
/// file that is given twice; `Io` when a folder cannot be read.
pub fn csv_files<P: AsRef<Path>>(paths: &[P]) -> Result<CsvFiles> {
    let mut found = CsvFiles::default();
    for path in paths {
        let path = path.as_ref();
        let metadata = std::fs::metadata(path)
            .map_err(|error| Error::io(format_args!("opening {}", path.display()), error))?;
        if metadata.is_dir() {
            found.add_folder(path)?;
        } else {
            found.files.push(path.to_owned());
        }
    }
    check_distinct(&found.files)?;
    Ok(found)
}

fn check_distinct(files: &[PathBuf]) -> Result<()> {
    let mut seen = HashSet::new();
    for file in files {
        // By what it is, so that a link, of whatever kind, is the file.
        let metadata = std::fs::metadata(file).ok().filter(|found| found.is_file());
        let is_new = match metadata {
            Some(found) => seen.insert((found.dev(), found.ino())),
            None => true,
        };
        if !is_new {
            return Err(Error::invalid(format!(
                "{}: given twice, so its rows would count twice; give it once",
                file.display()
            )));
        }
    }
    Ok(())
}

impl CsvFiles {
    fn add_folder(&mut self, folder: &Path) -> Result<()> {
        let failed = |error| Error::io(format_args!("reading folder {}", folder.display()), error);
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            entries.push(entry.map_err(failed)?.path());
        }
        entries.sort();
        let is_taken = |path: &PathBuf| is_rows(path) && path.is_file();
        let (files, passed_over): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_taken);
        if files.is_empty() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "{}: the folder holds no files whose names end in .csv or .parquet; give files, or a \
                     folder of such",
                    folder.display()
                ),
            ));
        }
        self.files.extend(files);
        self.passed_over.extend(passed_over);
        Ok(())
    }
}

/// Whether a file of a folder is taken, by its name. Parquet writers leave checksums under hidden names, and marks that
/// begin with `_`.
fn is_rows(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let ends_in = |ending| {
        let found = path.extension();
        found.is_some_and(|found| found.eq_ignore_ascii_case(ending))
    };
    !hidden && (ends_in("csv") || ends_in("parquet"))
}
