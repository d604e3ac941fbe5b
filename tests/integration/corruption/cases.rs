//! What happens to a file.

use std::fmt;
use std::path::{Path, PathBuf};

use super::stores::{Template, files_of};

/// A change of one file.
pub(super) struct Case {
    /// From the store's folder.
    pub(super) file: PathBuf,
    change: Change,
}

enum Change {
    Flip(usize),
    Cut(usize),
    Grow(usize),
    Remove,
    /// What lay there before, in so many states back.
    PutBack(usize, PathBuf),
    /// That of another store.
    Exchange(PathBuf),
}

/// The cases of every file, bytes changed at so many places of each; all of them where that is `None`.
pub(super) fn cases_of(template: &Template, places: Option<usize>) -> Vec<Case> {
    let mut cases = Vec::new();
    for file in template.files() {
        let bytes = std::fs::read(template.path().join(&file)).unwrap();
        let mut add = |change| {
            cases.push(Case {
                file: file.clone(),
                change,
            });
        };
        let many = match places {
            Some(many) => many,
            // RocksDB's notes for people are long, and nothing reads them.
            None if kind_of(&file) == OTHER => 20,
            None => bytes.len(),
        };
        let stride = bytes.len().div_ceil(many.max(1)).max(1);
        // Not at the same place of each record.
        let shift = stride / 3;
        let places = || (shift..bytes.len()).step_by(stride);
        places().for_each(|at| add(Change::Flip(at)));
        places().for_each(|at| add(Change::Cut(at)));
        if let Some(last) = bytes.len().checked_sub(1) {
            add(Change::Flip(last));
            add(Change::Cut(last));
        }
        for more in [1, 7, 40_000] {
            add(Change::Grow(more));
        }
        add(Change::Remove);
    }
    for (back, state) in template.earlier.iter().rev().enumerate() {
        replace(template, state.path(), &mut cases, |from| {
            Change::PutBack(back + 1, from)
        });
    }
    if let Some(other) = &template.other {
        replace(template, other.path(), &mut cases, Change::Exchange);
    }
    cases
}

/// Cases that take the files of another state which are not as they are in the template.
fn replace(
    template: &Template,
    state: &Path,
    cases: &mut Vec<Case>,
    change: impl Fn(PathBuf) -> Change,
) {
    for file in files_of(state) {
        let from = state.join(&file);
        let same = std::fs::read(template.path().join(&file)).ok() == std::fs::read(&from).ok();
        if !same {
            cases.push(Case {
                change: change(from),
                file,
            });
        }
    }
}

const OTHER: &str = "hot: other";

/// What kind of file it is.
fn kind_of(file: &Path) -> &'static str {
    let name = file.file_name().unwrap().to_str().unwrap();
    let in_hot = file.starts_with("hot");
    match name {
        "MANIFEST" => "manifest",
        "ACCOUNT" => "account",
        "CURRENT" => "hot: CURRENT",
        _ if in_hot && name.starts_with("MANIFEST-") => "hot: manifest",
        _ if in_hot && name.ends_with(".log") => "hot: log",
        _ if in_hot && name.ends_with(".sst") => "hot: table",
        _ if in_hot => OTHER,
        _ if name.ends_with(".seg") => "segment",
        _ => "lock",
    }
}

impl Case {
    /// What kind of file it is.
    pub(super) fn kind(&self) -> &'static str {
        kind_of(&self.file)
    }

    /// What kind of change it is.
    pub(super) fn change(&self) -> &'static str {
        match self.change {
            Change::Flip(_) => "a byte changed",
            Change::Cut(_) => "cut",
            Change::Grow(_) => "grown",
            Change::Remove => "removed",
            Change::PutBack(..) => "put back from before",
            Change::Exchange(_) => "of another store",
        }
    }

    /// Changes the file in a store.
    pub(super) fn apply(&self, store: &Path) {
        let path = store.join(&self.file);
        let change = |edit: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = std::fs::read(&path).unwrap();
            edit(&mut bytes);
            std::fs::write(&path, bytes).unwrap();
        };
        match &self.change {
            Change::Flip(at) => change(&|bytes| bytes[*at] ^= 0x14),
            Change::Cut(to) => change(&|bytes| bytes.truncate(*to)),
            Change::Grow(by) => change(&|bytes| bytes.resize(bytes.len() + by, 0)),
            Change::Remove => std::fs::remove_file(&path).unwrap(),
            Change::PutBack(_, from) | Change::Exchange(from) => {
                std::fs::copy(from, &path).unwrap();
            }
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match &self.change {
            Change::Flip(at) => write!(f, "{file}: byte {at} changed"),
            Change::Cut(to) => write!(f, "{file}: cut to {to} bytes"),
            Change::Grow(by) => write!(f, "{file}: {by} zeros behind its end"),
            Change::Remove => write!(f, "{file}: removed"),
            Change::PutBack(back, _) => write!(f, "{file}: put back from {back} states before"),
            Change::Exchange(_) => write!(f, "{file}: of another store"),
        }
    }
}
