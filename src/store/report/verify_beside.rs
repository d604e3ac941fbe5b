//! What lies in a store beside its data: leases, pins, and what purges have left.

use std::fs::FileType;
use std::path::Path;

use super::quarantine::UnnamedFile;
use crate::model::{Error, ErrorKind, Result};
use crate::store::delete::purge;
use crate::store::folder::{leases, pins};

const LEFT: &str = "left by what was interrupted, or being written by a process at this moment";
const FOREIGN: &str = "no file of the store";

/// What was found of it.
#[derive(Default)]
pub(super) struct Beside {
    /// What is damaged.
    pub(in crate::store) problems: Vec<String>,
    /// What nothing names.
    pub(in crate::store) unnamed: Vec<UnnamedFile>,
}

/// Reads all of it.
///
/// # Errors
/// `Io`.
pub(in crate::store) fn verify_beside(root: &Path) -> Result<Beside> {
    let mut beside = Beside::default();
    let report = &mut beside;
    for (name, kind) in entries(&root.join(leases::LEASES))? {
        let path = format!("{}/{name}", leases::LEASES);
        match name.strip_suffix(leases::ENDING) {
            Some(name) if !kind.is_dir() => note(report, leases::read(root, name).map(drop))?,
            _ => add_unnamed(report, path, &name),
        }
    }
    for name in pins::names(root)? {
        match pins::is_kept(root, &name) {
            true => note(report, pins::checked(root, &name).map(drop))?,
            false => add_unnamed(report, format!("{}/{name}", pins::PINS), ".new"),
        }
    }
    for (name, kind) in entries(&root.join(purge::PURGES))? {
        match purge::read_left(root, &name) {
            Some(read) if !kind.is_dir() => note(report, read)?,
            _ => add_unnamed(report, format!("{}/{name}", purge::PURGES), &name),
        }
    }
    Ok(beside)
}

fn add_unnamed(report: &mut Beside, file: String, name: &str) {
    let what = match name.ends_with(".new") {
        true => LEFT,
        false => FOREIGN,
    };
    report.unnamed.push(UnnamedFile { file, what });
}

/// Notes damage, and a file that is none, such as a link; other failures of the system are given back.
fn note(report: &mut Beside, read: Result<()>) -> Result<()> {
    match read {
        // Released meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::Internal => Err(error),
        Err(error) => {
            report.problems.push(error.full_message());
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// The entries of a folder by name; none where there is no such folder.
fn entries(folder: &Path) -> Result<Vec<(String, FileType)>> {
    let failed = |error| Error::io(format!("list {}", folder.display()), error);
    let listed = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(failed)?,
    };
    let mut found = Vec::new();
    for entry in listed {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        found.push((name, entry.file_type().map_err(failed)?));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found)
}
