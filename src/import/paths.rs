//! Paths to the files of one import.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::types::{Error, ErrorKind, Result};

/// The files that paths stand for: a file for itself, a folder for the files in it whose names end
/// in `.csv`, sorted by name. Folders within and hidden files are left out.
///
/// # Errors
/// `NotFound` for a path that does not exist and a folder without such files; `InvalidInput` for a
/// file that is given twice; `Io` when a folder cannot be read.
pub fn csv_files<P: AsRef<Path>>(paths: &[P]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let found = std::fs::metadata(path)
            .map_err(|error| Error::io(format_args!("opening {}", path.display()), error))?;
        if found.is_dir() {
            files.extend(files_of_folder(path)?);
        } else {
            files.push(path.to_owned());
        }
    }
    let mut seen = HashSet::new();
    for file in &files {
        let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        if !seen.insert(real) {
            return Err(Error::invalid(format!(
                "{}: given twice, so its rows would count twice; give it once",
                file.display()
            )));
        }
    }
    Ok(files)
}

fn files_of_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error| Error::io(format_args!("reading folder {}", folder.display()), error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if is_csv(&path) && path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!(
                "{}: the folder holds no CSV files; give files, or a folder of files whose names \
                 end in .csv",
                folder.display()
            ),
        ));
    }
    files.sort();
    Ok(files)
}

fn is_csv(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|ending| ending == "csv")
}
