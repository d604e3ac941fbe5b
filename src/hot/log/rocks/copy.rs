//! The files of a log in another folder.

use std::path::Path;

use super::super::position::{FileMark, Noted, Position};
use super::folder;
use super::survey::{OnDamage, Survey};
use crate::io::{Shared, copy, link};
use crate::model::{Error, ErrorKind, Result};

/// How often the files are copied anew where the writer changes them meanwhile.
const ATTEMPTS: usize = 16;

/// A copy of a log: where its files stand, and what they took.
#[derive(Debug)]
pub(crate) struct LogCopy {
    pub(crate) position: Position,
    pub(crate) shared: Shared,
}

/// Copies the log in `from` to the folder `to`, durably, also while another process writes to it: all that
/// was appended before is in the copy, and of what is appended meanwhile the first. `noted` is its last note. `to` is
/// there, and nothing else is in it. With `links`, table files get a second name where the file system
/// can.
///
/// # Errors
/// `Corruption`, naming the file, where the log is damaged; `Locked` where the writer changed files
/// each time; `Io`.
pub(crate) fn copy_log(from: &Path, to: &Path, noted: &Noted, links: bool) -> Result<LogCopy> {
    for _ in 0..ATTEMPTS {
        folder::clear(to)?;
        let before = folder::manifest(from)?;
        let copied = try_copy(from, to, noted, links);
        // The writer may have begun or dropped a generation meanwhile, and with it files.
        match folder::manifest(from)? == before {
            true => return copied,
            false => drop(copied),
        }
    }
    let message = format!(
        "{}: the writer changed files too often to copy them in between; try again",
        from.display()
    );
    Err(Error::new(ErrorKind::Locked, message))
}

fn try_copy(from: &Path, to: &Path, noted: &Noted, links: bool) -> Result<LogCopy> {
    let survey = Survey::of(from, noted)?;
    let mut shared = Shared::default();
    lay_out(from, to, &survey, &mut |from, to| {
        shared += match links {
            true => link(from, to)?,
            false => copy(from, to, u64::MAX)?,
        };
        Ok(())
    })?;
    // Of all but the last, nothing is appended any more: what is copied follows what is listed.
    let logs = folder::logs(from)?;
    let needed = logs.iter().map(|log| log.number);
    for number in needed.filter(|number| *number >= survey.database.first_log()) {
        let name = folder::log_name(number);
        shared += copy(&from.join(&name), &to.join(&name), u64::MAX)?;
    }
    let copied = Survey::of(to, noted)?;
    let tail = copied.read_logs(OnDamage::Refuse, &mut |_| Ok(()))?;
    copied.mend(&tail)?;
    folder::sync(to)?;
    Ok(LogCopy {
        position: Position {
            database: copied.database.id.clone(),
            manifest: folder::manifest(to)?,
            logs: folder::logs(to)?,
        },
        shared,
    })
}

/// Lays out a database in the folder `to` with the manifest of the one in `from` as far as it is whole,
/// and its table files, which `place` puts there.
pub(super) fn lay_out(
    from: &Path,
    to: &Path,
    survey: &Survey,
    place: &mut dyn FnMut(&Path, &Path) -> Result<()>,
) -> Result<()> {
    let FileMark { number, bytes } = survey.whole_manifest();
    let name = folder::manifest_name(number);
    copy(&from.join(&name), &to.join(&name), bytes)?;
    folder::write_current(to, &name)?;
    for (number, _) in survey.table_files() {
        let name = folder::table_name(number);
        place(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}
