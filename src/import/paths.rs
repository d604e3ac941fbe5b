//! Paths to the files of one import.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::types::{Error, ErrorKind, Result};

/// The files that paths stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvFiles {
    /// The files of one import, in their order.
    pub files: Vec<PathBuf>,
    /// What lies in the folders and was passed over: folders, files with other names, hidden files.
    pub passed_over: Vec<PathBuf>,
}

/// The files that paths stand for: a file for itself, a folder for the files in it whose names end
/// in `.csv`, or, where there are none, in `.parquet`, in any case of letters, sorted by name. Folders within and hidden
/// files are passed over.
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
        let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        if !seen.insert(real) {
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
        let taken = ENDINGS.iter().find_map(|ending| {
            let is_taken = |path: &PathBuf| has_ending(path, ending) && path.is_file();
            let (files, others): (Vec<_>, Vec<_>) = entries.iter().cloned().partition(is_taken);
            (!files.is_empty()).then_some((files, others))
        });
        let Some((files, passed_over)) = taken else {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "{}: the folder holds no CSV or Parquet files; give files, or a folder of files \
                     whose names end in .csv or .parquet",
                    folder.display()
                ),
            ));
        };
        self.files.extend(files);
        self.passed_over.extend(passed_over);
        Ok(())
    }
}

/// What the names of the files of a folder end in: those of the first that any has.
const ENDINGS: [&str; 2] = ["csv", "parquet"];

fn has_ending(path: &Path, ending: &str) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden
        && path
            .extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(ending))
}
